// Identifies the languages of completions, and times it.
//
//   language_bench [SECONDS [THREADS]]    sentences and completions a second, all threads together
#include "actors/rewards/language/clean.h"
#include "actors/rewards/language/identifier.h"
#include "runtime/base/result.h"

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

using namespace tramontane;
using Clock = std::chrono::steady_clock;

namespace {

constexpr std::string_view english =
    "First we add the number of apples in both baskets: $12+15=27$. Since each of the three "
    "children gets the same number, we divide the sum by three, so that \\[\\frac{27}{3}=9.\\] "
    "Then every child eats two of the apples on the way home. Therefore each of them has seven "
    "apples left, and the answer is \\boxed{7}.\n";
constexpr std::string_view chinese =
    "首先我们把两个篮子里的苹果数量加起来：$12+15=27$。因为三个孩子分到的苹果一样多，"
    "所以我们把总数除以三。然后每个孩子在回家的路上吃了两个苹果。因此每个人还剩七个苹果。\n";

}  // namespace

int main(int argc, char** argv) {
  double seconds = argc > 1 ? std::atof(argv[1]) : 2;
  int threads = argc > 2 ? std::atoi(argv[2]) : 2;
  auto load = Clock::now();
  std::shared_ptr<const LanguageModel> model;
  try {
    model = LanguageModel::open(find_language_model(""));
  } catch (const Error& error) {
    std::printf("skipped: %s\n", error.what());
    return 0;
  }
  std::chrono::duration<double> loaded = Clock::now() - load;
  std::printf("load %.1f ms, %zu languages\n", 1e3 * loaded.count(), model->languages().size());
  for (auto text : {english, chinese}) {
    std::string completion;
    for (int i = 0; i < 3; ++i) completion += text;
    std::size_t each = clean_sentences(completion).size();
    std::atomic<std::size_t> completions = 0;
    auto start = Clock::now();
    std::chrono::duration<double> taken{};
    std::vector<std::thread> workers;
    for (int i = 0; i < threads; ++i)
      workers.emplace_back([&] {
        while (std::chrono::duration<double>(Clock::now() - start).count() < seconds) {
          if (model->identify(completion).undetermined()) std::abort();
          ++completions;
        }
      });
    for (auto& worker : workers) worker.join();
    taken = Clock::now() - start;
    double rate = static_cast<double>(completions) / taken.count();
    std::printf(
        "%s: %.0f sentences/s, %.0f completions of %zu sentences and %zu bytes/s, %d threads\n",
        text == english ? "English" : "Chinese", rate * static_cast<double>(each), rate, each,
        completion.size(), threads);
  }
  return 0;
}
