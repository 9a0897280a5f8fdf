// Equality as a relation: bytes are read as two answers, each is written in several spellings, and
// no comparison may contradict another. Whatever can be read equals itself; a = b never stands
// beside b ≠ a, but where they have other variables; and where a and a' spell the same, a = b never
// stands beside a' ≠ b. What is not decided contradicts nothing.
#include "actors/rewards/maths/maths.h"

#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <set>
#include <string>

using namespace tramontane;

namespace {

constexpr int depth_max = 3;

// How a term is spelled; the choices say which of the equal forms is written.
struct Spelling {
  std::uint8_t ways = 0;

  bool way(int bit) const { return (ways >> bit & 1) != 0; }
};

class Terms {
 public:
  Terms(const std::uint8_t* data, std::size_t size) : data_(data), size_(size) {}

  std::uint8_t take() { return at_ < size_ ? data_[at_++] : 0; }

  std::size_t place() const { return at_; }

  void back_to(std::size_t place) { at_ = place; }

  std::string answer(Spelling how) {
    std::uint8_t kind = take();
    switch (kind % 8) {
      case 0:
        return pair("(", ")", how);
      case 1:
        return pair("[", ")", how);
      case 2:
        return set(how);
      case 3:
        return column(how);
      default:
        return fenced(sum(0, how), how);
    }
  }

 private:
  static std::string fenced(const std::string& text, Spelling how) {
    return how.way(0) ? "$" + text + "$" : text;
  }

  std::string pair(const std::string& open, const std::string& close, Spelling how) {
    std::string first = sum(1, how);
    std::string second = sum(1, how);
    std::string left = how.way(1) ? "\\left" + open : open;
    std::string right = how.way(1) ? "\\right" + close : close;
    return left + first + (how.way(2) ? ", " : ",") + second + right;
  }

  std::string set(Spelling how) {
    std::string first = sum(1, how);
    std::string second = sum(1, how);
    return "\\{" + (how.way(3) ? second + "," + first : first + "," + second) + "\\}";
  }

  std::string column(Spelling how) {
    std::string kind = how.way(1) ? "pmatrix" : "bmatrix";
    std::string first = sum(1, how);
    return "\\begin{" + kind + "}" + first + "\\\\" + sum(1, how) + "\\end{" + kind + "}";
  }

  std::string sum(int depth, Spelling how) {
    std::string first = product(depth, how);
    if (take() % 2 == 0) return first;
    std::string second = product(depth, how);
    std::string space = how.way(2) ? " + " : "+";
    return how.way(3) ? second + space + first : first + space + second;
  }

  std::string product(int depth, Spelling how) {
    std::string first = atom(depth, how);
    if (take() % 3 != 0) return first;
    std::string second = atom(depth, how);
    std::string sign = how.way(4) ? " \\cdot " : "\\times ";
    return how.way(3) ? second + sign + first : first + sign + second;
  }

  std::string atom(int depth, Spelling how) {
    static constexpr const char* leaves[] = {
        "x", "y", "n", "0", "1", "2", "3", "7", "10", "\\pi", "k", "a"};
    std::uint8_t kind = take();
    if (depth >= depth_max) return leaves[kind % std::size(leaves)];
    std::string fraction = how.way(5) ? "\\dfrac" : "\\frac";
    switch (kind % 16) {
      case 0: {
        std::string above = sum(depth + 1, how);
        return fraction + "{" + above + "}{" + sum(depth + 1, how) + "}";
      }
      case 1:
        return "\\sqrt{" + sum(depth + 1, how) + "}";
      case 2:
        return (how.way(6) ? "\\left|" : "|") + sum(depth + 1, how) +
               (how.way(6) ? "\\right|" : "|");
      case 3:
        return "\\lfloor " + sum(depth + 1, how) + "\\rfloor ";
      case 4:
        return "(" + sum(depth + 1, how) + ")^{" + std::to_string(take() % 4) + "}";
      case 5:
        return "\\sin(" + sum(depth + 1, how) + ")";
      case 6:
        return (how.way(7) ? "(-(" : "(-1)((") + sum(depth + 1, how) + "))";
      case 7: {
        std::string first = sum(depth + 1, how);
        std::string second = sum(depth + 1, how);
        return "\\max(" + (how.way(3) ? second + "," + first : first + "," + second) + ")";
      }
      case 8:
        return how.way(1) ? "\\left(" + sum(depth + 1, how) + "\\right)"
                          : "(" + sum(depth + 1, how) + ")";
      case 9:
        return "2^{" + sum(depth + 2, how) + "}";
      default:
        return leaves[take() % std::size(leaves)];
    }
  }

  const std::uint8_t* data_;
  std::size_t size_;
  std::size_t at_ = 0;
};

Outcome compare(const std::string& gold, const std::string& answer) {
  CompareOptions options;
  options.number_bits_max = 1U << 10;
  options.precision_bits_max = 384;
  options.points = 3;
  options.depth_max = 24;
  return compare_answers(gold, answer, options).outcome;
}

bool contradict(Outcome a, Outcome b) {
  return (a == Outcome::equal && b == Outcome::different) ||
         (a == Outcome::different && b == Outcome::equal);
}

// The variables. Those of the gold answer may count, and one that only the answer has counts
// nothing: cos(2πn) is 1 for every n, and 1 is not cos(2πn) for every number.
std::set<char> variables(const std::string& text) {
  std::set<char> out;
  bool command = false;
  for (char c : text) {
    bool letter = c >= 'a' && c <= 'z';
    if (letter && !command) out.insert(c);
    command = c == '\\' || (command && letter);
  }
  return out;
}

[[noreturn]] void found(const char* what, const std::string& a, const std::string& b) {
  std::fprintf(stderr, "%s\n  %s\n  %s\n", what, a.c_str(), b.c_str());
  std::fprintf(
      stderr, "  %s\n  %s\n", compare_answers(a, b).how.c_str(), compare_answers(b, a).how.c_str());
  std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::size_t bytes_max = 64;
  constexpr std::size_t text_max = 120;
  if (size < 3 || size > bytes_max) return 0;
  Terms terms(data + 2, size - 2);
  Spelling plain{0};
  Spelling other{data[0]};
  std::string a = terms.answer(plain);
  std::size_t second = terms.place();
  std::string b = terms.answer(plain);
  terms.back_to(0);
  std::string a_again = terms.answer(other);
  terms.back_to(second);
  std::string b_again = terms.answer(Spelling{data[1]});
  if (a.size() + b.size() > text_max) return 0;

  if (compare(a, a) == Outcome::different) found("not equal to itself", a, a);
  Outcome respelled = compare(a, a_again);
  if (respelled == Outcome::different) found("not equal to its re-spelling", a, a_again);
  Outcome forth = compare(a, b);
  bool alike = variables(a) == variables(b);
  if (alike && contradict(forth, compare(b, a))) found("equal one way only", a, b);
  if (respelled != Outcome::equal) return 0;
  if (contradict(forth, compare(a_again, b)))
    found("a re-spelled gold decides otherwise", a_again, b);
  if (contradict(forth, compare(a, b_again)))
    found("a re-spelled answer decides otherwise", a, b_again);
  return 0;
}
