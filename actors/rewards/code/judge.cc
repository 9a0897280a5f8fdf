#include "actors/rewards/code/judge.h"

#include "actors/rewards/code/cpp_source.h"
#include "actors/rewards/code/inside.h"
#include "runtime/base/check.h"
#include "runtime/base/json_text.h"

#include <boost/json.hpp>

#include <algorithm>
#include <array>
#include <optional>
#include <regex>

namespace tramontane::code {
namespace {

using sandbox::Ending;
using sandbox::Limits;
using sandbox::Outcome;
using sandbox::Program;

namespace json = boost::json;

constexpr std::size_t shown_bytes = 200;
constexpr std::uint64_t harness_bytes = 1024ull << 20;
// By the clock a test has this much more: a busy machine is not the candidate's fault, and what
// sleeps gains nothing.
constexpr std::uint32_t wall_factor = 3;
constexpr int no_syntax = 65;  // candidate.py's exit code for what does not compile

std::string shown(std::string_view text) {
  text = without_end_space(text);
  std::size_t end = std::min(shown_bytes, text.size());
  // Half a character at the cut would spoil whoever reads it.
  while (end > 0 && end < text.size() && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80)
    --end;
  std::string out;
  for (char c : text.substr(0, end)) {
    if (c == '\n')
      out += "⏎";
    else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f)
      out += '?';
    else
      out += c;
  }
  return end < text.size() ? out + "…" : out;
}

// What a program wrote to its errors at last: where Python says what was wrong.
std::string last_line(std::string_view errors) {
  errors = without_end_space(errors);
  auto newline = errors.rfind('\n');
  return shown(newline == std::string_view::npos ? errors : errors.substr(newline + 1));
}

bool is_syntax_error(std::string_view line) {
  return line.starts_with("SyntaxError:") || line.starts_with("IndentationError:") ||
         line.starts_with("TabError:");
}

// Where no cgroup kills for memory, a program is refused it, and most say so.
bool ran_out_of_memory(const Outcome& outcome) {
  std::string line = last_line(outcome.errors);
  return line.starts_with("MemoryError") || line.find("std::bad_alloc") != std::string::npos;
}

// How a program failed, by its ending; `passed` if it ended by itself and well.
TestVerdict verdict_of(const Outcome& outcome) {
  switch (outcome.ending) {
    case Ending::ok:
      return TestVerdict::passed;
    case Ending::nonzero:
    case Ending::signal:
      return ran_out_of_memory(outcome) ? TestVerdict::memory_limit : TestVerdict::runtime_error;
    case Ending::wall_limit:
    case Ending::cpu_limit:
      return TestVerdict::time_limit;
    case Ending::memory_limit:
      return TestVerdict::memory_limit;
    case Ending::output_limit:
      return TestVerdict::output_limit;
    case Ending::sandbox_error:
      break;
  }
  return TestVerdict::no_verdict;
}

std::string said(const Outcome& outcome) {
  if (outcome.ending == Ending::sandbox_error) return outcome.error;
  std::string text = str(name(outcome.ending));
  if (outcome.ending == Ending::nonzero || outcome.ending == Ending::signal)
    text = str(text, " ", outcome.code);
  if (outcome.ending == Ending::wall_limit || outcome.ending == Ending::cpu_limit)
    text = str(text, " after ", outcome.wall_ms, " ms");
  std::string line = last_line(outcome.errors);
  return line.empty() ? text : str(text, ": ", line);
}

Program python(const std::string& file, std::string code, const Limits& limits) {
  // Integers of any length become text, as they do where problems come from.
  Program program{.argv = {"/usr/bin/python3", "-I", "-B", "-X", "int_max_str_digits=0", file},
      .limits = limits};
  program.files.push_back({file, std::move(code)});
  return program;
}

Program binary(const Compiled& compiled, const Limits& limits) {
  Program program{.argv = {"./program"}, .limits = limits};
  program.files.push_back({"program", compiled.binary, true});
  return program;
}

// Did the candidate compile? If not, the verdict says so.
bool compiles(const Compiled& compiled, CodeVerdict& verdict) {
  if (compiled.result == Compiled::Result::done) return true;
  bool refused = compiled.result == Compiled::Result::refused;
  verdict.verdict = refused ? TestVerdict::compile_error : TestVerdict::no_verdict;
  verdict.detail = refused ? shown(compiled.text) : compiled.text;
  return false;
}

bool defines_python(const std::string& code, const std::string& entry) {
  std::regex head("(^|\n)((async[ \t]+)?def[ \t]+|class[ \t]+)?" + entry + "[ \t]*[(=:]");
  return std::regex_search(code, head);
}

// What neither side of a call did wrong by itself: the tests' own word decides.
std::optional<CodeVerdict> verdict_without_word(
    const Outcome& tests, const Outcome& candidate, CodeVerdict verdict) {
  for (const Outcome* one : {&tests, &candidate})
    if (one->ending == Ending::sandbox_error) {
      verdict.verdict = TestVerdict::no_verdict;
      verdict.detail = one->error;
      return verdict;
    }
  TestVerdict how = verdict_of(candidate);
  bool limits = how != TestVerdict::passed && how != TestVerdict::runtime_error;
  // Kept waiting, or fed more than they could hold.
  bool tests_limited = tests.ending != Ending::ok && tests.ending != Ending::nonzero &&
                       tests.ending != Ending::signal;
  if (tests.ending == Ending::ok || !(limits || tests_limited)) return std::nullopt;
  verdict.verdict = limits ? how : verdict_of(tests);
  verdict.detail = limits ? said(candidate) : "the tests, of what it gave them: " + said(tests);
  return verdict;
}

// The last line that harness.py wrote is its word on the candidate.
void read_word(
    const Problem& problem, const Outcome& told, const Outcome& ran, CodeVerdict& verdict) {
  std::string_view output = without_end_space(told.output);
  auto newline = output.rfind('\n');
  boost::system::error_code error;
  auto word = json::parse(
      json::string_view(output.substr(newline == std::string_view::npos ? 0 : newline + 1)), error);
  const json::object* object = error ? nullptr : word.if_object();
  auto text = [&](const char* field) {
    const json::value* value = object == nullptr ? nullptr : object->if_contains(field);
    const json::string* found = value == nullptr ? nullptr : value->if_string();
    return found == nullptr ? std::string() : std::string(*found);
  };
  std::string how = text("verdict");
  verdict.detail = shown(text("text"));
  const json::value* done = object == nullptr ? nullptr : object->if_contains("done");
  if (done != nullptr && done->is_int64())
    verdict.passed = static_cast<std::uint32_t>(done->get_int64());
  if (how == "passed" && told.ending == Ending::ok) {
    verdict.verdict = TestVerdict::passed;
  } else if (how == "wrong") {
    verdict.verdict = TestVerdict::wrong_answer;
    if (verdict.detail.empty() && problem.shape == Problem::Shape::asserts)
      verdict.detail = shown(problem.asserts[verdict.passed]);
  } else if (how == "late") {
    verdict.verdict = TestVerdict::time_limit;
  } else if (how == "raised") {
    verdict.verdict = TestVerdict::runtime_error;
  } else if (how == "gone") {
    bool syntax = ran.ending == Ending::nonzero && ran.code == no_syntax;
    verdict.verdict = syntax ? TestVerdict::compile_error : TestVerdict::runtime_error;
    verdict.detail = str(verdict.detail, ": ", said(ran));
  } else {
    verdict.detail = how.empty() ? "the tests ended without a word: " + said(told) : verdict.detail;
  }
}

}  // namespace

const char* name(TestVerdict verdict) {
  constexpr std::array names = {"OK", "WA", "TLE", "MLE", "RE", "CE", "OLE", "no verdict"};
  return names[static_cast<std::size_t>(verdict)];
}

CodeJudge::CodeJudge(JudgeOptions options)
    : options_(std::move(options)),
      sandbox_(options_.sandbox),
      compiler_(sandbox_, options_.compiler) {}

Limits CodeJudge::limits(std::uint32_t tests) const {
  auto cpu_ms = static_cast<std::uint32_t>(std::max(0.001, options_.test_seconds) * 1000) * tests;
  return {.wall_ms = wall_factor * cpu_ms,
      .cpu_ms = cpu_ms,
      .memory_bytes = static_cast<std::uint64_t>(options_.test_megabytes) << 20};
}

CodeVerdict CodeJudge::judge(const Problem& problem, Language language, const std::string& code) {
  if (problem.shape == Problem::Shape::programs) return run_programs(problem, language, code);
  if (problem.shape == Problem::Shape::cpp_main) return run_cpp_calls(problem, code);
  return run_python_calls(problem, code);
}

CodeVerdict CodeJudge::run_programs(
    const Problem& problem, Language language, const std::string& code) {
  CodeVerdict verdict;
  auto total = std::min<std::size_t>(problem.tests.size(), options_.tests_max);
  verdict.total = static_cast<std::uint32_t>(total);
  verdict.left_out = static_cast<std::uint32_t>(problem.tests.size() - total);
  Program program;
  if (language == Language::cpp) {
    auto compiled = compiler_.compile(code);
    if (!compiles(*compiled, verdict)) return verdict;
    program = binary(*compiled, limits());
  } else {
    program = python("main.py", code, limits());
  }
  for (std::size_t i = 0; i < total; ++i) {
    program.input = problem.tests[i].input;
    // What is right fits, and half as much again that is wrong.
    program.limits.output_bytes =
        std::max<std::uint64_t>(Limits{}.output_bytes, problem.tests[i].output.size() * 3 / 2);
    Outcome outcome = sandbox_.run(program);
    verdict.verdict = verdict_of(outcome);
    bool python_syntax = language == Language::python && is_syntax_error(last_line(outcome.errors));
    if (verdict.verdict == TestVerdict::runtime_error && python_syntax)
      verdict.verdict = TestVerdict::compile_error;
    verdict.detail = said(outcome);
    if (verdict.verdict == TestVerdict::passed &&
        !same_output(problem.tests[i].output, outcome.output, problem.comparison)) {
      verdict.verdict = TestVerdict::wrong_answer;
      verdict.detail =
          str("expected '", shown(problem.tests[i].output), "', got '", shown(outcome.output), "'");
    }
    if (verdict.verdict != TestVerdict::passed) return verdict;
    ++verdict.passed;
  }
  verdict.detail.clear();
  return verdict;
}

CodeVerdict CodeJudge::run_python_calls(const Problem& problem, const std::string& code) {
  bool check = problem.shape == Problem::Shape::check;
  json::object tests{{"entry", problem.entry}};
  CodeVerdict verdict{.total = 1};
  if (check) {
    tests["prompt"] = problem.prompt;
    tests["test"] = problem.test;
  } else {
    tests["setup"] = problem.setup;
    tests["asserts"] = json::array(problem.asserts.begin(), problem.asserts.end());
    verdict.total = static_cast<std::uint32_t>(problem.asserts.size());
  }
  std::string source = code;
  if (check) {
    // The prompt has the imports and functions that code may rest on; its last function, with
    // nothing but its description, is what code defines, or the head that code is the body of.
    bool whole = defines_python(code, problem.entry);
    source = problem.prompt + (whole ? "\n    pass\n\n" : "") + code;
  }
  tests["seconds"] = wall_factor * options_.test_seconds;
  Limits harness_limits = limits(verdict.total);
  harness_limits.memory_bytes = std::max(harness_limits.memory_bytes, harness_bytes);
  Program harness = python("harness.py", std::string(harness_py), harness_limits);
  harness.files.push_back({"tests.json", json_text(tests)});
  Program candidate = python("candidate.py", std::string(candidate_py), limits(verdict.total));
  candidate.files.push_back({"solution.py", std::move(source)});
  candidate.drop_output = true;
  auto [told, ran] = sandbox_.run_linked(std::move(harness), std::move(candidate));
  if (auto early = verdict_without_word(told, ran, verdict)) return *early;
  read_word(problem, told, ran, verdict);
  return verdict;
}

CodeVerdict CodeJudge::run_cpp_calls(const Problem& problem, const std::string& code) {
  CodeVerdict verdict{.total = 1};
  auto declaration = split_declaration(problem.declaration);
  TRAM_CHECK(declaration.has_value(), "a problem with a declaration that was not parsed");
  auto tests = compiler_.compile(harness_source(*declaration, problem.test));
  if (tests->result != Compiled::Result::done) {
    verdict.detail = "the tests do not compile: " + shown(tests->text);
    return verdict;
  }
  auto compiled = compiler_.compile(candidate_source(*declaration, problem.declaration, code));
  if (!compiles(*compiled, verdict)) return verdict;
  Limits harness_limits = limits();
  harness_limits.memory_bytes = std::max(harness_limits.memory_bytes, harness_bytes);
  Program candidate = binary(*compiled, limits());
  candidate.drop_output = true;
  auto [told, ran] = sandbox_.run_linked(binary(*tests, harness_limits), std::move(candidate));
  if (auto early = verdict_without_word(told, ran, verdict)) return *early;
  if (told.ending == Ending::ok) {
    verdict.verdict = TestVerdict::passed;
    verdict.passed = 1;
    return verdict;
  }
  constexpr int gone = 90;  // carry.inc
  bool ended = told.ending == Ending::nonzero && told.code == gone;
  verdict.verdict = ended ? TestVerdict::runtime_error : TestVerdict::wrong_answer;
  verdict.detail = ended ? "it ended before the tests did: " + said(ran) : said(told);
  return verdict;
}

}  // namespace tramontane::code
