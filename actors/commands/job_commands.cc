// The commands that give a cluster jobs, and ask what became of them.
#include "actors/cluster/client.h"
#include "actors/cluster/job_worker.h"
#include "actors/cluster/shipments.h"
#include "actors/cluster/submission.h"
#include "actors/cluster/workers.h"
#include "actors/commands/cluster_words.h"
#include "actors/commands/commands.h"
#include "actors/job/job.h"
#include "runtime/base/check.h"
#include "runtime/base/shown_text.h"

#include <boost/json/parse.hpp>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <thread>
#include <tuple>

namespace tramontane {
namespace {

namespace json = boost::json;
using namespace std::chrono_literals;

bool is_over(const json::object& job) {
  std::string state = text(job, "state");
  return state == "finished" || state == "failed" || state == "stopped";
}

int status_of(const json::object& job) {
  if (text(job, "state") == "finished") return 0;
  auto code = static_cast<int>(number(job, "exit_code"));
  return code == 0 ? static_cast<int>(ExitStatus::job_failed) : code;
}

std::string said(const json::object& job) {
  std::string reason = text(job, "reason");
  return str(
      "job ", text(job, "id"), " is ", text(job, "state"), reason.empty() ? "" : ": ", reason);
}

volatile std::sig_atomic_t wants_away = 0;

// Until the job is over; Ctrl-C leaves it alone.
int wait_for(HeadClient& client, std::uint64_t id, bool as_json) {
  std::signal(SIGINT, [](int) { wants_away = 1; });
  std::string before;
  for (;;) {
    json::object job = client.ask("job", {{"id", id}});
    if (said(job) != before) {
      before = said(job);
      if (!as_json) std::printf("%s\n", before.c_str());
      std::fflush(stdout);
    }
    if (is_over(job)) {
      if (as_json) print_json(job);
      return status_of(job);
    }
    if (wants_away != 0) {
      std::fprintf(stderr, "tram: the job goes on; stop it by tram stop %llu\n",
          static_cast<unsigned long long>(id));
      return static_cast<int>(ExitStatus::interrupted);
    }
    std::this_thread::sleep_for(200ms);
  }
}

json::array files_of(const Shipment& shipment) {
  json::array files;
  for (const Shipment::File& file : shipment.files)
    files.push_back(
        json::object{{"path", file.path}, {"bytes", file.bytes}, {"shipped", file.name}});
  for (const JobFile& file : shipment.by_path)
    files.push_back(json::object{{"path", file.path}, {"bytes", file.bytes}, {"shipped", nullptr}});
  return files;
}

std::string megabytes(std::uint64_t bytes) {
  char text[32];
  std::snprintf(text, sizeof text, "%.2f MB", static_cast<double>(bytes) / 1e6);
  return text;
}

std::string file_table(const Shipment& shipment) {
  std::vector<std::vector<std::string>> rows;
  std::uint64_t shipped = 0;
  for (const Shipment::File& file : shipment.files) {
    rows.push_back({one_line(file.path), megabytes(file.bytes), "is shipped"});
    shipped += file.bytes;
  }
  for (const JobFile& file : shipment.by_path)
    rows.push_back({one_line(file.path), megabytes(file.bytes), "must be there on nodes"});
  if (rows.empty()) return "";
  return str("\n", table({"FILE", "SIZE", "WITH THE JOB"}, rows), "shipped: ", megabytes(shipped),
      " of ", megabytes(shipped_most), "\n");
}

// Status 6: there is no room now.
int show_plan(HeadClient& client, const Job& job, bool as_json) {
  json::object answer = client.ask(
      "plan", {{"name", job.name}, {"workers", json::parse(workers_text(workers_of(job)))}});
  bool fits = answer.at("obstacles").as_array().empty();
  Shipment shipment = shipment_of(job);
  answer["files"] = files_of(shipment);
  if (as_json) {
    print_json(answer);
  } else if (fits) {
    std::vector<std::vector<std::string>> rows;
    for (const json::value& seat : answer.at("seats").as_array())
      rows.push_back({text(seat.as_object(), "worker"), text(seat.as_object(), "node")});
    std::fputs(table({"WORKER", "NODE"}, rows).c_str(), stdout);
  } else {
    for (const json::value& line : answer.at("obstacles").as_array())
      std::printf("%s\n", std::string(line.as_string()).c_str());
  }
  if (!as_json) std::fputs(file_table(shipment).c_str(), stdout);
  return fits ? 0 : static_cast<int>(ExitStatus::job_failed);
}

int submit(const CliArguments& arguments, const std::vector<RewardKind>& rewards) {
  Job job = load_job(arguments.positional(0), arguments.all("set"), {.rewards = rewards});
  HeadClient client = client_of(arguments);
  if (arguments.has("dry-run")) return show_plan(client, job, arguments.has("json"));
  auto priority = static_cast<std::int64_t>(arguments.number("priority", 0, -1e6, 1e6));
  AskHeadFor ask = [&](const std::string& what, const json::object& request, ByteView bytes) {
    return client.exchange(what, request, bytes);
  };
  json::object answer = submit_job(ask, job, priority);
  auto id = answer.at("id").to_number<std::uint64_t>();
  if (!arguments.has("wait")) {
    if (arguments.has("json"))
      print_json(answer);
    else
      std::printf(
          "job %llu\nrun: %s\n", static_cast<unsigned long long>(id), text(answer, "run").c_str());
    return 0;
  }
  return wait_for(client, id, arguments.has("json"));
}

int list_jobs(const CliArguments& arguments) {
  json::object answer = client_of(arguments).ask("jobs", {});
  if (arguments.has("json")) return print_json(answer), 0;
  std::vector<std::vector<std::string>> rows;
  for (const json::value& each : answer.at("jobs").as_array()) {
    const json::object& job = each.as_object();
    rows.push_back({text(job, "id"), text(job, "name"), text(job, "state"),
        ago_text(number(job, "since")), text(job, "node"), first_line(text(job, "reason"))});
  }
  std::fputs(table({"JOB", "NAME", "STATE", "SINCE", "NODE", "REASON"}, rows).c_str(), stdout);
  return 0;
}

int show_job(const CliArguments& arguments) {
  json::object job = client_of(arguments).ask("job", {{"id", job_number(arguments)}});
  if (arguments.has("json")) return print_json(job), 0;
  std::printf("%s\nname: %s\nsince: %s\nrun: %s\ndriver: %s, process %s, start %s\n",
      said(job).c_str(), text(job, "name").c_str(), ago_text(number(job, "since")).c_str(),
      text(job, "run").c_str(), text(job, "node").c_str(), text(job, "pid").c_str(),
      text(job, "attempt").c_str());
  std::vector<std::vector<std::string>> rows;
  for (const json::value& each : job.at("workers").as_array()) {
    const json::object& worker = each.as_object();
    char memory[32];
    char cpus[32];
    std::snprintf(memory, sizeof memory, "%.0f MB", number(worker, "memory_bytes") / 1e6);
    std::snprintf(cpus, sizeof cpus, "%.4g", number(worker, "cpus"));
    rows.push_back({text(worker, "name"), text(worker, "node"), cpus, memory});
  }
  std::fputs(table({"WORKER", "NODE", "CPUS", "MEMORY"}, rows).c_str(), stdout);
  return 0;
}

int stop_job(const CliArguments& arguments) {
  HeadClient client = client_of(arguments);
  std::uint64_t id = job_number(arguments);
  double patience = arguments.number("deadline", 60, 0, 1e6);
  json::object job = client.ask("stop", {{"id", id}, {"patience_s", patience}});
  if (arguments.has("no-wait")) return 0;
  wait_for(client, id, arguments.has("json"));
  return 0;
}

int show_logs(const CliArguments& arguments) {
  HeadClient client = client_of(arguments);
  std::uint64_t id = job_number(arguments);
  std::string who = arguments.text("worker", "driver");
  std::int64_t offset =
      arguments.has("tail") ? -static_cast<std::int64_t>(arguments.whole("tail", 0, 1 << 30)) : 0;
  for (bool last = false;;) {
    json::object piece = client.ask("logs", {{"id", id}, {"who", who}, {"offset", offset}});
    std::fputs(text(piece, "text").c_str(), stdout);
    std::fflush(stdout);
    offset = piece.at("next").to_number<std::int64_t>();
    bool more = offset < piece.at("size").to_number<std::int64_t>();
    if (more) continue;
    if (last || !arguments.has("follow")) return 0;
    last = is_over(client.ask("job", {{"id", id}}));
    if (!last) std::this_thread::sleep_for(300ms);
  }
}

int wait_job(const CliArguments& arguments) {
  HeadClient client = client_of(arguments);
  return wait_for(client, job_number(arguments), arguments.has("json"));
}

}  // namespace

CliCommand submit_command(std::vector<RewardKind> rewards) {
  return {.name = "submit",
      .summary = "give a job to the cluster",
      .details =
          "Checks the job graph here, sends it to the head, and prints the job's number. It runs\n"
          "as soon as there is room for all of its workers; until then `tram jobs` says what is "
          "in\n"
          "the way. With --wait, shows how it goes until it is over; Ctrl-C leaves it running.\n"
          "The exit status is then the job's. Whoever may submit runs programs on the nodes.\n\n"
          "Data, demonstrations and a small model go with the job, 64 MB of them at most; larger "
          "files,\n"
          "and those named as shared:PATH, nodes must have under the same name, which they are "
          "asked\n"
          "before anything starts. --dry-run says which are which.",
      .positionals = {"JOB.yaml"},
      .options = {{"set", "KEY=VALUE", "override a key of the job graph; may be repeated"},
          {"wait", "", "until it is over"},
          {"dry-run", "",
              "only say where its workers would go now, or what is in the way, and which files go "
              "with it"},
          {"priority", "N", "higher ones are placed first (default 0)"}, json_option, head_option,
          token_option},
      .run = [rewards = std::move(rewards)](
                 const CliArguments& arguments) { return submit(arguments, rewards); }};
}

CliCommand jobs_command() {
  return {.name = "jobs",
      .summary = "the cluster's jobs, with their states and reasons",
      .details =
          "States: queued (waits for room), placing (its driver is being started), running,\n"
          "waiting (its driver is gone and starts again), finished, failed, stopped.",
      .positionals = {},
      .options = {json_option, head_option, token_option},
      .run = list_jobs};
}

CliCommand status_command() {
  return {.name = "status",
      .summary = "one job of the cluster: its state, and where its workers are",
      .details = "With the attempt that its driver is in, and why the job waits, if it does.",
      .positionals = {"JOB"},
      .options = {json_option, head_option, token_option},
      .run = show_job};
}

CliCommand logs_command() {
  return {.name = "logs",
      .summary = "what a job of the cluster prints, or one of its workers",
      .details = "Of a job that is over as well. `tram status JOB` names the workers.",
      .positionals = {"JOB"},
      .options = {{"worker", "NAME", "of this worker, like generator/0 (default: the job itself)"},
          {"tail", "BYTES", "the last so many"}, {"follow", "", "go on until the job is over"},
          head_option, token_option},
      .run = show_logs};
}

CliCommand wait_command() {
  return {.name = "wait",
      .summary = "until a job of the cluster is over; the exit status is the job's",
      .details = "Shows how its state changes meanwhile. Ctrl-C leaves it running.",
      .positionals = {"JOB"},
      .options = {json_option, head_option, token_option},
      .run = wait_job};
}

CliCommand stop_command() {
  return {.name = "stop",
      .summary = "end a job of the cluster",
      .details =
          "It finishes its step and writes a checkpoint; whatever has not ended by the deadline "
          "is\n"
          "killed. `tram resume RUN` goes on with its run directory.",
      .positionals = {"JOB"},
      .options = {{"deadline", "SECONDS", "until it is killed (default 60)"},
          {"no-wait", "", "do not wait until it has ended"}, json_option, head_option,
          token_option},
      .run = stop_job};
}

}  // namespace tramontane
