#include "tests/model/chat_template/rendering.h"

#include "actors/model/chat_template/chat_template.h"
#include "runtime/base/check.h"
#include "runtime/base/result.h"

#include <boost/json/parse.hpp>

#include "tests/support/test.h"

namespace tramontane {

std::string rendered(std::string_view source) {
  static const boost::json::value messages = boost::json::parse(
      R"([{"role": "user", "content": "Hi"}, {"role": "tool", "content": "é"}])");
  static const boost::json::value names = boost::json::parse(
      R"({"s": " aB c\n", "n": 7, "l": [3, "b", null, 1.5, true], "d": {"b": 1, "a": [1]}})");
  ChatOptions options;
  options.variables = names.as_object();
  options.variables["m"] = messages;
  return ChatTemplate::parse(source).render(messages.as_array(), options);
}

std::string error_of(std::string_view source) {
  try {
    return "rendered: " + rendered(source);
  } catch (const Error& error) {
    return str(name(error.errc()), ": ", error.text());
  }
}

void check(const std::vector<std::pair<std::string, std::string>>& cases) {
  for (const auto& one : cases) {
    CAPTURE(one.first);
    CHECK(rendered(one.first) == one.second);
  }
}

}  // namespace tramontane
