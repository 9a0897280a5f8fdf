#pragma once
// What a driver's cluster host and the actor that speaks for it (driver_actor.h) share: how each
// worker is, and the connections that are still to come. For the sources of both.
//
// Thread rule: any thread.

#include "runtime/cluster/later_link.h"
#include "runtime/cluster/messages.h"

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace tramontane {

class Seats {
 public:
  // As known so far.
  struct Worker {
    std::string name;
    std::string node;         // where it is
    int pid = 0;              // 0: it is not started
    std::string waiting_for;  // why not
    std::string leaves_for;   // why it is to end here and begin elsewhere; empty: it stays
    std::optional<ChildEnd> end;
  };

  void add(ProcessId process, Worker worker) {
    std::lock_guard lock(mutex_);
    workers_[process] = std::move(worker);
  }

  template <class Change>
  void change(ProcessId process, Change change) {
    std::lock_guard lock(mutex_);
    auto found = workers_.find(process);
    if (found != workers_.end()) change(found->second);
  }

  void remove(ProcessId process) {
    std::lock_guard lock(mutex_);
    workers_.erase(process);
  }

  std::optional<Worker> find(ProcessId process) const {
    std::lock_guard lock(mutex_);
    auto found = workers_.find(process);
    return found == workers_.end() ? std::nullopt : std::optional(found->second);
  }

  void keep_lines(const std::string& worker, std::vector<std::string> lines) {
    std::lock_guard lock(mutex_);
    lines_[worker] = std::move(lines);
  }

  std::vector<std::string> lines(const std::string& worker) const {
    std::lock_guard lock(mutex_);
    auto found = lines_.find(worker);
    return found == lines_.end() ? std::vector<std::string>() : found->second;
  }

  void expect(ProcessId process, std::shared_ptr<LaterLink::Connection> connection) {
    std::lock_guard lock(mutex_);
    connections_[process] = std::move(connection);
  }

  // Null if none is expected.
  std::shared_ptr<LaterLink::Connection> take(ProcessId process) {
    std::lock_guard lock(mutex_);
    auto found = connections_.find(process);
    if (found == connections_.end()) return nullptr;
    auto connection = std::move(found->second);
    connections_.erase(found);
    return connection;
  }

 private:
  mutable std::mutex mutex_;  // guards the rest
  std::map<ProcessId, Worker> workers_;
  std::map<std::string, std::vector<std::string>> lines_;
  std::map<ProcessId, std::shared_ptr<LaterLink::Connection>> connections_;
};

}  // namespace tramontane
