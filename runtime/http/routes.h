#pragma once
// Routes are values: which method and path lead to which handler.
//
//   std::vector<HttpRoute> routes = {{"GET", "/api/v1/jobs/{id}", one_job},
//       {"GET", "/healthz", healthy, HttpAccess::open}};
//
// A pattern's {name} is one segment of the path, {name...}, which comes last, all that is left. Of
// several that match the first counts.

#include "runtime/http/message.h"
#include "runtime/http/target.h"

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tramontane {

enum class HttpAccess : std::uint8_t {
  token,  // for who has the token
  open,   // for everybody that reaches the port
};

// Called on the server's work thread, one at a time. What it throws becomes an answer: Error by its
// code (bad_input 400, refused 403, not_found 404, timeout 503), everything else 500.
using HttpHandler = std::function<HttpResponse(const HttpRequest&)>;

struct HttpRoute {
  std::string method;
  std::string pattern;
  HttpHandler handler;
  HttpAccess access = HttpAccess::token;
};

struct RouteMatch {
  const HttpRoute* route = nullptr;  // null: none
  std::map<std::string, std::string> captured;
  std::string allowed;  // methods that the path has, where only the method is wrong
};

RouteMatch find_route(
    const std::vector<HttpRoute>& routes, std::string_view method, const HttpTarget& target);

}  // namespace tramontane
