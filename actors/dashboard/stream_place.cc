#include "actors/dashboard/stream_place.h"

#include <charconv>
#include <system_error>

namespace tramontane {

std::string StreamPlace::text() const {
  return std::to_string(at[0]) + "." + std::to_string(at[1]) + "." + std::to_string(at[2]);
}

std::optional<StreamPlace> parse_stream_place(std::string_view text) {
  StreamPlace place;
  if (text == "0") return place;
  for (std::size_t i = 0; i < place.at.size(); ++i) {
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), place.at[i]);
    if (error != std::errc{}) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    bool last = i + 1 == place.at.size();
    if (last ? !text.empty() : !text.starts_with('.')) return std::nullopt;
    if (!last) text.remove_prefix(1);
  }
  return place;
}

}  // namespace tramontane
