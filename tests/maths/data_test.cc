// Golds of the public data sets, each with its question: it equals itself and its re-spellings, and
// differs from near misses made by rule. The sets are read from $TRAM_DATA (gsm8k, math500, aime,
// mgsm below it) where it is set; a sample of the same forms is always checked.
#include "actors/rewards/maths/maths.h"

#include <boost/json.hpp>

#include <cctype>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <regex>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/test.h"

using namespace tramontane;

namespace {

using Texts = std::vector<std::string>;

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  for (std::size_t at = 0; (at = text.find(from, at)) != text.npos; at += to.size())
    text.replace(at, from.size(), to);
  return text;
}

bool is_integer(const std::string& text) {
  static const std::regex form("-?[0-9]+");
  return std::regex_match(text, form);
}

// 3/8 as "0.375"; "" if no decimal is exactly it.
std::string as_decimal(long top, long bottom) {
  for (long power = 1, digits = 0; digits < 9; power *= 10, ++digits) {
    if (top * power % bottom != 0) continue;
    std::string all = std::to_string(std::labs(top * power / bottom));
    while (all.size() <= static_cast<std::size_t>(digits)) all.insert(0, 1, '0');
    if (digits > 0) all.insert(all.size() - static_cast<std::size_t>(digits), 1, '.');
    if (top * bottom < 0) all.insert(0, 1, '-');
    return all;
  }
  return "";
}

// "\\$32,\\!348": its comma is no separator, and a space after it makes it one.
bool has_thousands(const std::string& text) {
  static const std::regex form(R"((\\\$)?\d{1,3}(,(\\!)? ?\d{3})+)");
  return std::regex_match(text, form);
}

// The same answer, written otherwise.
Texts respellings(const std::string& gold, bool asked) {
  Texts out = {gold, "$" + gold + "$", "\\(" + gold + "\\)", "\\boxed{" + gold + "}",
      " " + gold + " ", gold + ".", "**" + gold + "**"};
  out.push_back(replaced(replaced(gold, "\\dfrac", "\\frac"), "\\frac", "\\dfrac"));
  out.push_back(replaced(replaced(gold, "\\dfrac", "\\frac"), "\\frac", "\\tfrac"));
  out.push_back(replaced(replaced(gold, "\\left", ""), "\\right", ""));
  bool brackets = gold.find("\\left") == gold.npos && gold.find('(') != gold.npos &&
                  gold.find("\\text") == gold.npos;
  if (brackets) out.push_back(replaced(replaced(gold, "(", "\\left("), ")", "\\right)"));
  if (!has_thousands(gold)) out.push_back(replaced(gold, ",", ", "));
  out.push_back(replaced(gold, "pmatrix", "bmatrix"));
  out.push_back(replaced(gold, "\\pi", "π"));
  out.push_back(replaced(gold, "\\text", "\\mbox"));
  out.push_back(replaced(gold, "^\\circ", "°"));
  out.push_back(std::regex_replace(gold, std::regex(R"(([+=]))"), " $1 "));
  static const std::regex plain_fraction(R"((-?)\\d?frac\{(\d{1,6})\}\{(\d{1,6})\})");
  std::smatch found;
  if (std::regex_match(gold, found, plain_fraction)) {
    out.push_back(found[1].str() + found[2].str() + "/" + found[3].str());
    long top = std::stol(found[2]) * (found[1].length() > 0 ? -1 : 1);
    std::string decimal = as_decimal(top, std::stol(found[3]));
    if (!decimal.empty()) out.push_back(decimal);
  }
  if (is_integer(gold)) {
    out.push_back(gold + ".0");
    out.push_back("x = " + gold);
    out.push_back("\\$" + gold);
    if (!asked) out.push_back("\\frac{" + gold + "}{1}");  // of a question, not worked out
    if (!asked && gold.size() < 15)
      out.push_back(std::string("\\frac{") + std::to_string(2 * std::stol(gold)) + "}{2}");
  }
  static const std::regex bare_list(R"(([^,(){}\[\]]+), ?([^,(){}\[\]]+))");
  if (std::regex_match(gold, found, bare_list) && gold.find(' ') == gold.npos &&
      !has_thousands(gold))
    out.push_back(found[2].str() + "," + found[1].str());
  return out;
}

// "12" to "13", and the like for the first number in the text.
std::string next_number(const std::string& gold) {
  std::size_t at = gold.find_first_of("0123456789");
  if (at == gold.npos) return "";
  std::string out = gold;
  out[at] = out[at] == '9' ? '8' : static_cast<char>(out[at] + 1);
  return out;
}

// Another answer, by rule. Exponents, bases and choices make some of these equal by chance or
// nonsense; those forms are left out.
Texts near_misses(const std::string& gold) {
  Texts out = {"", gold + ", " + gold + "1", "999999937"};
  out.push_back(next_number(gold));
  if (has_thousands(gold)) out.push_back(replaced(replaced(gold, "\\!", ""), ",", ", "));
  bool sum = gold.find('=') != gold.npos || gold.find(',') != gold.npos ||
             gold.find("\\in") != gold.npos || gold.find("pm") != gold.npos;
  bool text = gold.find("text{") != gold.npos || gold.find('_') != gold.npos;
  if (!sum && !text && gold != "0") {
    out.push_back("-(" + gold + ")");
    if (is_integer(gold)) {
      out.push_back(gold + "0");
      out.push_back(gold[0] == '-' ? gold.substr(1) : "-" + gold);
      out.push_back(gold + ".5");
      out.push_back(gold + "/10");
      out.push_back(gold + ".0001");
    }
  }
  static const std::regex pair(R"(([\[(])([^,]+),([^,]+)([\])]))");
  std::smatch found;
  if (std::regex_match(gold, found, pair)) {
    if (found[2] != found[3])
      out.push_back(found[1].str() + found[3].str() + "," + found[2].str() + found[4].str());
    out.push_back(
        (found[1] == "(" ? "[" : "(") + found[2].str() + "," + found[3].str() + found[4].str());
    out.push_back(std::string("\\{") + found[2].str() + "," + found[3].str() + "\\}");
    out.push_back(found[2].str());
  }
  return out;
}

struct Tally {
  std::size_t golds = 0;
  std::size_t same = 0;
  std::size_t other = 0;
  std::size_t undecided = 0;
  Texts false_rejects;
  Texts false_accepts;

  void add(const std::string& gold, const std::string& question = "") {
    ++golds;
    GoldAnswer parsed(gold, {}, question);
    for (const std::string& answer : respellings(gold, !question.empty())) {
      ++same;
      auto said = parsed.compare(answer);
      if (said.outcome != Outcome::equal)
        false_rejects.push_back(
            gold + "  |  " + answer + "  |  " + name(said.outcome) + " " + said.how);
    }
    for (const std::string& answer : near_misses(gold)) {
      if (answer == gold) continue;
      ++other;
      auto said = parsed.compare(answer);
      if (said.outcome == Outcome::undecided) ++undecided;
      if (said.outcome == Outcome::equal)
        false_accepts.push_back(gold + "  |  " + answer + "  |  " + said.how);
    }
  }

  void check(const std::string& set) const {
    std::string report;
    for (const std::string& line : false_accepts) report += "\n  false accept: " + line;
    for (const std::string& line : false_rejects) report += "\n  false reject: " + line;
    MESSAGE(set, ": ", golds, " golds, ", same, " re-spellings, ", false_rejects.size(),
        " false rejects; ", other, " near misses, ", false_accepts.size(), " false accepts, ",
        undecided, " undecided", report);
    CHECK(false_accepts.empty());
    CHECK(static_cast<double>(false_rejects.size()) < 0.005 * static_cast<double>(same));
  }
};

std::string data_folder() {
  const char* folder = std::getenv("TRAM_DATA");
  return folder ? folder : "";
}

std::string text_of(const boost::json::value& value) {
  if (value.is_string()) return std::string(value.as_string());
  return boost::json::serialize(value);
}

using Problem = std::pair<std::string, std::string>;  // gold, question

std::vector<Problem> read_json_lines(
    const std::string& path, const char* question, const char* field) {
  std::set<Problem> out;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    if (line.empty()) continue;
    auto object = boost::json::parse(line).as_object();
    std::string text = text_of(object.at(field));
    auto marked = extract_answer(text, AnswerForm::hash_marks);
    out.insert({marked.found ? marked.text : text, text_of(object.at(question))});
  }
  return {out.begin(), out.end()};
}

void check_file(const std::string& path, const char* question, const char* field) {
  Tally tally;
  for (const auto& [gold, asked] : read_json_lines(path, question, field)) tally.add(gold, asked);
  CHECK(tally.golds > 0);
  tally.check(path);
}

}  // namespace

TEST_CASE("a sample of answers equals its re-spellings and differs from near misses") {
  const char* sample[] = {"\\left( 4, \\frac{\\pi}{3} \\right)", "a - b", "\\frac{13}{3}",
      "\\text{Alice}", "60^\\circ", "5\\sqrt{7}", "\\sqrt{37}", "8 - 3i", "\\pi", "4+7i", "y=3",
      "2,-5", "61_7", "13\\sqrt2", "2, 7, 9", "30 \\sqrt{2}", "2.75", "x^4 - x^2 + 1",
      "-\\frac{\\pi}{4}", "0.35", "(5,21,-2)", "\\tan x", "2 \\pm \\sqrt{17}", "\\text{west}",
      "3k+1", "\\begin{pmatrix} -1/7 \\\\ 3/7 \\end{pmatrix}", "(2,9]", "(b+4)(c+1)", "\\text{odd}",
      "3102_{4}", "\\frac43", "\\frac{250}3\\text{ degrees}", ".0000481", "3x - 5y + 7z + 2 = 0",
      "(4,\\infty)", "20,\\!160", "\\text{(D)}", "144 \\pi", "\\frac 37", "\\$41,\\!275",
      "512 \\mbox{ inches}^2", "2\\frac{3}{5}", "\\left(\\frac{2}{7},\\frac{9}{4}\\right]",
      "7.2 \\text{ cents}", "(-\\infty, 1]", "\\frac{7+4b}{30}", "x \\in [-3,8]",
      "\\{2\\pm\\sqrt{3},-1\\}", "5Q^2", "(-\\infty, 1) \\cup (4, \\infty)", "y = 3x + 1", "\\$27",
      "18\\mbox{ cm}^2", "113 \\frac{1}{4}", "2,375", "84", "-17", "0", "1,250,000", "007"};
  Tally tally;
  for (const char* gold : sample) tally.add(gold);
  tally.check("sample");
  if (data_folder().empty()) MESSAGE("skipped: the data sets, because $TRAM_DATA is not set");
}

TEST_CASE("MATH-500" * doctest::skip(data_folder().empty())) {
  check_file(data_folder() + "/math500/math500.jsonl", "problem", "answer");
}

TEST_CASE("GSM8K" * doctest::skip(data_folder().empty())) {
  check_file(data_folder() + "/gsm8k/test.jsonl", "question", "answer");
  check_file(data_folder() + "/gsm8k/train.jsonl", "question", "answer");
}

TEST_CASE("AIME" * doctest::skip(data_folder().empty())) {
  check_file(data_folder() + "/aime/aime24.json", "problem", "expected_answer");
  check_file(data_folder() + "/aime/aime25.json", "problem", "answer");
}

TEST_CASE("MGSM" * doctest::skip(data_folder().empty())) {
  Tally tally;
  for (const auto& entry : std::filesystem::directory_iterator(data_folder() + "/mgsm")) {
    if (entry.path().extension() != ".tsv") continue;
    std::ifstream file(entry.path());
    for (std::string line; std::getline(file, line);)
      tally.add(line.substr(line.rfind('\t') + 1), line.substr(0, line.rfind('\t')));
  }
  CHECK(tally.golds > 0);
  tally.check("MGSM");
}
