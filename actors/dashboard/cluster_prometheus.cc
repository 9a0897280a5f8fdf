// The figures of a cluster, as prometheus.cc has those of a run.
#include "actors/dashboard/cluster_views.h"
#include "actors/dashboard/exposition.h"
#include "actors/view/fields.h"

#include <boost/json/array.hpp>

#include <algorithm>

namespace tramontane {
namespace {

namespace json = boost::json;

template <class States>
void add_states(
    Exposition& out, const json::array& things, const States& states, const char* label) {
  for (const char* state : states) {
    auto in_it = [&](const auto& one) { return text(one.as_object(), "state") == state; };
    out.sample(
        static_cast<double>(std::count_if(things.begin(), things.end(), in_it)), {{label, state}});
  }
}

}  // namespace

std::string cluster_prometheus_text(WatchedCluster& cluster) {
  struct Column {
    const char* name;
    const char* field;
    const char* help;
  };

  constexpr const char* job_states[] = {
      "queued", "placing", "running", "waiting", "finished", "failed", "stopped"};
  constexpr const char* node_states[] = {
      "ready", "draining", "drained", "leaving", "left", "slow", "lost"};
  constexpr Column columns[] = {{"node_cpus", "cpus", "Processors that a node offers; processors"},
      {"node_cpus_used", "cpus_used", "… that are given to what is placed there; processors"},
      {"node_memory_bytes", "memory_bytes", "Memory that a node offers; bytes"},
      {"node_memory_used_bytes", "memory_bytes_used",
          "… that is given to what is placed there; bytes"},
      {"node_gpus", "gpus", "GPUs that a node offers; GPUs"}};
  Exposition out;
  out.one("head_answers", "gauge", "Whether the head answers its dashboard; 1 or 0",
      cluster.refreshed() ? 1 : 0);
  out.family("cluster_jobs", "gauge", "Jobs of the cluster in each state; jobs");
  add_states(out, cluster.jobs(), job_states, "state");
  out.family("cluster_nodes", "gauge", "Nodes of the cluster in each state; nodes");
  add_states(out, cluster.nodes(), node_states, "state");
  for (const Column& column : columns) {
    out.family(column.name, "gauge", column.help);
    for (const auto& node : cluster.nodes())
      out.sample(
          number(node.as_object(), column.field), {{"node", text(node.as_object(), "name")}});
  }
  out.family("node_workers", "gauge", "Drivers and workers placed on a node; processes");
  for (const auto& node : cluster.nodes())
    if (const auto* workers = list(node.as_object(), "workers"))
      out.sample(static_cast<double>(workers->size()), {{"node", text(node.as_object(), "name")}});
  return out.take();
}

}  // namespace tramontane
