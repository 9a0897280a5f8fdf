#include "runtime/http/message.h"

#include "runtime/base/json_text.h"

#include <boost/json/object.hpp>

#include <algorithm>

namespace tramontane {
namespace {

// A field of an event ends with its line, so what is in it has none.
void add_line(std::string& out, std::string_view name, std::string_view value) {
  out.append(name).append(": ");
  for (char c : value) out += c == '\n' || c == '\r' || c == '\0' ? ' ' : c;
  out += '\n';
}

}  // namespace

std::optional<std::string> HttpRequest::parameter(std::string_view name) const {
  auto found = std::find_if(
      query.rbegin(), query.rend(), [&](const auto& pair) { return pair.first == name; });
  if (found == query.rend()) return std::nullopt;
  return found->second;
}

std::string server_sent_event(std::string_view kind, std::string_view id, std::string_view data) {
  std::string out;
  out.reserve(kind.size() + id.size() + data.size() + 32);
  if (!kind.empty()) add_line(out, "event", kind);
  if (!id.empty()) add_line(out, "id", id);
  add_line(out, "data", data);
  out += '\n';
  return out;
}

HttpResponse http_problem(int status, std::string_view code, std::string_view text) {
  boost::json::object error{{"code", boost::json::string(valid_utf8(code))},
      {"text", boost::json::string(valid_utf8(text))}};
  return {.status = status, .body = json_text(boost::json::object{{"error", std::move(error)}})};
}

const char* http_reason(int status) noexcept {
  switch (status) {
    case 200:
      return "OK";
    case 204:
      return "No Content";
    case 303:
      return "See Other";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 408:
      return "Request Timeout";
    case 413:
      return "Content Too Large";
    case 417:
      return "Expectation Failed";
    case 421:
      return "Misdirected Request";
    case 431:
      return "Request Header Fields Too Large";
    case 500:
      return "Internal Server Error";
    case 501:
      return "Not Implemented";
    case 503:
      return "Service Unavailable";
    default:
      return "Status";
  }
}

}  // namespace tramontane
