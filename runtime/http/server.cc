#include "runtime/http/server.h"

#include "runtime/base/check.h"
#include "runtime/base/log.h"
#include "runtime/base/process_limits.h"
#include "runtime/base/result.h"
#include "runtime/http/connection.h"
#include "runtime/http/guard.h"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/context.hpp>

#include <algorithm>
#include <atomic>
#include <list>
#include <map>
#include <optional>
#include <set>
#include <sys/socket.h>
#include <thread>
#include <utility>

namespace tramontane {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;
using namespace std::chrono_literals;

constexpr int lines_a_minute = 20;
constexpr std::size_t reasons_most = 50;
constexpr Duration soon = 10ms;
constexpr Duration accept_again = 200ms;  // where the system refuses a connection

int status_of(Errc code) {
  switch (code) {
    case Errc::bad_input:
      return 400;
    case Errc::refused:
      return 403;
    case Errc::not_found:
      return 404;
    case Errc::unsupported:
      return 501;
    case Errc::timeout:
    case Errc::full:
    case Errc::closed:
      return 503;
    default:
      return 500;
  }
}

// A handler is somebody else's code: whatever escapes from it is one request's trouble.
HttpResponse call(const HttpHandler& handler, const HttpRequest& request, Log& log) {
  try {
    return handler(request);
  } catch (const Error& error) {
    return http_problem(status_of(error.errc()), name(error.errc()), error.text());
  } catch (const std::exception& error) {
    log.write(Level::error, "http", "a handler failed",
        {{"path", loggable(request.path)}, {"why", std::string(error.what())}});
    return http_problem(500, "failed", "this request has run into a bug; the log says more");
  }
}

std::optional<asio::ssl::context> tls_of(const std::string& pem) {
  if (pem.empty()) return std::nullopt;
  using Context = asio::ssl::context;
  std::optional<Context> context(std::in_place, Context::tls_server);
  context->set_options(Context::default_workarounds | Context::no_sslv2 | Context::no_sslv3 |
                       Context::no_tlsv1 | Context::no_tlsv1_1);
  context->use_certificate_chain(asio::buffer(pem));
  context->use_private_key(asio::buffer(pem), Context::pem);
  return context;
}

}  // namespace

class HttpServer::State final : public HttpConnectionOwner {
 public:
  explicit State(HttpServerOptions options)
      : options_(std::move(options)),
        tls_(tls_of(options_.certificate)),
        poll_(io_),
        io_guard_(io_.get_executor()),
        work_guard_(work_.get_executor()) {
    TRAM_CHECK(options_.guard != nullptr, "a server without a guard");
    TRAM_CHECK(options_.clock != nullptr, "a server without a clock");
    TRAM_CHECK(options_.log != nullptr, "a server without a log");
    work_thread_ = start_thread("the thread of HTTP handlers", [this] { work_.run(); });
    io_thread_ = start_thread("the thread of HTTP connections", [this] { io_.run(); });
    asio::post(io_, [this] { await_poll(limits().poll); });
  }

  ~State() override {
    work_.stop();
    io_.stop();
    work_thread_.join();
    io_thread_.join();
  }

  State(const State&) = delete;
  State& operator=(const State&) = delete;

  HttpAddress listen(const HttpAddress& address);
  void serve(Descriptor socket, std::string first_bytes);

  void post(std::function<void()> work) { asio::post(work_, std::move(work)); }

  std::size_t connections() const { return open_.load(std::memory_order_relaxed); }

  // ---- for connections ----

  const HttpLimits& limits() const override { return options_.limits; }

  Clock& clock() const override { return *options_.clock; }

  asio::ssl::context* tls() override { return tls_ ? &*tls_ : nullptr; }

  void handle(const RequestHead& head, const std::string& address,
      std::function<void(HttpResponse)> done) override;
  bool may_stream() override;
  void dropped(const std::string& peer, const std::string& reason) override;
  void closed(HttpConnection& connection) override;

 private:
  void accept(tcp::acceptor& acceptor);
  void admit(tcp::socket socket, std::string_view first_bytes);
  bool make_room();
  void run(const HttpRoute& route, HttpRequest request, std::function<void(HttpResponse)> done);
  void await_poll(Duration wait);
  void poll();
  void tell(Level level, const std::string& text, const std::string& peer, const std::string& what);

  const HttpServerOptions options_;
  std::optional<asio::ssl::context> tls_;
  asio::io_context io_{1};
  asio::io_context work_{1};
  asio::steady_timer poll_;
  asio::executor_work_guard<asio::io_context::executor_type> io_guard_;
  asio::executor_work_guard<asio::io_context::executor_type> work_guard_;
  // The socket thread's.
  std::list<tcp::acceptor> acceptors_;
  std::set<std::shared_ptr<HttpConnection>> connections_;
  std::size_t waiting_ = 0;  // requests for the work thread
  bool polling_ = false;
  std::map<std::string, int> told_;  // in this minute, by reason
  Time minute_{};
  std::atomic<std::size_t> open_{0};
  std::thread work_thread_;
  std::thread io_thread_;
};

HttpAddress HttpServer::State::listen(const HttpAddress& address) {
  error_code error;
  auto ip = asio::ip::make_address(address.host == "localhost" ? "127.0.0.1" : address.host, error);
  if (error)
    throw Error(Errc::bad_input, str("'", address.host, "' is no address, like 127.0.0.1 or ::1"));
  tcp::endpoint endpoint(ip, address.port);
  tcp::acceptor acceptor(io_);
  acceptor.open(endpoint.protocol(), error);
  if (!error) acceptor.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error) acceptor.bind(endpoint, error);
  if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
  if (!error) acceptor.non_blocking(true, error);
  if (error)
    throw Error(Errc::io, str(address.text(), " cannot be listened on: ", error.message()));
  HttpAddress got{ip.to_string(), acceptor.local_endpoint().port()};
  auto kept = std::make_shared<tcp::acceptor>(std::move(acceptor));
  asio::post(io_, [this, kept] { accept(acceptors_.emplace_back(std::move(*kept))); });
  return got;
}

void HttpServer::State::accept(tcp::acceptor& acceptor) {
  acceptor.async_accept([this, &acceptor](const error_code& error, tcp::socket socket) {
    if (!error) {
      admit(std::move(socket), {});
      return accept(acceptor);
    }
    // Out of descriptors or memory, most likely, which is no reason to stop for good.
    tell(Level::warning, "a connection could not be accepted", "", error.message());
    auto timer = std::make_shared<asio::steady_timer>(io_, accept_again);
    timer->async_wait([this, &acceptor, timer](const error_code&) { accept(acceptor); });
  });
}

void HttpServer::State::serve(Descriptor socket, std::string first_bytes) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  ::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&address), &size);
  auto protocol = address.ss_family == AF_INET6 ? tcp::v6() : tcp::v4();
  auto kept = std::make_shared<Descriptor>(std::move(socket));
  asio::post(io_, [this, kept, protocol, bytes = std::move(first_bytes)] {
    tcp::socket taken(io_);
    error_code error;
    taken.assign(protocol, kept->get(), error);
    if (error) return tell(Level::warning, "a socket could not be taken over", "", error.message());
    kept->release();
    admit(std::move(taken), bytes);
  });
}

// The connection that has been idle for longest goes; false if none is.
bool HttpServer::State::make_room() {
  std::shared_ptr<HttpConnection> oldest;
  for (const auto& connection : connections_)
    if (connection->phase() == HttpConnection::Phase::idle &&
        (!oldest || connection->since() < oldest->since()))
      oldest = connection;
  if (oldest) oldest->close("idle for longest, and there are too many connections");
  return oldest != nullptr;
}

void HttpServer::State::admit(tcp::socket socket, std::string_view first_bytes) {
  if (connections_.size() >= limits().connections && !make_room())
    return tell(Level::warning, "a connection was refused", "", "there are too many");
  auto connection = std::make_shared<HttpConnection>(*this, std::move(socket));
  connections_.insert(connection);
  open_.store(connections_.size(), std::memory_order_relaxed);
  connection->start(first_bytes);
}

void HttpServer::State::closed(HttpConnection& connection) {
  connections_.erase(connection.shared_from_this());
  open_.store(connections_.size(), std::memory_order_relaxed);
}

void HttpServer::State::handle(
    const RequestHead& head, const std::string& address, std::function<void(HttpResponse)> done) {
  auto target = parse_target(head.target);
  if (!target) return done(http_problem(400, "bad_input", "this is no path with a query"));
  auto match = find_route(options_.routes, head.method == "HEAD" ? "GET" : head.method, *target);
  auto access = match.route != nullptr ? match.route->access : HttpAccess::token;
  if (auto refusal = options_.guard->check(head, address, access)) {
    tell(Level::debug, "refused", loggable(head.method) + " " + loggable(target->path),
        refusal->text);
    HttpResponse response = http_problem(refusal->status, "refused", refusal->text);
    if (refusal->status == 401) response.headers.emplace_back("WWW-Authenticate", "Bearer");
    return done(std::move(response));
  }
  if (match.route == nullptr) {
    if (match.allowed.empty()) return done(http_problem(404, "not_found", "there is nothing here"));
    HttpResponse response = http_problem(405, "refused", "only " + match.allowed + " can be done");
    response.headers.emplace_back("Allow", match.allowed);
    return done(std::move(response));
  }
  if (waiting_ >= limits().waiting)
    return done(http_problem(503, "full", "too many requests wait: ask again"));
  run(*match.route,
      {.method = match.route->method,
          .path = std::move(target->path),
          .query = std::move(target->query),
          .captured = std::move(match.captured),
          .host = head.host,
          .encrypted = head.encrypted,
          .last_event_id = head.last_event_id,
          .body = head.body,
          .clock = options_.clock,
          .deadline = after(clock().now(), limits().handle / 5 * 4)},
      std::move(done));
}

void HttpServer::State::run(
    const HttpRoute& route, HttpRequest request, std::function<void(HttpResponse)> done) {
  ++waiting_;
  asio::post(work_, [this, &route, request = std::move(request), done = std::move(done)] {
    auto response = std::make_shared<HttpResponse>();
    *response = request.overdue()
                    ? http_problem(503, "timeout", "too many requests wait: ask again")
                    : call(route.handler, request, *options_.log);
    asio::post(io_, [this, response, done] {
      --waiting_;
      done(std::move(*response));
    });
  });
}

bool HttpServer::State::may_stream() {
  std::size_t streams = 0;
  for (const auto& connection : connections_) streams += connection->is_stream() ? 1 : 0;
  return streams < limits().streams;
}

void HttpServer::State::await_poll(Duration wait) {
  poll_.expires_after(wait);
  poll_.async_wait([this](const error_code& error) {
    if (error) return;  // another wait has taken its place
    await_poll(limits().poll);
    poll();
  });
}

// One job for all streams, so that a hundred of them cost little more than one.
void HttpServer::State::poll() {
  if (polling_) return;
  std::vector<std::shared_ptr<HttpConnection>> ready;
  for (const auto& connection : connections_)
    if (connection->wants_events()) ready.push_back(connection);
  if (ready.empty()) return;
  polling_ = true;
  asio::post(work_, [this, ready = std::move(ready)] {
    auto events = std::make_shared<std::vector<std::string>>();
    for (const auto& connection : ready) {
      std::string text;
      try {
        text = connection->source().next(limits().stream_bytes);
      } catch (const std::exception& error) {
        options_.log->write(Level::warning, "http", "a stream could not go on",
            {{"why", std::string(error.what())}});
      }
      events->push_back(std::move(text));
    }
    asio::post(io_, [this, ready, events] {
      polling_ = false;
      bool more = false;
      for (std::size_t i = 0; i < ready.size(); ++i) {
        more |= (*events)[i].size() >= limits().stream_bytes / 2;
        ready[i]->send_events(std::move((*events)[i]));
      }
      // Whoever is far behind need not wait.
      if (more) await_poll(std::min(soon, limits().poll));
    });
  });
}

void HttpServer::State::dropped(const std::string& peer, const std::string& reason) {
  tell(Level::warning, "a client was dropped", peer, reason);
}

// Whoever is refused often does not fill the disk, nor hides what happens to others: of each reason
// there are so many lines a minute.
void HttpServer::State::tell(
    Level level, const std::string& text, const std::string& peer, const std::string& what) {
  Time now = clock().now();
  if (now - minute_ >= 60s) {
    for (const auto& [reason, count] : told_)
      if (count > lines_a_minute)
        options_.log->write(level, "http", "more of this was not told",
            {{"why", loggable(reason)}, {"times", count - lines_a_minute}});
    minute_ = now;
    told_.clear();
  }
  const std::string& reason = level == Level::debug ? text : what;
  if (told_.size() >= reasons_most && !told_.contains(reason)) return;
  if (++told_[reason] > lines_a_minute) return;
  options_.log->write(level, "http", text, {{"whose", peer}, {"why", loggable(what)}});
}

HttpServer::HttpServer(HttpServerOptions options)
    : state_(std::make_unique<State>(std::move(options))) {}

HttpServer::~HttpServer() = default;

HttpAddress HttpServer::listen(const HttpAddress& address) {
  return state_->listen(address);
}

void HttpServer::serve(Descriptor socket, std::string first_bytes) {
  state_->serve(std::move(socket), std::move(first_bytes));
}

void HttpServer::post(std::function<void()> work) {
  state_->post(std::move(work));
}

std::size_t HttpServer::connections() const {
  return state_->connections();
}

}  // namespace tramontane
