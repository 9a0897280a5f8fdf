#include "storage/content_hash.h"

#include <xxhash.h>

#include <cstdio>

namespace tramontane {

std::string content_hash(ByteView bytes) {
  char text[17];
  std::snprintf(text, sizeof text, "%016llx",
      static_cast<unsigned long long>(XXH3_64bits(bytes.data(), bytes.size())));
  return text;
}

}  // namespace tramontane
