// Compares pairs of answers, and times it.
//
//   maths_bench FILE            outcome<TAB>microseconds<TAB>evidence for each line gold<TAB>answer
//   maths_bench FILE SECONDS    all of them again and again on one core: verdicts a second
//
// tests/bench/peers/math_verify_pairs.py sets its figures beside Math-Verify's.
#include "actors/rewards/maths/maths.h"

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <string>
#include <utility>
#include <vector>

using namespace tramontane;
using Clock = std::chrono::steady_clock;

namespace {

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

std::vector<std::pair<std::string, std::string>> read_pairs(const char* path) {
  std::vector<std::pair<std::string, std::string>> pairs;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    std::size_t tab = line.find('\t');
    if (tab == std::string::npos) continue;
    pairs.emplace_back(line.substr(0, tab), line.substr(tab + 1));
  }
  return pairs;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::cerr << "usage: maths_bench FILE [SECONDS]\n";
    return 2;
  }
  auto pairs = read_pairs(argv[1]);
  if (argc > 2) {
    double limit = std::atof(argv[2]);
    auto start = Clock::now();
    std::uint64_t verdicts = 0;
    std::uint64_t equal = 0;
    while (seconds_since(start) < limit)
      for (const auto& [gold, answer] : pairs) {
        equal += compare_answers(gold, answer).outcome == Outcome::equal ? 1 : 0;
        ++verdicts;
      }
    double taken = seconds_since(start);
    std::printf("%.0f verdicts/s (%lu of %lu equal)\n", static_cast<double>(verdicts) / taken,
        static_cast<unsigned long>(equal), static_cast<unsigned long>(verdicts));
    return 0;
  }
  for (const auto& [gold, answer] : pairs) {
    auto start = Clock::now();
    Comparison said = compare_answers(gold, answer);
    std::printf("%s\t%.1f\t%s\n", name(said.outcome), seconds_since(start) * 1e6, said.how.c_str());
  }
  return 0;
}
