// Any bytes as a JSON-lines file: examples, or Error(bad_input).
#include "runtime/base/result.h"
#include "storage/dataset.h"

#include <cstdint>
#include <cstdlib>

using namespace tramontane;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  DatasetOptions options;
  options.duplicates = Duplicates::drop;
  try {
    auto parsed = parse_dataset(std::as_bytes(std::span(data, size)), "fuzz.jsonl", options);
    if (parsed.size() == 0 || parsed[parsed.shuffled_index(5, 1)].prompt.empty()) std::abort();
  } catch (const Error& error) {
    if (error.errc() != Errc::bad_input) std::abort();
  }
  return 0;
}
