#include "runtime/http/connection.h"

#include "runtime/base/check.h"

#include <boost/asio/buffer.hpp>
#include <boost/asio/write.hpp>

#include <chrono>
#include <utility>

namespace tramontane {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using namespace std::chrono_literals;

constexpr char tls_begins = 0x16;  // a record of a handshake (RFC 8446, 5.1)
constexpr Duration drain = 1s;     // for who is still sending when he has been refused

// Of every answer. No script that stands in the page, nothing from elsewhere, in no frame.
constexpr const char* safety =
    "Content-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self' data:; font-src 'self'; connect-src 'self'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'\r\n"
    "X-Content-Type-Options: nosniff\r\n"
    "X-Frame-Options: DENY\r\n"
    "Referrer-Policy: no-referrer\r\n"
    "Cross-Origin-Resource-Policy: same-origin\r\n"
    "Cross-Origin-Opener-Policy: same-origin\r\n"
    "Cache-Control: no-store\r\n";

// What a header's value may hold.
std::string header_value(std::string_view text) {
  std::string out;
  for (char c : text)
    if (static_cast<unsigned char>(c) >= 0x20 && c != 0x7f) out += c;
  return out;
}

std::string head_of(const HttpResponse& response, bool keep) {
  std::string out = str("HTTP/1.1 ", response.status, " ", http_reason(response.status), "\r\n");
  if (!response.type.empty()) out += "Content-Type: " + header_value(response.type) + "\r\n";
  if (!response.stream) out += str("Content-Length: ", response.body.size(), "\r\n");
  for (const auto& [name, value] : response.headers)
    out += name + ": " + header_value(value) + "\r\n";
  out += safety;
  out += keep ? "Connection: keep-alive\r\n\r\n" : "Connection: close\r\n\r\n";
  return out;
}

template <class Endpoint>
std::string address_of(const Endpoint& endpoint, const error_code& error) {
  if (error) return {};
  auto address = endpoint.address();
  if (address.is_v6() && address.to_v6().is_v4_mapped())
    return asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6()).to_string();
  return address.to_string();
}

}  // namespace

HttpConnection::HttpConnection(HttpConnectionOwner& owner, asio::ip::tcp::socket socket)
    : owner_(owner),
      socket_(std::move(socket)),
      deadline_(socket_.get_executor()),
      reader_({owner.limits().header_bytes, owner.limits().body_bytes}) {
  error_code error;
  peer_ = address_of(socket_.remote_endpoint(error), error);
  address_ = address_of(socket_.local_endpoint(error), error);
  socket_.set_option(asio::ip::tcp::no_delay(true), error);
}

void HttpConnection::start(std::string_view first_bytes) {
  enter(Phase::idle, owner_.limits().idle, "");
  if (first_bytes.empty()) return read();
  take(first_bytes);
}

void HttpConnection::enter(Phase phase, Duration limit, const char* too_slow) {
  phase_ = phase;
  since_ = owner_.clock().now();
  std::uint64_t number = ++phases_;
  if (limit == Duration::zero()) return static_cast<void>(deadline_.cancel());
  deadline_.expires_after(limit);
  deadline_.async_wait([self = shared_from_this(), too_slow, number](const error_code& error) {
    if (error || self->phases_ != number) return;
    if (self->phase_ != Phase::handling) return self->close(too_slow);
    ++self->serial_;
    self->answer(http_problem(503, "timeout", "this takes too long: ask for less"), false);
  });
}

void HttpConnection::close(const std::string& reason) {
  if (phase_ == Phase::closed) return;
  if (!reason.empty()) owner_.dropped(peer_, reason);
  phase_ = Phase::closed;
  ++phases_;
  deadline_.cancel();
  error_code ignored;
  socket_.close(ignored);
  owner_.closed(*this);
}

void HttpConnection::read() {
  if (reading_ || phase_ == Phase::closed) return;
  reading_ = true;
  auto then = [self = shared_from_this()](const error_code& error, std::size_t count) {
    self->reading_ = false;
    if (self->phase_ == Phase::closed) return;
    if (error) return self->close();
    self->on_read(count);
  };
  if (tls_)
    tls_->async_read_some(asio::buffer(input_), std::move(then));
  else
    socket_.async_read_some(asio::buffer(input_), std::move(then));
}

// All that was read so far is of it.
void HttpConnection::begin_tls(std::string_view bytes) {
  enter(Phase::receiving, owner_.limits().receive, "its TLS came too slowly");
  first_bytes_ = bytes;
  tls_.emplace(socket_, *owner_.tls());
  tls_->async_handshake(asio::ssl::stream_base::server, asio::buffer(first_bytes_),
      [self = shared_from_this()](const error_code& error, std::size_t) {
        if (self->phase_ == Phase::closed) return;
        if (error) return self->close("its TLS failed: " + error.message());
        self->first_bytes_ = {};
        self->enter(Phase::idle, self->owner_.limits().idle, "");
        self->read();
      });
}

void HttpConnection::on_read(std::size_t count) {
  // Whoever watches a stream, or has been refused, has nothing more to say.
  if (phase_ == Phase::closing || is_stream()) return read();
  take({input_.data(), count});
}

void HttpConnection::take(std::string_view bytes) {
  if (!begun_ && !bytes.empty()) {
    begun_ = true;
    if (bytes.front() == tls_begins && owner_.tls() != nullptr) return begin_tls(bytes);
  }
  if (phase_ == Phase::idle && (!bytes.empty() || reader_.begun()))
    enter(Phase::receiving, owner_.limits().receive, "its request came too slowly");
  switch (reader_.feed(bytes)) {
    case RequestReader::State::more:
      if (reader_.wants_leave()) {
        error_code error;
        auto leave = asio::buffer("HTTP/1.1 100 Continue\r\n\r\n", 25);
        tls_ ? asio::write(*tls_, leave, error) : asio::write(socket_, leave, error);
      }
      return read();
    case RequestReader::State::refused:
      owner_.dropped(peer_, reader_.problem());
      return answer(http_problem(reader_.status(), "bad_input", reader_.problem()), false);
    case RequestReader::State::complete:
      return dispatch();
  }
}

void HttpConnection::dispatch() {
  RequestHead head = reader_.take();
  head.encrypted = tls_.has_value();
  keep_alive_ = head.keep_alive;
  head_only_ = head.method == "HEAD";
  enter(Phase::handling, owner_.limits().handle, "");
  std::uint64_t serial = ++serial_;
  std::weak_ptr<HttpConnection> weak = weak_from_this();
  owner_.handle(head, address_, [weak, serial](HttpResponse response) {
    auto self = weak.lock();
    if (!self || self->phase_ != Phase::handling || self->serial_ != serial) return;
    if (response.stream)
      self->begin_stream(std::move(response));
    else
      self->answer(std::move(response), self->keep_alive_);
  });
}

void HttpConnection::answer(HttpResponse response, bool keep) {
  enter(Phase::sending, owner_.limits().send, "it did not take its answer");
  std::string head = head_of(response, keep);
  if (head_only_) response.body.clear();
  write(std::move(head), std::move(response.body),
      keep ? &HttpConnection::after_answer : &HttpConnection::after_last_answer);
}

void HttpConnection::begin_stream(HttpResponse response) {
  if (head_only_ || !owner_.may_stream()) {
    if (!head_only_) response = http_problem(503, "full", "too many are watching");
    response.stream.reset();
    return answer(std::move(response), false);
  }
  std::string head = head_of(response, false);
  source_ = std::move(response.stream);
  enter(Phase::sending, owner_.limits().send, "it took nothing of its stream for too long");
  write(std::move(head), {}, &HttpConnection::after_events);
  read();  // to see it go
}

void HttpConnection::write(std::string head, std::string body, void (HttpConnection::*then)()) {
  head_ = std::move(head);
  body_ = std::move(body);
  writing_ = true;
  std::array<asio::const_buffer, 2> parts = {asio::buffer(head_), asio::buffer(body_)};
  auto done = [self = shared_from_this(), then](const error_code& error, std::size_t) {
    self->writing_ = false;
    if (self->phase_ == Phase::closed) return;
    if (error) return self->close();
    self->head_ = {};
    self->body_ = {};
    self->last_sent_ = self->owner_.clock().now();
    ((*self).*then)();
  };
  if (tls_)
    asio::async_write(*tls_, parts, std::move(done));
  else
    asio::async_write(socket_, parts, std::move(done));
}

void HttpConnection::after_answer() {
  enter(Phase::idle, owner_.limits().idle, "");
  take({});  // what was sent behind the request
}

void HttpConnection::after_last_answer() {
  // Closed at once, what is still coming would be answered with a reset, which overtakes the
  // answer.
  enter(Phase::closing, drain, "");
  if (tls_) {
    tls_->async_shutdown([self = shared_from_this()](const error_code&) { self->close(); });
    return;
  }
  error_code ignored;
  socket_.shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
  read();
}

void HttpConnection::after_events() {
  enter(Phase::streaming, Duration::zero(), "");
}

void HttpConnection::send_events(std::string events) {
  if (!wants_events()) return;
  if (events.empty()) {
    if (owner_.clock().now() - last_sent_ < owner_.limits().heartbeat) return;
    events = ": nothing new\n\n";
  }
  enter(Phase::sending, owner_.limits().send, "it took nothing of its stream for too long");
  write({}, std::move(events), &HttpConnection::after_events);
}

}  // namespace tramontane
