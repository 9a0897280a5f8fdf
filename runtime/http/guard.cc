#include "runtime/http/guard.h"

#include "runtime/base/bytes.h"
#include "runtime/base/check.h"
#include "runtime/base/home.h"
#include "runtime/http/kept_sessions.h"

#include <algorithm>
#include <array>
#include <chrono>

namespace tramontane {
namespace {

constexpr std::size_t tickets_most = 16;
constexpr std::size_t sessions_most = 64;

bool same(std::string_view one, std::string_view other) {
  return equal_in_constant_time(as_bytes(one), as_bytes(other));
}

// 128 random bits in hexadecimal digits.
std::string new_secret() {
  constexpr const char* digits = "0123456789abcdef";
  std::array<std::byte, 16> bytes{};
  random_bytes(bytes.data(), bytes.size());
  std::string out;
  for (std::byte byte : bytes) {
    out += digits[std::to_integer<unsigned>(byte) >> 4];
    out += digits[std::to_integer<unsigned>(byte) & 15];
  }
  return out;
}

// Whether the page that asks is one of ours. "null" and what has no scheme are not.
bool same_origin(const RequestHead& head) {
  return head.origin == "http://" + head.host || head.origin == "https://" + head.host;
}

bool changes(const RequestHead& head) {
  return head.method != "GET" && head.method != "HEAD";
}

const char* login_failed =
    "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Tramontane</title>"
    "<main><h1>This link has been used, or is too old</h1><p>A new one: <code>tram dashboard"
    "</code></p></main></html>";

}  // namespace

HttpGuard::HttpGuard(Options options, const Clock& clock)
    : options_(std::move(options)), clock_(clock), cookie_("tram_" + new_secret().substr(0, 8)) {
  TRAM_CHECK(options_.token.size() == 64, "a token of another length");
  take_kept();
}

void HttpGuard::take_kept() {
  if (options_.sessions_file.empty()) return;
  KeptSessions kept = read_sessions(options_.sessions_file);
  if (!kept.cookie.empty()) cookie_ = kept.cookie;
  for (const KeptSession& one : kept.sessions) {
    auto left = std::min<Duration>(
        std::chrono::microseconds(one.until_us - clock_.wall()), options_.session_life);
    if (left > Duration::zero() && sessions_.size() < sessions_most)
      sessions_.push_back({one.secret, after(clock_.now(), left)});
  }
}

// Where it cannot be written, sessions end with this guard.
void HttpGuard::keep() const {
  if (options_.sessions_file.empty()) return;
  KeptSessions kept{cookie_, {}};
  for (const Secret& session : sessions_) {
    auto left = std::chrono::duration_cast<std::chrono::microseconds>(session.until - clock_.now());
    if (left.count() > 0) kept.sessions.push_back({session.text, clock_.wall() + left.count()});
  }
  write_sessions(options_.sessions_file, kept);
}

bool HttpGuard::has_bearer(const RequestHead& head) const {
  constexpr std::string_view scheme = "bearer ";
  std::string_view given = head.authorization;
  if (given.size() < scheme.size()) return false;
  bool bearer = std::equal(scheme.begin(), scheme.end(), given.begin(),
      [](char want, char have) { return want == (have >= 'A' && have <= 'Z' ? have + 32 : have); });
  given.remove_prefix(scheme.size());
  while (given.starts_with(' ')) given.remove_prefix(1);
  return bearer && same(given, options_.token);
}

bool HttpGuard::has_session(const RequestHead& head) const {
  auto given = cookie_value(head.cookie, cookie_);
  if (!given) return false;
  std::lock_guard lock(mutex_);
  bool found = false;  // all are looked at, whichever it is
  for (const Secret& session : sessions_)
    found |= same(session.text, *given) && clock_.now() < session.until;
  return found;
}

std::optional<HttpRefusal> HttpGuard::check_place(
    const RequestHead& head, const std::string& address) const {
  auto host = host_name(head.host);
  if (!host) return HttpRefusal{400, "a Host header is missing, or names no host"};
  bool known =
      is_loopback(*host) || *host == address ||
      std::find(options_.names.begin(), options_.names.end(), *host) != options_.names.end();
  if (!known)
    return HttpRefusal{421, "this machine is not called '" + *host + "': ask for its address"};
  if (!head.origin.empty() && !same_origin(head))
    return HttpRefusal{403, "a page of another origin may not ask"};
  bool foreign = head.fetch_site == "cross-site" || head.fetch_site == "same-site";
  bool navigation = head.fetch_mode == "navigate" && !changes(head);
  if (foreign && !navigation) return HttpRefusal{403, "a page of another origin may not ask"};
  return std::nullopt;
}

std::optional<HttpRefusal> HttpGuard::check(
    const RequestHead& head, const std::string& address, HttpAccess access) const {
  if (!head.encrypted && !options_.trusted_network && !is_loopback(address))
    return HttpRefusal{403,
        "in clear, others could read the token on its way here: ask by https, or through ssh -L"};
  if (auto refusal = check_place(head, address)) return refusal;
  if (access == HttpAccess::open || has_bearer(head)) return std::nullopt;
  if (!has_session(head))
    return HttpRefusal{401,
        "the token is missing or wrong: `Authorization: Bearer TOKEN` with what $TRAM_HOME/token "
        "has, or, for a browser, the link that `tram dashboard` prints"};
  if (changes(head) && head.origin.empty() && head.fetch_site != "same-origin")
    return HttpRefusal{403, "a change wants the token, or a page of this origin"};
  return std::nullopt;
}

std::string HttpGuard::new_link() {
  std::string ticket = new_secret();
  std::lock_guard lock(mutex_);
  tickets_.push_back({ticket, after(clock_.now(), options_.ticket_life)});
  if (tickets_.size() > tickets_most) tickets_.pop_front();
  return "/login?ticket=" + ticket;
}

std::optional<std::string> HttpGuard::log_in(std::string_view ticket, bool encrypted) {
  std::lock_guard lock(mutex_);
  std::optional<std::size_t> found;
  for (std::size_t i = 0; i < tickets_.size(); ++i)
    if (same(tickets_[i].text, ticket) && clock_.now() < tickets_[i].until) found = i;
  if (!found) return std::nullopt;
  tickets_.erase(tickets_.begin() + static_cast<std::ptrdiff_t>(*found));
  std::string session = new_secret();
  sessions_.push_back({session, after(clock_.now(), options_.session_life)});
  if (sessions_.size() > sessions_most) sessions_.pop_front();
  keep();
  auto seconds = std::chrono::duration_cast<std::chrono::seconds>(options_.session_life).count();
  return str(cookie_, "=", session, "; Path=/; HttpOnly; SameSite=Strict; Max-Age=", seconds,
      encrypted ? "; Secure" : "");
}

HttpRoute HttpGuard::login_route() {
  auto handler = [this](const HttpRequest& request) {
    auto cookie = log_in(request.parameter("ticket").value_or(""), request.encrypted);
    if (!cookie)
      return HttpResponse{.status = 403, .type = "text/html; charset=utf-8", .body = login_failed};
    return HttpResponse{.status = 303,
        .type = "text/plain",
        .headers = {{"Location", "/"}, {"Set-Cookie", std::move(*cookie)}}};
  };
  return {"GET", "/login", std::move(handler), HttpAccess::open};
}

}  // namespace tramontane
