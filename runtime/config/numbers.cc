#include "runtime/config/numbers.h"

#include <charconv>
#include <cmath>

namespace tramontane {
namespace {

using TypeKind = capnp::schema::Type::Which;

template <class T>
std::optional<T> parse_number(const std::string& text) {
  T value{};
  const char* begin = text.data();
  if (!text.empty() && *begin == '+') ++begin;
  auto [end, error] = std::from_chars(begin, text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace

std::optional<double> number_in(const std::string& text) {
  return parse_number<double>(text);
}

std::optional<std::int64_t> integer_in(const std::string& text, double least, double most) {
  auto whole = parse_number<std::int64_t>(text);
  if (!whole) {
    auto real = parse_number<double>(text);
    if (!real || std::floor(*real) != *real || std::abs(*real) > 9e15) return std::nullopt;
    whole = static_cast<std::int64_t>(*real);
  }
  if (static_cast<double>(*whole) < least || static_cast<double>(*whole) > most)
    return std::nullopt;
  return whole;
}

std::optional<IntegerRange> integer_range(TypeKind kind) {
  switch (kind) {  // NOLINT: every other kind is not an integer
    case TypeKind::INT8:
      return IntegerRange{-128, 127};
    case TypeKind::INT16:
      return IntegerRange{-32768, 32767};
    case TypeKind::INT32:
      return IntegerRange{-2147483648.0, 2147483647.0};
    case TypeKind::INT64:
      return IntegerRange{-9e15, 9e15};
    case TypeKind::UINT8:
      return IntegerRange{0, 255};
    case TypeKind::UINT16:
      return IntegerRange{0, 65535};
    case TypeKind::UINT32:
      return IntegerRange{0, 4294967295.0};
    case TypeKind::UINT64:
      return IntegerRange{0, 9e15};
    default:
      return std::nullopt;
  }
}

}  // namespace tramontane
