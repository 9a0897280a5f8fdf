// Actors made and ended in one process: 10,000 at a time, each built on the pool and asked once.
#include "runtime/actor/system.h"
#include "runtime/base/clock.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <string>
#include <vector>

using namespace tramontane;
using namespace std::chrono_literals;

struct Ping {
  using Reply = Ping;
};

template <>
struct tramontane::Codec<Ping> : tramontane::LocalCodec<Ping> {};

namespace {

constexpr int actors = 10'000;
constexpr int rounds = 5;

class Echo final : public Actor {
 public:
  Echo() { handle(&Echo::ping); }

 private:
  Ping ping(Ping request) { return request; }
};

double seconds(std::chrono::steady_clock::duration took) {
  return std::chrono::duration<double>(took).count();
}

}  // namespace

int main() {
  double spawned = 1e9;
  double answered = 1e9;
  double ended = 1e9;
  for (int round = 0; round < rounds; ++round) {
    RealClock clock;
    System system({.pools = {{"main", 2}}, .clock = &clock});
    auto begin = std::chrono::steady_clock::now();
    std::vector<ActorRef> all;
    all.reserve(actors);
    for (int i = 0; i < actors; ++i)
      all.push_back(system.spawn<Echo>({.name = "echo/" + std::to_string(i)}));
    auto made = std::chrono::steady_clock::now();
    for (const ActorRef& each : all)
      if (!system.ask(each, Ping{}, 60s)) return 1;
    auto asked = std::chrono::steady_clock::now();
    system.stop(60s);
    auto over = std::chrono::steady_clock::now();
    spawned = std::min(spawned, seconds(made - begin));
    answered = std::min(answered, seconds(asked - begin));
    ended = std::min(ended, seconds(over - asked));
  }
  std::printf(
      "%d actors: spawned at %.0f a second; built, and each asked once, at %.0f; ended at %.0f\n",
      actors, actors / spawned, actors / answered, actors / ended);
  return 0;
}
