#include "runtime/http/routes.h"

namespace tramontane {
namespace {

using Captured = std::map<std::string, std::string>;

bool is_capture(std::string_view part) {
  return part.starts_with('{') && part.ends_with('}');
}

std::string joined(const std::vector<std::string>& segments, std::size_t from) {
  std::string out = segments[from];
  for (std::size_t i = from + 1; i < segments.size(); ++i) out += "/" + segments[i];
  return out;
}

// Nothing if the pattern is another.
std::optional<Captured> match(std::string_view pattern, const std::vector<std::string>& segments) {
  Captured captured;
  pattern.remove_prefix(1);
  for (std::size_t i = 0; i < segments.size(); ++i) {
    auto end = pattern.find('/');
    std::string_view part = pattern.substr(0, end);
    bool last = end == pattern.npos;
    if (is_capture(part)) {
      std::string name(part.substr(1, part.size() - 2));
      if (name.ends_with("...")) {
        std::string rest = joined(segments, i);
        if (rest.empty()) return std::nullopt;
        captured[name.substr(0, name.size() - 3)] = std::move(rest);
        return captured;
      }
      if (segments[i].empty()) return std::nullopt;
      captured[name] = segments[i];
    } else if (part != segments[i]) {
      return std::nullopt;
    }
    if (last) return i + 1 == segments.size() ? std::optional(captured) : std::nullopt;
    pattern.remove_prefix(end + 1);
  }
  return std::nullopt;
}

}  // namespace

RouteMatch find_route(
    const std::vector<HttpRoute>& routes, std::string_view method, const HttpTarget& target) {
  RouteMatch found;
  for (const auto& route : routes) {
    auto captured = match(route.pattern, target.segments);
    if (!captured) continue;
    if (route.method == method) return {&route, std::move(*captured), {}};
    if (found.allowed.find(route.method) == std::string::npos)
      found.allowed += (found.allowed.empty() ? "" : ", ") + route.method;
  }
  return found;
}

}  // namespace tramontane
