#include "tests/view/sample_run.h"

#include <array>
#include <cmath>
#include <random>

namespace tramontane {

namespace {

constexpr std::array<const char*, 4> special = {"<pad>", "<eos>", "<think>", "</think>"};
constexpr std::string_view characters = "0123456789+-*/=,r";

std::vector<Token> tokens_of(std::string_view text) {
  std::vector<Token> out;
  while (!text.empty()) {
    std::size_t taken = 0;
    for (std::size_t i = 0; i < special.size(); ++i)
      if (text.substr(0, std::string_view(special[i]).size()) == special[i]) {
        out.push_back(static_cast<Token>(i));
        taken = std::string_view(special[i]).size();
      }
    if (taken == 0) {
      out.push_back(static_cast<Token>(special.size() + characters.find(text[0])));
      taken = 1;
    }
    text.remove_prefix(taken);
  }
  return out;
}

// "385+47=" worked from the least significant digit, as the main job's policy does.
std::string worked(int a, int b) {
  std::string out = "<think>";
  int carry = 0;
  std::string answer;
  for (int i = 0, x = a, y = b; i < 3; ++i, x /= 10, y /= 10) {
    int sum = x % 10 + y % 10 + carry;
    out += (i ? "," : "") + std::to_string(x % 10) + "+" + std::to_string(y % 10) + "+" +
           std::to_string(carry) + "=" + (sum < 10 ? "0" : "") + std::to_string(sum);
    carry = sum / 10;
  }
  return out + "</think>" + std::to_string(a + b) + "<eos>";
}

JudgedRollout rollout(const Group& group, std::uint32_t sample, const std::string& text,
    const std::string& answer, bool right, std::mt19937_64& random) {
  JudgedRollout out;
  Rollout& r = out.rollout;
  r.group = group.id;
  r.sample = sample;
  r.id = group.id * 8 + sample;
  r.tokens = tokens_of(text);
  r.finish = Finish::stop;
  std::exponential_distribution<float> surprise(right ? 12.F : 5.F);
  for (std::size_t i = 0; i < r.tokens.size(); ++i) r.log_probs.push_back(-surprise(random));
  std::uint64_t step = group.id / 48;
  auto length = static_cast<std::uint32_t>(r.tokens.size());
  std::uint32_t cut = length > 12 ? static_cast<std::uint32_t>(random() % length) : 0;
  std::uint32_t second = cut + (length - cut) / 2;
  auto version = [&](std::uint64_t back) { return step > back ? step - back : 0; };
  auto span = [&](std::uint32_t begin, std::uint32_t end, std::uint64_t back) {
    if (begin < end)
      r.spans.push_back(
          {begin, end, version(back), 0x9f3c2a7701be44d0 + version(back), begin == 0});
  };
  if (sample % 3 == 0 && step > 2 && cut > 2) {
    span(0, cut, 2);
    span(cut, second, 1);
    span(second, length, 0);
  } else if (sample % 3 == 1 && step > 1 && cut > 2) {
    span(0, cut, 1);
    span(cut, length, 0);
  } else {
    span(0, length, step > 0 ? 1 : 0);
  }
  out.verdict.score = right ? 1.0 : 0.1;
  out.verdict.correct = right;
  out.verdict.components = {{"format", 0.1, "one answer before <eos>"},
      {"math", right ? 0.9 : 0.0,
          "found " + answer + ", expected " + group.prompt.answer +
              (right ? ": equal" : ": differ")}};
  return out;
}

}  // namespace

Batch sample_batch(std::uint64_t step) {
  std::mt19937_64 random(step);
  Batch out;
  out.step = step;
  double skill = 1 - std::exp(-static_cast<double>(step) / 32);
  for (std::uint64_t g = 0; g < 6; ++g) {
    Group group;
    group.id = step * 48 + g;
    int a = 10 + static_cast<int>(random() % 480);
    int b = 10 + static_cast<int>(random() % 480);
    group.prompt.index = group.id % 3677;
    group.prompt.text = std::to_string(a) + "+" + std::to_string(b) + "=";
    group.prompt.answer = std::to_string(a + b);
    for (std::uint32_t sample = 0; sample < 8; ++sample) {
      double draw = static_cast<double>(random() % 1000) / 1000;
      bool thinks = draw < 0.14 + 0.86 * skill;
      bool right = draw < 0.11 + 0.7 * skill;
      std::string answer = std::to_string(right ? a + b : a + b - 10);
      std::string text = worked(a, b);
      if (thinks && !right) text = text.substr(0, text.find("</think>") + 8) + answer + "<eos>";
      if (!thinks) text = answer + "<eos>";
      group.rollouts.push_back(rollout(group, sample, text, answer, right, random));
    }
    if (step % 40 == 7 && g == 0) {
      Verdict& verdict = group.rollouts[1].verdict;
      verdict = {};
      verdict.no_verdict = "verifier lost it 3 times";
    }
    out.groups.push_back(std::move(group));
  }
  return out;
}

std::string sample_token(Token token) {
  auto place = static_cast<std::size_t>(token);
  if (place < special.size()) return special[place];
  place -= special.size();
  return place < characters.size() ? std::string(1, characters[place]) : "";
}

}  // namespace tramontane
