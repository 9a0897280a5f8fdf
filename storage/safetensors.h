#pragma once
// Safetensors files, read and written: 8 bytes little-endian header length, a JSON header that
// names each tensor's dtype, shape and byte range, then the data. The reader trusts nothing:
// lengths, JSON, ranges, overlaps, gaps and the product of a shape are all checked before any
// byte is handed out.
//
//   SafetensorsFile file = SafetensorsFile::open("model.safetensors");
//   for (const SafetensorsTensor& t : file.tensors()) use(t.name, file.bytes(t));

#include "runtime/base/bytes.h"
#include "runtime/base/pieces.h"

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace tramontane {

struct SafetensorsTensor {
  std::string name;
  std::string dtype;  // "F32", "BF16", "F16", "I64", …
  std::vector<std::int64_t> shape;
  std::uint64_t begin = 0;  // bytes from the start of the data
  std::uint64_t end = 0;

  bool operator==(const SafetensorsTensor&) const = default;
};

struct SafetensorsHeader {
  std::vector<SafetensorsTensor> tensors;  // in the order of their bytes
  std::map<std::string, std::string> metadata;
  std::uint64_t data_begin = 0;  // bytes from the start of the file
};

// Bytes of one element; 0 for a dtype that is not known.
std::uint64_t safetensors_element_bytes(std::string_view dtype);

// Validates a whole file's bytes. Error(bad_input) says what is wrong and where.
SafetensorsHeader parse_safetensors(ByteView file);

// A file mapped read-only for as long as this lives. Errors name the path.
class SafetensorsFile {
 public:
  static SafetensorsFile open(const std::string& path);
  ~SafetensorsFile();
  SafetensorsFile(SafetensorsFile&&) noexcept;
  SafetensorsFile& operator=(SafetensorsFile&&) = delete;

  const std::vector<SafetensorsTensor>& tensors() const { return header_.tensors; }

  const std::map<std::string, std::string>& metadata() const { return header_.metadata; }

  // Not aligned: copy before reading it as numbers.
  ByteView bytes(const SafetensorsTensor& tensor) const;

 private:
  SafetensorsFile() = default;
  void* mapping_ = nullptr;
  std::uint64_t size_ = 0;
  SafetensorsHeader header_;
};

// What is to be written: the data must have exactly the bytes of dtype and shape.
struct SafetensorsSource {
  std::string name;
  std::string dtype;
  std::vector<std::int64_t> shape;
  ByteView data;
};

// The file, tensors in the order given, data aligned to 8 bytes: as pieces that borrow the data, or
// as bytes.
Pieces safetensors_pieces(const std::vector<SafetensorsSource>& tensors,
    const std::map<std::string, std::string>& metadata);
Bytes write_safetensors(const std::vector<SafetensorsSource>& tensors,
    const std::map<std::string, std::string>& metadata);

}  // namespace tramontane
