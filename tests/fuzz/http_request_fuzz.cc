// The bytes of a connection, cut wherever the first of them say: however they are cut, the same
// requests come of them, within the limits; each is taken apart, checked and routed as a server
// does. None that lacks the token comes through.
#include "runtime/base/check.h"
#include "runtime/base/clock.h"
#include "runtime/http/guard.h"
#include "runtime/http/request_reader.h"
#include "runtime/http/routes.h"
#include "runtime/http/target.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

using namespace tramontane;

namespace {

constexpr RequestReader::Limits limits{.header_bytes = 2000, .body_bytes = 500};
const std::string token(64, 'a');

struct Outcome {
  std::vector<RequestHead> requests;
  int status = 0;
  bool waits = false;  // for the rest of a request, which may be wrong already
};

Outcome read(std::string_view bytes, std::size_t piece) {
  RequestReader reader(limits);
  Outcome outcome;
  auto state = RequestReader::State::more;
  while (state != RequestReader::State::refused) {
    std::string_view some = bytes.substr(0, state == RequestReader::State::complete ? 0 : piece);
    bytes.remove_prefix(some.size());
    if (some.empty() && state == RequestReader::State::more) break;
    state = reader.feed(some);
    reader.wants_leave();
    if (state == RequestReader::State::complete) outcome.requests.push_back(reader.take());
  }
  outcome.status = reader.status();
  outcome.waits = outcome.status == 0 && reader.begun();
  return outcome;
}

void serve(const RequestHead& head, const HttpGuard& guard, const std::vector<HttpRoute>& routes) {
  TRAM_CHECK(head.body.size() <= limits.body_bytes, "a body over its limit");
  TRAM_CHECK(
      head.target.size() + head.cookie.size() <= limits.header_bytes, "a header over its limit");
  bool secret = head.authorization.find(token) != std::string::npos;
  for (auto access : {HttpAccess::token, HttpAccess::open}) {
    bool passed = !guard.check(head, "10.0.0.7", access);
    TRAM_CHECK(!passed || access == HttpAccess::open || secret, "passed without the token");
  }
  TRAM_CHECK(loggable(head.authorization).find(token) == std::string::npos, "a token in the log");
  auto target = parse_target(head.target);
  if (!target) return;
  auto found = find_route(routes, head.method, *target);
  if (found.route != nullptr) found.route->handler({});
  for (const std::string& part : target->segments)
    TRAM_CHECK(part.find('\0') == std::string::npos, "a zero byte in a path");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static ManualClock clock;
  static HttpGuard guard({.token = token, .names = {"box"}}, clock);
  auto handler = [](const HttpRequest&) { return HttpResponse{}; };
  static const std::vector<HttpRoute> routes = {{"GET", "/", handler},
      {"GET", "/jobs/{id}", handler}, {"POST", "/jobs/{id}/stop", handler},
      {"GET", "/actors/{name...}", handler}};
  if (size == 0) return 0;
  std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  Outcome whole = read(bytes, bytes.size());
  Outcome pieces = read(bytes, 1 + data[0] % 64);
  TRAM_CHECK(whole.requests.size() == pieces.requests.size(), "the cut changes how many there are");
  bool same = (whole.status == 0) == (pieces.status == 0) || whole.waits || pieces.waits;
  TRAM_CHECK(same, "the cut changes what is refused");
  for (std::size_t i = 0; i < whole.requests.size(); ++i) {
    TRAM_CHECK(whole.requests[i].target == pieces.requests[i].target, "the cut changes a target");
    TRAM_CHECK(whole.requests[i].body == pieces.requests[i].body, "the cut changes a body");
    serve(whole.requests[i], guard, routes);
  }
  return 0;
}
