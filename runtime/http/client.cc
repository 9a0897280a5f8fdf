#include "runtime/http/client.h"

#include "runtime/base/check.h"
#include "runtime/base/result.h"
#include "runtime/http/target.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>

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
  }

  HttpAnswer answer() {
    stream_.expires_after(question_.patience);
    HttpAddress address = parse_http_address(question_.address);
    resolver_.async_resolve(address.host, std::to_string(address.port),
        [this](const error_code& error, const asio::ip::tcp::resolver::results_type& found) {
          if (error) return fail(error);
          stream_.async_connect(found, [this](const error_code& e, const auto&) {
            if (e) return fail(e);
            http::async_write(stream_, request_, [this](const error_code& w, std::size_t) {
              if (w) return fail(w);
              http::async_read(stream_, buffer_, parser_, [this](const error_code& r, std::size_t) {
                if (r) fail(r);
              });
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
  void fail(const error_code& error) { error_ = error; }

  const HttpQuestion& question_;
  asio::io_context io_{1};
  asio::ip::tcp::resolver resolver_;
  beast::tcp_stream stream_;
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
