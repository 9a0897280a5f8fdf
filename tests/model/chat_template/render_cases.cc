// Renders the cases that it reads, one JSON object a line, and prints what each gives, likewise:
//
//   {"template": "…", "messages": […], "tools": […], "add_generation_prompt": true, "variables":
//   {…}}
//   {"text": "…"} or {"error": "…", "code": "unsupported"}
//
// jinja2_test.py compares it with Jinja2.
#include "actors/model/chat_template/chat_template.h"
#include "runtime/base/json_text.h"
#include "runtime/base/result.h"

#include <boost/json.hpp>

#include <iostream>
#include <string>

using namespace tramontane;

namespace {

boost::json::object render(const boost::json::object& test) {
  try {
    ChatTemplate chat = ChatTemplate::parse(std::string(test.at("template").as_string()));
    ChatOptions options;
    if (const auto* tools = test.if_contains("tools")) options.tools = *tools;
    if (const auto* variables = test.if_contains("variables"))
      options.variables = variables->as_object();
    if (const auto* prompt = test.if_contains("add_generation_prompt"))
      options.add_generation_prompt = prompt->as_bool();
    return {{"text", chat.render(test.at("messages").as_array(), options)}};
  } catch (const Error& error) {
    return {{"error", error.text()}, {"code", name(error.errc())}};
  }
}

}  // namespace

int main() {
  std::string line;
  while (std::getline(std::cin, line)) {
    boost::json::parse_options deep;
    deep.max_depth = 200;
    std::cout << json_text(render(boost::json::parse(line, {}, deep).as_object())) << std::endl;
  }
}
