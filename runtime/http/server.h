#pragma once
// The HttpServer answers HTTP/1.1: routes that are values, keep-alive, server-sent events, and a
// guard at the door.
//
//   HttpServer server({.routes = routes, .guard = &guard, .clock = &clock, .log = &log});
//   HttpAddress address = server.listen({"127.0.0.1", 0});      // with the port that it got
//   server.serve(std::move(socket), first_bytes);             // one that others have accepted
//
// With a certificate (certificate.h) it is HTTPS too, on the same port: the first byte of a
// connection tells.
//
// It has two threads of its own: one for the sockets, which never waits for a handler, and one that
// handlers run on, one at a time, in the order of the requests; so what only they touch needs no
// lock. Everything is bounded (HttpLimits): who sends too much or too slowly, or does not take what
// he asked for, is dropped with a line in the log that says why. Where there are too many
// connections, the one that has been idle for longest makes room.
//
// Thread rule: listen(), serve() and post() from any thread.

#include "runtime/base/clock.h"
#include "runtime/base/descriptor.h"
#include "runtime/http/routes.h"
#include "runtime/http/target.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace tramontane {

class HttpGuard;
class Log;

struct HttpLimits {
  std::uint32_t header_bytes = 16 << 10;
  std::uint64_t body_bytes = 1 << 20;
  std::size_t connections = 1024;
  std::size_t streams = 256;                       // of the connections
  std::size_t waiting = 256;                       // requests for the work thread
  std::size_t stream_bytes = 256 << 10;            // asked of a stream's source at a time
  Duration idle = std::chrono::seconds(120);       // between two requests
  Duration receive = std::chrono::seconds(10);     // a whole request, from its first byte
  Duration handle = std::chrono::seconds(10);      // until a handler has answered
  Duration send = std::chrono::seconds(10);        // an answer, or what a stream had at a time
  Duration poll = std::chrono::milliseconds(400);  // between two looks for events
  Duration heartbeat = std::chrono::seconds(15);   // of a stream that has none
};

struct HttpServerOptions {
  std::vector<HttpRoute> routes = {};
  // Each outlives the server.
  HttpGuard* guard = nullptr;
  Clock* clock = nullptr;
  Log* log = nullptr;
  std::string certificate = {};  // HttpCertificate::pem; empty: HTTP alone
  HttpLimits limits = {};
};

class HttpServer {
 public:
  explicit HttpServer(HttpServerOptions options);
  // Closes every connection, and waits for the handler that runs.
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  // The address with the port that was free. Error(io) if it cannot be had, Error(bad_input) if the
  // host is no address.
  HttpAddress listen(const HttpAddress& address);

  // Goes on with a connected TCP socket, of which `first_bytes` have been read.
  void serve(Descriptor socket, std::string first_bytes);

  // Runs `work` on the thread of handlers, after those that wait: that it has run means that they
  // do.
  void post(std::function<void()> work);

  std::size_t connections() const;

 private:
  class State;
  std::unique_ptr<State> state_;
};

}  // namespace tramontane
