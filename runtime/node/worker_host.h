#pragma once
// A WorkerHost is where an agent's workers run: processes of this machine (process_host.h), or
// Systems of one simulation (tests/sim/sim_host.h). What the agent decides is the same for both.
//
// Thread rule: the agent's strand.

#include "runtime/base/check.h"
#include "runtime/link/link.h"
#include "runtime/node/child.h"
#include "runtime/node/messages.h"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace tramontane {

// A worker that was started. Ends with this object, if it has not yet.
class HostedWorker {
 public:
  HostedWorker() = default;
  virtual ~HostedWorker() = default;
  HostedWorker(const HostedWorker&) = delete;
  HostedWorker& operator=(const HostedWorker&) = delete;

  // 0 while it is not started yet.
  virtual int pid() const = 0;

  // For people.
  virtual std::string where() const { return str("pid ", pid()); }

  // For what, while it is not started yet; else empty.
  virtual std::string waiting_for() const { return {}; }

  // Why it is to be ended in order and started again, in another place; empty: it stays.
  virtual std::string leaves_for() const { return {}; }

  // How it ended; nothing while it runs. To be asked every few milliseconds.
  virtual std::optional<ChildEnd> ended() = 0;
  // At once, with whatever it has started.
  virtual void kill() = 0;

  // It stands still until it is let go on. False where that cannot be done from here.
  virtual bool stand_still(bool /*still*/) { return false; }
};

class WorkerHost {
 public:
  virtual ~WorkerHost() = default;

  // Error if it cannot be started.
  virtual std::unique_ptr<HostedWorker> start(const WorkerSetup& setup) = 0;

  // Connects two workers; each is told who the other is.
  virtual void connect(HostedWorker& one, const Introduction& to_one, HostedWorker& other,
      const Introduction& to_other) = 0;
  // Connects a worker with the agent's own process: this is our end.
  virtual std::unique_ptr<Link> connect(HostedWorker& worker, const Introduction& to_worker) = 0;

  // How long that may take until the worker says hello.
  virtual Duration handshake() const { return SessionOptions().handshake; }

  // Nothing is started or connected any more; what was, is over.
  virtual void end() {}

  // The last lines that a worker of that name has logged, whether it runs or not.
  virtual std::vector<std::string> last_lines(const std::string& worker) const = 0;
};

}  // namespace tramontane
