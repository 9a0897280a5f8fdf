#include "actors/model/tokenizer/protobuf.h"

#include "runtime/base/check.h"
#include "runtime/base/result.h"

namespace tramontane {

std::optional<ProtobufField> ProtobufReader::next() {
  if (at_ == bytes_.size()) return std::nullopt;
  std::uint64_t key = varint();
  ProtobufField field{.number = key >> 3};
  switch (key & 7U) {
    case 0:
      field.value = varint();
      break;
    case 1:
      field.value = fixed(8);
      break;
    case 2:
      field.bytes = take(varint());
      field.is_bytes = true;
      break;
    case 5:
      field.value = fixed(4);
      break;
    default:
      throw Error(Errc::bad_input,
          str("a field of wire type ", key & 7U, " before byte ", at_, ", which there is none of"));
  }
  return field;
}

std::uint64_t ProtobufReader::varint() {
  std::uint64_t value = 0;
  for (unsigned shift = 0; shift < 64; shift += 7) {
    auto byte = static_cast<unsigned char>(take(1)[0]);
    value |= static_cast<std::uint64_t>(byte & 0x7fU) << shift;
    if (byte < 0x80) return value;
  }
  throw Error(Errc::bad_input, str("a number that does not end before byte ", at_));
}

std::uint64_t ProtobufReader::fixed(std::size_t bytes) {
  std::string_view taken = take(bytes);
  std::uint64_t value = 0;
  for (std::size_t i = bytes; i-- > 0;) value = value << 8 | static_cast<unsigned char>(taken[i]);
  return value;
}

std::string_view ProtobufReader::take(std::uint64_t bytes) {
  if (bytes > bytes_.size() - at_)
    throw Error(
        Errc::bad_input, str("it ends in the middle: ", bytes, " bytes are said to follow byte ",
                             at_, ", of ", bytes_.size()));
  std::string_view taken = bytes_.substr(at_, static_cast<std::size_t>(bytes));
  at_ += static_cast<std::size_t>(bytes);
  return taken;
}

}  // namespace tramontane
