// What an HTTP request is made of, and who may send it.
#include "runtime/base/clock.h"
#include "runtime/base/result.h"
#include "runtime/http/guard.h"
#include "runtime/http/kept_sessions.h"
#include "runtime/http/request_reader.h"
#include "runtime/http/routes.h"
#include "runtime/http/target.h"
#include "tests/support/temp_folder.h"

#include <fstream>
#include <string>
#include <sys/stat.h>

#include "tests/support/test.h"

using namespace tramontane;
using namespace std::chrono_literals;

namespace {

using State = RequestReader::State;

const std::string token(64, 'a');

RequestHead head_with(const std::string& method) {
  RequestHead head;
  head.method = method;
  head.target = "/";
  head.host = "127.0.0.1:8080";
  return head;
}

RequestHead with_token(RequestHead head) {
  head.authorization = "Bearer " + token;
  return head;
}

// The session that a link gave, as a browser sends it back.
std::string cookie_of(HttpGuard& guard) {
  std::string link = guard.new_link();
  auto cookie = guard.log_in(link.substr(link.find('=') + 1));
  REQUIRE(cookie);
  return cookie->substr(0, cookie->find(';'));
}

int refused(const HttpGuard& guard, RequestHead head, HttpAccess access = HttpAccess::token) {
  head.encrypted = true;
  auto refusal = guard.check(head, "10.0.0.7", access);
  return refusal ? refusal->status : 0;
}

}  // namespace

TEST_CASE("a target is decoded segment by segment") {
  auto target = parse_target("/api/v1/actors/generator%2F0?fields=name,state&text=a+b%26c&empty#x");
  REQUIRE(target);
  CHECK(target->path == "/api/v1/actors/generator/0");
  REQUIRE(target->segments.size() == 4);
  CHECK(target->segments[3] == "generator/0");
  REQUIRE(target->query.size() == 3);
  CHECK(target->query[1].second == "a b&c");
  CHECK(target->query[2] == std::pair<std::string, std::string>("empty", ""));
}

TEST_CASE("what is no target is nothing") {
  for (const char* text :
      {"", "jobs", "http://evil/", "*", "/a%", "/a%2", "/a%zz", "/a%00b", "/?a=%0d%0a", "/a\x01"})
    CHECK_FALSE(parse_target(text));
  std::string many = "/?a=1";
  for (int i = 0; i < 100; ++i) many += "&a=1";
  CHECK_FALSE(parse_target(many));
}

TEST_CASE("a cookie is found by its whole name") {
  CHECK(cookie_value("xtram=1; tram=2 ;tram=3", "tram") == "2");
  CHECK_FALSE(cookie_value("tramx=1", "tram"));
  CHECK_FALSE(cookie_value(";;=;", "tram"));
}

TEST_CASE("a host is named without its port") {
  CHECK(host_name("LocalHost:80") == "localhost");
  CHECK(host_name("[::1]:8080") == "::1");
  CHECK_FALSE(host_name(""));
  CHECK_FALSE(host_name("a b"));
  CHECK_FALSE(host_name("a:80:90"));
  CHECK_FALSE(host_name("[::1"));
  CHECK_FALSE(host_name("user@host"));
  CHECK(is_loopback("127.9.9.9"));
  CHECK(is_loopback("::1"));
  CHECK_FALSE(is_loopback("127.0.0.1.evil.com"));
  CHECK_FALSE(is_loopback("10.0.0.1"));
}

TEST_CASE("an address is a host and a port") {
  CHECK(parse_http_address("127.0.0.1:0").text() == "127.0.0.1:0");
  CHECK(parse_http_address("8080").text() == "127.0.0.1:8080");
  CHECK(parse_http_address("[::1]:80").text() == "[::1]:80");
  for (const char* text : {"", "host", "host:", "host:x", "host:70000", ":80", "::1:80", "a b:80"})
    CHECK_THROWS_AS(parse_http_address(text), Error);
}

TEST_CASE("secrets are not logged") {
  CHECK(loggable("GET /login/" + token + "?x") == "GET /login/…?x");
  CHECK(loggable("/api/deadbeef\n") == "/api/deadbeef ");
  CHECK(loggable(std::string(10'000, 'z')).size() <= 210);
}

TEST_CASE("routes match whole paths, and say which methods there are") {
  auto none = [](const HttpRequest&) { return HttpResponse{}; };
  std::vector<HttpRoute> routes = {{"GET", "/", none}, {"GET", "/jobs/{id}", none},
      {"POST", "/jobs/{id}", none}, {"GET", "/actors/{name...}", none}};
  auto find = [&](const char* method, const char* target) {
    return find_route(routes, method, *parse_target(target));
  };
  CHECK(find("GET", "/").route == &routes[0]);
  CHECK(find("GET", "/jobs/a%2Fb").captured["id"] == "a/b");
  CHECK(find("GET", "/actors/generator/0").captured["name"] == "generator/0");
  CHECK(find("GET", "/actors/").route == nullptr);
  CHECK(find("GET", "/jobs/").route == nullptr);
  CHECK(find("GET", "/jobs/a/b").route == nullptr);
  CHECK(find("GET", "/jobs").route == nullptr);
  CHECK(find("DELETE", "/jobs/a").allowed == "GET, POST");
}

TEST_CASE("a request may come byte by byte, and several at once") {
  std::string two =
      "POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nxyz"
      "GET /b HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n";
  RequestReader reader({});
  std::vector<RequestHead> got;
  for (char c : two)
    if (reader.feed({&c, 1}) == State::complete) got.push_back(reader.take());
  REQUIRE(got.size() == 2);
  CHECK(got[0].body == "xyz");
  CHECK(got[0].keep_alive);
  CHECK(got[1].target == "/b");
  CHECK_FALSE(got[1].keep_alive);
  RequestReader whole({});
  REQUIRE(whole.feed(two) == State::complete);
  CHECK(whole.take().target == "/a");
  REQUIRE(whole.feed({}) == State::complete);
  CHECK(whole.take().target == "/b");
  CHECK(whole.feed({}) == State::more);
  CHECK_FALSE(whole.begun());
}

TEST_CASE("a body that comes in chunks is refused, before anything of it is read") {
  const std::string header = "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";
  // The last made Boost.Beast 1.74 end the process: fields behind the last chunk, without their
  // end.
  for (const std::string& body : {std::string("3\r\nabc\r\n0\r\n\r\n"), std::string(),
           std::string("0\r\nZ:C\x87"
                       "C\n"),
           "0\r\nZ:" + std::string(100, 'a') + "\n"})
    for (std::size_t piece : {std::size_t{1}, std::size_t{7}, std::size_t{4096}}) {
      RequestReader reader({});
      std::string request = header + body;
      auto state = State::more;
      for (std::size_t at = 0; at < request.size(); at += piece)
        state = reader.feed(std::string_view(request).substr(at, piece));
      CHECK(state == State::refused);
      CHECK(reader.status() == 411);
    }
}

TEST_CASE("a header's limit is the same, however its bytes come") {
  const std::string line = "GET / HTTP/1.1\r\n";
  for (std::size_t over : {0, 1, 2, 3}) {
    std::string request = line + "Host: h\r\nX: ";
    request += std::string(300 + over - request.size() - 4, 'x') + "\r\n\r\n";
    REQUIRE(request.size() == 300 + over);
    for (std::size_t piece : {std::size_t{1}, line.size(), std::size_t{7}, request.size()}) {
      CAPTURE(over);
      CAPTURE(piece);
      RequestReader reader({.header_bytes = 300});
      auto state = State::more;
      for (std::size_t at = 0; at < request.size() && state == State::more; at += piece)
        state = reader.feed(std::string_view(request).substr(at, piece));
      CHECK(state == (over == 0 ? State::complete : State::refused));
      CHECK(reader.status() == (over == 0 ? 0 : 431));
    }
  }
}

TEST_CASE("requests that are too large or ambiguous are refused") {
  auto status = [](const std::string& bytes, RequestReader::Limits limits = {}) {
    RequestReader reader(limits);
    return reader.feed(bytes) == State::refused ? reader.status() : 0;
  };
  CHECK(status("GET / HTTP/1.1\r\nHost: h\r\nX: " + std::string(20'000, 'x') + "\r\n\r\n") == 431);
  CHECK(status(std::string(20'000, 'x')) == 431);
  CHECK(status("GET /" + std::string(20'000, 'x')) == 431);
  CHECK(status("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 2000000\r\n\r\n") == 413);
  CHECK(status("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: gzip\r\n\r\n",
            {.body_bytes = 3}) == 411);
  CHECK(status("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\n") ==
        400);
  CHECK(status("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nTransfer-Encoding: "
               "chunked\r\n\r\n") == 400);
  CHECK(status("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n") == 400);
  CHECK(status("GET / HTTP/1.1\r\nHost: h\r\nExpect: magic\r\n\r\n") == 417);
  CHECK(status(std::string("\x16\x03\x01\x02\x00\x01\x00", 7)) == 400);
  CHECK(status("GET / HTTP/9\r\n\r\n") == 400);
}

TEST_CASE("the token opens, and nothing that is like it") {
  ManualClock clock;
  HttpGuard guard({.token = token}, clock);
  CHECK(refused(guard, with_token(head_with("GET"))) == 0);
  CHECK(refused(guard, with_token(head_with("POST"))) == 0);
  for (const std::string& text : {std::string(), token, "Basic " + token, "Bearer " + token + "a",
           "Bearer " + token.substr(1), std::string("Bearer "), "Bearer " + std::string(64, 'b')}) {
    auto head = head_with("GET");
    head.authorization = text;
    CHECK(refused(guard, head) == 401);
    CHECK(refused(guard, head, HttpAccess::open) == 0);
  }
}

TEST_CASE("a link logs in once, and not for ever") {
  ManualClock clock;
  HttpGuard guard({.token = token}, clock);
  std::string link = guard.new_link();
  std::string ticket = link.substr(link.find('=') + 1);
  CHECK(guard.log_in(ticket));
  CHECK_FALSE(guard.log_in(ticket));
  CHECK_FALSE(guard.log_in(""));
  link = guard.new_link();
  clock.advance(11min);
  CHECK_FALSE(guard.log_in(link.substr(link.find('=') + 1)));
  auto head = head_with("GET");
  head.cookie = cookie_of(guard);
  CHECK(refused(guard, head) == 0);
  HttpGuard other({.token = token}, clock);
  CHECK(refused(other, head) == 401);
  clock.advance(73h);
  CHECK(refused(guard, head) == 401);
}

TEST_CASE("the hundredth link makes the first forgotten") {
  ManualClock clock;
  HttpGuard guard({.token = token}, clock);
  std::string first = guard.new_link();
  std::string last;
  for (int i = 0; i < 100; ++i) last = guard.new_link();
  CHECK_FALSE(guard.log_in(first.substr(first.find('=') + 1)));
  CHECK(guard.log_in(last.substr(last.find('=') + 1)));
}

TEST_CASE("a machine is asked by its own name") {
  ManualClock clock;
  HttpGuard guard({.token = token, .names = {"box"}}, clock);
  auto head = with_token(head_with("GET"));
  for (const char* host :
      {"localhost", "localhost:99", "[::1]", "10.0.0.7:80", "box:1", "127.0.0.1"}) {
    head.host = host;
    CHECK(refused(guard, head) == 0);
  }
  for (const char* host : {"evil.com", "10.0.0.8", "localhost.evil.com", "127.0.0.1.nip.io"}) {
    head.host = host;
    CHECK(refused(guard, head) == 421);
  }
  head.host = "";
  CHECK(refused(guard, head) == 400);
  CHECK(refused(guard, head, HttpAccess::open) == 400);
}

TEST_CASE("pages of others get nothing") {
  ManualClock clock;
  HttpGuard guard({.token = token}, clock);
  for (const char* origin : {"http://evil.com", "null", "http://127.0.0.1:8081", "file://"}) {
    auto head = with_token(head_with("GET"));
    head.origin = origin;
    CHECK(refused(guard, head) == 403);
  }
  auto own = with_token(head_with("GET"));
  own.origin = "http://127.0.0.1:8080";
  CHECK(refused(guard, own) == 0);
  auto head = head_with("GET");
  head.cookie = cookie_of(guard);
  head.fetch_site = "cross-site";
  head.fetch_mode = "no-cors";
  CHECK(refused(guard, head) == 403);
  head.fetch_mode = "navigate";
  CHECK(refused(guard, head) == 0);
  head.method = "POST";
  CHECK(refused(guard, head) == 403);
}

TEST_CASE("with a cookie alone nothing is changed") {
  ManualClock clock;
  HttpGuard guard({.token = token}, clock);
  auto head = head_with("POST");
  head.cookie = cookie_of(guard);
  CHECK(refused(guard, head) == 403);
  head.fetch_site = "same-origin";
  CHECK(refused(guard, head) == 0);
  head.fetch_site = "";
  head.origin = "http://127.0.0.1:8080";
  CHECK(refused(guard, head) == 0);
}

TEST_CASE("sessions that are kept are another guard's too, for as long as they were given") {
  TempFolder folder;
  std::string file = folder.path() + "/sessions";
  ManualClock clock;
  HttpGuard::Options options{
      .token = token, .session_life = std::chrono::hours(1), .sessions_file = file};
  RequestHead head = head_with("GET");
  {
    HttpGuard first(options, clock);
    head.cookie = cookie_of(first);
    CHECK(refused(first, head) == 0);
  }

  struct stat about {};

  REQUIRE(::stat(file.c_str(), &about) == 0);
  CHECK((about.st_mode & 0777) == 0600);
  clock.advance(std::chrono::minutes(50));
  {
    HttpGuard second(options, clock);
    CHECK(refused(second, head) == 0);
    RequestHead other = head_with("GET");
    other.cookie = cookie_of(second);
    HttpGuard third(options, clock);
    CHECK(refused(third, head) == 0);
    CHECK(refused(third, other) == 0);
  }
  clock.advance(std::chrono::minutes(11));
  CHECK(refused(HttpGuard(options, clock), head) == 401);
  // A file that others may read, or that was written by somebody else, is none.
  HttpGuard fresh(options, clock);
  head.cookie = cookie_of(fresh);
  CHECK(refused(HttpGuard(options, clock), head) == 0);
  REQUIRE(::chmod(file.c_str(), 0644) == 0);
  CHECK(refused(HttpGuard(options, clock), head) == 401);
  CHECK(read_sessions(file) == KeptSessions{});
  for (const char* text :
      {"", "a;b\n", "name\nsecret\n", "name\nsec;ret 5\n", "name\nsecret x\n"}) {
    std::ofstream(file) << text;
    REQUIRE(::chmod(file.c_str(), 0600) == 0);
    CHECK(read_sessions(file) == KeptSessions{});
  }
  KeptSessions some{"name", {{"secret", 5}, {"other", 1'767'225'600'000'000}}};
  REQUIRE(write_sessions(file, some));
  CHECK(read_sessions(file) == some);
  CHECK(!write_sessions(folder.path() + "/nowhere/sessions", some));
}

TEST_CASE("an event is lines that nothing in it can break") {
  CHECK(server_sent_event("step", "12", "{\"a\":1}") == "event: step\nid: 12\ndata: {\"a\":1}\n\n");
  CHECK(server_sent_event("", "", "a\nid: 9\r\nb") == "data: a id: 9  b\n\n");
}
