#pragma once
// A Kind says what an actor is: its name, what it asks whom, and how it is made. Kinds are values:
// main() passes a list of them, and every process of a job has the same list, so that any of them
// can make any actor. Nothing registers itself.
//
//   Kind word_counter() {
//     return {.name = "word_counter",
//         .doc = "counts the words it is told",
//         .options = OptionsSchema::of<schema::WordCounter>(),
//         .make = [](const KindContext&) { return std::make_unique<WordCounter>(); }};
//   }
//
// make() may not refer to memory of whoever started the job: what an actor needs comes as options,
// as references to the actors that the graph wires it to, as files of the job's folder, or from
// what the actors of one process share (ProcessContext).

#include "runtime/actor/actor.h"
#include "runtime/actor/system.h"
#include "runtime/config/options.h"
#include "runtime/node/graph.h"

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <typeindex>
#include <typeinfo>
#include <vector>

namespace tramontane {

// What the actors of one process share: the job's folder, and one object of each type that a kind
// asks for, made when it is first asked for. Any thread.
class ProcessContext {
 public:
  // `worker`: the name of the process; empty: the one that started the job.
  explicit ProcessContext(std::string folder, std::string worker = {})
      : folder_(std::move(folder)), worker_(std::move(worker)) {}

  const std::string& folder() const { return folder_; }

  const std::string& worker() const { return worker_; }

  template <class T>
  void set(std::shared_ptr<T> value) {
    std::lock_guard lock(mutex_);
    shared_[typeid(T)] = std::move(value);
  }

  // What was set, or else make(), which gives a shared_ptr<T>.
  template <class T, class Make>
  std::shared_ptr<T> shared(Make make) {
    std::lock_guard lock(mutex_);
    auto& slot = shared_[typeid(T)];
    if (slot == nullptr) slot = std::shared_ptr<T>(make());
    return std::static_pointer_cast<T>(slot);
  }

 private:
  const std::string folder_;
  const std::string worker_;
  std::mutex mutex_;
  std::map<std::type_index, std::shared_ptr<void>> shared_;
};

struct KindContext {
  const GraphActor& actor;
  System& system;
  ProcessContext& process;

  // The one actor that this port is wired to. Error(bad_input) if there is none, or several.
  ActorRef ask(const std::string& port) const;
  // All of them; none if the port is not wired.
  std::vector<ActorRef> asks(const std::string& port) const;
};

struct Kind {
  struct Port {
    std::string name;
    std::string doc;
    bool optional = false;
    bool many = false;  // may be wired to several
  };

  std::string name;
  std::string doc;
  std::vector<Port> ports = {};
  OptionsSchema options = {};  // read them with ReadOptions (options.h); none: it takes none
  // What an actor has where a graph file does not say otherwise.
  Isolation isolation = Isolation::thread;
  std::uint32_t threads = 1;  // of a pool of its own; 0: it is on "main"
  MailboxLimits mailbox = {};
  RestartPolicy restart = {};
  // Of a kind that only reinforcement jobs have, and no graph file: where a job file has its
  // options ("actors.generator"), or "" if it has none there.
  std::optional<std::string> job_key = std::nullopt;
  std::function<std::unique_ptr<Actor>(const KindContext&)> make;
};

using Kinds = std::vector<Kind>;

// Null if there is none of that name.
const Kind* find_kind(const Kinds& kinds, const std::string& name);

// Error(bad_input) if two have one name, or one cannot be made.
void check_kinds(const Kinds& kinds);

struct GraphProblem {
  std::string actor;
  std::string key;  // "kind", "asks.PORT", "pool"; "" is the actor itself
  std::string text;
};

// Every problem of the graph.
std::vector<GraphProblem> graph_problems(const Graph& graph, const Kinds& kinds);

// Error(bad_input) with every problem of the graph, one a line: names taken twice, kinds and actors
// that there are none of (with the nearest that there is), ports that the kind does not have or
// that must be wired, pools that are not in the list.
void check_graph(const Graph& graph, const Kinds& kinds);

// Of an actor that other processes know: its id, and how many lives it had before.
struct ActorNumber {
  ActorId id = 0;
  Incarnation lives_before = 0;
};

// Starts in this system what the graph has for this process (`process.worker()`), in its order.
// `numbers` are by name. Kinds and process outlive the system; the graph need not.
void start_actors(System& system, const Graph& graph, const Kinds& kinds, ProcessContext& process,
    const std::map<std::string, ActorNumber>& numbers = {});

}  // namespace tramontane
