// The server, over real sockets: what a client gets, and what becomes of one that misbehaves.
#include "runtime/http/server.h"

#include "runtime/base/clock.h"
#include "runtime/base/descriptor.h"
#include "runtime/base/log.h"
#include "runtime/base/result.h"
#include "runtime/http/client.h"
#include "runtime/http/guard.h"
#include "tests/support/temp_folder.h"

#include <arpa/inet.h>
#include <atomic>
#include <fstream>
#include <netinet/in.h>
#include <poll.h>
#include <sstream>
#include <string>
#include <sys/socket.h>
#include <thread>
#include <vector>

#include "tests/support/test.h"

using namespace tramontane;
using namespace std::chrono_literals;

namespace {

const std::string token(64, 'a');
const std::string bearer = "Host: localhost\r\nAuthorization: Bearer " + token + "\r\n";

// Counts up, one event a look; or says much, for ever.
class Counting final : public EventSource {
 public:
  explicit Counting(std::size_t bytes) : bytes_(bytes) {}

  std::string next(std::size_t) override {
    ++count_;
    return server_sent_event("count", std::to_string(count_), std::string(bytes_, 'x'));
  }

 private:
  std::size_t bytes_;
  int count_ = 0;
};

class World {
 public:
  explicit World(HttpLimits limits = {}) : guard_({.token = token}, clock_) {
    log_.emplace(clock_, LogOptions{.terminal = Level::off, .path = folder_.path() + "/log"});
    std::vector<HttpRoute> routes = {
        {"GET", "/healthz", [](const HttpRequest&) { return HttpResponse{.body = "{}"}; },
            HttpAccess::open},
        {"GET", "/echo/{what...}",
            [](const HttpRequest& request) {
              return HttpResponse{.type = "text/plain", .body = request.captured.at("what")};
            }},
        {"POST", "/echo",
            [](const HttpRequest& request) {
              return HttpResponse{.type = "text/plain", .body = request.body};
            }},
        {"GET", "/large",
            [](const HttpRequest&) { return HttpResponse{.body = std::string(32 << 20, 'x')}; }},
        {"GET", "/slow",
            [this](const HttpRequest&) {
              while (!let_go) std::this_thread::sleep_for(5ms);
              return HttpResponse{.body = "late"};
            }},
        {"GET", "/missing",
            [](const HttpRequest&) -> HttpResponse {
              throw Error(Errc::not_found, "no such thing");
            }},
        {"GET", "/bug",
            [](const HttpRequest&) -> HttpResponse { throw std::runtime_error("secret"); }},
        {"GET", "/count",
            [](const HttpRequest&) {
              HttpResponse response{.type = "text/event-stream"};
              response.stream = std::make_unique<Counting>(1);
              return response;
            }},
        {"GET", "/much",
            [](const HttpRequest&) {
              HttpResponse response{.type = "text/event-stream"};
              response.stream = std::make_unique<Counting>(4 << 20);
              return response;
            }},
        guard_.login_route()};
    server_.emplace(HttpServerOptions{
        .routes = routes, .guard = &guard_, .clock = &clock_, .log = &*log_, .limits = limits});
    address_ = server_->listen({});
  }

  ~World() { let_go = true; }

  HttpServer& server() { return *server_; }

  std::string address() const { return address_.text(); }

  HttpGuard& guard() { return guard_; }

  Descriptor connect(int receive_buffer = 0) const {
    Descriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (receive_buffer > 0)
      ::setsockopt(socket.get(), SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(address_.port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    REQUIRE(::connect(socket.get(), reinterpret_cast<sockaddr*>(&to), sizeof to) == 0);
    return socket;
  }

  // Everything until it is closed, or 5 s have passed without a word.
  static std::string read_all(const Descriptor& socket, const std::string& until = "\x01") {
    std::string all;
    char part[65536];
    pollfd ready{socket.get(), POLLIN, 0};
    while (all.find(until) == std::string::npos && ::poll(&ready, 1, 5000) == 1) {
      ssize_t got = ::recv(socket.get(), part, sizeof part, 0);
      if (got <= 0) break;
      all.append(part, static_cast<std::size_t>(got));
    }
    return all;
  }

  static void send(const Descriptor& socket, const std::string& bytes) {
    std::size_t sent = 0;
    while (sent < bytes.size()) {
      ssize_t got = ::send(socket.get(), bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
      if (got <= 0) return;
      sent += static_cast<std::size_t>(got);
    }
  }

  std::string ask(const std::string& line, const std::string& fields = bearer,
      const std::string& body = "") const {
    Descriptor socket = connect();
    send(socket, line + " HTTP/1.1\r\n" + fields + "Connection: close\r\n\r\n" + body);
    return read_all(socket);
  }

  std::string log_text() const {
    std::ifstream in(folder_.path() + "/log");
    std::ostringstream out;
    out << in.rdbuf();
    return out.str();
  }

  bool logs_soon(const std::string& text) const {
    for (int i = 0; i < 500; ++i) {
      if (log_text().find(text) != std::string::npos) return true;
      std::this_thread::sleep_for(10ms);
    }
    return false;
  }

  std::atomic<bool> let_go{false};

 private:
  TempFolder folder_;
  RealClock clock_;
  std::optional<Log> log_;
  HttpGuard guard_;
  std::optional<HttpServer> server_;
  HttpAddress address_;
};

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

int status(const std::string& answer) {
  return answer.size() < 12 ? 0 : std::stoi(answer.substr(9, 3));
}

std::string body(const std::string& answer) {
  auto at = answer.find("\r\n\r\n");
  return at == std::string::npos ? "" : answer.substr(at + 4);
}

}  // namespace

TEST_CASE("a route answers who has the token") {
  World world;
  std::string answer = world.ask("GET /echo/a%20b/c");
  CHECK(status(answer) == 200);
  CHECK(body(answer) == "a b/c");
  CHECK(has(answer, "Content-Security-Policy: default-src 'none'; script-src 'self'"));
  CHECK(has(answer, "X-Content-Type-Options: nosniff"));
  CHECK(has(answer, "Cache-Control: no-store"));
  CHECK(status(world.ask("GET /echo/a", "Host: localhost\r\n")) == 401);
  CHECK(status(world.ask("GET /healthz", "Host: localhost\r\n")) == 200);
  CHECK(status(world.ask("GET /healthz", "Host: evil.com\r\n")) == 421);
  CHECK(status(world.ask("GET /nothing", "Host: localhost\r\n")) == 401);
  CHECK(status(world.ask("GET /nothing")) == 404);
  CHECK(has(world.ask("DELETE /echo"), "Allow: POST"));
  CHECK(body(world.ask("HEAD /echo/abc")).empty());
  CHECK(has(world.ask("HEAD /echo/abc"), "Content-Length: 3"));
}

TEST_CASE("what a handler throws is an answer") {
  World world;
  CHECK(body(world.ask("GET /missing")) ==
        R"({"error":{"code":"not_found","text":"no such thing"}})");
  std::string answer = world.ask("GET /bug");
  CHECK(status(answer) == 500);
  CHECK_FALSE(has(answer, "secret"));
}

TEST_CASE("a connection carries several requests, also sent at once") {
  World world;
  Descriptor socket = world.connect();
  std::string one = "POST /echo HTTP/1.1\r\n" + bearer + "Content-Length: 3\r\n\r\nabc";
  std::string last = "GET /echo/end HTTP/1.1\r\n" + bearer + "Connection: close\r\n\r\n";
  World::send(socket, one + one + last);
  std::string all = World::read_all(socket);
  CHECK(all.find("abc") != all.rfind("abc"));
  CHECK(all.ends_with("end"));
}

TEST_CASE("who waits for leave to send is given it") {
  World world;
  Descriptor socket = world.connect();
  World::send(socket, "POST /echo HTTP/1.1\r\n" + bearer +
                          "Expect: 100-continue\r\nContent-Length: 2\r\nConnection: close\r\n\r\n");
  CHECK(has(World::read_all(socket, "\r\n\r\n"), "100 Continue"));
  World::send(socket, "ok");
  CHECK(World::read_all(socket).ends_with("ok"));
}

TEST_CASE("a link logs a browser in") {
  World world;
  std::string link = world.guard().new_link();
  std::string answer = world.ask("GET " + link, "Host: localhost\r\n");
  CHECK(status(answer) == 303);
  auto at = answer.find("Set-Cookie: ");
  REQUIRE(at != std::string::npos);
  std::string cookie = answer.substr(at + 12, answer.find(';', at) - at - 12);
  CHECK(has(answer, "HttpOnly; SameSite=Strict"));
  CHECK(status(world.ask("GET /echo/a", "Host: localhost\r\nCookie: " + cookie + "\r\n")) == 200);
  CHECK(status(world.ask("POST /echo",
            "Host: localhost\r\nContent-Length: 0\r\nCookie: " + cookie + "\r\n")) == 403);
  CHECK(status(world.ask("GET " + link, "Host: localhost\r\n")) == 403);
  CHECK_FALSE(has(world.log_text(), link.substr(link.find('=') + 1)));
}

TEST_CASE("who sends too slowly, too much or nonsense is dropped with a reason") {
  World world({.idle = 100ms, .receive = 200ms});
  Descriptor slow = world.connect();
  World::send(slow, "GET / HT");
  CHECK(World::read_all(slow).empty());
  CHECK(world.logs_soon("its request came too slowly"));
  Descriptor idle = world.connect();
  CHECK(World::read_all(idle).empty());
  Descriptor large = world.connect();
  World::send(large, "GET / HTTP/1.1\r\nX: " + std::string(100'000, 'x'));
  CHECK(status(World::read_all(large)) == 431);
  Descriptor nonsense = world.connect();
  World::send(nonsense, std::string("\x16\x03\x01\x00\xff", 5));
  CHECK(status(World::read_all(nonsense)) == 400);
  CHECK(world.logs_soon("this is no HTTP request"));
}

TEST_CASE("who does not take his answer is dropped, and others are served meanwhile") {
  World world({.send = 300ms});
  Descriptor socket = world.connect(4096);
  World::send(socket, "GET /large HTTP/1.1\r\n" + bearer + "\r\n");
  CHECK(status(world.ask("GET /echo/a")) == 200);
  CHECK(world.logs_soon("it did not take its answer"));
}

TEST_CASE("a handler that takes too long is given up, and others wait no longer than it") {
  World world({.handle = 200ms});
  CHECK(status(world.ask("GET /slow")) == 503);
  CHECK(status(world.ask("GET /echo/a")) == 503);
  world.let_go = true;
  std::this_thread::sleep_for(50ms);
  CHECK(status(world.ask("GET /echo/a")) == 200);
}

TEST_CASE("a stream sends events, and one who reads nothing is dropped") {
  World world({.send = 500ms, .poll = 10ms});
  Descriptor reader = world.connect();
  World::send(reader, "GET /count HTTP/1.1\r\n" + bearer + "\r\n");
  std::string all = World::read_all(reader, "id: 3\n");
  CHECK(has(all, "Content-Type: text/event-stream"));
  CHECK(has(all, "event: count\nid: 1\ndata: x\n\nevent: count\nid: 2\n"));
  Descriptor deaf = world.connect(4096);
  World::send(deaf, "GET /much HTTP/1.1\r\n" + bearer + "\r\n");
  CHECK(world.logs_soon("it took nothing of its stream"));
  CHECK(has(World::read_all(reader, "id: 20\n"), "id: 20\n"));
}

TEST_CASE("streams beyond the bound are refused") {
  World world({.streams = 2, .poll = 10ms});
  std::vector<Descriptor> sockets;
  for (int i = 0; i < 2; ++i) {
    sockets.push_back(world.connect());
    World::send(sockets.back(), "GET /count HTTP/1.1\r\n" + bearer + "\r\n");
    CHECK(has(World::read_all(sockets.back(), "id: 1\n"), "id: 1\n"));
  }
  CHECK(status(world.ask("GET /count")) == 503);
  sockets.clear();
  for (int i = 0; i < 100 && world.server().connections() > 0; ++i)
    std::this_thread::sleep_for(10ms);
  CHECK(world.server().connections() == 0);
}

TEST_CASE("of too many connections the one that is idle for longest makes room") {
  World world({.connections = 8});
  std::vector<Descriptor> sockets;
  for (int i = 0; i < 20; ++i) sockets.push_back(world.connect());
  CHECK(status(world.ask("GET /echo/a")) == 200);
  CHECK(world.server().connections() <= 8);
  CHECK(World::read_all(sockets[0]).empty());
  World::send(sockets[19], "GET /echo/last HTTP/1.1\r\n" + bearer + "Connection: close\r\n\r\n");
  CHECK(World::read_all(sockets[19]).ends_with("last"));
}

TEST_CASE("a connection that somebody else has accepted, and begun to read, is taken over") {
  World world;
  Descriptor listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof at;
  REQUIRE(::bind(listener.get(), reinterpret_cast<sockaddr*>(&at), size) == 0);
  REQUIRE(::listen(listener.get(), 1) == 0);
  REQUIRE(::getsockname(listener.get(), reinterpret_cast<sockaddr*>(&at), &size) == 0);
  Descriptor client(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  REQUIRE(::connect(client.get(), reinterpret_cast<sockaddr*>(&at), size) == 0);
  Descriptor accepted(::accept(listener.get(), nullptr, nullptr));
  REQUIRE(accepted);
  World::send(client, "GET /echo/over HTTP/1.1\r\n" + bearer + "Connection: close\r\n\r\n");
  char four[4];
  REQUIRE(::recv(accepted.get(), four, 4, MSG_WAITALL) == 4);
  world.server().serve(std::move(accepted), std::string(four, 4));
  CHECK(World::read_all(client).ends_with("over"));
}

TEST_CASE("an address that cannot be had is told") {
  World world;
  CHECK_THROWS_AS(world.server().listen({"no-such-host", 0}), Error);
  CHECK_THROWS_AS(world.server().listen({"192.0.2.1", 0}), Error);
}

TEST_CASE("a command asks a server, and is told why there is no answer") {
  World world;
  HttpQuestion question{.address = world.address(), .target = "/echo/this", .bearer = token};
  HttpAnswer answer = ask_http(question);
  CHECK(answer.status == 200);
  CHECK(answer.body == "this");
  question = {.address = world.address(), .method = "POST", .target = "/echo", .bearer = token};
  question.body = std::string(100'000, 'y');
  CHECK(ask_http(question).body == question.body);
  question.bearer = std::string(64, 'b');
  CHECK(ask_http(question).status == 401);
  auto failure = [](const HttpQuestion& asked) {
    try {
      ask_http(asked);
      return std::string();
    } catch (const Error& error) {
      return std::string(name(error.errc())) + " " + error.text();
    }
  };
  question = {.address = world.address(), .target = "/large", .bearer = token};
  question.answer_bytes_most = 1000;
  CHECK(failure(question).find("body limit") != std::string::npos);
  question = {.address = world.address(), .target = "/slow", .bearer = token, .patience = 50ms};
  CHECK(failure(question).starts_with("timeout "));
  CHECK(failure({.address = "127.0.0.1:1"}).find("refused") != std::string::npos);
}
