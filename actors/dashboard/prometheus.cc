// The figures of a run in the text format of Prometheus (version 0.0.4): each family with its HELP,
// which names the unit, and its TYPE; base units, as its conventions want them.
#include "actors/dashboard/exposition.h"
#include "actors/dashboard/views.h"
#include "actors/view/fields.h"
#include "runtime/base/check.h"

#include <boost/json/array.hpp>

#include <cmath>
#include <string_view>

namespace tramontane {
namespace {

namespace json = boost::json;

void add_job(Exposition& out, WatchedRun& run, const json::object& job) {
  std::string id = run.id();
  out.family("job_info", "gauge", "The job that is watched; 1");
  out.sample(1, {{"job_id", id}, {"name", text(job, "name")}, {"kind", text(job, "kind")}});
  out.family("job_state", "gauge", "Of each state whether the job is in it; 1 or 0");
  for (const char* state :
      {"queued", "placing", "running", "waiting", "finished", "failed", "stopped"})
    out.sample(text(job, "state") == state ? 1 : 0, {{"job_id", id}, {"state", state}});
  Exposition::Labels of = {{"job_id", id}};
  out.one("job_live", "gauge", "Whether a process works on the run; 1 or 0", flag(job, "live"), of);
  out.one(
      "job_seconds", "gauge", "How long the run has taken; seconds", number(job, "seconds"), of);
  out.one("job_stage", "gauge", "The stage that it is in, counted from 0; stages",
      number(job, "stage"), of);
  out.one("job_step", "gauge", "Steps done of this stage; steps", number(job, "step"), of);
  out.one("job_steps", "gauge", "Steps that this stage has; steps", number(job, "steps"), of);
  out.one("job_eta_seconds", "gauge", "To the end of this stage; seconds",
      number(job, "eta_seconds"), of);
  out.one("weight_version", "gauge", "The newest weights; versions", number(job, "version"), of);
  const RunHistory& history = run.history();
  auto counted = [&](const char* name, std::string_view help, double value) {
    out.one(str(name, "_total"), "counter", help, value, of);
  };
  counted("actor_exits", "Lives of actors that ended by failure or kill; exits",
      static_cast<double>(history.failures()));
  counted("alarms", "Alarms told; alarms", static_cast<double>(history.alarms()));
  out.family("alarm_standing", "gauge", "An alarm that stands now; 1");
  for (const auto& row : history.alarms_of_rules().standing())
    out.sample(1, {{"job_id", id}, {"rule", row.rule}, {"actor", row.actor}});
  counted("swaps", "Flips of a generator to new weights; swaps", history.sum("events/swap"));
  counted("swap_stall_seconds", "How long generators stood still in them, all together; seconds",
      history.sum("swap_stall_seconds"));
  counted("checkpoints", "Checkpoints written; checkpoints", history.sum("events/checkpoint"));
  counted("steps", "Steps of all stages, those trained again counted again; steps",
      history.sum("events/step"));
  counted(
      "rollouts", "Finished completions gathered for batches; rollouts", history.sum("rollouts"));
  counted("rollouts_stale", "… dropped for their age; rollouts", history.sum("rollouts_stale"));
  counted("rollouts_no_verdict", "… that could not be judged; rollouts",
      history.sum("rollouts_no_verdict"));
  counted("trained_tokens", "Tokens trained on in reinforcement; tokens", history.sum("tokens"));
}

// Microseconds are told as seconds.
void add_metrics(Exposition& out, WatchedRun& run) {
  for (const MetricRow& row : metric_rows()) {
    const auto* labelled = run.history().curves().find(row);
    if (labelled == nullptr) continue;
    std::string_view unit = row.unit;
    std::string name = row.name;
    bool microseconds = unit == "µs";
    if (microseconds) name = name.substr(0, name.size() - 3) + "_seconds";
    std::string help = str(row.help, "; ",
        microseconds  ? "seconds"
        : unit == "s" ? "seconds"
                      : unit);
    out.family("last_" + name, "gauge", help);
    for (const auto& [label, points] : *labelled) {
      Exposition::Labels labels = {{"job_id", run.id()}};
      if (!label.empty()) labels.emplace_back("of", label);
      if (!points.empty()) out.sample(points.back().second / (microseconds ? 1e6 : 1), labels);
    }
  }
}

void add_actors(Exposition& out, WatchedRun& run) {
  struct Column {
    const char* name;
    const char* type;
    const char* field;
    const char* help;
  };

  constexpr Column columns[] = {
      {"actor_mailbox_messages", "gauge", "mailbox", "Messages that wait for it; messages"},
      {"actor_mailbox_limit_messages", "gauge", "mailbox_limit", "The bound of that; messages"},
      {"actor_mailbox_bytes", "gauge", "mailbox_bytes", "Messages that wait for it; bytes"},
      {"actor_oldest_message_seconds", "gauge", "oldest_message_seconds",
          "Age of the oldest of them; seconds"},
      {"actor_waiting_seconds", "gauge", "waiting_seconds", "How long it has waited; seconds"},
      {"actor_busy_ratio", "gauge", "busy", "Share of the last seconds that it computed; ratio"},
      {"actor_tokens_per_second", "gauge", "tokens_per_s", "That it writes; tokens per second"},
      {"actor_weight_version", "gauge", "weight_version", "The weights that it has; versions"},
      {"actor_handled_messages_total", "counter", "handled", "Messages handled; messages"},
      {"actor_restarts_total", "counter", "restarts", "Lives after the first; restarts"}};
  json::array actors = run.actors();
  for (const Column& column : columns) {
    out.family(column.name, column.type, column.help);
    for (const auto& value : actors) {
      const auto& actor = value.as_object();
      out.sample(number(actor, column.field),
          {{"job_id", run.id()}, {"actor", text(actor, "name")}, {"kind", text(actor, "kind")}});
    }
  }
  out.family("actor_messages_total", "counter", "Messages handled, by who sent them; messages");
  for (const auto& value : actors)
    if (const auto* senders = object(value.as_object(), "messages_from"))
      for (const auto& [sender, messages] : *senders)
        out.sample(number(*senders, sender),
            {{"job_id", run.id()}, {"actor", text(value.as_object(), "name")},
                {"from", std::string(sender)}});
  out.family("actor_state", "gauge", "The state that it is in; 1");
  for (const auto& value : actors)
    out.sample(1, {{"job_id", run.id()}, {"actor", text(value.as_object(), "name")},
                      {"state", text(value.as_object(), "state")}});
}

void add_processes(Exposition& out, WatchedRun& run) {
  json::object node = run.node();
  const auto* processes = list(node, "processes");
  if (processes == nullptr) return;
  auto column = [&](const char* name, const char* type, const char* field, const char* help) {
    out.family(name, type, help);
    for (const auto& value : *processes) {
      const auto& process = value.as_object();
      std::string worker = text(process, "worker");
      out.sample(number(process, field),
          {{"job_id", run.id()}, {"worker", worker.empty() ? "run" : worker}});
    }
  };
  column("process_memory_bytes", "gauge", "memory", "Resident memory of a process; bytes");
  column("process_cpu_seconds_total", "counter", "cpu_seconds", "Processor time used; seconds");
}

}  // namespace

std::string prometheus_text(WatchedRun& run) {
  Exposition out;
  add_job(out, run, run.job());
  add_metrics(out, run);
  add_actors(out, run);
  add_processes(out, run);
  return out.take();
}

}  // namespace tramontane
