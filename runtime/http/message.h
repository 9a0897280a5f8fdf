#pragma once
// What an HTTP handler gets and gives.
//
//   HttpResponse jobs(const HttpRequest& request) {
//     auto limit = request.parameter("limit");
//     return {.body = R"({"jobs":[]})"};
//   }
//
// Values: any thread.

#include "runtime/base/clock.h"

#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tramontane {

struct HttpRequest {
  std::string method = "GET";                                   // HEAD comes as GET
  std::string path;                                             // percent-decoded
  std::vector<std::pair<std::string, std::string>> query = {};  // decoded, in order
  std::map<std::string, std::string> captured = {};  // what the route's {names} stand for
  std::string host = {};                             // the Host header: NAME:PORT
  bool encrypted = false;                            // it came by HTTPS
  std::string last_event_id = {};
  std::string body = {};
  // When whoever asked has been told that it took too long; whoever computes for long looks.
  const Clock* clock = nullptr;
  Time deadline = forever;

  bool overdue() const { return clock != nullptr && clock->now() >= deadline; }

  // Where it was asked: "https://NAME:PORT".
  std::string origin() const { return (encrypted ? "https://" : "http://") + host; }

  // The last value of that name.
  std::optional<std::string> parameter(std::string_view name) const;
};

// Where a stream of server-sent events comes from. next() is called on the server's work thread;
// what is destroyed with its client may be so on another.
class EventSource {
 public:
  virtual ~EventSource() = default;

  // Events since the last call, as server_sent_event() writes them, of about `room` bytes at most;
  // empty if there are none now: it is asked again soon.
  virtual std::string next(std::size_t room) = 0;
};

// One event in its wire form. `id` and `kind` may be empty; line ends in any of them are no matter.
std::string server_sent_event(std::string_view kind, std::string_view id, std::string_view data);

struct HttpResponse {
  int status = 200;
  std::string type = "application/json";
  std::string body = {};
  std::vector<std::pair<std::string, std::string>> headers = {};
  std::unique_ptr<EventSource> stream = nullptr;  // instead of a body
};

// {"error": {"code": CODE, "text": TEXT}}.
HttpResponse http_problem(int status, std::string_view code, std::string_view text);

// "Not Found".
const char* http_reason(int status) noexcept;

}  // namespace tramontane
