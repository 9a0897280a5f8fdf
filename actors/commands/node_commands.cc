// The commands that show a cluster's nodes, and empty them.
#include "actors/cluster/client.h"
#include "actors/commands/cluster_words.h"
#include "actors/commands/commands.h"
#include "runtime/base/check.h"

#include <chrono>
#include <cstdio>
#include <thread>

namespace tramontane {
namespace {

namespace json = boost::json;
using namespace std::chrono_literals;

int list_nodes(const CliArguments& arguments) {
  json::object answer = client_of(arguments).ask("nodes", {});
  if (arguments.has("json")) return print_json(answer), 0;
  std::vector<std::vector<std::string>> rows;
  for (const json::value& each : answer.at("nodes").as_array()) {
    const json::object& node = each.as_object();
    char cpus[48];
    char memory[48];
    std::snprintf(cpus, sizeof cpus, "%.4g/%.4g", number(node, "cpus_used"), number(node, "cpus"));
    std::snprintf(memory, sizeof memory, "%.1f/%.1f GB", number(node, "memory_bytes_used") / 1e9,
        number(node, "memory_bytes") / 1e9);
    rows.push_back({text(node, "name"), text(node, "state"), ago_text(number(node, "since")), cpus,
        memory, text(node, "gpus"), text(node, "instruction_set"), text(node, "address"),
        str(node.at("workers").as_array().size())});
  }
  std::fputs(
      table({"NODE", "STATE", "SINCE", "CPUS", "MEMORY", "GPUS", "KERNELS", "ADDRESS", "WORKERS"},
          rows)
          .c_str(),
      stdout);
  return 0;
}

json::object node_named(HeadClient& client, const std::string& name) {
  json::object answer = client.ask("nodes", {});
  for (const json::value& each : answer.at("nodes").as_array())
    if (text(each.as_object(), "name") == name) return each.as_object();
  throw Error(Errc::not_found, str("node ", name, " is no more"));
}

void show_drained(const json::object& node) {
  std::string name = text(node, "name");
  std::printf("node %s is %s\n", name.c_str(), text(node, "state").c_str());
  for (const json::value& worker : node.at("stays").as_array())
    std::printf("  %s stays until its job is over: its run directory is there\n",
        std::string(worker.as_string()).c_str());
  if (text(node, "state") == "drained") return;
  std::printf("%zu workers are there: tram nodes says what is, tram status JOB why it stays\n",
      node.at("workers").as_array().size());
}

// Until nothing is there but what stays, or the deadline.
int drain_node(const CliArguments& arguments) {
  double patience = arguments.number("deadline", 60, 0, 1e6);
  HeadClient client = client_of(arguments);
  bool undo = arguments.has("undo");
  json::object node = client.ask("drain", {{"node", arguments.positional(0)}, {"draining", !undo}});
  auto until = std::chrono::steady_clock::now() + std::chrono::duration<double>(patience);
  auto rests = [&] {
    return !node.at("moving").as_bool() &&
           node.at("workers").as_array().size() == node.at("stays").as_array().size();
  };
  while (!undo && !rests() && std::chrono::steady_clock::now() < until) {
    std::this_thread::sleep_for(100ms);
    node = node_named(client, text(node, "name"));
  }
  if (arguments.has("json"))
    print_json(node);
  else if (undo)
    std::printf("node %s is %s\n", text(node, "name").c_str(), text(node, "state").c_str());
  else
    show_drained(node);
  return undo || text(node, "state") == "drained" ? 0 : static_cast<int>(ExitStatus::job_failed);
}

}  // namespace

CliCommand nodes_command() {
  return {.name = "nodes",
      .summary = "the cluster's nodes, and what is used of them",
      .details =
          "States: ready, draining (what is there leaves it, nothing new comes), drained (nothing\n"
          "is there any more), leaving (it is about to end), left, slow (its connection is lost), "
          "lost\n"
          "(for so long that its workers may be placed elsewhere).",
      .positionals = {},
      .options = {json_option, head_option, token_option},
      .run = list_nodes};
}

CliCommand drain_command() {
  return {.name = "drain",
      .summary = "empty a node: nothing new comes, what is there moves",
      .details =
          "Workers end there in order and go on elsewhere: what generators have half written is\n"
          "finished by their next life. Ledger, trainer and driver of a job are where its run\n"
          "directory is, and stay until it is over. Waits until nothing else is there; status 6 "
          "if\n"
          "something is, by the deadline. The head remembers it until --undo.",
      .positionals = {"NODE"},
      .options = {{"undo", "", "use it again"},
          {"deadline", "SECONDS", "how long to wait for what is there (default 60; 0: not)"},
          json_option, head_option, token_option},
      .run = drain_node};
}

}  // namespace tramontane
