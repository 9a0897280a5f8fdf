#include "runtime/http/client.h"

#include "runtime/base/check.h"
#include "runtime/base/result.h"
#include "runtime/http/target.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>

#include <optional>
#include <utility>

namespace tramontane {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using boost::system::error_code;

// One question and its answer, each step called by the end of the one before.
class Asking {
 public:
  explicit Asking(const HttpQuestion& question)
      : question_(question), resolver_(io_), stream_(io_) {
    parser_.body_limit(question.answer_bytes_most);
    request_.method_string(question.method);
    request_.target(question.target);
    request_.set(http::field::host, question.address);
    request_.set(http::field::connection, "close");
    if (!question.bearer.empty())
      request_.set(http::field::authorization, "Bearer " + question.bearer);
    if (!question.body.empty()) request_.set(http::field::content_type, "application/json");
    request_.body() = question.body;
    request_.prepare_payload();
    if (!question.certificate.empty()) believe(question.certificate);
  }

  HttpAnswer answer() {
    stream_.expires_after(question_.patience);
    HttpAddress address = parse_http_address(question_.address);
    resolver_.async_resolve(address.host, std::to_string(address.port),
        [this](const error_code& error, const asio::ip::tcp::resolver::results_type& found) {
          if (error) return fail(error);
          stream_.async_connect(found, [this](const error_code& e, const auto&) {
            if (e) return fail(e);
            if (!tls_) return converse(stream_);
            tls_->async_handshake(asio::ssl::stream_base::client, [this](const error_code& h) {
              if (h) return fail(h);
              converse(*tls_);
            });
          });
        });
    io_.run_for(question_.patience);
    if (!error_ && !parser_.is_done()) error_ = beast::error::timeout;
    if (error_)
      throw Error(error_ == beast::error::timeout ? Errc::timeout : Errc::io,
          str(question_.address, ": ", error_.message()));
    return {static_cast<int>(parser_.get().result_int()), std::move(parser_.get().body())};
  }

 private:
  // Whatever name it has there: it is known by its certificate.
  void believe(const std::string& certificate) {
    context_.emplace(asio::ssl::context::tls_client);
    context_->set_verify_mode(asio::ssl::verify_peer);
    context_->add_certificate_authority(asio::buffer(certificate));
    tls_.emplace(stream_, *context_);
  }

  template <class S>
  void converse(S& stream) {
    http::async_write(stream, request_, [this, &stream](const error_code& w, std::size_t) {
      if (w) return fail(w);
      http::async_read(stream, buffer_, parser_, [this](const error_code& r, std::size_t) {
        if (r) fail(r);
      });
    });
  }

  void fail(const error_code& error) { error_ = error; }

  const HttpQuestion& question_;
  asio::io_context io_{1};
  asio::ip::tcp::resolver resolver_;
  beast::tcp_stream stream_;
  std::optional<asio::ssl::context> context_;
  std::optional<asio::ssl::stream<beast::tcp_stream&>> tls_;
  http::request<http::string_body> request_;
  http::response_parser<http::string_body> parser_;
  beast::flat_buffer buffer_;
  error_code error_;
};

}  // namespace

HttpAnswer ask_http(const HttpQuestion& question) {
  return Asking(question).answer();
}

}  // namespace tramontane
