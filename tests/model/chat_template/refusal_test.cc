// What a chat template may not do, and how one is told.
#include "actors/model/chat_template/chat_template.h"
#include "runtime/base/check.h"
#include "runtime/base/result.h"
#include "tests/model/chat_template/rendering.h"

#include <boost/json/parse.hpp>

#include "tests/support/test.h"

using namespace tramontane;

namespace {

std::string repeated(const std::string& text, int times) {
  std::string all;
  for (int i = 0; i < times; ++i) all += text;
  return all;
}

bool begins(const std::string& text, const std::string& with) {
  return text.substr(0, with.size()) == with;
}

}  // namespace

TEST_CASE("a syntax error tells its line and column") {
  CHECK(error_of("a\n{% if x %}") ==
        "bad_input: line 2, column 11: the template ends where `endif` is missing");
  CHECK(error_of("ä{{ 1 + }}") == "bad_input: line 1, column 9: unexpected `}}`");
  CHECK(error_of("{{ 'a }}") == "bad_input: line 1, column 4: a text without its closing quote");
  CHECK(error_of("{% fro x %}") == "bad_input: line 1, column 4: there is no tag `fro` here");
  CHECK(error_of("{{ (1] }}") == "bad_input: line 1, column 6: unexpected `]`, expected `)`");
  CHECK(error_of("{# a") == "bad_input: line 1, column 1: a comment without its `#}`");
  CHECK(error_of("{% break %}") == "bad_input: line 1, column 4: it stands in no loop");
  CHECK(error_of("{% for a in l %}{% macro f() %}{% break %}{% endmacro %}{% endfor %}") ==
        "bad_input: line 1, column 35: it stands in no loop");
  CHECK(error_of("\xff") == "bad_input: line 1, column 1: the template is not UTF-8");
}

TEST_CASE("what is not supported is refused by its name when the template is parsed") {
  auto refused = [](const std::string& source) {
    try {
      ChatTemplate::parse(source);
    } catch (const Error& error) {
      return error.errc() == Errc::unsupported ? error.text() : "another error: " + error.text();
    }
    return std::string("parsed");
  };
  CHECK(refused("{% include 'x' %}") ==
        "line 1, column 4: the tag `include` is not supported in a chat template");
  CHECK(refused("{{ x|urlize }}") ==
        "line 1, column 6: the filter `urlize` is not supported in a chat template");
  CHECK(refused("{{ x is filter }}") ==
        "line 1, column 9: the test `filter` is not supported in a chat template");
  CHECK(refused("{{ l|map('pprint')|list }}") ==
        "line 1, column 10: the filter `pprint` is not supported in a chat template");
  CHECK(refused("{{ joiner(',') }}") ==
        "line 1, column 4: `joiner` is not supported in a chat template");
  CHECK(refused("{{ x.__class__ }}") ==
        "line 1, column 6: `.__class__` is not supported in a chat template");
  CHECK(refused("{{ s.encode() }}") ==
        "line 1, column 6: `.encode` is not supported in a chat template");
  CHECK(refused("{{ 99999999999999999999 }}") ==
        "line 1, column 4: so large a number is not supported in a chat template");
}

TEST_CASE("a filter that nobody has is an error, within a condition when it is come to") {
  CHECK(error_of("{{ l|from_json }}") ==
        "bad_input: line 1, column 6: there is no filter `from_json`");
  CHECK(error_of("{% if 1 %}{% for a in [] %}{{ a is json }}{% endfor %}{% endif %}") ==
        "bad_input: line 1, column 36: there is no test `json`");
  CHECK(error_of("{% if 0 %}{{ l|from_json }}{% endif %}{{ 1 if 1 else l is json }}") ==
        "rendered: 1");
  CHECK(error_of("{% if 1 %}{{ l|from_json }}{% endif %}") ==
        "bad_input: line 1, column 16: there is no filter `from_json`");
  CHECK(error_of("{{ []|map('from_json')|list }}") == "rendered: []");
}

TEST_CASE("what has no value as printed in Python is refused rather than printed otherwise") {
  CHECK(begins(error_of("{{ l|select }}"), "unsupported: line 1, column 6: printing a generator"));
  CHECK(begins(error_of("{{ s.strip }}"), "unsupported: line 1, column 4: printing a function"));
  CHECK(begins(error_of("{{ 9223372036854775807 + 1 }}"), "unsupported: "));
  CHECK(begins(error_of("{{ 2 ** 64 }}"), "unsupported: "));
  for (const char* difference : {"d.items() - d.keys()", "d.keys() - l", "l - d.keys()"})
    CHECK(begins(error_of(str("{{ ", difference, " }}")), "unsupported: line 1, column "));
}

TEST_CASE("what Python raises is an error with its place") {
  CHECK(error_of("\n{{ zz.a }}") == "bad_input: line 2, column 4: 'zz' is undefined");
  CHECK(begins(error_of("{{ 1 + 'a' }}"), "bad_input: line 1, column 8: "));
  CHECK(error_of("{{ 1 // 0 }}") == "bad_input: line 1, column 9: division by zero");
  CHECK(begins(error_of("{{ 'a' < 1 }}"), "bad_input: "));
  CHECK(begins(error_of("{{ 1|length }}"), "bad_input: "));
  CHECK(begins(error_of("{{ none.strip() }}"), "bad_input: "));
  CHECK(begins(error_of("{{ l.append(1) }}"), "bad_input: "));
  CHECK(begins(error_of("{% set a, b = [1] %}"), "bad_input: "));
  CHECK(begins(error_of("{% macro f(a) %}{% endmacro %}{{ f(1, 2) }}"), "bad_input: "));
  CHECK(begins(error_of("{% set d.x = 1 %}"), "bad_input: "));
  CHECK(begins(error_of("{{ zz|tojson }}"), "bad_input: "));
  CHECK(begins(error_of("{{ {l: 1} }}"), "bad_input: "));
  for (const char* none :
      {"1 - d.keys()", "d.keys() - 1", "l + d.keys()", "l - l", "d.keys() - zz"})
    CHECK(begins(error_of(str("{{ ", none, " }}")), "bad_input: line 1, column "));
}

TEST_CASE("a template refuses a conversation in its own words") {
  CHECK(error_of("{{ raise_exception('Roles must alternate: ' ~ m[0].role) }}") ==
        "bad_input: Roles must alternate: user");
}

TEST_CASE("a template that computes or nests without bound is an error, and a quick one") {
  for (const char* source : {
           "{% for a in range(100000) %}{% for b in range(100000) %}{% endfor %}{% endfor %}",
           "{% set ns = namespace(x='ab') %}{% for a in range(99) %}{% set ns.x = ns.x * 2 %}"
           "{% endfor %}",
           "{% set ns = namespace(x=[]) %}{% for a in range(99999) %}{% set ns.x = [ns.x] %}"
           "{% endfor %}",
           "{% set ns = namespace(x=[1]) %}{% for a in range(50) %}{% set ns.x = [ns.x, ns.x] %}"
           "{% endfor %}{{ ns.x }}",
           "{% set ns = namespace(x=1) %}{% set ns.x = ns %}{{ ns }}",
           "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}",
           "{% for x in [1] recursive %}{{ loop([1]) }}{% endfor %}",
           "{{ 'a' * 9999999999999 }}",
           "{{ [1] * 9999999999 }}",
           "{{ range(99999999)|list }}",
           "{{ 'a'.zfill(99999999999) }}",
           "{{ 'a'|center(99999999999) }}",
           "{{ '%99999999d' % 1 }}",
           "{{ 'a\nb'|indent(9999999999) }}",
           "{{ {}|tojson(indent=9999999999) }}",
           "{{ l|batch(9999999999, 'x')|list }}",
           "{{ l|slice(9999999999)|list }}",
       }) {
    CAPTURE(source);
    CHECK(begins(error_of(source), "bad_input: "));
  }
}

TEST_CASE("a template that nests too deeply is an error") {
  for (const std::string& source : {
           "{{ " + repeated("(", 100'000),
           "{{ " + repeated("[", 100'000),
           "{{ " + repeated("-", 100'000) + "1 }}",
           "{{ " + repeated("not ", 100'000) + "1 }}",
           "{{ 1" + repeated(" + 1", 100'000) + " }}",
           "{{ a" + repeated(".b", 100'000) + " }}",
           "{{ a" + repeated("|upper", 100'000) + " }}",
           "{{ 1" + repeated(" if 1 else 1", 50'000) + " }}",
           repeated("{% if 1 %}", 50'000),
           "{% if 1 %}" + repeated("{% elif 1 %}", 50'000) + "{% endif %}",
           repeated("{% for a in b %}", 50'000),
           std::string("{{ f") + repeated("(f", 50'000),
       }) {
    CAPTURE(source.substr(0, 20));
    CHECK(begins(error_of(source), "bad_input: "));
  }
  CHECK(begins(
      error_of(std::string((1 << 20) + 1, 'x')), "bad_input: line 1, column 1: the template has"));
}

TEST_CASE("a conversation that nests too deeply is an error") {
  boost::json::value deep = 1;
  for (int i = 0; i < 1000; ++i) deep = boost::json::array{deep};
  ChatTemplate chat = ChatTemplate::parse("{{ messages }}");
  CHECK_THROWS_AS(chat.render({deep}), Error);
}

TEST_CASE("namespaces and macros that refer to each other are let go of") {
  check(
      {{"{% set a = namespace() %}{% set b = namespace(a=a) %}{% set a.b = [b] %}{% macro f() %}"
        "{{ g is defined }}{% endmacro %}{% set a.f = f %}{% macro g() %}{% endmacro %}{{ a.f() }}",
          "True"}});
}
