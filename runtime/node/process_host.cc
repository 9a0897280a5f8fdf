#include "runtime/node/process_host.h"

#include "runtime/actor/pool.h"
#include "runtime/link/socket_link.h"
#include "runtime/node/handover.h"
#include "runtime/node/log_tail.h"
#include "runtime/node/worker.h"
#include "runtime/wire/blob.h"

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <unistd.h>
#include <utility>

namespace tramontane {
namespace {

constexpr std::size_t log_lines = 50;

class ProcessWorker final : public HostedWorker {
 public:
  ProcessWorker(Child child, Descriptor handover)
      : child_(std::move(child)), handover_(std::move(handover)) {}

  int pid() const override { return child_.pid(); }

  std::optional<ChildEnd> ended() override {
    handover_.flush();
    return child_.wait(Duration::zero());
  }

  void kill() override { child_.kill_group(SIGKILL); }

  bool stand_still(bool still) override { return child_.kill(still ? SIGSTOP : SIGCONT); }

  void give(const Introduction& introduction, LinkSocket socket) {
    handover_.give(encode_introduction(introduction), std::move(socket));
  }

 private:
  Child child_;
  Handover handover_;
};

ProcessWorker& process(HostedWorker& worker) {
  return static_cast<ProcessWorker&>(worker);
}

// The setup as a descriptor that the worker reads.
Descriptor as_memory(const Bytes& bytes) {
  return Descriptor(::dup(Blob::from_bytes(bytes).descriptor()));
}

}  // namespace

ProcessHost::ProcessHost(System& system, Options options)
    : system_(system), options_(std::move(options)) {}

std::string ProcessHost::log_of(const std::string& worker) const {
  std::string file = worker;
  std::replace(file.begin(), file.end(), '/', '-');
  return options_.folder + "/workers/" + file + ".log";
}

std::unique_ptr<HostedWorker> ProcessHost::start(const WorkerSetup& setup) {
  return start(setup, {});
}

std::unique_ptr<HostedWorker> ProcessHost::start(
    const WorkerSetup& setup, std::vector<std::string> environment) {
  std::filesystem::create_directories(options_.folder + "/workers");
  auto [ours, theirs] = handover_pair();
  Descriptor memory = as_memory(encode_setup(setup));
  ChildOptions options{.command = options_.command,
      .descriptors = {{theirs.get(), worker_handover}, {memory.get(), worker_setup}},
      .output = log_of(setup.name),
      .environment = std::move(environment)};
  options.command.push_back(worker_word);
  options.command.push_back(setup.name);
  return std::make_unique<ProcessWorker>(Child::start(std::move(options)), std::move(ours));
}

void ProcessHost::connect(HostedWorker& one, const Introduction& to_one, HostedWorker& other,
    const Introduction& to_other) {
  std::pair<Descriptor, Descriptor> ends = socket_pair();
  process(one).give(to_one, std::move(ends.first));
  process(other).give(to_other, std::move(ends.second));
}

std::unique_ptr<Link> ProcessHost::connect(HostedWorker& worker, const Introduction& to_worker) {
  std::pair<Descriptor, Descriptor> ends = socket_pair();
  process(worker).give(to_worker, std::move(ends.second));
  return socket_link(dynamic_cast<ThreadPool&>(system_.pool("link")), std::move(ends.first));
}

void ProcessHost::give(HostedWorker& worker, const Introduction& introduction, LinkSocket socket) {
  process(worker).give(introduction, std::move(socket));
}

std::vector<std::string> ProcessHost::last_lines(const std::string& worker) const {
  return log_tail(log_of(worker), log_lines);
}

}  // namespace tramontane
