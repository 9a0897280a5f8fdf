// The child of process_test: serves maths, and does on request what a hostile answer might bring
// about.
#include "actors/rewards/maths/process.h"

#include <csignal>
#include <cstdlib>
#include <string>
#include <vector>

using namespace tramontane;

namespace {

Comparison compare(std::string_view gold, std::string_view answer, const CompareOptions& options) {
  if (answer == "\\sqrt{111}") {
    volatile bool forever = true;
    while (forever) {
    }
  }
  if (answer == "\\sqrt{222}") std::abort();
  if (answer == "\\sqrt{333}") {
    std::vector<std::string> hoard;
    for (;;) hoard.emplace_back(std::size_t{1} << 24, 'x');
  }
  return compare_answers(gold, answer, options);
}

}  // namespace

int main() {
  ServeOptions options;
  options.compare = compare;
  options.memory_bytes_max = std::uint64_t{1} << 28;
  return serve_maths(0, 1, options);
}
