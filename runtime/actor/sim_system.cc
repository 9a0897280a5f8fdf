#include "runtime/actor/sim_system.h"

#include "runtime/base/check.h"

#include <utility>

namespace tramontane {
namespace {

// Streams of the seed, so that one kind of draw does not shift the other.
constexpr std::uint64_t order_stream = 0x51;

void mix(std::uint64_t& hash, std::string_view text) {
  for (char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211U;
  hash = (hash ^ 0xFF) * 1099511628211U;
}

}  // namespace

class SimSystem::SimPool final : public Pool {
 public:
  SimPool(PoolOptions options, SimSystem& sim) : Pool(std::move(options)), sim_(sim) {}

  void post(Runnable& job) override { sim_.post(job, *this); }

  bool runs_inline() const override { return true; }

  Duration simulated_job_time() override {
    return sim_.job_time_ ? sim_.job_time_(name()) : Duration::zero();
  }

  Duration turn_time() const {
    return sim_.turn_time_ && !ends_ ? sim_.turn_time_(name()) : Duration::zero();
  }

  void end_turns() override {
    ends_ = true;
    sim_.end_turns(*this);
  }

 private:
  SimSystem& sim_;
  bool ends_ = false;
};

SimSystem::SimSystem(SimOptions options)
    : options_(std::move(options)),
      log_(clock_, {.terminal = options_.log}),
      random_(options_.seed, order_stream) {
  SystemOptions system = options_.system;
  system.pools = options_.pools;
  system_ = process(std::move(system));
}

SimSystem::~SimSystem() {
  turn_time_ = nullptr;
  for (auto& [job, pool] : std::exchange(busy_, {})) ready_.push_back(job);
  system_->stop(std::chrono::seconds(60));
}

std::unique_ptr<System> SimSystem::process(SystemOptions options) {
  options.seed = options_.seed;
  options.clock = &clock_;
  if (options.log == nullptr) options.log = &log_;
  options.simulation = this;
  return std::make_unique<System>(std::move(options));
}

void SimSystem::end_turns(const SimPool& pool) {
  std::erase_if(busy_, [&](const auto& each) {
    if (each.second == &pool) ready_.push_back(each.first);
    return each.second == &pool;
  });
}

std::unique_ptr<Pool> SimSystem::make_pool(PoolOptions options) {
  return std::make_unique<SimPool>(std::move(options), *this);
}

// A turn that takes time is run at its end.
void SimSystem::post(Runnable& job, SimPool& pool) {
  Duration time = pool.turn_time();
  if (time <= Duration::zero()) {
    ready_.push_back(&job);
    return;
  }
  busy_.emplace_back(&job, &pool);
  clock_.call_at(after(clock_.now(), time), [this, &job, &pool] {
    if (std::erase(busy_, std::pair<Runnable*, const SimPool*>(&job, &pool)) > 0)
      ready_.push_back(&job);
  });
}

bool SimSystem::run_ready() {
  if (ready_.empty()) return false;
  std::size_t chosen = 0;
  if (options_.shuffle) chosen = static_cast<std::size_t>(random_.below(ready_.size()));
  Runnable* job = ready_[chosen];
  ready_.erase(ready_.begin() + static_cast<std::ptrdiff_t>(chosen));
  job->run();
  return true;
}

bool SimSystem::step(Time limit) {
  ++steps_;
  return run_ready() || clock_.advance_to_next(limit);
}

bool SimSystem::run_until(const std::function<bool()>& done, Duration limit) {
  Time end = after(clock_.now(), limit);
  while (!done()) {
    if (clock_.now() >= end && ready_.empty()) return false;
    if (!step(end) && !done()) return false;
  }
  return true;
}

void SimSystem::run_for(Duration time) {
  Time end = after(clock_.now(), time);
  TRAM_CHECK(end != forever, "a simulation cannot run without end");
  while (step(end)) {
  }
}

bool SimSystem::kill(std::string_view name, std::string reason) {
  auto actor = system_->find(name);
  if (!actor) return false;
  system_->kill(*actor, std::move(reason));
  return true;
}

Fate SimSystem::fate(const Passage& passage) {
  mix(fingerprint_, str(micros(passage.when)));
  mix(fingerprint_, passage.source);
  mix(fingerprint_, passage.target);
  mix(fingerprint_, passage.type);
  if (options_.keep_trace) {
    trace_.push_back(str(micros(passage.when), " ", passage.source, " -> ", passage.target, " ",
        passage.type, passage.is_reply ? " (reply)" : ""));
  }
  return fate_ ? fate_(passage) : Fate::deliver();
}

}  // namespace tramontane
