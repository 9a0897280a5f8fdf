// What the API answers with, field by field.
#include "actors/dashboard/api.h"
#include "actors/dashboard/cluster_api.h"

#include <iterator>

namespace tramontane {
namespace {

constexpr const char* job_states = "queued|placing|running|waiting|finished|failed|stopped";
constexpr const char* actor_states =
    "building|starting|idle|handling|working|stopping|ending|restarting|dead";

std::vector<ApiField> job_fields() {
  return {{"id", "string", "the name of the run's directory", true},
      {"name", "string", "as the job graph has it"},
      {"kind", "reinforcement|graph", "of which kind the job's file is"},
      {"state", job_states,
          "queued: nothing of it has begun; placing: its actors are being started; waiting: it "
          "runs, but wants something that a cluster does not have; stopped: before its end, by "
          "somebody"},
      {"reason", "string", "of its state: what it does or waits for, why it failed; may be empty"},
      {"run", "string", "the run's directory"},
      {"live", "boolean", "whether a process works on it now"},
      {"pid", "integer?", "of that process"},
      {"node", "string?", "the machine that it was last worked on"},
      {"started", "string?", "when its newest process began, ISO 8601"},
      {"seconds", "number", "that the run has taken, those of its earlier processes added up"},
      {"isolation", "thread|process?", "how its actors live; null before it is known"},
      {"seed", "integer?", "of the job"}, {"parameters", "integer?", "of the model"},
      {"stage", "integer?", "the index of the stage that it is in"},
      {"stage_kind", "string?", "warm_start, reinforce"},
      {"step", "integer?", "steps done of this stage"}, {"steps", "integer?", "of this stage"},
      {"eta_seconds", "number?", "to the end of this stage, as the last step told"},
      {"version", "integer?", "of the newest weights"}, {"score", "number?", "of the last batch"},
      {"correct", "number?", "moving average of the share of right answers"},
      {"heldout_before", "number?", "pass@1 on held-out problems before reinforcement"},
      {"heldout", "number?", "the same, the newest that is known"},
      {"lag_max", "integer?", "of any token of the last batch, in versions"},
      {"log_prob_gap_max", "number?", "the largest that an audit found in the last batch"},
      {"tokens_per_s", "number?", "that generators write, now or when last known"},
      {"queues", "object?", "rollouts that wait: waiting, leased, finished, judging, judged"},
      {"exits", "integer", "lives of actors that ended by failure or kill"},
      {"alarms", "integer", "told so far"},
      {"alarms_now", "[Alarm]",
          "that stand, or stood when the run ended; `alarms` of the job graph"},
      {"summary", "object?", "the run's last event"}};
}

std::vector<ApiField> actor_fields() {
  return {{"name", "string", "unique within the job: generator/0", true},
      {"kind", "string", "generator, ledger, …"}, {"job", "string", "the id of its job"},
      {"node", "string?", "the machine that it is on"},
      {"worker", "string?", "the process of its own that it shares or has; null: the run's"},
      {"pid", "integer?", "of the process that it is in"},
      {"state", actor_states, "dead also where the run is"},
      {"last_state", "string", "as last told, of a dead run too"},
      {"waiting_for", "string", "what and why; empty if it computes"},
      {"since", "string?", "when that wait began, ISO 8601"},
      {"waiting_seconds", "number?", "how long it lasts by now; of a dead run, by the last word"},
      {"busy", "number", "share of the last seconds in handlers and steps, 0 to 1"},
      {"mailbox", "integer", "messages that wait"}, {"mailbox_limit", "integer", "of messages"},
      {"mailbox_bytes", "integer", "that wait"}, {"mailbox_bytes_limit", "integer", "bytes"},
      {"senders_waiting", "integer", "for room in its mailbox"},
      {"oldest_message_seconds", "number", "age of the oldest message that waits"},
      {"handled", "integer", "messages, in all lives"},
      {"last_handler", "string", "the message handled last, or now"},
      {"unhandled", "integer", "one-way messages that it has no handler for"},
      {"failed", "integer", "lives that ended by failure or kill"},
      {"restarts", "integer", "lives after the first"},
      {"incarnation", "integer", "the number of this life"},
      {"weight_version", "integer?", "that it decodes or works with"},
      {"tokens_per_s", "number?", "that it writes, of generators"},
      {"memory", "integer?", "bytes resident of its process; null where that is gone"},
      {"asks", "{[string]}", "by port, the actors that it is wired to"},
      {"messages_from", "{integer}", "messages handled, by the actor that sent them"},
      {"notes", "{string}", "what it says of itself"}};
}

std::vector<ApiShape> things() {
  std::vector<ApiField> job_details = job_fields();
  job_details.insert(job_details.end(),
      {{"file", "string?", "the resolved job graph, or the graph file, as text"},
          {"runs", "[object]", "the run events: one for each process that worked on it"},
          {"stages", "[object]", "{kind, steps}"},
          {"evaluations", "[object]", "the evaluation events, without their examples"},
          {"checkpoints", "[object]", "{version, folder, bytes}, those that are there now"},
          {"notes", "[string]", "what of the run's files could not be read"}});
  std::vector<ApiField> actor_details = actor_fields();
  actor_details.insert(actor_details.end(),
      {{"lives", "[Event]", "exits, newest first"},
          {"log", "[object]",
              "its last lines of log.jsonl, oldest first: {time, level, who, text}"},
          {"output", "[string]", "the last lines that its worker printed and logged"}});
  return {{"Job", "One job", job_fields()}, {"JobDetails", "One job, in full", job_details},
      {"Jobs", "A page of jobs",
          {{"jobs", "[Job]", "newest first", true}, {"next", "string?", "", true}}},
      {"Actor", "One actor", actor_fields()}, {"ActorDetails", "One actor, in full", actor_details},
      {"Actors", "A page of actors",
          {{"live", "boolean", "whether the run is worked on now", true},
              {"written", "string?", "when this was last told, ISO 8601", true},
              {"actors", "[Actor]", "in the order of their starting", true},
              {"next", "string?", "", true}}},
      {"Process", "A process of the run",
          {{"worker", "string?", "null: the run's own", true}, {"pid", "integer?", "", true},
              {"state", "running|gone", "", true}, {"actors", "[string]", "that are in it", true},
              {"memory", "integer?", "bytes resident", true},
              {"cpu_seconds", "number?", "used since it began", true},
              {"threads", "integer?", "", true}}},
      {"Node", "A machine",
          {{"name", "string", "", true}, {"state", "up|gone", "gone: nothing of the run is there"},
              {"cores", "integer?", ""},
              {"machine", "string?", "as the kernel names the processor"},
              {"isa", "string?", "the instruction set that the kernels use"},
              {"load", "number?", "of the last minute, of the machine"},
              {"memory", "integer?", "bytes that it has"},
              {"memory_available", "integer?", "bytes"}, {"processes", "[Process]", ""}}},
      {"Nodes", "Machines", {{"nodes", "[Node]", "", true}, {"next", "string?", "", true}}}};
}

std::vector<ApiShape> history() {
  return {
      {"Event", "Something that happened",
          {{"id", "string", "where it stands in the run's files", true},
              {"kind", "string",
                  "run, stage, swap, swap_failed, evaluation, checkpoint, exit, alarm, alarm_over, "
                  "summary, log; step, if asked for"},
              {"time", "string?", "ISO 8601"}, {"seconds", "number?", "of the run"},
              {"level", "info|warning|error", ""}, {"actor", "string?", "whom it is of"},
              {"text", "string", "in words"}, {"data", "object", "the event as it was written"}}},
      {"Alarm", "Something about the run that is beyond its bound",
          {{"rule", "string", "its key below alarms in the job graph", true},
              {"actor", "string", "whom it is of", true}, {"text", "string", "why, in words", true},
              {"look", "string", "what to look at", true},
              {"times", "integer", "that it has begun", true},
              {"seconds", "number", "of the run, when it began last", true}}},
      {"Events", "A page of events",
          {{"events", "[Event]", "", true}, {"next", "string?", "", true}}},
      {"WrittenPart", "Tokens of a rollout that were written under one version",
          {{"version", "integer", "", true}, {"tokens", "integer", "", true},
              {"to_us", "integer", "when the last had come, microseconds since 1970", true}}},
      {"Activity", "A stretch of time of an actor or a rollout",
          {{"id", "string", "where it stands in the run's file", true},
              {"event", "wait|work|written",
                  "an actor waited, or did something that it names; a rollout was written", true},
              {"actor", "string?", "of wait and work"}, {"what", "string?", "for what, or what"},
              {"rollout", "integer?", "of written"}, {"parts", "[WrittenPart]", "of written"},
              {"from_us", "integer", "microseconds since 1970", true},
              {"to_us", "integer", "microseconds since 1970", true}}},
      {"Spans", "A page of activities, of which the newest page is the first",
          {{"spans", "[Activity]", "in the order in which they ended", true},
              {"next", "string?", "null: there is nothing earlier", true}}},
      {"Metric", "A figure that there are values of",
          {{"name", "string", "", true}, {"unit", "string", "tokens, seconds, share, …"},
              {"help", "string", "what it is and how it is computed"},
              {"axis", "step|seconds", "what x is: steps over all stages of the kind, or seconds"},
              {"points", "integer", "values there are"}, {"last", "number?", "the newest"}}},
      {"Series", "A curve",
          {{"name", "string", "", true}, {"label", "string", "of which, as generator/0", true},
              {"axis", "step|seconds", "", true}, {"x", "[number]", "rising", true},
              {"y", "[number?]", "null where it was not finite", true},
              {"thinned", "boolean", "by keeping the least and the greatest value of each stretch",
                  true}}},
      {"Metrics", "What there is to draw",
          {{"metrics", "[Metric]", "all of them", true},
              {"series", "[Series]", "of those that `names` lists, in its order", true}}}};
}

std::vector<ApiField> row_fields() {
  return {{"id", "integer", "group * group size + sample", true},
      {"group", "integer", "the prompt that it answers, in the order of issue"},
      {"sample", "integer", "within the group"},
      {"state", "string", "waiting, leased, finished, judged, sealed, trained, dropped: REASON"},
      {"step", "integer?", "of the batch that settled it: it trains version step into step + 1"},
      {"tokens", "integer", "written"}, {"oldest", "integer", "version of its tokens"},
      {"newest", "integer", "version"}, {"finish", "running|stop|length", ""},
      {"score", "number?", ""}, {"no_verdict", "string", "why there is no score; else empty"}};
}

std::vector<ApiShape> rollouts() {
  std::vector<ApiField> whole = row_fields();
  whole.insert(whole.end(),
      {{"prompt", "string?", "null where the data are gone"}, {"answer", "string?", "the gold one"},
          {"text", "string", "the completion"},
          {"token_ids", "[integer]", "as the tokenizer numbers them"},
          {"texts", "[string]", "of each token; empty where no tokenizer is left"},
          {"log_probs", "[number?]", "of each token"}, {"spans", "[Span]", "adjacent, in order"},
          {"correct", "boolean", "the answer itself, apart from form"},
          {"components", "[Component]", "of the score"},
          {"siblings", "[RolloutRow]", "of its group, itself among them"},
          {"audit", "Audit?", "what the trainer saw of its tokens; null: it was not audited"}});
  return {{"RolloutRow", "A rollout in a list", row_fields()},
      {"Rollouts", "A page of rollouts",
          {{"rollouts", "[RolloutRow]", "newest first", true}, {"next", "string?", "", true},
              {"scanned", "integer", "rollouts looked at for this page", true},
              {"note", "string", "why there are none, if there is a reason", true}}},
      {"Span", "Tokens that were written under one version",
          {{"begin", "integer", "", true}, {"end", "integer", "one behind the last", true},
              {"version", "integer", "", true}, {"fingerprint", "string", "16 hex digits", true},
              {"fresh_cache", "boolean", "keys and values were computed anew", true}}},
      {"Component", "A part of a score",
          {{"name", "string", "of the reward", true}, {"value", "number?", "with its weight", true},
              {"evidence", "string", "", true}}},
      {"Audit", "What the trainer saw of the tokens of a rollout, in their order",
          {{"step", "integer", "of the batch, as in Rollout", true},
              {"gaps", "[number?]", "recorded against computed anew, nats; none: not computed",
                  true},
              {"ratios", "[number?]", "trained over recorded probability", true},
              {"entropy", "[number?]", "nats", true},
              {"fates", "string", "a letter each: . kept, < and > clipped, m masked", true}}},
      {"Rollout", "A rollout, in full", whole},
      {"BatchGroup", "The completions of one prompt in a batch",
          {{"group", "integer", "", true}, {"prompt", "string", "", true},
              {"answer", "string", "", true}, {"rollouts", "[RolloutRow]", "", true}}},
      {"Dropped", "A group that the batch left out",
          {{"group", "integer", "", true}, {"reason", "string", "", true}}},
      {"Batch", "What one step trained on",
          {{"step", "integer", "counted from 0: it trains version step into step + 1", true},
              {"state", "sealed|trained", ""}, {"hash", "string", "16 hex digits"},
              {"fingerprint", "string?", "of the version that came of it"},
              {"rollouts_seen", "integer", "dropped ones included"},
              {"groups_without_contrast", "integer", "dropped"},
              {"rollouts_stale", "integer", "dropped"}, {"rollouts_no_verdict", "integer", ""},
              {"mean_score", "number?", "over all seen"}, {"mean_correct", "number?", ""},
              {"mean_tokens", "number?", ""}, {"truncated_share", "number?", ""},
              {"groups", "[BatchGroup]", "kept, at most 1000 of them"},
              {"dropped", "[Dropped]", ""},
              {"event", "object?", "the step event of metrics.jsonl, if it was trained"}}}};
}

}  // namespace

std::vector<ApiShape> api_shapes() {
  std::vector<ApiShape> all = {
      {"Version", "The program",
          {{"program", "string", "", true}, {"version", "string", "", true},
              {"api", "integer", "1", true}, {"time", "string", "now, ISO 8601", true}}},
      {"Link", "A link to log in with",
          {{"link", "string", "works once", true}, {"seconds", "integer", "for so long", true}}},
      {"Problem", "Why there is no answer",
          {{"code", "string", "not_found, bad_input, refused, timeout, io, corrupt", true},
              {"text", "string", "", true}}},
      {"Error", "An answer that is no success", {{"error", "Problem", "", true}}}};
  for (auto part : {things(), history(), rollouts(), cluster_shapes()})
    all.insert(
        all.end(), std::make_move_iterator(part.begin()), std::make_move_iterator(part.end()));
  return all;
}

}  // namespace tramontane
