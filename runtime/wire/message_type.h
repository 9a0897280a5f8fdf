#pragma once
// What can be told of a message's type by the compiler alone: a name, an id, and how much memory a
// value of it takes. It is why a message that stays in its process needs no more than its struct.

#include <boost/pfr/core.hpp>

#include <algorithm>
#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <ranges>
#include <string>
#include <string_view>
#include <type_traits>

namespace tramontane::detail {

// "tramontane::Hello"; compilers write it into the name of a function.
template <class T>
constexpr std::string_view full_type_name() {
  std::string_view text = __PRETTY_FUNCTION__;
  text.remove_prefix(text.find("T = ") + 4);
  return text.substr(0, text.find_first_of(";]"));
}

// "Hello": without namespaces.
template <class T>
constexpr std::string_view short_type_name() {
  std::string_view text = full_type_name<T>();
  std::size_t scope = text.substr(0, text.find('<')).rfind("::");
  return scope == text.npos ? text : text.substr(scope + 2);
}

template <class T>
struct TypeName {
  static constexpr std::size_t size = short_type_name<T>().size();

  static constexpr std::array<char, size + 1> make() {
    std::array<char, size + 1> text{};
    std::ranges::copy(short_type_name<T>(), text.begin());
    return text;
  }

  static constexpr std::array<char, size + 1> text = make();
};

// Equal for equal names, so in every process; never 0. FNV-1a.
template <class T>
constexpr std::uint64_t type_id() {
  std::uint64_t hash = 14695981039346656037U;
  for (char c : full_type_name<T>()) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211U;
  return hash == 0 ? 1 : hash;
}

template <class T>
inline constexpr bool is_optional = false;
template <class T>
inline constexpr bool is_optional<std::optional<T>> = true;
template <class T>
inline constexpr bool is_array = false;
template <class T, std::size_t size>
inline constexpr bool is_array<std::array<T, size>> = true;

// About how much memory a value holds beyond its own size: what strings, vectors, maps and structs
// of them hold. What a pointer points to is somebody else's.
template <class T>
std::size_t bytes_beyond(const T& value) {
  std::size_t bytes = 0;
  if constexpr (std::is_trivially_copyable_v<T>) {
    return 0;
  } else if constexpr (is_optional<T>) {
    return value ? bytes_beyond(*value) : 0;
  } else if constexpr (std::is_same_v<T, std::string>) {
    return value.size();
  } else if constexpr (std::ranges::sized_range<const T>) {
    using Element = std::ranges::range_value_t<T>;
    if constexpr (!is_array<T>) bytes = std::ranges::size(value) * sizeof(Element);
    if constexpr (!std::is_trivially_copyable_v<Element>)
      for (const auto& element : value) bytes += bytes_beyond(element);
  } else if constexpr (std::is_aggregate_v<T>) {
    boost::pfr::for_each_field(value, [&](const auto& field) { bytes += bytes_beyond(field); });
  } else if constexpr (requires { value.first, value.second; }) {
    bytes = bytes_beyond(value.first) + bytes_beyond(value.second);
  }
  return bytes;
}

}  // namespace tramontane::detail
