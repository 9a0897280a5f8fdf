// Any bytes either parse, into tensors that lie within the file and do not overlap, or are refused.
#include "runtime/base/check.h"
#include "runtime/base/result.h"
#include "storage/safetensors.h"

using namespace tramontane;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  ByteView file{reinterpret_cast<const std::byte*>(data), size};
  try {
    SafetensorsHeader header = parse_safetensors(file);
    std::uint64_t next = 0;
    for (const SafetensorsTensor& tensor : header.tensors) {
      TRAM_CHECK(tensor.begin == next, "tensors overlap or leave a gap", tensor.name);
      std::uint64_t bytes = safetensors_element_bytes(tensor.dtype);
      for (std::int64_t extent : tensor.shape) bytes *= static_cast<std::uint64_t>(extent);
      TRAM_CHECK(tensor.end - tensor.begin == bytes, "shape and bytes disagree", tensor.name);
      next = tensor.end;
    }
    TRAM_CHECK(header.data_begin + next == size, "the data does not end with the file", next);
  } catch (const Error&) {
    return 0;
  }
  return 0;
}
