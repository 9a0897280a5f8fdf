// What Jinja2 3.1 renders of small templates, as transformers sets it up.
#include "tests/model/chat_template/rendering.h"

#include "tests/support/test.h"

using namespace tramontane;

TEST_CASE("tags take off the white space that their signs, trim_blocks and lstrip_blocks say") {
  check({
      {"a\n  {% if 1 %}\nb\n  {% endif %}\nc", "a\nb\nc"},
      {"a  {%- if 1 -%}  b  {%- endif %}  c", "ab  c"},
      {"  {%+ if 1 %}x{% endif +%}\ny", "  x\ny"},
      {"x {{- 1 -}} y\n", "x1y"},
      {"{% if 1 %}\n  {% if 1 %}x{% endif %}{% endif %}", "x"},
      {"{{ 1 }}  {% if 1 %}x{% endif %}", "1  x"},
      {"{# c #}\n  {% if 1 %}x{% endif %}", "x"},
      {"{% if 1 %}\n  {# c #}  {% if 1 %}x{% endif %}{% endif %}", "  x"},
      {"x\n  {{ 1 }}\n\n", "x\n  1\n"},
      {"a\n {# c #}\nb{#- d -#} \n c", "a\nbc"},
      {"{% raw %}\n{{ x }}{% endraw %}\nz", "\n{{ x }}z"},
      {"  {%- raw -%} {% a %} {%- endraw -%}  z", "{% a %}z"},
      {"a\015\nb\015c\015\n", "a\nb\nc"},
  });
}

TEST_CASE("literals are Python's") {
  check({
      {"{{ 'a\\n\\x41\\u00e9\\'\\q' }}|{{ \"it's\" 'two' }}|{{ 1_000 }}|{{ 1e3 }}|{{ 1.50 }}|{{ "
       "true }}{{ None }}",
          "a\nAé'\\q|it'stwo|1000|1000.0|1.5|TrueNone"},
      {"{{ [1, 'a', none, 2.0, (1,), ()] }}", "[1, 'a', None, 2.0, (1,), ()]"},
      {"{{ {'a': 'it\\'s', 1: '\"', 'b': '\\'\"'} }}", "{'a': \"it's\", 1: '\"', 'b': '\\'\"'}"},
      {"{{ ['\\n\\t\\\\\\x7f\\u200b\\u00e9\\U0001f600'] }}", "['\\n\\t\\\\\\x7f\\u200bé😀']"},
      {"{{ '\\é' }}", "\\xe9"},
  });
}

TEST_CASE("floats print as repr() does") {
  check({
      {"{{ 1e16 }} {{ 1e15 }} {{ 123456789012345.6 }} {{ 0.0001 }} {{ 0.00001 }} {{ 1e22 }} {{ 0.1 "
       "+ 0.2 }} {{ -0.0 }} {{ 1e300 * 1e10 }} {{ 5.0 }}",
          "1e+16 1000000000000000.0 123456789012345.6 0.0001 1e-05 1e+22 0.30000000000000004 -0.0 "
          "inf 5.0"},
  });
}

TEST_CASE("operators bind and compute as Python's") {
  check({
      {"{{ 7 // 2 }} {{ -7 // 2 }} {{ 7 % -3 }} {{ -7 % 3 }} {{ 7 / 2 }} {{ 2 ** 3 ** 2 }} {{ -2 "
       "** 2 }} {{ 2 ** -1 }} {{ 7.5 // 2 }} {{ -7.5 % 2 }}",
          "3 -4 -2 2 3.5 64 4 0.5 3.0 0.5"},
      {"{{ 1 ~ 2 * 3 }} {{ not 1 == 2 }} {{ 1 < 2 < 3 }} {{ 1 < 3 < 2 }} {{ 'a' * 3 }} {{ [1] * 2 "
       "+ [2] }}",
          "16 True True False aaa [1, 1, 2]"},
      {"{{ 1 in [1.0] }} {{ 'b' not in 'abc' }} {{ true + 1 }} {{ 'a' or 'b' }} {{ '' and 1 }} {{ "
       "none == false }} {{ 1 == true }}",
          "True False 2 a  False True"},
      {"{{ 'x' if false }}|{{ 'a' if 0 else 'b' if 1 else 'c' }}", "|b"},
      {"{{ l[1:3] }} {{ l[::-2] }} {{ 'häh'[1] }} {{ 'abc'[-1:] }} {{ l[-1] }} {{ l[9] }}|{{ "
       "'abc'[5:] }}",
          "['b', None] [True, None, 3] ä c True |"},
  });
}

TEST_CASE("undefined prints nothing, is false and equals itself") {
  check({
      {"{{ zz }}|{{ d.zz }}|{{ zz is defined }}|{{ zz == yy }}|{{ zz|length }}|{{ [zz] }}|{{ "
       "zz|default('q') }}|{% for x in zz %}x{% else %}e{% endfor %}|{{ 'a' in zz }}",
          "||False|True|0|[Undefined]|q|e|False"},
  });
}

TEST_CASE("an assignment in a loop does not reach out of it") {
  check({
      {"{% set x = 1 %}{% for i in [1, 2] %}{{ x }}{% set x = i + 5 %}{{ x }} {% endfor %}{{ x }}",
          "16 17 1"},
      {"{% set ns = namespace(x=1) %}{% for i in [1, 2] %}{% set ns.x = ns.x + i %}{% endfor %}{{ "
       "ns.x }}",
          "4"},
      {"{% if 1 %}{% set y = 2 %}{% endif %}{{ y }}", "2"},
      {"{% for i in [1] %}{% if i %}{% set n = 9 %}{% endif %}{{ n }}{% endfor %}{{ n }}", "97"},
      {"{% macro f() %}{{ q }}{% endmacro %}{% set q = 3 %}{{ f() }}{% set q = 4 %}{{ f() }}",
          "34"},
      {"{% with n = 1, k = n %}{{ n }}{{ k }}{% endwith %}{{ n }}", "177"},
      {"{% set z %} a{{ n }} {% endset %}[{{ z }}]{% set z | trim | upper %} a {% endset %}[{{ z "
       "}}]",
          "[ a7 ][A]"},
      {"{% set a, b = 1, [2] %}{{ a }}{{ b }}", "1[2]"},
  });
}

TEST_CASE("a loop knows where it is") {
  check({
      {"{% for x in 'abc' %}{{ loop.index }}{{ loop.index0 }}{{ loop.revindex }}{{ loop.revindex0 "
       "}}{{ loop.first }}{{ loop.last }}{{ loop.length }}{{ loop.previtem }}{{ loop.nextitem }}{{ "
       "loop.cycle('p', 'q') }} {% endfor %}",
          "1032TrueFalse3bp 2121FalseFalse3acq 3210FalseTrue3bp "},
      {"{% for x in [1, 1, 2] %}{{ loop.changed(x) }} {% endfor %}", "True False True "},
      {"{% for k, v in d.items() %}{{ k }}={{ v }};{% else %}none{% endfor %}", "b=1;a=[1];"},
      {"{% for x in range(9) if x % 2 %}{{ loop.index }}:{{ x }} {% if x > 4 %}{% break %}{% endif "
       "%}{% endfor %}",
          "1:1 2:3 3:5 "},
      {"{% for x in [1, 2, 3] %}{% if x == 2 %}{% continue %}{% endif %}{{ x }}{% endfor %}", "13"},
      {"{% for x in [1] %}{% continue %}{% else %}e{% endfor %}", "e"},
      {"{% for x in [1, [2, [3]]] recursive %}{{ loop.depth }}{{ loop(x) if x is iterable else x "
       "}};{% endfor %}",
          "11;122;233;;;"},
  });
}

TEST_CASE("macros take defaults, what is left over, and callers") {
  check({
      {"{% macro f(a, b=2, c=b) %}{{ a }}{{ b }}{{ c }}{% endmacro %}{{ f(1) }} {{ f(1, c=5) }} {{ "
       "f() }}",
          "122 125 22"},
      {"{% macro f(a) %}{{ a }}{{ varargs }}{{ kwargs }}{% endmacro %}{{ f(1, 2, k=3) }}",
          "1(2,){'k': 3}"},
      {"{% macro f(x) %}<{{ caller(x) }}>{% endmacro %}{% call(y) f(3) %}y={{ y }}{% endcall %}",
          "<y=3>"},
      {"{% macro f() %}{{ caller is defined }}{% endmacro %}{{ f() }}", "False"},
      {"{% macro f(a, b=0, c=0) %}{{ a }}{{ b }}{{ c }}{% endmacro %}{{ f(*[1, 2]) }}|{{ f(1, "
       "*[2, 3]) }}|{{ f(*[1], c=3) }}|{{ f(**{'b': 2, 'a': 1}) }}|{{ f(*[1], **{'c': 3}) }}",
          "120|123|103|120|103"},
      {"{% macro f(n) %}{% if 0 %}{% set n = 2 %}{% endif %}{{ n }}{% endmacro %}{{ f(1) }}{{ n }}",
          "17"},
      {"{% macro f(n) %}{% if 1 %}{% set n = 2 %}{% endif %}{{ n }}{% endmacro %}{{ f(1) }}{{ n }}",
          "27"},
      {"{% for n in [1] %}{% if 0 %}{% set n = 2 %}{% endif %}{{ n }}{% endfor %}{{ n }}", "17"},
      {"{{ f is defined }}{% macro f() %}{% endmacro %}{{ f }}", "False<Macro 'f'>"},
  });
}
