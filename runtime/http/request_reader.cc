#include "runtime/http/request_reader.h"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include <iterator>
#include <utility>

namespace tramontane {
namespace {

namespace http = boost::beast::http;

// What must not be there twice: two readers could take different ones.
constexpr http::field once[] = {http::field::host, http::field::authorization, http::field::origin,
    http::field::content_length, http::field::transfer_encoding, http::field::sec_fetch_site};

std::string text_of(boost::beast::string_view text) {
  return {text.data(), text.size()};
}

}  // namespace

struct RequestReader::Parser {
  http::request_parser<http::string_body> request;
  std::size_t header = 0;  // bytes of it that were taken
  bool checked = false;    // the header is complete and right
  RequestHead head;        // as it was then
  bool leave_given = false;
};

RequestReader::RequestReader(Limits limits) : limits_(limits) {}

RequestReader::~RequestReader() = default;

RequestReader::State RequestReader::refuse(int status, std::string problem) {
  status_ = status;
  problem_ = std::move(problem);
  waiting_.clear();
  return State::refused;
}

bool RequestReader::begun() const {
  return parser_ != nullptr || !waiting_.empty();
}

bool RequestReader::wants_leave() {
  if (!parser_ || !parser_->checked || parser_->leave_given || parser_->request.is_done())
    return false;
  auto expect = parser_->request.get()[http::field::expect];
  return parser_->leave_given = boost::beast::iequals(expect, "100-continue");
}

RequestReader::State RequestReader::check_header() {
  const auto& message = parser_->request.get();
  for (auto field : once)
    if (message.count(field) > 1)
      return refuse(400, text_of(http::to_string(field)) + " is there more than once");
  auto expect = message[http::field::expect];
  if (!expect.empty() && !boost::beast::iequals(expect, "100-continue"))
    return refuse(417, "Expect: 100-continue is all that may be expected");
  if (message.has_content_length() && parser_->request.chunked())
    return refuse(400, "the body has two lengths");
  // Beast's reader of chunks stops at an assertion for some bytes (1.74), and no client needs them.
  if (message.count(http::field::transfer_encoding) > 0)
    return refuse(411, "a body needs its Content-Length; chunked ones are not read");
  parser_->checked = true;
  RequestHead& head = parser_->head;
  head.method = text_of(message.method_string());
  head.target = text_of(message.target());
  auto field = [&](auto name) { return text_of(message[name]); };
  head.host = field(http::field::host);
  head.authorization = field(http::field::authorization);
  head.cookie = field(http::field::cookie);
  head.origin = field(http::field::origin);
  head.fetch_site = field("Sec-Fetch-Site");
  head.fetch_mode = field("Sec-Fetch-Mode");
  head.last_event_id = field("Last-Event-ID");
  head.keep_alive = message.keep_alive();
  parser_->request.eager(true);
  return State::more;
}

RequestReader::State RequestReader::feed(std::string_view bytes) {
  if (status_ != 0) return State::refused;
  waiting_.append(bytes);
  while (true) {
    if (waiting_.empty() && parser_ == nullptr) return State::more;
    if (parser_ == nullptr) {
      parser_ = std::make_unique<Parser>();
      // Beyond the limit that counts, which is looked at here: its own depends on how bytes come.
      parser_->request.header_limit(2 * limits_.header_bytes);
      parser_->request.body_limit(limits_.body_bytes);
      parser_->request.eager(false);  // the header first, by itself
    }
    boost::system::error_code error;
    std::size_t taken = parser_->request.put(boost::asio::buffer(waiting_), error);
    waiting_.erase(0, taken);
    if (!parser_->checked) parser_->header += taken;
    if (parser_->request.is_header_done() && !parser_->checked) {
      if (parser_->header > limits_.header_bytes) return refuse(431, "the header is too large");
      if (check_header() == State::refused) return State::refused;
    }
    if (error == http::error::need_more) {
      // It finds no end of the header, and has no limit of its own before it does.
      if (!parser_->checked && parser_->header + waiting_.size() > limits_.header_bytes)
        return refuse(431, "the header is too large");
      return State::more;
    }
    if (error == http::error::header_limit) return refuse(431, "the header is too large");
    if (error == http::error::body_limit) return refuse(413, "the body is too large");
    if (error) return refuse(400, "this is no HTTP request: " + error.message());
    if (parser_->request.is_done()) return State::complete;
    if (waiting_.empty()) return State::more;
    if (taken == 0) return refuse(400, "this is no HTTP request");
  }
}

RequestHead RequestReader::take() {
  RequestHead head = std::move(parser_->head);
  head.body = std::move(parser_->request.get().body());
  parser_.reset();
  return head;
}

}  // namespace tramontane
