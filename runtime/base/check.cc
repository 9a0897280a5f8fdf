#include "runtime/base/check.h"

namespace tramontane::detail {

void fail_check(const char* file, int line, const char* condition, std::string message) {
  throw Bug(str(file, ":", line, ": ", message, " (", condition, " is false)"));
}

}  // namespace tramontane::detail
