#pragma once
// One connection of an HttpServer, in clear or within TLS: reads a request, has it checked and
// handled, writes the answer, and so on; or becomes a stream of server-sent events.
//
//   idle ─first byte▶ receiving ─complete▶ handling ─answer▶ sending ─▶ idle, streaming or closing
//
// Each phase has its deadline. Thread rule: the server's socket thread, but for source(), which
// belongs to the work thread.

#include "runtime/base/clock.h"
#include "runtime/http/message.h"
#include "runtime/http/request_reader.h"
#include "runtime/http/server.h"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace tramontane {

class HttpConnection;

// What a connection needs of its server.
class HttpConnectionOwner {
 public:
  virtual ~HttpConnectionOwner() = default;

  virtual const HttpLimits& limits() const = 0;
  virtual Clock& clock() const = 0;
  // Null: it has no certificate.
  virtual boost::asio::ssl::context* tls() = 0;

  // Checks the request and has it handled; `done` is called on the socket thread, perhaps at once.
  // Nobody waits for it if the connection is gone or has given up.
  virtual void handle(const RequestHead& head, const std::string& address,
      std::function<void(HttpResponse)> done) = 0;

  // False if there are too many streams.
  virtual bool may_stream() = 0;
  virtual void dropped(const std::string& peer, const std::string& reason) = 0;
  virtual void closed(HttpConnection& connection) = 0;
};

class HttpConnection : public std::enable_shared_from_this<HttpConnection> {
 public:
  enum class Phase : std::uint8_t {
    idle,
    receiving,
    handling,
    sending,
    streaming,
    closing,
    closed
  };

  HttpConnection(HttpConnectionOwner& owner, boost::asio::ip::tcp::socket socket);

  void start(std::string_view first_bytes);

  Phase phase() const { return phase_; }

  // When the phase began.
  Time since() const { return since_; }

  bool is_stream() const { return source_ != nullptr; }

  // Whether it is a stream that has nothing left to send.
  bool wants_events() const { return phase_ == Phase::streaming && !writing_; }

  EventSource& source() { return *source_; }

  // What the source had; if that is nothing, a heartbeat when one is due.
  void send_events(std::string events);

  // Closes it; with a reason, that is told.
  void close(const std::string& reason = {});

 private:
  // `too_slow` is told where the phase outlasts the limit; no limit: zero.
  void enter(Phase phase, Duration limit, const char* too_slow);
  void read();
  void on_read(std::size_t count);
  void begin_tls(std::string_view bytes);
  void take(std::string_view bytes);
  void dispatch();
  void answer(HttpResponse response, bool keep);
  void begin_stream(HttpResponse response);
  void write(std::string head, std::string body, void (HttpConnection::*then)());
  void after_answer();
  void after_last_answer();
  void after_events();

  HttpConnectionOwner& owner_;
  boost::asio::ip::tcp::socket socket_;
  std::optional<boost::asio::ssl::stream<boost::asio::ip::tcp::socket&>> tls_;
  bool begun_ = false;       // it is known whether it is TLS
  std::string first_bytes_;  // of TLS
  boost::asio::steady_timer deadline_;
  RequestReader reader_;
  std::array<char, 4096> input_;
  std::string peer_;
  std::string address_;  // that it reached us at
  Phase phase_ = Phase::idle;
  Time since_{};
  std::uint64_t phases_ = 0;  // that it has been in
  bool reading_ = false;
  bool writing_ = false;
  bool head_only_ = false;
  bool keep_alive_ = true;
  std::uint64_t serial_ = 0;  // of the request that is handled: an answer that is late has another
  std::string head_;          // being written
  std::string body_;
  Time last_sent_{};
  std::unique_ptr<EventSource> source_;
};

}  // namespace tramontane
