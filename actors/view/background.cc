// A sink on a thread of its own, behind a bounded queue.
#include "actors/messages/run_event.h"
#include "actors/view/fields.h"
#include "actors/view/output.h"
#include "runtime/base/process_limits.h"

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <utility>

namespace tramontane {

namespace {

class BackgroundSink final : public EventSink {
 public:
  BackgroundSink(std::unique_ptr<EventSink> sink, std::shared_ptr<Output> output,
      std::size_t events_max, std::chrono::milliseconds patience)
      : sink_(std::move(sink)),
        output_(std::move(output)),
        events_max_(events_max),
        patience_(patience),
        thread_(start_thread("the view's thread", [this] { work(); })) {}

  ~BackgroundSink() override { close(); }

  void event(const RunEvent& event) override {
    {
      std::lock_guard lock(mutex_);
      if (queue_.size() >= events_max_) {
        queue_.pop_front();
        ++left_out_;
      }
      queue_.push_back({event, false});
    }
    changed_.notify_all();
  }

  void past(const RunEvent& event) override {
    {
      std::unique_lock lock(mutex_);
      // No reader is involved: there is room soon.
      changed_.wait(lock, [this] { return queue_.size() < events_max_; });
      queue_.push_back({event, true});
    }
    changed_.notify_all();
  }

  void close() override {
    if (!thread_.joinable()) return;
    {
      std::unique_lock lock(mutex_);
      closing_ = true;
      changed_.notify_all();
      if (!changed_.wait_for(lock, patience_, [this] { return ended_; })) output_->let_go();
    }
    thread_.join();
  }

 private:
  struct Item {
    RunEvent event;
    bool past = false;
  };

  void work() {
    std::unique_lock lock(mutex_);
    while (true) {
      changed_.wait(lock, [this] { return closing_ || !queue_.empty(); });
      if (queue_.empty()) break;
      Item item = std::move(queue_.front());
      queue_.pop_front();
      std::uint64_t left_out = std::exchange(left_out_, 0);
      lock.unlock();
      changed_.notify_all();
      if (left_out > 0) sink_->event(gap(left_out, item.event));
      item.past ? sink_->past(item.event) : sink_->event(item.event);
      lock.lock();
    }
    lock.unlock();
    sink_->close();
    lock.lock();
    ended_ = true;
    changed_.notify_all();
  }

  static RunEvent gap(std::uint64_t count, const RunEvent& next) {
    RunEvent alarm{{"event", "alarm"},
        {"text", std::to_string(count) +
                     " events are not shown here: they were not read in time; metrics.jsonl in "
                     "the run directory has them all"}};
    if (const auto* at = next.if_contains("seconds")) alarm["seconds"] = *at;
    return alarm;
  }

  std::unique_ptr<EventSink> sink_;  // the thread's alone
  std::shared_ptr<Output> output_;
  std::size_t events_max_;
  std::chrono::milliseconds patience_;
  std::mutex mutex_;  // guards what follows
  std::condition_variable changed_;
  std::deque<Item> queue_;
  std::uint64_t left_out_ = 0;
  bool closing_ = false;
  bool ended_ = false;
  std::thread thread_;  // last: it uses all of the above
};

}  // namespace

std::unique_ptr<EventSink> in_background(std::unique_ptr<EventSink> sink,
    std::shared_ptr<Output> output, std::size_t events_max, std::chrono::milliseconds patience) {
  return std::make_unique<BackgroundSink>(std::move(sink), std::move(output), events_max, patience);
}

}  // namespace tramontane
