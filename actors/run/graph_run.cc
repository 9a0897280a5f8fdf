#include "actors/run/graph_run.h"

#include "actors/messages/run_event.h"
#include "actors/run/actors_file.h"
#include "actors/run/exit_file.h"
#include "actors/run/files.h"
#include "actors/run/interrupt_watch.h"
#include "actors/run/run_dashboard.h"
#include "actors/run/stop_first.h"
#include "actors/view/output.h"
#include "runtime/base/check.h"
#include "runtime/base/log.h"
#include "runtime/base/shown_text.h"
#include "runtime/base/wall_time.h"
#include "runtime/cli/cli.h"
#include "runtime/node/started_graph.h"
#include "storage/file.h"

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <future>
#include <mutex>
#include <optional>
#include <set>
#include <unistd.h>
#include <utility>

namespace tramontane {
namespace {

using namespace std::chrono_literals;

constexpr Duration stop_deadline = 20s;

std::string text_in(const RunEvent& event, const char* key) {
  const auto* value = event.if_contains(key);
  return value != nullptr && value->is_string() ? std::string(value->as_string()) : "";
}

// A line for each event: what actors log, as they log it.
class LineView final : public EventSink {
 public:
  explicit LineView(std::shared_ptr<Output> output) : output_(std::move(output)) {}

  void event(const RunEvent& event) override {
    if (std::string line = line_of(event); !line.empty()) output_->write(line + "\n");
  }

 private:
  static std::string line_of(const RunEvent& event) {
    std::string kind = text_in(event, "event");
    if (kind == "log") return text_in(event, "line");
    if (kind == "alarm") return text_in(event, "text");
    if (kind == "dashboard") return "watch: " + text_in(event, "link");
    if (kind == "run")
      return str(text_in(event, "name"), ": ", event.at("actors").as_uint64(), " actors in ",
          text_in(event, "run"));
    if (kind == "exit") return exit_line(event);
    if (kind != "summary") return "";
    char seconds[32];
    std::snprintf(seconds, sizeof seconds, "%.1f s", event.at("seconds").as_double());
    std::string reason = text_in(event, "reason");
    return str(text_in(event, "stopped"), " after ", seconds, reason.empty() ? "" : ": ", reason);
  }

  // Of a failure that the job survives; the summary tells of the others.
  static std::string exit_line(const RunEvent& event) {
    if (!event.at("restarts").as_bool()) return "";
    return str(text_in(event, "actor"), " ", text_in(event, "cause"), ": ", text_in(event, "text"),
        "; it is started again");
  }

  std::shared_ptr<Output> output_;
};

enum class Stopped : std::uint8_t { finished, interrupted, failed };

const char* text_of(Stopped how) {
  switch (how) {
    case Stopped::finished:
      return "finished";
    case Stopped::interrupted:
      return "interrupted";
    case Stopped::failed:
      return "failed";
  }
  return "failed";
}

// Everything of one run while it goes on.
class GraphRun {
 public:
  GraphRun(const GraphJob& job, const Kinds& kinds, std::string folder, const RunOptions& options)
      : job_(job),
        kinds_(kinds),
        folder_(std::move(folder)),
        output_(std::make_shared<Output>(STDOUT_FILENO)),
        view_(in_background(
            options.view == View::json ? json_view(output_) : std::make_unique<LineView>(output_),
            output_)),
        metrics_(metrics_file(folder_)),
        dashboard_({.http = options.http,
            .stay = options.http_stay,
            .trusted_network = options.trusted_network,
            .tell = [this](const RunEvent& event) { tell(event); }}),
        exits_(folder_ + "/exits.jsonl"),
        waited_for_(job.until.begin(), job.until.end()),
        faults_(options.faults) {
    interrupts_.start();
  }

  int go();

 private:
  Stopped drive();
  // The one place that hears of the end of each life, from any thread.
  void ended(const ExitRecord& record);

  // Here and in metrics.jsonl, which exits.jsonl and log.jsonl have a part in.
  void tell(const RunEvent& event) {
    view_->event(event);
    metrics_->event(event);
  }

  void done(Stopped how) {
    if (!std::exchange(over_, true)) outcome_.set_value(how);
  }

  RunEvent summary(Stopped how, double seconds);

  const GraphJob& job_;
  const Kinds& kinds_;
  const std::string folder_;
  InterruptWatch interrupts_;  // before whatever begins threads
  std::shared_ptr<Output> output_;
  std::shared_ptr<EventSink> view_;
  std::unique_ptr<EventSink> metrics_;
  RunDashboard dashboard_;
  ExitFile exits_;
  std::promise<Stopped> outcome_;
  std::uint32_t processes_ = 0;  // workers that were started

  std::mutex mutex_;  // guards what follows
  bool over_ = false;
  std::set<std::string> waited_for_;  // whose end by themselves is missing
  const std::vector<FaultRule> faults_;
  std::optional<ExitRecord> failure_;  // the earliest for good
};

void GraphRun::ended(const ExitRecord& record) {
  RunEvent event = exits_.write(record);
  event["restarts"] = record.restarts;
  view_->event(event);
  std::lock_guard lock(mutex_);
  if (over_ && !failure_) return;  // it was asked to stop
  if (record.cause == ExitCause::stopped) {
    waited_for_.erase(record.name);
    if (waited_for_.empty()) done(Stopped::finished);
  } else if (record.escalated) {
    // What fails of this one's failure may be heard of before.
    if (!failure_ || record.wall < failure_->wall) failure_ = record;
    done(Stopped::failed);
  }
}

Stopped GraphRun::drive() {
  auto outcome = outcome_.get_future();
  RealClock clock;
  Log log(clock, {.terminal = Level::info, .path = folder_ + "/log.jsonl"});
  log.show_with([this](Level level, std::string_view line) {
    view_->event({{"event", "log"}, {"level", tramontane::name(level)}, {"line", line}});
  });
  ProcessContext process(folder_);  // outlives the system
  SystemOptions options;
  options.pools = pools_here(job_.graph);
  options.seed = job_.seed;
  options.clock = &clock;
  options.log = &log;
  options.on_exit = [this](const ExitRecord& record) { ended(record); };
  System system(std::move(options));
  auto heard = [this](const ExitRecord& record) { ended(record); };
  StartedGraph started(system, job_.graph, kinds_, process,
      {.seed = job_.seed, .on_exit = heard, .faults = faults_});
  StopFirst actors([&] { started.stop(stop_deadline); }, system, stop_deadline);
  started.start();
  interrupts_.on_next([this] {
    view_->event({{"event", "alarm"},
        {"text", "interrupted: stopping every actor in order; Ctrl-C again stops at once"}});
    std::lock_guard lock(mutex_);
    done(Stopped::interrupted);
  });
  auto all = [&] {
    auto here = system.actors();
    for (auto& elsewhere : started.actors()) here.push_back(std::move(elsewhere));
    return here;
  };
  ActorsFile snapshots(
      {.path = folder_ + "/actors.json", .graph = &job_.graph, .clock = &clock, .actors = all});
  Stopped how = outcome.get();
  snapshots.stop();
  interrupts_.on_next(nullptr);
  processes_ = started.processes();
  actors.stop();
  return how;
}

RunEvent GraphRun::summary(Stopped how, double seconds) {
  std::lock_guard lock(mutex_);
  std::string reason = how == Stopped::interrupted ? "interrupted" : "";
  if (how == Stopped::failed && failure_) {
    std::string doing = failure_->doing.empty() ? "" : " (" + failure_->doing + ")";
    reason =
        str(failure_->name, " ", name(failure_->cause), " for good", doing, ": ", failure_->text);
  }
  bool apart = !job_.graph.workers().empty();
  RunEvent event{{"event", "summary"}, {"stopped", text_of(how)}, {"reason", reason},
      {"seconds", seconds}, {"isolation", name(apart ? Isolation::process : Isolation::thread)},
      {"actors", job_.graph.actors.size()}, {"run", folder_}};
  if (apart) event["processes"] = processes_;
  return event;
}

int GraphRun::go() {
  // Who watches may go away (`tram run … | head`); the run goes on.
  std::signal(SIGPIPE, SIG_IGN);
  ActorsFile::announce(folder_ + "/actors.json", RealClock());
  tell({{"event", "run"}, {"name", job_.name}, {"run", folder_}, {"seed", job_.seed},
      {"actors", job_.graph.actors.size()}, {"started", iso_time(RealClock().wall())},
      {"seconds", 0.0}});
  dashboard_.start(folder_);
  auto began = std::chrono::steady_clock::now();
  Stopped how = drive();
  std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
  RunEvent event = summary(how, took.count());
  dashboard_.add_to(event);
  tell(event);
  view_->close();
  dashboard_.finish(interrupts_);
  if (how == Stopped::finished) return static_cast<int>(ExitStatus::ok);
  if (how == Stopped::interrupted) return static_cast<int>(ExitStatus::interrupted);
  print_error("tram", text_in(event, "reason"));
  return static_cast<int>(exit_status(failure_->code.value_or(Errc::failed)));
}

// The absolute path of a new directory with graph.yaml.
std::string make_run_folder(const GraphJob& job, const std::string& folder) {
  auto files = system_files();
  for (const char* file : {"graph.yaml", "job.yaml"})
    if (files->exists(str(folder, "/", file)))
      throw Error(Errc::bad_input, folder + " is a run already: give another --run");
  files->make_folder(folder);
  std::string whole = std::filesystem::weakly_canonical(folder).string();
  write_durably(*files, whole + "/graph.yaml", as_bytes(job.text));
  return whole;
}

}  // namespace

int run_graph(const GraphJob& given, const Kinds& kinds, const RunOptions& options) {
  GraphJob job = given;
  if (options.isolation == Isolation::process) put_apart(job.graph);
  check_faults(options.faults, job.graph);
  std::string folder = options.folder.empty() ? RunFiles::default_folder(job.name) : options.folder;
  return GraphRun(job, kinds, make_run_folder(job, folder), options).go();
}

}  // namespace tramontane
