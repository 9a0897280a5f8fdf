#include "actors/commands/commands.h"
#include "actors/commands/dashboard_process.h"
#include "actors/job/job.h"
#include "actors/job/reference.h"
#include "actors/messages/run_event.h"
#include "actors/run/expand.h"
#include "actors/run/graph_run.h"
#include "actors/run/run.h"
#include "kernels/cuda/devices.h"
#include "kernels/ops.h"
#include "runtime/base/names.h"
#include "runtime/node/graph_file.h"
#include "storage/file.h"

#include <cstdio>
#include <optional>

#ifndef TRAM_VERSION
#define TRAM_VERSION "unknown"
#endif

namespace tramontane {
namespace {

const CliOption set_option{"set", "KEY=VALUE",
    "override a key of the job graph, like stages.reinforce.steps=60; may be repeated"};
const CliOption json_option{"json", "", "one JSON object a line, the last a summary"};
const CliOption overcommit_option{
    "overcommit", "", "start although plan says that there is too little memory"};
const CliOption faults_option{"faults", "FAULTS",
    "kill, stop or cut off workers at random, to see that nothing is lost: \"kill generator 1/60s, "
    "stop any 1/2m for 3s, cut trainer 1/5m\""};
const CliOption isolation_option{"isolation", "thread|process",
    "process: whoever computes or writes has a process of its own, which may be killed"};
const CliOption plain_option{"plain", "", "a plain line per step, also on a terminal"};

const CliOption http_option{"http", "HOST:PORT",
    "a dashboard there, as long as the run goes on; 127.0.0.1:0: on any port that is free"};
const CliOption stay_option{
    "http-stay", "", "leave the dashboard there after the run, until Ctrl-C"};
const CliOption trusted_option{
    "trusted-network", "", "a dashboard that others can reach speaks http, not https"};

// Where a dashboard is wanted, checked before anything is begun; empty: none.
std::string http_of(const CliArguments& arguments) {
  std::string given = arguments.text("http", "");
  if (!arguments.has("http")) {
    if (arguments.has("http-stay")) throw UsageError("--http-stay is nothing without --http");
    return "";
  }
  try {
    return parse_http_address(given).text();
  } catch (const Error& error) {
    throw UsageError("--http: " + error.text());
  }
}

View view_of(const CliArguments& arguments) {
  if (arguments.has("json")) return View::json;
  return arguments.has("plain") ? View::plain : View::automatic;
}

std::vector<FaultRule> faults_of(const CliArguments& arguments) {
  return arguments.has("faults") ? parse_faults(arguments.text("faults", ""))
                                 : std::vector<FaultRule>();
}

Isolation isolation_of(const CliArguments& arguments) {
  std::string word = arguments.text("isolation", "thread");
  if (word == "process") return Isolation::process;
  if (word != "thread")
    throw Error(Errc::bad_input, unknown_name("isolation", word, {"thread", "process"}));
  return Isolation::thread;
}

// A line for each card, or one with the reason that there is none.
void print_devices() {
  const auto cards = kernels::cuda::find_devices();
  if (!cards) {
    std::printf("devices: none (%s)\n", cards.error().text.c_str());
    return;
  }
  int number = 0;
  for (const kernels::cuda::Device& card : *cards)
    std::printf("device %d: %s\n", number++, kernels::cuda::describe(card).c_str());
}

// The graph of a graph file; nothing if the file is that of a reinforcement job, or cannot be read.
std::optional<GraphJob> graph_of(const CliArguments& arguments, const Kinds& kinds) {
  const std::string& file = arguments.positional(0);
  std::string text;
  try {
    text = as_text(system_files()->read(file));
  } catch (const Error&) {
    return std::nullopt;  // load_job() will say why
  }
  std::vector<std::string> sets = arguments.all("set");
  if (!is_graph_file(text, sets)) return std::nullopt;
  return parse_graph(file, text, sets, kinds);
}

}  // namespace

CliCommand run_command(std::vector<RewardKind> rewards, Kinds kinds) {
  return {.name = "run",
      .summary = "run a job graph on this machine, to its end",
      .details =
          "Runs every actor of the job graph and shows how it goes: live on a terminal, a line "
          "per\n"
          "step elsewhere. Everything is kept in the run directory. All actors are threads of "
          "this\n"
          "process; with --isolation process the trainer, the ledger, the evaluator, each "
          "generator\n"
          "and each verifier have a process of their own, which is started again when it dies: "
          "the\n"
          "job learns the same. `isolation` in the job graph says it of one role alone.\n"
          "Ctrl-C once finishes the step and writes a checkpoint; twice stops at once. Either way\n"
          "`tram resume` goes on, and nothing is lost. With --http HOST:PORT it can be watched "
          "from a\n"
          "browser meanwhile, through a process of its own (tram help dashboard).\n\n"
          "  tram run examples/arithmetic.yaml\n"
          "  tram run examples/arithmetic.yaml --set seed=3 --set stages.reinforce.max_lag=0\n\n"
          "A file without model, stages and data is a graph file: actors of the kinds that tram "
          "kinds\n"
          "lists (tram kinds --file explains its keys). It shows what they log, and ends when "
          "they\n"
          "have; Ctrl-C stops them in order. Its run cannot be resumed.",
      .positionals = {"JOB.yaml"},
      .options = {set_option, {"run", "DIR", "the run directory (default runs/NAME-DATE-TIME)"},
          isolation_option, json_option, plain_option, http_option, stay_option, trusted_option,
          overcommit_option, faults_option},
      .run = [rewards = std::move(rewards), kinds = std::move(kinds)](
                 const CliArguments& arguments) {
        std::string http = http_of(arguments);
        if (auto graph = graph_of(arguments, kinds))
          return run_graph(*graph, kinds,
              {.folder = arguments.text("run", ""),
                  .view = view_of(arguments),
                  .isolation = isolation_of(arguments),
                  .faults = faults_of(arguments),
                  .http = http,
                  .http_stay = arguments.has("http-stay"),
                  .trusted_network = arguments.has("trusted-network")});
        Job job = load_job(arguments.positional(0), arguments.all("set"), {.rewards = rewards});
        return start_run(job, {.folder = arguments.text("run", ""),
                                  .view = view_of(arguments),
                                  .isolation = isolation_of(arguments),
                                  .faults = faults_of(arguments),
                                  .http = http,
                                  .http_stay = arguments.has("http-stay"),
                                  .trusted_network = arguments.has("trusted-network"),
                                  .overcommit = arguments.has("overcommit")});
      }};
}

CliCommand resume_command(std::vector<RewardKind> rewards) {
  return {.name = "resume",
      .summary = "go on with a run that was interrupted or killed",
      .details =
          "Starts from the run's newest whole checkpoint and its ledger. Batches sealed since "
          "that\n"
          "checkpoint are trained again and must give the same fingerprints; rollouts that were\n"
          "half written are finished; none is lost and none is trained twice.\n"
          "A ledger that is damaged is refused (exit status 3), with the file and the steps that "
          "are\n"
          "lost. With --repair the run goes on from before the damage; damaged logs are kept in\n"
          "RUN/ledger/damaged, checkpoints of steps that are lost in RUN/set_aside.\n"
          "A job graph, data file or model that is not what the run began with is refused by "
          "name,\n"
          "unless --accept-changes says to go on with it; the report tells of it.",
      .positionals = {"RUN"},
      .options = {isolation_option, json_option, plain_option,
          {"repair", "", "where the ledger is damaged, go on from before that"},
          {"accept-changes", "", "go on although data, model or job graph were changed"},
          http_option, stay_option, trusted_option, overcommit_option, faults_option},
      .run = [rewards = std::move(rewards)](const CliArguments& arguments) {
        return resume_run(
            arguments.positional(0), {.view = view_of(arguments),
                                         .repair = arguments.has("repair"),
                                         .accept_changes = arguments.has("accept-changes"),
                                         .isolation = isolation_of(arguments),
                                         .faults = faults_of(arguments),
                                         .http = http_of(arguments),
                                         .http_stay = arguments.has("http-stay"),
                                         .trusted_network = arguments.has("trusted-network"),
                                         .overcommit = arguments.has("overcommit"),
                                         .reward_kinds = rewards});
      }};
}

CliCommand plan_command(std::vector<RewardKind> rewards, Kinds kinds) {
  return {.name = "plan",
      .summary = "what a job graph would do, without starting it",
      .details =
          "Checks the job graph and everything it names, and prints parameters, memory, tokens "
          "per\n"
          "step and who does what: every actor with its kind, place, threads and mailbox, and whom "
          "it\n"
          "asks. With --graph, the whole job graph with every default filled in. Of a graph file, "
          "the\n"
          "actors.",
      .positionals = {"JOB.yaml"},
      .options = {set_option, isolation_option,
          {"graph", "", "print the resolved job graph instead"}},
      .run = [rewards = std::move(rewards), kinds = std::move(kinds)](
                 const CliArguments& arguments) {
        if (auto graph = graph_of(arguments, kinds)) {
          if (isolation_of(arguments) == Isolation::process) put_apart(graph->graph);
          std::string text = graph->name + "\n\n" + describe(graph->graph);
          std::fputs((arguments.has("graph") ? graph->text : text).c_str(), stdout);
          return 0;
        }
        Job job = load_job(arguments.positional(0), arguments.all("set"), {.rewards = rewards});
        Apart apart = apart_of(job, isolation_of(arguments) == Isolation::process);
        std::string text = describe_plan(job, apart) + describe(expand(job, apart));
        std::fputs((arguments.has("graph") ? job.resolved : text).c_str(), stdout);
        return 0;
      }};
}

CliCommand report_command() {
  return {.name = "report",
      .summary = "write RUN/report.html: curves, swaps, rollouts",
      .details = "Works while the run goes on. The page needs no network.",
      .positionals = {"RUN"},
      .options = {},
      .run = [](const CliArguments& arguments) {
        const std::string& folder = arguments.positional(0);
        if (!system_files()->exists(folder + "/job.yaml"))
          throw Error(Errc::not_found, folder + " is no run: it has no job.yaml");
        std::printf("%s\n", write_report(folder).c_str());
        return 0;
      }};
}

CliCommand job_command(std::vector<RewardKind> rewards) {
  return {.name = "job",
      .summary = "the reference of job graphs: every key, default and meaning",
      .details =
          "Prints a job graph with every key that one may have, its default, and what it means.\n"
          "It is a valid job graph itself, beside the data of the examples:\n\n"
          "  tram job > examples/mine.yaml && tram plan examples/mine.yaml",
      .positionals = {},
      .options = {},
      .run = [rewards = std::move(rewards)](const CliArguments&) {
        std::fputs(job_reference(rewards).c_str(), stdout);
        return 0;
      }};
}

CliCommand version_command() {
  return {.name = "version",
      .summary = "version and instruction set; --devices: the CUDA cards",
      .details =
          "Prints the version and the instruction set that the kernels use on this machine. With\n"
          "--devices, also the cards that the CUDA kernels could run on, or why there are none: "
          "the\n"
          "driver, a device, or the kernels themselves. No actor uses a card yet.\n\n"
          "  tram version --devices",
      .positionals = {},
      .options = {{"devices", "", "the CUDA cards of this machine, or why there are none"}},
      .run = [](const CliArguments& arguments) {
        std::printf("tramontane %s (%s)\n", TRAM_VERSION, kernels::isa());
        if (arguments.has("devices")) print_devices();
        return 0;
      }};
}

}  // namespace tramontane
