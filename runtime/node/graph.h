#pragma once
// A Graph says which actors a job has: of which kinds, where, with what options, and who asks whom.
// It is a value: it is made from a job file, shown, sent to workers, and started by whoever has the
// kinds (kind.h).
//
//   Graph graph{.pools = {{"main", 1}}};
//   graph.actors.push_back({.name = "counter/0", .kind = "word_counter"});
//   graph.actors.push_back(
//       {.name = "reader", .kind = "file_reader", .asks = {{"counters", {"counter/0"}}}});
//   check_graph(graph, kinds);                    // Error(bad_input), every problem at once
//   std::puts(describe(graph).c_str());

#include "runtime/actor/mailbox.h"
#include "runtime/actor/pool.h"
#include "runtime/actor/supervisor.h"
#include "runtime/base/bytes.h"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace tramontane {

enum class Isolation : std::uint8_t {
  thread,   // in the process that started the job
  process,  // in a worker
};

const char* name(Isolation isolation) noexcept;

struct GraphActor {
  std::string name;
  std::string kind;
  Isolation isolation = Isolation::thread;
  // Actors of one worker live and die together; empty: one of its own, called like the actor.
  std::string worker;
  std::string pool = "main";
  MailboxLimits mailbox;
  RestartPolicy restart;  // of the worker, where it has one
  Bytes options;          // of the kind's own schema, as Cap'n Proto has it; empty: all defaults
  // By port: the actors that it is wired to.
  std::map<std::string, std::vector<std::string>> asks;

  // The worker it lives in; empty: none.
  const std::string& worker_name() const;
};

struct Graph {
  // A worker has those that its actors are on, and "main".
  std::vector<PoolOptions> pools = {{"main", 1}};
  // In the order of starting; they stop in the opposite order. Who asks whom may be a circle.
  std::vector<GraphActor> actors;

  const GraphActor* find(const std::string& name) const;
  // The names of the workers, in the order of their first actors.
  std::vector<std::string> workers() const;
};

// Gives every actor a worker.
void put_apart(Graph& graph);

// For people: each actor with its kind, place, threads and the bound of its mailbox, and whom it
// asks; then the sum of the bounds.
std::string describe(const Graph& graph);
// "256 messages, 64 MiB".
std::string describe(const MailboxLimits& limits);
// "5 restarts in 60 s".
std::string describe(const RestartPolicy& policy);

}  // namespace tramontane
