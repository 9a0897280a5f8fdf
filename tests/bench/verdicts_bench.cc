// Verdicts a second of a whole RewardTable of format, math and length, on completions as they come
// from a policy: a thinking part, a boxed answer, most of it plain numbers, some of it to be worked
// out. One table for each thread, as verifiers have it.
//
//   verdicts_bench [SECONDS [THREADS]]
#include "actors/rewards/maths/process.h"
#include "actors/rewards/reward_table.h"
#include "actors/rewards/rewards.h"
#include "runtime/base/check.h"

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

using namespace tramontane;
using Ticker = std::chrono::steady_clock;

namespace {

struct Answered {
  std::string gold, answer;
  bool right;
};

// As data sets have them: GSM8K's integers and decimals, MATH's fractions, pairs and roots.
const Answered answers[] = {{"18", "18", true}, {"70,000", "70000", true}, {"540", "541", false},
    {"2.5", "\\frac{5}{2}", true}, {"14", "\\$14", true}, {"\\frac{3}{4}", "0.75", true},
    {"\\left(3, \\frac{\\pi}{2}\\right)", "(3, \\pi/2)", true}, {"1,234", "1,235", false},
    {"11\\sqrt{2}", "\\sqrt{242}", true}, {"x^2+2x+1", "(x+1)^2", true}, {"10\\%", "0.1", true},
    {"-7", "7", false}};

std::vector<std::string> texts() {
  std::vector<std::string> made;
  for (const auto& one : answers)
    made.push_back(
        "<think>First we add what is in both baskets, 12+15=27, and share it among the "
        "three of them. That gives 9 each, of which two are eaten.</think>\nThe answer "
        "is \\boxed{" +
        one.answer + "}.");
  return made;
}

// Judges until it is time; how many.
std::size_t judge_until(Ticker::time_point end) {
  RewardTable table(built_in_rewards(),
      {{.name = "format", .weight = 0.1}, {.name = "math", .weight = 0.9},
          {.name = "length", .weight = 0.1, .options = LengthOptions{512, 128}}},
      {});
  const std::vector<std::string> said = texts();
  std::vector<Completion> batch;
  for (std::size_t i = 0; i < table.batch(); ++i) {
    const Answered& one = answers[i % std::size(answers)];
    batch.push_back({.prompt = "How many?",
        .answer = one.gold,
        .text = said[i % std::size(answers)],
        .tokens = 60});
  }
  std::size_t count = 0;
  while (Ticker::now() < end) {
    auto verdicts = table.judge(batch);
    for (std::size_t i = 0; i < verdicts.size(); ++i)
      TRAM_CHECK(verdicts[i].score && verdicts[i].correct == answers[i % std::size(answers)].right,
          "a wrong verdict", batch[i].answer);
    count += verdicts.size();
  }
  return count;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 2 && std::strcmp(argv[1], "serve-maths") == 0) return serve_maths(0, 1, {});
  double seconds = argc > 1 ? std::atof(argv[1]) : 3;
  int threads = argc > 2 ? std::atoi(argv[2]) : 2;
  auto start = Ticker::now();
  auto end =
      start + std::chrono::duration_cast<Ticker::duration>(std::chrono::duration<double>(seconds));
  std::atomic<std::size_t> count = 0;
  std::vector<std::thread> pool;
  for (int i = 0; i < threads; ++i) pool.emplace_back([&] { count += judge_until(end); });
  for (auto& thread : pool) thread.join();
  std::chrono::duration<double> spent = Ticker::now() - start;
  std::printf("format, math and length: %.0f verdicts/s on %d threads\n",
      static_cast<double>(count) / spent.count(), threads);
  return 0;
}
