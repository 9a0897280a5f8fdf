#include "actors/run/run.h"

#include "actors/alarms/alarm_hook.h"
#include "actors/job/memory.h"
#include "actors/messages/run_event.h"
#include "actors/run/actors_file.h"
#include "actors/run/exit_file.h"
#include "actors/run/expand.h"
#include "actors/run/files.h"
#include "actors/run/first_causes.h"
#include "actors/run/inputs.h"
#include "actors/run/interrupt_watch.h"
#include "actors/run/open_ledger.h"
#include "actors/run/pipeline.h"
#include "actors/run/run_began.h"
#include "actors/run/run_dashboard.h"
#include "actors/run/stop_first.h"
#include "actors/view/output.h"
#include "runtime/base/check.h"
#include "runtime/base/json_text.h"
#include "runtime/base/log.h"
#include "runtime/base/machine_memory.h"
#include "runtime/base/shell.h"
#include "runtime/base/shown_text.h"
#include "runtime/cli/cli.h"
#include "runtime/node/worker_host.h"
#include "storage/file.h"

#include <boost/json/parse.hpp>

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <future>
#include <unistd.h>
#include <utility>

namespace tramontane {
namespace {

using namespace std::chrono_literals;

constexpr Duration stop_deadline = 20s;

std::unique_ptr<EventSink> make_view(View view, const std::shared_ptr<Output>& output) {
  if (view == View::json) return json_view(output);
  if (view == View::automatic && ::isatty(STDOUT_FILENO) != 0) return terminal_view(output);
  return plain_view(output);
}

const char* stopped_text(RunOutcome::How how) {
  switch (how) {
    case RunOutcome::How::finished:
      return "finished";
    case RunOutcome::How::interrupted:
      return "interrupted";
    case RunOutcome::How::failed:
    case RunOutcome::How::mismatch:
      return "failed";
  }
  return "failed";
}

ExitStatus status_of(const RunOutcome& outcome) {
  switch (outcome.how) {
    case RunOutcome::How::finished:
      return ExitStatus::ok;
    case RunOutcome::How::interrupted:
      return ExitStatus::interrupted;
    case RunOutcome::How::mismatch:
      return ExitStatus::mismatch;
    case RunOutcome::How::failed:
      return exit_status(outcome.code);
  }
  return ExitStatus::bug;
}

// Everything of one run while it goes on.
class Run {
 public:
  Run(const Job& job, RunFiles& files, const RunOptions& options,
      std::vector<std::string> accepted = {})
      : job_(job),
        files_(files),
        apart_(apart_of(job, options.isolation == Isolation::process)),
        make_host_(options.make_host),
        faults_(options.faults),
        accepted_(std::move(accepted)),
        output_(std::make_shared<Output>(STDOUT_FILENO)),
        view_(in_background(make_view(options.view, output_), output_)),
        metrics_(metrics_file(files.folder())),
        dashboard_({.http = options.http,
            .stay = options.http_stay,
            .trusted_network = options.trusted_network,
            .tell = [this](const RunEvent& event) { emit(event); }}) {
    interrupts_.start();
  }

  int go(bool resumed, Repair repair);

 private:
  RunOutcome drive(
      const std::shared_ptr<RunTotals>& totals, const PastMetrics& past, Repair repair);
  std::unique_ptr<KvStore> ledger(const PastMetrics& past, Repair repair);
  int finish(const RunOutcome& outcome, const RunTotals& totals);
  // Where it is checked and mended only, and the ledger's worker opens it: nothing.
  std::unique_ptr<KvStore> own_ledger(const PastMetrics& past, Repair repair);
  Reporter::Options reporting(std::vector<std::shared_ptr<EventSink>> sinks,
      const std::shared_ptr<RunTotals>& totals, const PastMetrics& past);

  void emit(const RunEvent& event) {
    metrics_->event(event);
    view_->event(event);
  }

  void alarm(const std::string& text, const PastMetrics& past) {
    emit({{"event", "alarm"}, {"text", text}, {"seconds", past.seconds}});
  }

  const Job& job_;
  RunFiles& files_;
  const Apart apart_;
  const std::function<std::unique_ptr<WorkerHost>(System&)> make_host_;
  const std::vector<FaultRule> faults_;
  std::vector<std::string> accepted_;  // changes of inputs
  std::uint32_t processes_ = 0;        // workers that were started
  std::uint64_t worker_memory_ = 0;
  InterruptWatch interrupts_;  // before whatever begins threads
  std::shared_ptr<Output> output_;
  std::shared_ptr<EventSink> view_;
  std::shared_ptr<EventSink> metrics_;
  RunDashboard dashboard_;
};

std::unique_ptr<KvStore> Run::ledger(const PastMetrics& past, Repair repair) {
  try {
    auto opened = open_ledger(files_, past.newest_step, repair);
    for (const auto& text : opened.alarms) alarm(text, past);
    return std::move(opened.store);
  } catch (const Error& error) {
    alarm(error.text(), past);
    throw;
  }
}

std::unique_ptr<KvStore> Run::own_ledger(const PastMetrics& past, Repair repair) {
  auto store = ledger(past, repair);
  if (apart_.ledger) store.reset();
  if (apart_.trainer && job_.initial) job_.initial->release();  // its worker reads its own
  return store;
}

Reporter::Options Run::reporting(std::vector<std::shared_ptr<EventSink>> sinks,
    const std::shared_ptr<RunTotals>& totals, const PastMetrics& past) {
  std::uint32_t max_lag = job_.reinforce ? job_.reinforce->ledger.max_lag : 0;
  return {.sinks = std::move(sinks),
      .totals = totals,
      .seconds_before = past.seconds,
      .alarms = std::make_shared<AlarmWatch>(job_.alarms.bounds, max_lag),
      .spans = std::make_shared<SpansFile>(files_.path("spans.jsonl")),
      .audits = std::make_shared<AuditsFile>(files_.folder()),
      .room = [folder = files_.folder()] { return room_left(folder); }};
}

RunOutcome Run::drive(
    const std::shared_ptr<RunTotals>& totals, const PastMetrics& past, Repair repair) {
  std::promise<RunOutcome> promise;
  auto ended = promise.get_future();
  std::atomic<bool> ended_once{false};
  auto done = [&](RunOutcome outcome) {
    if (!ended_once.exchange(true)) promise.set_value(std::move(outcome));
  };
  ExitFile exits(files_.path("exits.jsonl"));
  RealClock clock;
  Log log(clock, {.terminal = Level::off, .path = files_.path("log.jsonl")});
  auto store = own_ledger(past, repair);
  FirstCauses causes(shell_command({program_as_called(), "resume", files_.folder()}));
  auto disk = system_files();
  CheckpointStore warm(*disk, files_.path("warm_start"), {.keep_last = 1});
  CheckpointStore checkpoints(
      *disk, files_.path("checkpoints"), {.keep_last = job_.trainer.keep_checkpoints});
  std::optional<System> system;  // no actor, whose end is to be reported, is older than it
  SystemOptions options;
  options.pools = Pipeline::pools(job_, apart_);
  options.seed = job_.seed;
  options.clock = &clock;
  options.log = &log;
  options.on_exit = [&](const ExitRecord& record) {
    bool moves = record.cause == ExitCause::stopped && record.restarts;
    if (record.cause == ExitCause::stopped && !moves) return;
    if (!moves) causes.see(record);
    report_event(*system, exits.write(record));
  };
  options.on_escalation = [&](const ExitRecord& record) { done(causes.outcome_of(record)); };
  WorkerParts workers{files_.folder(), options.on_exit, options.on_escalation, faults_};
  system.emplace(std::move(options));
  std::vector<std::shared_ptr<EventSink>> sinks = {metrics_, view_};
  if (auto hook =
          alarm_hook({.command = job_.alarms.command, .folder = files_.folder(), .log = &log}))
    sinks.push_back(std::move(hook));
  std::unique_ptr<WorkerHost> host = make_host_ ? make_host_(*system) : nullptr;
  workers.host = host.get();
  Pipeline pipeline(*system, job_,
      {.ledger = store.get(),
          .warm_checkpoints = &warm,
          .checkpoints = &checkpoints,
          .link = choose_transport(job_.transport, apart_.weights()),
          .reporter = reporting(std::move(sinks), totals, past),
          .make_policy = load_policy_trainer,
          .done = [&](RunOutcome outcome) { done(causes.behind(std::move(outcome))); }},
      apart_, std::move(workers));
  StopFirst actors([&] { pipeline.stop(stop_deadline); }, *system, stop_deadline);
  Graph graph = expand(job_, apart_);
  auto all = [&] {
    auto here = system->actors();
    for (auto& elsewhere : pipeline.started().actors()) here.push_back(std::move(elsewhere));
    return here;
  };
  ActorsFile snapshots(
      {.path = files_.path("actors.json"), .graph = &graph, .clock = &clock, .actors = all});
  interrupts_.on_next([&] { pipeline.finish("interrupted"); });
  RunOutcome outcome = ended.get();
  snapshots.stop();
  interrupts_.on_next([this] { output_->let_go(); });  // only the report and the reader are left
  processes_ = pipeline.started().processes();
  worker_memory_ = pipeline.started().memory();
  actors.stop();
  host.reset();
  return outcome;
}

int Run::finish(const RunOutcome& outcome, const RunTotals& totals) {
  std::string report;
  RunEvent event = totals.summary();
  event["final_version"] = outcome.version;
  char fingerprint[17];
  std::snprintf(fingerprint, sizeof fingerprint, "%016llx",
      static_cast<unsigned long long>(outcome.fingerprint));
  event["fingerprint"] = fingerprint;
  event["run"] = files_.folder();
  event["report"] = files_.path("report.html");
  event["stopped"] = stopped_text(outcome.how);
  event["reason"] = outcome.reason;
  if (auto memory = process_memory()) event["peak_memory_bytes"] = memory->peak + worker_memory_;
  dashboard_.add_to(event);
  event["isolation"] = tramontane::name(apart_.any() ? Isolation::process : Isolation::thread);
  if (apart_.any()) event["processes"] = processes_;
  try {
    metrics_->event(event);
    metrics_->close();
  } catch (const Error& e) {
    if (outcome.how != RunOutcome::How::failed) throw;  // else why it failed is what matters
    print_error("tram", str("the summary could not be written: ", e.text()));
  }
  try {
    write_report(files_.folder());
  } catch (const Error& e) {
    print_error("tram", str("the report could not be written: ", e.what()));
  }
  view_->event(event);
  view_->close();
  if (status_of(outcome) != ExitStatus::ok && outcome.how != RunOutcome::How::interrupted)
    print_error("tram", outcome.reason);
  return static_cast<int>(status_of(outcome));
}

int Run::go(bool resumed, Repair repair) {
  // Who watches may go away (`tram run … | head`); the run goes on.
  std::signal(SIGPIPE, SIG_IGN);
  auto totals = std::make_shared<RunTotals>();
  PastMetrics past;
  std::optional<std::uint64_t> from;
  if (resumed) {
    past = files_.replay_metrics(*totals, *view_);
    from = files_.newest_checkpoint();
    if (past.finished && accepted_.empty())
      print_error("tram",
          str(files_.folder(), " has come to its end already: there is nothing left to train"));
  }
  ActorsFile::announce(files_.path("actors.json"), RealClock());
  RunEvent event = run_began(job_, files_, from);
  event["seconds"] = past.seconds;
  emit(event);
  dashboard_.start(files_.folder());
  for (const auto& text : files_.problems_of(past)) alarm(text, past);
  for (const auto& change : accepted_)
    alarm("the run goes on with what it did not begin with: " + change, past);
  RunOutcome outcome = drive(totals, past, repair);
  int status = finish(outcome, *totals);
  dashboard_.finish(interrupts_);
  return status;
}

// What differs from the run's beginning, if that is accepted; from then on it is what is expected.
std::vector<std::string> input_changes(const RunFiles& files, const Job& job, bool accept) {
  auto disk = system_files();
  Bytes graph = disk->read(files.path("job.yaml"));
  std::vector<std::string> changes;
  try {
    changes = changed_inputs(*disk, files.folder(), job, graph);
  } catch (const Error& error) {
    if (!accept) throw;
    changes.push_back(error.text());
  }
  if (changes.empty()) return changes;
  if (!accept) {
    std::string all;
    for (const auto& change : changes) all += "\n  " + change;
    throw Error(Errc::bad_input, str(files.folder(), " did not begin with what is there now:", all,
                                     "\nPut it back, or go on with it by --accept-changes"));
  }
  write_inputs(*disk, files.folder(), job, graph);
  return changes;
}

}  // namespace

int start_run(const Job& job, const RunOptions& options) {
  Apart apart = apart_of(job, options.isolation == Isolation::process);
  check_faults(options.faults, expand(job, apart));
  if (!options.overcommit) require_memory(job, apart);
  RunFiles files = RunFiles::create(
      options.folder.empty() ? RunFiles::default_folder(job.name) : options.folder, job);
  return Run(job, files, options).go(false, Repair::no);
}

int resume_run(const std::string& folder, const RunOptions& options) {
  RunFiles files = RunFiles::open(folder);
  Job job = load_job(files.path("job.yaml"), {}, {.rewards = options.reward_kinds});
  auto changes = input_changes(files, job, options.accept_changes);
  Apart apart = apart_of(job, options.isolation == Isolation::process);
  check_faults(options.faults, expand(job, apart));
  if (!options.overcommit) require_memory(job, apart);
  return Run(job, files, options, std::move(changes))
      .go(true, options.repair ? Repair::yes : Repair::no);
}

}  // namespace tramontane
