#include "actors/alarms/alarm_hook.h"

#include "actors/view/fields.h"
#include "runtime/base/check.h"
#include "runtime/base/descriptor.h"
#include "runtime/base/json_text.h"
#include "runtime/base/process_limits.h"
#include "runtime/base/result.h"
#include "runtime/base/shell.h"
#include "runtime/node/child.h"

#include <algorithm>
#include <condition_variable>
#include <csignal>
#include <deque>
#include <filesystem>
#include <mutex>
#include <sys/mman.h>
#include <thread>
#include <unistd.h>
#include <utility>

namespace tramontane {
namespace {

constexpr std::uintmax_t output_bytes_most = 1 << 20;

// A file without a name that has the text, to be read from its beginning.
Descriptor readable(const std::string& text) {
  Descriptor file(::memfd_create("alarm", MFD_CLOEXEC));
  auto written = ::write(file.get(), text.data(), text.size());
  if (written != static_cast<ssize_t>(text.size()) || ::lseek(file.get(), 0, SEEK_SET) != 0)
    throw Error(Errc::io, "there is no memory for a command's input");
  return file;
}

class AlarmHook final : public EventSink {
 public:
  explicit AlarmHook(AlarmHookOptions options)
      : options_(std::move(options)),
        thread_(start_thread("the thread of alarms' command", [this] { work(); })) {}

  ~AlarmHook() override { close(); }

  void event(const RunEvent& event) override {
    std::string kind = text(event, "event");
    if ((kind != "alarm" && kind != "alarm_over") || !event.contains("rule")) return;
    {
      std::lock_guard lock(mutex_);
      if (closing_ || waiting_.size() >= options_.waiting_most || begun_ >= options_.runs_most) {
        ++left_out_;
        return;
      }
      ++begun_;
      waiting_.push_back(event);
    }
    changed_.notify_all();
  }

  void close() override {
    if (!thread_.joinable()) return;
    {
      std::lock_guard lock(mutex_);
      closing_ = true;
      until_ = std::chrono::steady_clock::now() + options_.deadline;
    }
    changed_.notify_all();
    thread_.join();
    if (left_out_ > 0)
      options_.log->write(Level::warning, "alarms",
          "the command was not run for all: too many at once, or in all",
          {{"left_out", left_out_}});
  }

 private:
  void work() {
    std::unique_lock lock(mutex_);
    while (true) {
      changed_.wait(lock, [this] { return closing_ || !waiting_.empty(); });
      if (waiting_.empty()) return;
      RunEvent event = std::move(waiting_.front());
      waiting_.pop_front();
      if (patience() <= Duration::zero()) {
        ++left_out_;
        continue;
      }
      lock.unlock();
      run(event);
      lock.lock();
    }
  }

  // What is left of the deadline; while it closes, of that for all. Under the lock.
  Duration patience() const {
    if (!closing_) return options_.deadline;
    return std::min<Duration>(options_.deadline, until_ - std::chrono::steady_clock::now());
  }

  void run(const RunEvent& event) {
    try {
      Descriptor input = readable(json_text(event) + "\n");
      bool over = text(event, "event") == "alarm_over";
      Child child = Child::start({.command = options_.command,
          .descriptors = {{input.get(), 0}},
          .output = output(),
          .environment = {"TRAM_RUN=" + options_.folder, "TRAM_ALARM=" + text(event, "rule"),
              std::string("TRAM_ALARM_STATE=") + (over ? "over" : "begins")},
          .whole_environment = true,
          .foreign = true});
      auto end = wait(child);
      if (!end) {
        child.kill_group(SIGKILL);
        complain("was killed: it took too long");
      } else if (end->signalled || end->exit_code != 0) {
        complain(end->text());
      }
    } catch (const Error& error) {
      complain(error.text());
    }
  }

  // In short waits, so that closing is noticed.
  std::optional<ChildEnd> wait(Child& child) {
    using namespace std::chrono_literals;
    auto began = std::chrono::steady_clock::now();
    while (true) {
      if (auto end = child.wait(50ms)) return end;
      std::lock_guard lock(mutex_);
      if (std::chrono::steady_clock::now() - began >= options_.deadline || patience() <= 0s)
        return std::nullopt;
    }
  }

  std::string output() const {
    std::string path = options_.folder + "/alarm_command.log";
    std::error_code error;
    auto bytes = std::filesystem::file_size(path, error);
    return error || bytes < output_bytes_most ? path : "/dev/null";
  }

  void complain(const std::string& what) {
    options_.log->write(Level::warning, "alarms",
        str("the command ", shell_quoted(options_.command.front()), " ", what,
            "; what it printed is in alarm_command.log"));
  }

  const AlarmHookOptions options_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<RunEvent> waiting_;
  std::size_t begun_ = 0;
  std::uint64_t left_out_ = 0;
  bool closing_ = false;
  std::chrono::steady_clock::time_point until_{};
  std::thread thread_;  // last: it begins when all else is there
};

}  // namespace

std::unique_ptr<EventSink> alarm_hook(AlarmHookOptions options) {
  if (options.command.empty()) return nullptr;
  return std::make_unique<AlarmHook>(std::move(options));
}

}  // namespace tramontane
