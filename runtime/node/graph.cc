#include "runtime/node/graph.h"

#include "runtime/base/check.h"

#include <algorithm>
#include <chrono>
#include <set>

namespace tramontane {
namespace {

constexpr std::uint64_t mebibyte = 1 << 20;

std::string padded(std::string text, std::size_t width) {
  text.resize(std::max(text.size() + 2, width), ' ');
  return text;
}

std::string memory_text(std::uint64_t bytes) {
  if (bytes % mebibyte == 0) return str(bytes / mebibyte, " MiB");
  return bytes < mebibyte ? str(bytes, " bytes")
                          : str(static_cast<double>(bytes / 1024) / 1024, " MiB");
}

std::string threads_text(const Graph& graph, const GraphActor& actor) {
  for (const PoolOptions& pool : graph.pools)
    if (pool.name == actor.pool)
      return str(pool.threads, pool.threads == 1 ? " thread" : " threads",
          pool.name == actor.name ? "" : str(" (", pool.name, ")"));
  return "no pool " + actor.pool;
}

std::string place_text(const GraphActor& actor) {
  if (actor.isolation == Isolation::thread) return "thread";
  return actor.worker.empty() || actor.worker == actor.name ? "process"
                                                            : str("process ", actor.worker);
}

}  // namespace

const char* name(Isolation isolation) noexcept {
  return isolation == Isolation::process ? "process" : "thread";
}

const std::string& GraphActor::worker_name() const {
  static const std::string none;
  if (isolation == Isolation::thread) return none;
  return worker.empty() ? name : worker;
}

const GraphActor* Graph::find(const std::string& name) const {
  auto found = std::find_if(
      actors.begin(), actors.end(), [&](const GraphActor& actor) { return actor.name == name; });
  return found == actors.end() ? nullptr : &*found;
}

std::vector<std::string> Graph::workers() const {
  std::vector<std::string> names;
  for (const GraphActor& actor : actors) {
    const std::string& worker = actor.worker_name();
    if (!worker.empty() && std::find(names.begin(), names.end(), worker) == names.end())
      names.push_back(worker);
  }
  return names;
}

void put_apart(Graph& graph) {
  for (GraphActor& actor : graph.actors) actor.isolation = Isolation::process;
}

std::string describe(const MailboxLimits& limits) {
  return str(limits.messages, " messages, ", memory_text(limits.bytes));
}

std::string describe(const RestartPolicy& policy) {
  if (policy.when == RestartPolicy::When::never || policy.max_restarts == 0) return "no restarts";
  std::chrono::duration<double> within = policy.within;
  return str(policy.max_restarts, policy.max_restarts == 1 ? " restart in " : " restarts in ",
      within.count(), " s");
}

std::string describe(const Graph& graph) {
  std::size_t names = 0;
  std::size_t kinds = 0;
  std::uint64_t bytes = 0;
  for (const GraphActor& actor : graph.actors) {
    names = std::max(names, actor.name.size() + 4);
    kinds = std::max(kinds, actor.kind.size() + 2);
    bytes += actor.mailbox.bytes;
  }
  std::string out = str("graph, ", graph.actors.size(), " actors\n");
  for (const GraphActor& actor : graph.actors) {
    out += padded("  " + actor.name, names) + padded(actor.kind, kinds) + place_text(actor) + ", " +
           threads_text(graph, actor) + ", mailbox " + describe(actor.mailbox) + ", " +
           describe(actor.restart) + "\n";
    for (const auto& [port, targets] : actor.asks) {
      std::string list;
      for (const std::string& target : targets) list += (list.empty() ? "" : ", ") + target;
      out += padded("", names) + str("asks ", port, ": ", list, "\n");
    }
  }
  return out + str("  mailboxes hold ", memory_text(bytes), " at most\n");
}

}  // namespace tramontane
