#pragma once
// The ProcessHost runs workers as processes of this machine: this program executed anew (worker.h).
//
//   ProcessHost host(system, {.folder = run});
//
// Their output goes to FOLDER/workers/NAME.log. Links are Unix-domain sockets, read on the system's
// pool "link".

#include "runtime/actor/system.h"
#include "runtime/link/link_socket.h"
#include "runtime/node/worker_host.h"

#include <memory>
#include <string>
#include <vector>

namespace tramontane {

class ProcessHost final : public WorkerHost {
 public:
  struct Options {
    std::string folder;  // the job's
    std::vector<std::string> command = {"/proc/self/exe"};
  };

  // The system outlives it.
  ProcessHost(System& system, Options options);

  std::unique_ptr<HostedWorker> start(const WorkerSetup& setup) override;
  // With these variables (NAME=value) above what is passed on.
  std::unique_ptr<HostedWorker> start(
      const WorkerSetup& setup, std::vector<std::string> environment);
  void connect(HostedWorker& one, const Introduction& to_one, HostedWorker& other,
      const Introduction& to_other) override;
  std::unique_ptr<Link> connect(HostedWorker& worker, const Introduction& to_worker) override;
  std::vector<std::string> last_lines(const std::string& worker) const override;
  // A connected socket of any kind, to one of its own; who is at the other end.
  static void give(HostedWorker& worker, const Introduction& introduction, LinkSocket socket);

 private:
  std::string log_of(const std::string& worker) const;

  System& system_;
  const Options options_;
};

}  // namespace tramontane
