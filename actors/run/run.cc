#include "actors/run/run.h"

#include "actors/messages/run_event.h"
#include "actors/run/files.h"
#include "actors/run/pipeline.h"
#include "actors/view/output.h"
#include "kernels/ops.h"
#include "runtime/base/check.h"
#include "runtime/base/log.h"
#include "runtime/cli/cli.h"
#include "storage/file.h"

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <ctime>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <future>
#include <mutex>
#include <pthread.h>
#include <sys/file.h>
#include <thread>
#include <unistd.h>
#include <utility>

namespace tramontane {
namespace {

using namespace std::chrono_literals;

constexpr Duration stop_deadline = 20s;

// Ctrl-C once: finish the step. Twice: stop at once; the ledger has everything that matters.
// There must be no other thread when it is made: all of them leave the signals to this one.
class InterruptWatch {
 public:
  InterruptWatch() {
    sigemptyset(&signals_);
    sigaddset(&signals_, SIGINT);
    sigaddset(&signals_, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &signals_, nullptr);
  }

  void start() {
    thread_ = std::thread([this] { watch(); });
  }

  // What the next Ctrl-C does; the one after it stops at once, as does the next where `first` is
  // nothing. When this returns, what was set before is not running and will not run again.
  void on_next(std::function<void()> first) {
    std::lock_guard lock(mutex_);
    next_ = std::move(first);
  }

  ~InterruptWatch() {
    stopping_ = true;
    if (thread_.joinable()) thread_.join();
    pthread_sigmask(SIG_UNBLOCK, &signals_, nullptr);
  }

 private:
  [[noreturn]] static void leave() {
    constexpr std::string_view show_cursor = "\x1b[?25h\n";
    if (::isatty(STDOUT_FILENO) != 0)
      static_cast<void>(::write(STDOUT_FILENO, show_cursor.data(), show_cursor.size()));
    ::_exit(static_cast<int>(ExitStatus::interrupted));
  }

  void watch() {
    while (!stopping_) {
      timespec wait{0, 100'000'000};
      if (sigtimedwait(&signals_, nullptr, &wait) < 0) continue;
      std::lock_guard lock(mutex_);
      if (!next_) leave();
      std::exchange(next_, nullptr)();
    }
  }

  sigset_t signals_{};
  std::mutex mutex_;
  std::function<void()> next_;
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

std::string stages_kind(const Job& job, std::size_t index) {
  return index < job.warm_starts.size() ? "warm_start" : "reinforce";
}

// As the kernel names the processor; empty where it does not.
std::string processor() {
  std::ifstream in("/proc/cpuinfo");
  for (std::string line; std::getline(in, line);)
    if (auto colon = line.find(": "); line.starts_with("model name") && colon != line.npos)
      return line.substr(colon + 2);
  return {};
}

RunEvent run_event(
    const Job& job, const RunFiles& files, const std::optional<std::uint64_t>& resumed_from) {
  boost::json::array stages;
  for (std::size_t i = 0; i < job.warm_starts.size(); ++i)
    stages.push_back({{"kind", stages_kind(job, i)}, {"steps", job.warm_starts[i].steps}});
  if (job.reinforce) stages.push_back({{"kind", "reinforce"}, {"steps", job.reinforce->steps}});
  char date[32];
  std::time_t now = std::time(nullptr);
  std::tm parts{};
  gmtime_r(&now, &parts);
  std::strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%SZ", &parts);
  RunEvent event{{"event", "run"}, {"name", job.name}, {"run", files.folder()}, {"seed", job.seed},
      {"parameters", parameters(job.model)}, {"isa", kernels::isa()},
      {"cores", std::thread::hardware_concurrency()}, {"machine", processor()}, {"started", date},
      {"stages", std::move(stages)}, {"heldout", job.heldout.size()},
      {"prompts", job.prompts.size()},
      {"max_lag", job.reinforce ? job.reinforce->ledger.max_lag : 0}};
  if (resumed_from)
    event["resumed_from"] = *resumed_from;
  else
    event["resumed_from"] = nullptr;
  return event;
}

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

// Writes exit records to RUN/exits.jsonl as they come.
class ExitFile {
 public:
  explicit ExitFile(const std::string& path) : out_(path, std::ios::app) {}

  RunEvent write(const ExitRecord& record) {
    boost::json::array lines(record.last_lines.begin(), record.last_lines.end());
    RunEvent event{{"event", "exit"}, {"actor", record.name}, {"kind", record.kind},
        {"incarnation", record.incarnation}, {"cause", tramontane::name(record.cause)},
        {"text", record.text}, {"doing", record.doing}, {"holding", record.holding},
        {"wall_us", record.wall}, {"log", std::move(lines)}};
    std::lock_guard lock(mutex_);
    out_ << boost::json::serialize(event) << std::endl;
    return event;
  }

 private:
  std::mutex mutex_;
  std::ofstream out_;
};

// Everything of one run while it goes on.
class Run {
 public:
  Run(const Job& job, RunFiles& files, View view)
      : job_(job),
        files_(files),
        output_(std::make_shared<Output>(STDOUT_FILENO)),
        view_(in_background(make_view(view, output_), output_)),
        metrics_(metrics_file(files.folder())) {
    interrupts_.start();
  }

  int go(bool resumed);

 private:
  RunOutcome drive(const std::shared_ptr<RunTotals>& totals, double seconds_before);
  int finish(const RunOutcome& outcome, const RunTotals& totals);

  void emit(const RunEvent& event) {
    metrics_->event(event);
    view_->event(event);
  }

  const Job& job_;
  RunFiles& files_;
  InterruptWatch interrupts_;  // before whatever begins threads
  std::shared_ptr<Output> output_;
  std::shared_ptr<EventSink> view_;
  std::shared_ptr<EventSink> metrics_;
};

RunOutcome Run::drive(const std::shared_ptr<RunTotals>& totals, double seconds_before) {
  std::promise<RunOutcome> promise;
  auto ended = promise.get_future();
  std::atomic<bool> ended_once{false};
  auto done = [&](RunOutcome outcome) {
    if (!ended_once.exchange(true)) promise.set_value(std::move(outcome));
  };
  ExitFile exits(files_.path("exits.jsonl"));
  RealClock clock;
  Log log(clock, {.terminal = Level::off, .path = files_.path("log.jsonl")});
  auto store = open_rocksdb(files_.path("ledger"), {});
  auto disk = system_files();
  CheckpointStore warm(*disk, files_.path("warm_start"), {.keep_last = 1});
  CheckpointStore checkpoints(
      *disk, files_.path("checkpoints"), {.keep_last = job_.trainer.keep_checkpoints});
  std::optional<System> system;  // no actor, whose end is to be reported, is older than it
  SystemOptions options;
  options.pools = Pipeline::pools(job_);
  options.seed = job_.seed;
  options.clock = &clock;
  options.log = &log;
  options.on_exit = [&](const ExitRecord& record) {
    if (record.cause == ExitCause::stopped) return;
    report_event(*system, exits.write(record));
  };
  options.on_escalation = [&](const ExitRecord& record) {
    bool io = record.code == Errc::io;
    done({RunOutcome::How::failed,
        str(record.name, " failed for good: ", record.text,
            io ? "; once that is mended, `tram resume` goes on and nothing is lost" : ""),
        0, 0, record.code.value_or(Errc::failed)});
  };
  system.emplace(std::move(options));
  Pipeline pipeline(*system, job_,
      {.ledger = store.get(),
          .warm_checkpoints = &warm,
          .checkpoints = &checkpoints,
          .link = choose_transport(job_.transport),
          .reporter = {.sinks = {metrics_, view_},
              .totals = totals,
              .seconds_before = seconds_before},
          .make_policy = load_policy_trainer,
          .done = done});
  interrupts_.on_next([&] { pipeline.finish("interrupted"); });
  RunOutcome outcome = ended.get();
  interrupts_.on_next([this] { output_->let_go(); });  // only the report and the reader are left
  system->stop(stop_deadline);
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
  metrics_->event(event);
  metrics_->close();
  try {
    write_report(files_.folder());
  } catch (const Error& e) {
    std::fprintf(stderr, "tram: the report could not be written: %s\n", e.what());
  }
  view_->event(event);
  view_->close();
  if (status_of(outcome) != ExitStatus::ok && outcome.how != RunOutcome::How::interrupted)
    std::fprintf(stderr, "tram: %s\n", outcome.reason.c_str());
  return static_cast<int>(status_of(outcome));
}

int Run::go(bool resumed) {
  // Who watches may go away (`tram run … | head`); the run goes on.
  std::signal(SIGPIPE, SIG_IGN);
  auto totals = std::make_shared<RunTotals>();
  double seconds_before = 0;
  std::optional<std::uint64_t> from;
  if (resumed) {
    seconds_before = files_.replay_metrics(*totals, *view_);
    from = files_.newest_checkpoint();
  }
  RunEvent event = run_event(job_, files_, from);
  event["seconds"] = seconds_before;
  emit(event);
  RunOutcome outcome = drive(totals, seconds_before);
  return finish(outcome, *totals);
}

}  // namespace

int start_run(const Job& job, const RunOptions& options) {
  RunFiles files = RunFiles::create(
      options.folder.empty() ? RunFiles::default_folder(job.name) : options.folder, job.resolved);
  return Run(job, files, options.view).go(false);
}

int resume_run(const std::string& folder, const RunOptions& options) {
  RunFiles files = RunFiles::open(folder);
  Job job = load_job(files.path("job.yaml"), {});
  return Run(job, files, options.view).go(true);
}

}  // namespace tramontane
