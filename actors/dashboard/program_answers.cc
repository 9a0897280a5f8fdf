#include "actors/dashboard/program_answers.h"

#include "actors/dashboard/page_files.h"
#include "runtime/base/check.h"
#include "runtime/base/json_text.h"
#include "runtime/base/result.h"
#include "runtime/base/wall_time.h"

#include <boost/json/object.hpp>

#include <utility>

namespace tramontane {
namespace {

namespace json = boost::json;

constexpr int api_version = 1;
constexpr int link_seconds = 600;

HttpResponse json_response(const json::object& answer) {
  return {.body = json_text(answer)};
}

// The page of a cluster is the same, and is told so.
std::string bytes_of(const PageFile& file, PageOf what) {
  std::string bytes(file.bytes);
  if (file.name != "index.html" || what == PageOf::run) return bytes;
  constexpr std::string_view root = "<html ";
  auto at = bytes.find(root);
  TRAM_CHECK(at != bytes.npos, "a page without a root");
  return bytes.insert(at + root.size(), "data-of=\"cluster\" ");
}

}  // namespace

std::optional<HttpResponse> ProgramAnswers::answer(
    std::string_view path, const HttpRequest& request, const std::vector<ApiRoute>& table) const {
  if (path == "/api/v1/version")
    return json_response({{"program", "tramontane"}, {"version", version_}, {"api", api_version},
        {"time", iso_time(clock_.wall())}});
  if (path == "/api/v1/openapi.json") return json_response(openapi(version_, table));
  if (path == "/api/v1/links")
    return json_response(
        {{"link", request.origin() + guard_.new_link()}, {"seconds", link_seconds}});
  return std::nullopt;
}

std::vector<HttpRoute> page_routes(PageOf what, HttpGuard& guard) {
  std::vector<HttpRoute> all;
  for (const PageFile& file : page_files()) {
    auto handler = [type = std::string(file.type), bytes = bytes_of(file, what)](
                       const HttpRequest&) { return HttpResponse{.type = type, .body = bytes}; };
    all.push_back({"GET", str("/static/", file.name), handler});
    if (file.name == "index.html") all.push_back({"GET", "/", handler});
  }
  all.push_back(guard.login_route());
  return all;
}

}  // namespace tramontane
