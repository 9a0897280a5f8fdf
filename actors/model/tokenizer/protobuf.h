#pragma once
// The fields of a protocol buffer message, in order, without its schema.
//
//   ProtobufReader reader(bytes);
//   while (auto field = reader.next())          // Error(bad_input) where the bytes are none
//     if (field->number == 1) use(field->bytes);
//
// Views of the bytes, which must outlive it. One thread.

#include <cstdint>
#include <optional>
#include <string_view>

namespace tramontane {

struct ProtobufField {
  std::uint64_t number = 0;
  std::uint64_t value = 0;  // of a number; of a fixed one, its bits
  std::string_view bytes;   // of a string or message
  bool is_bytes = false;
};

class ProtobufReader {
 public:
  explicit ProtobufReader(std::string_view bytes) : bytes_(bytes) {}

  std::optional<ProtobufField> next();

 private:
  std::uint64_t varint();
  std::uint64_t fixed(std::size_t bytes);
  std::string_view take(std::uint64_t bytes);

  std::string_view bytes_;
  std::size_t at_ = 0;
};

}  // namespace tramontane
