#include "actors/run/expand.h"

#include "runtime/base/check.h"

#include <algorithm>
#include <chrono>

namespace tramontane {
namespace {

using namespace std::chrono_literals;

// Actors that hold nothing a successor could not fetch again are started anew, one by one.
constexpr RestartPolicy one_by_one{.when = RestartPolicy::When::on_failure,
    .max_restarts = 5,
    .within = 60s,
    .backoff = 50ms,
    .backoff_max = 2s};

// Adds the actors of one job, in the order of starting.
class Expansion {
 public:
  Expansion(const Job& job, const Apart& apart) : job_(job), apart_(apart) {}

  Graph make() {
    graph_.pools = {{"main", 1}};
    if (apart_.trainer) here({.name = "run", .kind = "run"});
    here({.name = "reporter",
        .kind = "reporter",
        .mailbox = {.messages = 1024},
        .restart = one_by_one});
    if (job_.reinforce) add_loop();
    add_trainer();
    return std::move(graph_);
  }

 private:
  using Wires = std::map<std::string, std::vector<std::string>>;

  // In the process that the user started.
  void here(GraphActor actor) { graph_.actors.push_back(std::move(actor)); }

  // Where it can be killed alone, if its role lives apart.
  void place(bool apart, GraphActor actor) {
    actor.isolation = apart ? Isolation::process : Isolation::thread;
    graph_.actors.push_back(std::move(actor));
  }

  // Of one thread, unless told otherwise.
  std::string pool(const std::string& name, int threads = 1) {
    graph_.pools.push_back({name, threads});
    return name;
  }

  Wires wires(Wires more = {}) const {
    more["reporter"] = {"reporter"};
    return more;
  }

  void add_loop();
  std::vector<std::string> add_generators();
  void add_trainer();

  const Job& job_;
  const Apart apart_;
  Graph graph_;
};

// Gives the names of the weight receivers.
std::vector<std::string> Expansion::add_generators() {
  std::vector<std::string> generators;
  std::vector<std::string> receivers;
  for (std::uint32_t i = 0; i < job_.generators; ++i) {
    std::string name = str("generator/", i);
    generators.push_back(name);
    place(apart_.generator, {.name = name,
                                .kind = "generator",
                                .pool = pool(str("decode/", i)),
                                .restart = one_by_one,
                                .asks = {{"ledger", {"ledger"}}}});
  }
  pool("weights");
  if (!apart_.generator) {
    here({.name = "weight_receiver",
        .kind = "weight_receiver",
        .pool = "weights",
        .restart = one_by_one,
        .asks = wires({{"generators", generators}, {"broadcaster", {"weight_broadcaster"}}})});
    return {"weight_receiver"};
  }
  for (std::uint32_t i = 0; i < job_.generators; ++i) {
    receivers.push_back(str("weight_receiver/", i));
    place(true, {.name = receivers.back(),
                    .kind = "weight_receiver",
                    .worker = generators[i],
                    .pool = "weights",
                    .restart = one_by_one,
                    .asks = wires({{"generators", {generators[i]}},
                        {"broadcaster", {"weight_broadcaster"}}})});
  }
  return receivers;
}

void Expansion::add_loop() {
  place(apart_.ledger, {.name = "ledger",
                           .kind = "ledger",
                           .pool = pool("storage"),
                           .mailbox = {.messages = 256},
                           .restart = one_by_one,
                           .asks = wires()});
  std::vector<std::string> receivers = add_generators();
  pool("verify", static_cast<int>(std::min(job_.verifiers, 64U)));
  for (std::uint32_t i = 0; i < job_.verifiers; ++i)
    place(apart_.verifier, {.name = str("verifier/", i),
                               .kind = "verifier",
                               .pool = "verify",
                               .restart = one_by_one,
                               .asks = {{"ledger", {"ledger"}}}});
  place(apart_.evaluator, {.name = "evaluator",
                              .kind = "evaluator",
                              .pool = pool("evaluate"),
                              .mailbox = {.messages = 8},
                              .restart = one_by_one,
                              .asks = wires({{"trainer", {"trainer"}}})});
  here({.name = "weight_broadcaster",
      .kind = "weight_broadcaster",
      .restart = one_by_one,
      .asks = wires({{"receivers", receivers}})});
}

// In a worker it begins again at its checkpoint; as a thread, whatever fails it ends the run.
void Expansion::add_trainer() {
  Wires asks = wires();
  if (job_.reinforce) {
    asks["ledger"] = {"ledger"};
    asks["broadcaster"] = {"weight_broadcaster"};
    asks["evaluator"] = {"evaluator"};
  }
  if (apart_.trainer) asks["run"] = {"run"};
  RestartPolicy restart = apart_.trainer ? one_by_one : RestartPolicy{};
  place(apart_.trainer, {.name = "trainer",
                            .kind = "trainer",
                            .pool = pool("train"),
                            .restart = restart,
                            .asks = std::move(asks)});
}

}  // namespace

Graph expand(const Job& job, const Apart& apart) {
  return Expansion(job, apart).make();
}

}  // namespace tramontane
