// What Jinja2 3.1 renders of small templates, as transformers sets it up.
#include "tests/model/chat_template/rendering.h"

#include "tests/support/test.h"

using namespace tramontane;

TEST_CASE("filters do what Jinja2's do") {
  check({
      {"{{ s|trim }}|{{ s|upper }}|{{ 'hello wOrld-a (b'|title }}|{{ 'éA b'|capitalize }}|{{ "
       "'aaa'|replace('a', 'b', 2) }}|{{ 'ab'|replace('', '-') }}",
          "aB c| AB C\n|Hello World-A (B|Éa b|bba|-a-b-"},
      {"{{ l|tojson }}|{{ {'a': 'é<\"', 'b': [1, {}], 'c': []}|tojson }}|{{ {'b': [1], 'a': "
       "{}}|tojson(indent=2) }}|{{ d|tojson(separators=(',', ':'), sort_keys=true) }}|{{ "
       "'é😀\\u2028'|tojson(ensure_ascii=true) }}",
          "[3, \"b\", null, 1.5, true]|{\"a\": \"é<\\\"\", \"b\": [1, {}], \"c\": []}|{\n  \"b\": "
          "[\n    1\n  ],\n  \"a\": {}\n}|{\"a\":[1],\"b\":1}|\"\\u00e9\\ud83d\\ude00\\u2028\""},
      {"{{ m|map(attribute='role')|join(', ') }}|{{ m|selectattr('role', 'equalto', 'tool')|list "
       "}}|{{ m|rejectattr('content', 'eq', 'Hi')|map(attribute='content')|first }}|{{ [1, 2, "
       "3]|select('odd')|list }}|{{ ['a', 'B']|map('upper')|list }}",
          "user, tool|[{'role': 'tool', 'content': 'é'}]|é|[1, 3]|['A', 'B']"},
      {"{{ ['b', 'A', 'c']|sort }}|{{ ['b', 'A', 'c']|sort(case_sensitive=true) }}|{{ [3, 1, "
       "2]|sort(reverse=true) }}|{{ m|sort(attribute='content')|map(attribute='role')|list }}|{{ "
       "d|dictsort }}|{{ {'a': 2, 'b': 1}|dictsort(by='value') }}",
          "['A', 'b', 'c']|['A', 'b', 'c']|[3, 2, 1]|['user', 'tool']|[('a', [1]), ('b', "
          "1)]|[('b', 1), ('a', 2)]"},
      {"{{ [1, 2, 2, 1]|unique|list }}|{{ ['a', 'A']|unique|list }}|{{ [1, 2]|sum }}|{{ [[1], "
       "[2]]|sum(start=[]) }}|{{ [3, 1]|max }}{{ [3, 1]|min }}|{{ [1, 2, 3]|batch(2, 0)|list }}|{{ "
       "[1, 2, 3]|slice(2)|list }}",
          "[1, 2]|['a']|3|[1, 2]|31|[[1, 2], [3, 0]]|[[1, 2], [3]]"},
      {"{{ 2.5|round }}|{{ 3.14159|round(2) }}|{{ 7|round }}|{{ 2.1|round(0, 'ceil') }}|{{ -3|abs "
       "}}|{{ '12'|int + 1 }}|{{ '4.7'|int }}|{{ 'x'|int(9) }}|{{ 'ff'|int(base=16) }}|{{ "
       "'1e3'|float }}",
          "2.0|3.14|7|3.0|3|13|4|9|255|1000.0"},
      {"{{ 'a\\nb\\n\\nc'|indent('> ') }}|{{ 'a\\n\\nb'|indent('> ', true, true) }}|{{ "
       "'a\\nb'|indent('') }}|{{ 'a\\nb'|indent(width='-') }}",
          "a\n> b\n\n> c|> a\n> \n> b|a\nb|a\n-b"},
      {"{{ 'a\\nb\\n\\nc'|indent }}|{{ 'a\\nb'|indent(2, true) }}|{{ 'a'|center(5) }}|{{ 'one two "
       "three'|truncate(7, leeway=0) }}|{{ 'one two'|wordcount }}|{{ '%s-%03d'|format('a', 7) }}",
          "a\n    b\n\n    c|  a\n  b|  a  |one...|2|a-007"},
      {"{{ '<&\\''|e }}|{{ ('<'|e) + '<' }}|{{ '<'|safe }}|{{ 'abc'|reverse }}|{{ [1, "
       "2]|reverse|list }}|{{ d|items|list }}|{{ 'ab'|list }}|{{ [1]|last }}{{ []|first }}|{{ "
       "0|default(5, true) }}",
          "&lt;&amp;&#39;|&lt;&lt;|<|cba|[2, 1]|[('b', 1), ('a', [1])]|['a', 'b']|1|5"},
  });
}

TEST_CASE("a generator can be gone through once") {
  check({
      {"{% set g = [1, 2]|select %}{{ g|list }}{{ g|list }}{{ 'true' if g }}", "[1, 2][]true"},
      {"{% set g = m|map(attribute='role') %}{% for r in g %}{{ r }} {% endfor %}{% for r in g "
       "%}{{ r }}{% endfor %}",
          "user tool "},
      {"{% set g = [1, 2, 3]|select %}{{ g|first }}{{ g|list }}", "1[2, 3]"},
  });
}

TEST_CASE("a loop with a condition comes to its items one by one") {
  check({
      {"{% set ns = namespace(go=true) %}{% for x in [1, 2, 3] if ns.go %}{{ x }}"
       "{% set ns.go = x < 2 %}{% endfor %}",
          "12"},
      {"{% set ns = namespace(go=true) %}{% for x in [1, 2, 3] if ns.go %}{{ x }}{{ loop.last }}"
       "{% set ns.go = false %}{% endfor %}",
          "1False2True"},
      {"{% set g = [1, 2, 3]|select %}{% for x in g %}{{ x }}{% break %}{% endfor %}{{ g|list }}",
          "1[2, 3]"},
      {"{% for x, y in [[1, 2], 3] if x %}{{ y }}{% break %}{% endfor %}", "2"},
  });
}

TEST_CASE("methods of texts, dicts and lists are Python's") {
  check({
      {"{{ s.strip() }}|{{ 'xxaxx'.strip('x') }}|{{ ' a  b '.split() }}|{{ 'a,b,c'.split(',', 1) "
       "}}|{{ 'a b c'.rsplit(' ', 1) }}|{{ 'a\\nb\\r\\nc'.splitlines() }}|{{ 'ab'.startswith(('x', "
       "'a')) }}|{{ 'abc'.find('c') }}{{ 'abc'.rfind('z') }}",
          "aB c|a|['a', 'b']|['a', 'b,c']|['a b', 'c']|['a', 'b', 'c']|True|2-1"},
      {"{{ 'äb'.upper() }}|{{ 'ß'.upper() }}|{{ \"they're x2y\".title() }}|{{ 'ab'.capitalize() "
       "}}|{{ 'a-b'.partition('-') }}|{{ '-'.join(['a', 'b']) }}|{{ '7'.zfill(3) }}|{{ "
       "'ab'.center(5, '*') }}|{{ 'abc'.removeprefix('a') }}|{{ '12'.isdigit() }}",
          "ÄB|SS|They'Re X2Y|Ab|('a', '-', 'b')|a-b|007|**ab*|bc|True"},
      {"{{ '{} {1} {x!r}'.replace('{1}', '{}').format(1, 'b', x='c') }}|{{ '%s %r %.2f "
       "%5d|%-4s|%x'.replace('|%x', '') % ('a', 'b', 2.346, 42, 'c') }}",
          "1 b 'c'|a 'b' 2.35    42|c   "},
      {"{{ d.items() }}|{{ d.keys()|list }}|{{ d.get('zz') }}{{ d.get('zz', 4) }}|{{ "
       "d.values()|list }}|{{ [1, 2, 1].count(1) }}{{ [1, 2].index(2) }}|{{ d.items is defined "
       "}}|{{ d['b'] }}",
          "dict_items([('b', 1), ('a', [1])])|['b', 'a']|None4|[1, [1]]|21|True|1"},
  });
}

TEST_CASE("tests tell types and relations") {
  check({
      {"{{ 1 is number }}{{ true is number }}{{ true is integer }}{{ 1.0 is float }}{{ 'a' is "
       "sequence }}{{ d is mapping }}{{ l is iterable }}{{ 1 is iterable }}{{ none is none }}{{ 4 "
       "is divisibleby 2 }}{{ 3 is odd }}{{ 'a' is in 'abc' }}{{ 2 is gt 1 }}{{ 'A' is upper }}{{ "
       "zz is undefined }}{{ 1 is not string }}{{ d.items is callable }}{{ 1 is true }}{{ true is "
       "true }}",
          "TrueTrueFalseTrueTrueTrueTrueFalseTrueTrueTrueTrueTrueTrueTrueTrueTrueFalseTrue"},
  });
}

TEST_CASE("generation, filter and call blocks are transparent to what they hold") {
  check({
      {"{% generation %}a{{ n }}{% endgeneration %}b", "a7b"},
      {"{% filter upper %}a{{ n }}b{% endfilter %}", "A7B"},
      {"{% set x = 1 %}{% generation %}{% set x = 2 %}{{ x }}{% endgeneration %}{{ x }}", "21"},
      {"{% generation %}{{ varargs }}{{ kwargs }}{% endgeneration %}|{{ varargs }}", "(){}|"},
      {"{% macro f(a) %}{{ varargs }}{% generation %}{{ varargs }}{% endgeneration %}{% endmacro "
       "%}{{ f(1, 2) }}",
          "(2,)()"},
      {"{% macro f() %}{{ caller is defined }}{% generation %}{{ caller is defined }}{% "
       "endgeneration %}{% endmacro %}{% call f() %}x{% endcall %}",
          "TrueFalse"},
  });
}
