#include "runtime/node/kind.h"

#include "runtime/base/check.h"
#include "runtime/base/names.h"
#include "runtime/base/result.h"

#include <algorithm>
#include <set>

namespace tramontane {
namespace {

std::vector<std::string> names_of(const Kinds& kinds) {
  std::vector<std::string> names;
  for (const Kind& kind : kinds) names.push_back(kind.name);
  return names;
}

std::vector<std::string> names_of(const Graph& graph) {
  std::vector<std::string> names;
  for (const GraphActor& actor : graph.actors) names.push_back(actor.name);
  return names;
}

std::vector<std::string> names_of(const std::vector<Kind::Port>& ports) {
  std::vector<std::string> names;
  for (const Kind::Port& port : ports) names.push_back(port.name);
  return names;
}

// Collects what is wrong with one actor of a graph.
class ActorCheck {
 public:
  ActorCheck(const Graph& graph, const GraphActor& actor, std::vector<GraphProblem>& problems)
      : graph_(graph), actor_(actor), problems_(problems) {}

  void check(const Kinds& kinds) {
    const Kind* kind = find_kind(kinds, actor_.kind);
    if (kind == nullptr) complain("kind", unknown_name("kind", actor_.kind, names_of(kinds)));
    bool pooled = std::any_of(graph_.pools.begin(), graph_.pools.end(),
        [&](const PoolOptions& pool) { return pool.name == actor_.pool; });
    if (!pooled) complain("pool", str("there is no pool '", actor_.pool, "'"));
    for (const auto& [port, targets] : actor_.asks)
      for (const std::string& target : targets)
        if (graph_.find(target) == nullptr)
          complain("asks." + port, unknown_name("actor", target, names_of(graph_)));
    if (kind != nullptr) check_ports(*kind);
  }

 private:
  void complain(std::string key, std::string text) {
    problems_.push_back({actor_.name, std::move(key), std::move(text)});
  }

  void check_ports(const Kind& kind) {
    for (const auto& [port, targets] : actor_.asks) {
      auto known = std::find_if(kind.ports.begin(), kind.ports.end(),
          [&, name = port](const Kind::Port& each) { return each.name == name; });
      if (known == kind.ports.end()) {
        std::string text = unknown_name("port", port, names_of(kind.ports));
        complain("asks." + port, kind.ports.empty() ? str(kind.name, " asks nobody") : text);
      } else if (!known->many && targets.size() > 1) {
        complain("asks." + port, str("takes one actor, not ", targets.size()));
      }
    }
    for (const Kind::Port& port : kind.ports) {
      auto wired = actor_.asks.find(port.name);
      bool missing = wired == actor_.asks.end() || wired->second.empty();
      if (missing && !port.optional) complain("asks." + port.name, "is not wired: " + port.doc);
    }
  }

  const Graph& graph_;
  const GraphActor& actor_;
  std::vector<GraphProblem>& problems_;
};

}  // namespace

std::vector<ActorRef> KindContext::asks(const std::string& port) const {
  std::vector<ActorRef> refs;
  auto wired = actor.asks.find(port);
  if (wired == actor.asks.end()) return refs;
  for (const std::string& target : wired->second) {
    auto ref = system.find(target);
    if (!ref)
      throw Error(
          Errc::bad_input, str(actor.name, " asks ", target, ", which has not been started"));
    refs.push_back(*ref);
  }
  return refs;
}

ActorRef KindContext::ask(const std::string& port) const {
  auto refs = asks(port);
  if (refs.size() != 1)
    throw Error(Errc::bad_input,
        str(actor.name, ": port '", port, "' is wired to ", refs.size(), " actors, not to one"));
  return refs.front();
}

const Kind* find_kind(const Kinds& kinds, const std::string& name) {
  auto found =
      std::find_if(kinds.begin(), kinds.end(), [&](const Kind& kind) { return kind.name == name; });
  return found == kinds.end() ? nullptr : &*found;
}

void check_kinds(const Kinds& kinds) {
  std::set<std::string> taken;
  for (const Kind& kind : kinds) {
    if (!taken.insert(kind.name).second)
      throw Error(Errc::bad_input, str("there are two kinds of actors called '", kind.name, "'"));
    if (kind.name.empty() || !kind.make)
      throw Error(Errc::bad_input, str("the kind '", kind.name, "' needs a name and make()"));
  }
}

std::vector<GraphProblem> graph_problems(const Graph& graph, const Kinds& kinds) {
  std::vector<GraphProblem> problems;
  std::set<std::string> taken;
  for (const GraphActor& actor : graph.actors) {
    if (!taken.insert(actor.name).second) problems.push_back({actor.name, "", "named twice"});
    ActorCheck(graph, actor, problems).check(kinds);
  }
  return problems;
}

void check_graph(const Graph& graph, const Kinds& kinds) {
  std::string text;
  for (const GraphProblem& problem : graph_problems(graph, kinds))
    text += str(text.empty() ? "" : "\n", "actors.", problem.actor, problem.key.empty() ? "" : ".",
        problem.key, ": ", problem.text);
  if (!text.empty()) throw Error(Errc::bad_input, text);
}

void start_actors(System& system, const Graph& graph, const Kinds& kinds, ProcessContext& process,
    const std::map<std::string, ActorNumber>& numbers) {
  std::vector<ActorRef> started;
  for (const GraphActor& actor : graph.actors) {
    if (actor.worker_name() != process.worker()) continue;
    const Kind* kind = find_kind(kinds, actor.kind);
    TRAM_CHECK(kind != nullptr, "a graph that was not checked", actor.kind);
    ActorOptions options{.name = actor.name,
        .kind = actor.kind,
        .pool = actor.pool,
        .mailbox = actor.mailbox,
        .restart = actor.restart};
    if (auto number = numbers.find(actor.name); number != numbers.end()) {
      options.id = number->second.id;
      options.lives_before = number->second.lives_before;
    }
    if (!process.worker().empty()) options.restart = {};  // its worker is started anew instead
    options.held = true;  // all are there before the first of them looks for another
    started.push_back(system.spawn(std::move(options), [kind, actor, &system, &process] {
      return kind->make({actor, system, process});
    }));
  }
  for (const ActorRef& actor : started) system.start(actor);
}

}  // namespace tramontane
