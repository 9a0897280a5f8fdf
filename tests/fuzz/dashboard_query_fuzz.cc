// Texts of a watcher: targets with their filters, of every route, cookies, hosts, ids of events and
// of streams, addresses. Each is understood or refused; what is understood reads back as it was.
#include "actors/dashboard/api.h"
#include "actors/dashboard/history.h"
#include "actors/dashboard/query.h"
#include "actors/dashboard/run_stream.h"
#include "runtime/base/check.h"
#include "runtime/base/result.h"
#include "runtime/http/routes.h"
#include "runtime/http/target.h"

#include <boost/json/array.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

using namespace tramontane;

namespace {

// Asks for every parameter as each of the types.
void ask(const Query& query, const ApiRoute& route) {
  for (const auto& parameter : route.parameters) {
    auto refused = [&](auto f) {
      try {
        f();
      } catch (const Error& error) {
        TRAM_CHECK(error.errc() == Errc::bad_input, "refused otherwise");
      }
    };
    if (parameter.in_path) {
      refused([&] { query.captured_number(parameter.name); });
      continue;
    }
    refused([&] { query.whole(parameter.name); });
    refused([&] { query.number(parameter.name); });
    refused([&] { query.flag(parameter.name); });
    refused([&] { query.choice(parameter.name); });
    TRAM_CHECK(query.words(parameter.name).size() <= query.text(parameter.name).size(),
        "more words than text");
  }
}

void ask(const HttpTarget& target) {
  static const std::vector<ApiRoute> table = api_routes();
  static const std::vector<HttpRoute> routes = [] {
    std::vector<HttpRoute> all;
    for (const auto& route : table) all.push_back({route.method, route.path, {}});
    return all;
  }();
  auto match = find_route(routes, "GET", target);
  if (match.route == nullptr) return;
  const ApiRoute& route = table[static_cast<std::size_t>(match.route - routes.data())];
  HttpRequest request{.path = target.path, .query = target.query, .captured = match.captured};
  try {
    Query query(request, route);
    ask(query, route);
  } catch (const Error& error) {
    TRAM_CHECK(error.errc() == Errc::bad_input, "refused otherwise");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string text(reinterpret_cast<const char*>(data), size);
  if (auto target = parse_target(text)) ask(*target);
  if (auto target = parse_target("/api/v1/rollouts?" + text)) ask(*target);
  if (auto place = parse_stream_place(text))
    TRAM_CHECK(parse_stream_place(place->text())->at == place->at, "a place does not read back");
  if (auto id = parse_event_id(text)) {
    EventPlace place{.file = id->first, .begin = id->second};
    TRAM_CHECK(parse_event_id(place.id()) == id, "an id does not read back");
  }
  if (auto value = cookie_value(text, "tram"))
    TRAM_CHECK(value->find(';') == std::string::npos, "two cookies in one");
  if (auto host = host_name(text)) TRAM_CHECK(!host->empty(), "a host without a name");
  TRAM_CHECK(loggable(text).size() < 1000, "a line of the log without a bound");
  try {
    HttpAddress address = parse_http_address(text);
    TRAM_CHECK(parse_http_address(address.text()).text() == address.text(),
        "an address does not read back");
  } catch (const Error& error) {
    TRAM_CHECK(error.errc() == Errc::bad_input, "refused otherwise");
  }
  return 0;
}
