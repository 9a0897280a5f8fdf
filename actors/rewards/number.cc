#include "actors/rewards/rewards.h"
#include "runtime/base/check.h"

#include <algorithm>
#include <optional>

namespace tramontane {
namespace {

// A number as text that is unique for its value: sign, then digits without needless zeros, then a
// fraction part without trailing zeros. "-007.50" -> "-7.5". Nothing if it is not a plain number.
std::optional<std::string> canonical_decimal(std::string_view text) {
  bool negative = false;
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) {
    negative = text[0] == '-';
    text.remove_prefix(1);
  }
  std::string whole;
  std::string fraction;
  bool point = false;
  std::size_t since_comma = 0;
  bool comma = false;
  for (char c : text) {
    if (c >= '0' && c <= '9') {
      (point ? fraction : whole) += c;
      ++since_comma;
    } else if (c == '.' && !point) {
      if (comma && since_comma != 3) return std::nullopt;
      point = true;
    } else if (c == ',' && !point) {  // thousands: groups of three after the first
      if (whole.empty() || (comma ? since_comma != 3 : whole.size() > 3)) return std::nullopt;
      comma = true;
      since_comma = 0;
    } else {
      return std::nullopt;
    }
  }
  if (comma && !point && since_comma != 3) return std::nullopt;
  if (whole.empty() || (point && fraction.empty())) return std::nullopt;
  whole.erase(0, std::min(whole.find_first_not_of('0'), whole.size()));
  while (!fraction.empty() && fraction.back() == '0') fraction.pop_back();
  if (whole.empty()) whole = "0";
  std::string out = whole;
  if (!fraction.empty()) out += "." + fraction;
  return negative && out != "0" ? "-" + out : out;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\n')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\n')) text.remove_suffix(1);
  return text;
}

constexpr std::size_t answer_bytes_max = 256;

std::string shown(std::string_view text) {
  return text.size() <= 40 ? std::string(text) : std::string(text.substr(0, 40)) + "…";
}

}  // namespace

std::optional<std::string> number_answer(std::string_view answer) {
  answer = trimmed(answer);
  return answer.size() <= answer_bytes_max ? canonical_decimal(answer) : std::nullopt;
}

RewardResult reward_number(
    const Completion& completion, const RewardSpec&, const RewardOptions& options) {
  RewardResult result;
  std::vector<std::string> golds;
  for (const std::string& accepted : accepted_answers(completion.answer)) {
    auto gold = canonical_decimal(trimmed(accepted));
    if (!gold) {
      result.cannot_decide = str("the gold answer '", shown(accepted), "' is not a number");
      return result;
    }
    golds.push_back(*gold);
  }
  std::string_view answer = trimmed(split_thinking(completion.text, options.tags).answer);
  auto found = number_answer(answer);
  if (!found) {
    result.evidence = str("'", shown(answer), "' is not a number; expected ", golds.front());
  } else {
    bool equal = std::find(golds.begin(), golds.end(), *found) != golds.end();
    result.share = equal ? 1 : 0;
    result.evidence = str(shown(*found), equal ? " = " : " ≠ ", equal ? *found : golds.front());
  }
  return result;
}

}  // namespace tramontane
