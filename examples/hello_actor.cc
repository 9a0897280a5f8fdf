// An actor is a class with handlers; others reach it through messages only.
#include "runtime/tramontane.h"

#include <iostream>

using namespace tramontane;
using namespace std::chrono_literals;

struct Greeting {
  std::string text;
};

struct Hello {
  using Reply = Greeting;
  std::string who;
};

// These two stay in this process; one that travels has encode() and decode() as well.
template <>
struct tramontane::Codec<Greeting> : LocalCodec<Greeting> {};

template <>
struct tramontane::Codec<Hello> : LocalCodec<Hello> {};

class Greeter final : public Actor {
 public:
  Greeter() { handle(&Greeter::greet); }

 private:
  Task<Greeting> greet(Hello hello) {
    co_await sleep(10ms, "to think of something");
    co_return Greeting{"Hello, " + hello.who + "! You are number " + std::to_string(++greeted_)};
  }

  int greeted_ = 0;
};

int main() {
  System system({.pools = {{"main", 1}}});
  ActorRef greeter = system.spawn<Greeter>({.name = "greeter"});
  for (const char* who : {"wind", "sea"}) {
    std::cout << system.ask(greeter, Hello{who}, 1s).value().text << "\n";
  }
  return system.stop(1s) ? 0 : 1;
}
