#pragma once
// The HttpGuard decides who may ask: whoever shows the token (Authorization: Bearer), or the cookie
// that a single-use link has given a browser; and nobody by way of a page of somebody else.
//
//   HttpGuard guard(token_text(token_of(path)), clock);
//   std::string link = "http://127.0.0.1:8080" + guard.new_link();      // /login?ticket=…
//   auto refusal = guard.check(head, address, HttpAccess::token);     // nothing: it may
//
// A browser attaches cookies to requests that any page makes, and finds this port under any name
// that somebody's DNS gives it. So a request must name this machine (Host), must not come from
// another origin (Origin, Sec-Fetch-Site), and one that changes something must have the token
// itself or say that its page is ours. Secrets are compared in constant time and never logged.
// Beyond this machine all of it is refused in clear, where others could read it on its way.
//
// Thread rule: any.

#include "runtime/base/clock.h"
#include "runtime/http/request_reader.h"
#include "runtime/http/routes.h"

#include <cstddef>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tramontane {

struct HttpRefusal {
  int status = 403;
  std::string text;
};

class HttpGuard {
 public:
  struct Options {
    std::string token;  // 64 hexadecimal digits
    std::vector<std::string>
        names;                     // that this machine is known by, beside loopback's and addresses
    bool trusted_network = false;  // in clear, from other machines, too
    Duration ticket_life = std::chrono::minutes(10);
    Duration session_life = std::chrono::hours(72);
    // Where sessions are kept (kept_sessions.h), to be known to a later guard of the same file;
    // empty: they end with this one.
    std::string sessions_file = {};
  };

  // The clock outlives it.
  HttpGuard(Options options, const Clock& clock);

  // Why the request is refused; nothing: it is not. `address` is the one that it reached us at.
  std::optional<HttpRefusal> check(
      const RequestHead& head, const std::string& address, HttpAccess access) const;

  // The path and query of a link that logs a browser in, once, within ticket_life. Of many that
  // wait, the oldest is forgotten.
  std::string new_link();

  // Redeems a link: the value of a Set-Cookie header; nothing if there is no such ticket any more.
  // Of HTTPS: it is shown there alone.
  std::optional<std::string> log_in(std::string_view ticket, bool encrypted = false);

  // GET /login, which a link leads to: sets the cookie and goes on to /. The guard outlives it.
  HttpRoute login_route();

 private:
  struct Secret {
    std::string text;
    Time until{};
  };

  void take_kept();
  void keep() const;
  bool has_bearer(const RequestHead& head) const;
  bool has_session(const RequestHead& head) const;
  std::optional<HttpRefusal> check_place(const RequestHead& head, const std::string& address) const;

  const Options options_;
  const Clock& clock_;
  std::string cookie_;        // its name: another for every guard, as ports share their cookies
  mutable std::mutex mutex_;  // guards what follows
  std::deque<Secret> tickets_;
  std::deque<Secret> sessions_;
};

}  // namespace tramontane
