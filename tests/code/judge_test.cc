// Verdicts of small programs, and of those that want a success which is not theirs.
#include "actors/rewards/code/judge.h"

#include "runtime/base/check.h"
#include "runtime/base/result.h"
#include "tests/code/judge_here.h"
#include "tests/support/temp_folder.h"

#include <boost/json.hpp>

#include <filesystem>
#include <string>
#include <unistd.h>

#include "tests/support/test.h"

using namespace tramontane;
using namespace tramontane::code;

namespace {

std::string verdict(
    CodeJudge& judge, const std::string& problem, Language language, const std::string& code) {
  CodeVerdict said = judge.judge(parse_problem(problem), language, code);
  INFO(said.detail);
  CHECK((said.verdict == TestVerdict::passed) == (said.passed == said.total && said.total > 0));
  return name(said.verdict);
}

const char* const square_check = R"({"entry": "f",
    "prompt": "import math\ndef twice(x):\n    return 2 * x\n\ndef f(x: int):\n    '''square'''\n",
    "test": "def check(candidate):\n    assert candidate(2) == 4\n    assert candidate(-3) == 9\n"})";
const char* const square_cpp = R"({"declaration":
    "#include <vector>\nusing namespace std;\nint f(int x){\n",
    "test": "#undef NDEBUG\n#include <assert.h>\nint main(){ assert(f(2) == 4); assert(f(-3) == 9); }"})";

}  // namespace

TEST_CASE("programs in Python get each kind of verdict") {
  JUDGE();
  auto python = [&](const std::string& code) {
    return verdict(judge, sum, Language::python, code);
  };
  CHECK(python("print(sum(map(int, input().split())))") == "OK");
  CHECK(python("a, b = map(int, input().split())\nprint(a - b)") == "WA");
  CHECK(python("print(3)") == "WA");
  CHECK(python("print(1 / 0)") == "RE");
  CHECK(python("import sys; sys.exit(3)") == "RE");
  CHECK(python("def f(:") == "CE");
  CHECK(python("while True: pass") == "TLE");
  CHECK(python("import time; time.sleep(60)") == "TLE");
  CHECK(python("x = bytearray(800 << 20); print(3)") == "MLE");
  CHECK(python("while True: print('x' * 1000)") == "OLE");
}

TEST_CASE("what a program said at last is told in a line, which is cut between two characters") {
  JUDGE();
  auto told = [&](const std::string& bytes) {
    const std::string code = str("import os\nos.write(2, ", bytes, ")\nos._exit(3)");
    std::string detail = judge.judge(parse_problem(sum), Language::python, code).detail;
    const std::string before = "nonzero exit 3: ";
    auto at = detail.find(before);
    return at == std::string::npos ? detail : detail.substr(at + before.size());
  };
  auto times = [](int count, const std::string& text) {
    std::string all;
    for (int i = 0; i < count; ++i) all += text;
    return all;
  };
  CHECK(told("b'first\\nlast'") == "last");
  CHECK(told("b'last \\n\\n'") == "last");
  CHECK(told("b'a\\x01b\\x7fc'") == "a?b?c");
  CHECK(told("b'x' * 200") == times(200, "x"));
  CHECK(told("b'x' * 201") == times(200, "x") + "…");
  CHECK(told("'é'.encode() * 150") == times(100, "é") + "…");
  CHECK(told("b'x' + 'é'.encode() * 150") == "x" + times(99, "é") + "…");
  CHECK(told("b'x' * 199 + '😀'.encode()") == times(199, "x") + "…");
}

TEST_CASE("programs in C++ get each kind of verdict, and are compiled once") {
  JUDGE();
  auto cpp = [&](const std::string& code) { return verdict(judge, sum, Language::cpp, code); };
  const std::string head = "#include <bits/stdc++.h>\nint main() { int a, b; std::cin >> a >> b; ";
  CHECK(cpp(head + "std::cout << a + b << '\\n'; }") == "OK");
  auto compilations = judge.compiler().compilations();
  CHECK(cpp(head + "std::cout << a + b << '\\n'; }") == "OK");
  CHECK(judge.compiler().compilations() == compilations);
  CHECK(cpp(head + "std::cout << a * b; }") == "WA");
  CHECK(cpp(head + "std::abort(); }") == "RE");
  CHECK(cpp(head + "return 1; }") == "RE");
  CHECK(cpp("int main() { return x; }") == "CE");
  CHECK(cpp("int main() { for (volatile int i = 0;; i = i + 1); }") == "TLE");
  CHECK(cpp(head + "std::vector<char> v(800u << 20, 1); std::cout << v[a]; }") == "MLE");
  CHECK(cpp(head + "for (;;) std::puts(\"xxxxxxxxxxxxxxxxxxxxxxx\"); }") == "OLE");
  std::string note;
  CHECK_MESSAGE(!judge.compiler().header(note).empty(), note);
}

TEST_CASE("a compiler cannot be made to tell, to fill the disk or to run for long") {
  JUDGE();
  auto cpp = [&](const std::string& code) {
    return judge.judge(parse_problem(sum), Language::cpp, code);
  };
  // What takes all of a compiler's time is undecided where the machine gave it little of that.
  auto refused = [&](const std::string& code) {
    auto found = cpp(code);
    bool starved = found.verdict == TestVerdict::no_verdict &&
                   found.detail.find("the machine gave the compiler") != std::string::npos;
    return starved || found.verdict == TestVerdict::compile_error;
  };
  auto told = cpp("#include \"/etc/passwd\"\nint main() {}");
  CHECK(told.verdict == TestVerdict::compile_error);
  CHECK(told.detail.find("root:") == std::string::npos);
  CHECK(refused("char a[1ull << 31] = {1};\nint main() {}"));
  CHECK(refused("#include __FILE__\n#include __FILE__\nint main() {}"));
  CHECK(refused("template <int n> struct A { A<n - 1> a; A<n - 2> b; }; A<900> a; int main() {}"));
}

TEST_CASE("calls in Python are judged by asserts or a check function") {
  JUDGE();
  for (const char* problem : {square, square_check}) {
    auto python = [&](const std::string& code) {
      return verdict(judge, problem, Language::python, code);
    };
    CHECK(python("def f(x):\n    return x * x\n") == "OK");
    CHECK(python("f = lambda x: x ** 2\n") == "OK");
    CHECK(python("def f(x):\n    return 2 * x\n") == "WA");
    CHECK(python("def f(x):\n    raise ValueError(x)\n") == "RE");
    CHECK(python("def g(x):\n    return x * x\n") != "OK");
    CHECK(python("def f(x) return\n") == "CE");
    CHECK(python("def f(x):\n    while True: pass\n") == "TLE");
    CHECK(python("def f(x):\n    return bytearray(800 << 20)\n") == "MLE");
    CHECK(python("if __name__ == '__main__':\n    print(input())\ndef f(x):\n    return x * x\n") ==
          "OK");
  }
  CHECK(verdict(judge, square_check, Language::python, "    return x * x\n") == "OK");
  CHECK(verdict(judge, square_check, Language::python, "    return twice(x) * x // 2\n") == "OK");
}

TEST_CASE("values of every plain type cross, and arguments that are changed come back") {
  JUDGE();
  auto holds = [&](const std::string& code, const std::string& assertion) {
    boost::json::object problem{{"entry", "f"}, {"asserts", {"assert " + assertion}}};
    return verdict(judge, boost::json::serialize(problem), Language::python, code);
  };
  const std::string same = "def f(x): return x\n";
  for (const char* value : {"None", "True", "-7", "10 ** 5000", "0.1", "float('inf')", "1e-320",
           "'\\u00e9\\ud800\\n'", "b'\\x00\\xff'", "[1, [2.5, ()]]", "(1, 'a')", "{1, 2}",
           "frozenset([3])", "{(1, 2): [3], 'k': {4: None}}", "3+4j", "range(2, 9, 3)", "[]"})
    CHECK(holds(same, str("f(", value, ") == ", value, " and type(f(", value, ")) is type(", value,
                          ")")) == "OK");
  CHECK(holds(same, "f(float('nan')) != f(float('nan'))") == "OK");
  CHECK(holds("from collections import *\ndef f(x): return Counter(x)",
            "f('aab') == {'a': 2, 'b': 1}") == "OK");
  CHECK(holds("def f(x): return (i for i in x)", "list(f([1, 2])) == [1, 2]") == "OK");
  CHECK(holds("def f(x): x.append(3)", "(lambda a: (f(a), a)[1])([1]) == [1, 3]") == "OK");
  CHECK(holds("class P:\n  def __init__(s, a): s.a = a\ndef f(p): return p[0].a",
            "f([P(5)]) == 5") == "OK");
}

TEST_CASE("calls in C++ are judged by a main of their own") {
  JUDGE();
  auto cpp = [&](const std::string& code) {
    return verdict(judge, square_cpp, Language::cpp, code);
  };
  CHECK(cpp("    return x * x;\n}") == "OK");
  CHECK(cpp("int f(int x) { return x * x; }\nint main() { return f(1); }") == "OK");
  CHECK(cpp("#include <iostream>\n#define int long long\nint f(int x) { return x * x; }") == "OK");
  CHECK(cpp("int f(const int& x) { return x * x; }") == "OK");
  CHECK(cpp("int f(int x) { return x + x; }") == "WA");
  CHECK(cpp("int f(int x) { return y; }") == "CE");
  CHECK(cpp("#include <vector>\nint f(int x) { return std::vector<int>().at(x); }") == "RE");
  CHECK(cpp("int f(int x) { for (;;) { volatile int y = x; y = y; } }") == "TLE");
  const char* changes = R"({"declaration": "#include <vector>\n#include <string>\n#include <map>\n
using namespace std;\nvoid f(vector<string>& a, map<int, vector<bool>> m){\n",
      "test": "#include <assert.h>\nint main(){ vector<string> a{\"x\"}; f(a, {{1, {true, false}}});
assert(a.size() == 2 && a[1] == \"10\"); }"})";
  std::string problem(changes);
  for (auto at = problem.find('\n'); at != std::string::npos; at = problem.find('\n'))
    problem.erase(at, 1);
  CHECK(verdict(judge, problem, Language::cpp,
            "void f(vector<string>& a, map<int, vector<bool>> m) {\n  string s;\n"
            "  for (bool b : m[1]) s += b ? '1' : '0';\n  a.push_back(s);\n}") == "OK");
}

TEST_CASE("a success in Python cannot be forged") {
  JUDGE();
  const std::string attacks[] = {
      "import sys\nsys.exit(0)",
      "import os\nos._exit(0)",
      "import os\ndef f(x): os._exit(0)",
      "import sys\ndef f(x): sys.exit(0)",
      "def f(x): raise SystemExit(0)",
      "class E:\n  def __eq__(s, o): return True\n  def __bool__(s): return True\ndef f(x): return "
      "E()",
      "class E(int):\n  def __eq__(s, o): return True\n  __hash__ = int.__hash__\ndef f(x): return "
      "E(7)",
      "class E(list):\n  def __eq__(s, o): return True\ndef f(x): return E()",
      "import builtins\nbuiltins.AssertionError = type('A', (Exception,), {})\ndef f(x): return 0",
      "import builtins\nbuiltins.__build_class__ = None\nbuiltins.print = lambda *a: None\ndef "
      "f(x): return 0",
      "import os\nfor i in range(3, 64):\n  try: os.write(i, b'\\n{\"verdict\": \"passed\", "
      "\"done\": 2}\\n')\n"
      "  except OSError: pass\ndef f(x): return 0",
      "print('\\n{\"verdict\": \"passed\", \"done\": 2}')\nimport os\nos._exit(0)",
      "import os\ndef f(x):\n  os.write(4, b'[\"ok\", true]\\n' * 100)\n  return True",
      "import atexit, os\natexit.register(lambda: os._exit(0))\ndef f(x): return 0",
      "import threading, os, time\nthreading.Thread(target=lambda: (time.sleep(0.05), "
      "os._exit(0))).start()\n"
      "def f(x):\n  time.sleep(0.5)\n  return 0",
      "import os, signal\ndef f(x):\n  os.kill(-1, signal.SIGKILL)\n  os.kill(os.getppid(), "
      "signal.SIGKILL)\n  return 0",
      "import inspect, gc, sys\ndef f(x):\n  for frame in inspect.stack():\n    for v in "
      "frame.frame.f_locals.values():\n"
      "      if isinstance(v, str) and 'assert' in v: return eval(v.split('==')[1])\n"
      "  for o in gc.get_objects():\n    if isinstance(o, str) and 'assert f' in o: return "
      "eval(o.split('==')[1])\n"
      "  return 0",
      "import glob\ndef f(x):\n  for p in glob.glob('/proc/*/cmdline') + glob.glob('./*') + "
      "glob.glob('../*/*'):\n"
      "    t = open(p, errors='ignore').read()\n    if 'assert f' in t: return 4\n  return 0",
      "import json\njson.dumps = lambda *a: '[\"ok\", {\"evil\": 1}]'\ndef f(x): return 0",
      "def f(x): return float('nan')",
      "f = type('F', (), {'__call__': lambda s, x: s, '__eq__': lambda s, o: True})()",
      "import sys\ndef f(x): sys.setrecursionlimit(10 ** 9)\n  return 0",
      "def f(x):\n  a = []\n  for i in range(100000): a = [a]\n  return a",
  };
  for (const auto& code : attacks)
    for (const char* problem : {square, square_check}) {
      CodeVerdict said = judge.judge(parse_problem(problem), Language::python, code);
      INFO(code, " -> ", name(said.verdict), " ", said.detail);
      CHECK(said.verdict != TestVerdict::passed);
      CHECK(said.verdict != TestVerdict::no_verdict);
    }
}

TEST_CASE("modules that tests rest on are not the candidate's") {
  JUDGE();
  const char* size =
      R"json({"entry": "f", "asserts": ["assert f((1, 2)) == sys.getsizeof((1, 2))"]})json";
  auto python = [&](const std::string& code) {
    return verdict(judge, size, Language::python, code);
  };
  CHECK(python("import sys\ndef f(x): return sys.getsizeof(x)") == "OK");
  CHECK(python("class sys:\n  getsizeof = lambda x: 0\ndef f(x): return 0") == "WA");
}

TEST_CASE("what the tests name and do not define is a class of the candidate's, and no judge") {
  JUDGE();
  auto tells = [&](const char* assertion, const std::string& code) {
    boost::json::object problem{{"entry", "f"}, {"asserts", boost::json::array{assertion}}};
    return verdict(judge, boost::json::serialize(problem), Language::python, code);
  };
  const char* pair = "assert f([Pair(1, 2), Pair(3, 4)]) == 10";
  CHECK(tells(pair,
            "class Pair:\n  def __init__(self, a, b): self.a, self.b = a, b\n"
            "def f(ps): return sum(p.a + p.b for p in ps)") == "OK");
  CHECK(tells("assert f(2).name == 'two'",
            "class N: pass\ndef f(x):\n  n = N()\n  n.name = 'two'\n  return n") == "OK");
  // The word of a function of the candidate's, or of an object, is not the tests'.
  const char* is_ok = "assert is_ok(f(2), 4)";
  const std::string f = "\ndef f(x): return 0";
  CHECK(tells(is_ok, "def is_ok(a, b): return True" + f) == "RE");
  CHECK(tells(is_ok, "class is_ok:\n  def __init__(self, *a): pass" + f) == "WA");
  CHECK(tells(is_ok, "class is_ok:\n  def __new__(c, *a): return True" + f) == "RE");
  CHECK(tells("assert not is_bad(f(2))",
            "class is_bad:\n  def __init__(self, *a): pass\n  def __bool__(self): return False" +
                f) == "WA");
  CHECK(tells("assert f(2) == f(2) and close(f(2), 4)",
            "class close:\n  def __init__(self, *a): pass" + f) == "WA");
}

TEST_CASE("a module that the tests need is ours, and where it is missing there is no verdict") {
  JUDGE();
  const char* fake = "class np:\n  isclose = lambda *a: True\ndef f(x): return 0";
  const char* close = R"json({"entry": "f", "asserts": ["assert np.isclose(f(2), 4)"]})json";
  bool numpy = verdict(judge, R"({"tests": [{"stdout": "1"}]})", Language::python,
                   "import numpy\nprint(1)") == "OK";
  CHECK(verdict(judge, close, Language::python, fake) == (numpy ? "WA" : "no verdict"));
  const char* missing =
      R"json({"entry": "f", "asserts": ["import no_such_module\nassert f(2) == 4"]})json";
  CHECK(verdict(judge, missing, Language::python, "def f(x): return 4") == "no verdict");
  // What only the candidate lacks is its own failure.
  CHECK(verdict(judge, square, Language::python, "def f(x):\n  import no_such_module") == "RE");
}

TEST_CASE("numpy fits within the limits of a test") {
  JUDGE();
  if (!std::filesystem::exists("/usr/lib/python3/dist-packages/numpy")) {
    MESSAGE("skipped: python3-numpy is not installed");
    return;
  }
  CHECK(verdict(judge, sum, Language::python,
            "import numpy as np\na = np.array(input().split(), dtype=float)\n"
            "print(int((a.reshape(1, -1) @ np.ones((a.size, 1)))[0, 0]))") == "OK");
}

TEST_CASE("a method of class Solution is called as the sites call it") {
  JUDGE();
  const char* two_sum =
      R"({"inputs": [[[2, 7, 11], 9], [[3, 3], 6]], "outputs": [[0, 1], [[0, 1]]], "fn_name": "twoSum"})";
  auto python = [&](const std::string& code) {
    return verdict(judge, two_sum, Language::python, code);
  };
  CHECK(python(R"(
class Solution:
    def twoSum(self, nums: List[int], target: int) -> Optional[List[int]]:
        seen = defaultdict(list)
        for i, n in enumerate(nums):
            if target - n in seen: return (seen[target - n], i)
            seen[n] = i
)") == "OK");
  CHECK(python("class Solution:\n  def twoSum(self, n, t): return [0, 2]") == "WA");
  CHECK(python("def twoSum(n, t): return [0, 1]") == "OK");
  // Nothing is kept from one call to the next.
  const char* up =
      R"json({"entry": "up", "asserts": ["assert up() == 1", "assert up() == 1"]})json";
  CHECK(
      verdict(judge, up, Language::python,
          "class Solution:\n  n = 0\n  def up(self):\n    self.n += 1\n    return self.n") == "OK");
}

TEST_CASE("long integers and long outputs are what they are") {
  JUDGE();
  CHECK(verdict(judge, R"({"tests": [{"stdout": "5001"}]})", Language::python,
            "print(len(str(10**5000)))") == "OK");
  std::string digits(3 << 20, '7');
  boost::json::object problem{
      {"tests", boost::json::array{boost::json::object{{"stdout", digits}}}}};
  std::string text = boost::json::serialize(problem);
  CHECK(verdict(judge, text, Language::python, "print('7' * (3 << 20))") == "OK");
  CHECK(verdict(judge, text, Language::python, "print('7' * (5 << 20))") == "OLE");
}

TEST_CASE("a success in C++ cannot be forged") {
  JUDGE();
  const std::string attacks[] = {
      "#include <cstdlib>\nint f(int) { std::exit(0); }",
      "#include <unistd.h>\nint f(int) { _exit(0); }",
      "#include <unistd.h>\nstruct S { S() { _exit(0); } } s;\nint f(int) { return 0; }",
      "#include <unistd.h>\nint f(int) { for (int i = 3; i < 64; ++i) { if (write(i, "
      "\"\\0\\0\\0\\0\\0\\0\\0\\0\", 8)) {} } _exit(0); }",
      "#define assert(x)\n#define NDEBUG\nint f(int) { return 0; }",
      "#include <csignal>\n#include <unistd.h>\nint f(int) { kill(-1, SIGKILL); kill(getppid(), "
      "SIGKILL); return 0; }",
      "#include <stdio.h>\n#include <string.h>\nint f(int) { FILE* p = fopen(\"/proc/1/cmdline\", "
      "\"r\"); return p ? 4 : 0; }",
      "extern \"C\" void __assert_fail(const char*, const char*, unsigned, const char*) noexcept "
      "{}\nint f(int) { return 0; }",
      "struct I { int v; template <class T> bool operator==(T) const { return true; } operator "
      "int() const { return 0; } };\nI f(int) { return {}; }",
  };
  for (const auto& code : attacks) {
    CodeVerdict said = judge.judge(parse_problem(square_cpp), Language::cpp, code);
    INFO(code, " -> ", name(said.verdict), " ", said.detail);
    CHECK(said.verdict != TestVerdict::passed);
    CHECK(said.verdict != TestVerdict::no_verdict);
  }
}

TEST_CASE("expected outputs are nowhere in a program's sandbox") {
  JUDGE();
  const char* secret = R"({"tests": [{"stdin": "", "stdout": "a-secret-value"}]})";
  CodeJudge patient({.test_seconds = 60});  // as many files as the machine has processes
  CHECK(verdict(patient, secret, Language::python, R"(
import os, glob
for folder, _, files in os.walk('/'):
    if folder.startswith(('/usr', '/lib', '/bin', '/dev')): continue
    for name in files:
        text = open(os.path.join(folder, name), errors='ignore').read()
        at = text.find('a-' + 'secret-value')
        if at >= 0: print(text[at:at + 14])
for fd in range(3, 256):
    try: print(os.read(fd, 1000))
    except OSError: pass
)") == "WA");
}

TEST_CASE("no more tests run than the job allows") {
  JUDGE();
  CodeJudge one({.tests_max = 1});
  CodeVerdict said = one.judge(parse_problem(sum), Language::python, "print(3)");
  CHECK(said.verdict == TestVerdict::passed);
  CHECK(said.total == 1);
  CHECK(said.left_out == 1);
  // Asserts share a process, and cost next to nothing.
  said = one.judge(parse_problem(square), Language::python, "def f(x): return 4");
  CHECK(said.verdict == TestVerdict::wrong_answer);
  CHECK(said.total == 2);
}
