#pragma once
// What every dashboard answers alike, of one run or of a cluster: the program's version, the
// document of the API, links to log in with, and the page.
//
// Thread rule: any; the guard and the clock outlive it.

#include "actors/dashboard/api.h"
#include "runtime/base/clock.h"
#include "runtime/http/guard.h"
#include "runtime/http/message.h"
#include "runtime/http/routes.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tramontane {

class ProgramAnswers {
 public:
  ProgramAnswers(std::string version, HttpGuard& guard, const Clock& clock)
      : version_(std::move(version)), guard_(guard), clock_(clock) {}

  // Of /api/v1/version, /api/v1/links and /api/v1/openapi.json, which describes `table`; nothing
  // for other paths.
  std::optional<HttpResponse> answer(
      std::string_view path, const HttpRequest& request, const std::vector<ApiRoute>& table) const;

 private:
  const std::string version_;
  HttpGuard& guard_;
  const Clock& clock_;
};

enum class PageOf : std::uint8_t { run, cluster };

// The page's files and GET /login.
std::vector<HttpRoute> page_routes(PageOf what, HttpGuard& guard);

}  // namespace tramontane
