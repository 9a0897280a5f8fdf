#pragma once
// A Room is what all runs of one server share: its namespaces, the root that every run sees, user
// ids, cgroups and the filter of system calls.
//
// Making it moves the server itself into new mount, network, uts, ipc and cgroup namespaces (and a
// user namespace where it is not root). The network namespace stays as it begins: without a
// network. Whatever the kernel refuses is in `missing`, and runs go without it.

#include "actors/rewards/sandbox/cgroup.h"
#include "actors/rewards/sandbox/filter.h"
#include "runtime/base/descriptor.h"

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace tramontane::sandbox {

constexpr std::size_t lanes = 2;  // programs that run at once

// A work folder. Isolated: a tmpfs of bounded size that is mounted nowhere. Else: a folder of the
// host, removed with the object.
struct Work {
  Descriptor root;
  std::string folder;

  Work() = default;
  Work(Work&& other) noexcept;
  Work& operator=(Work&& other) noexcept;
  Work(const Work&) = delete;
  Work& operator=(const Work&) = delete;
  ~Work();
};

class Room {
 public:
  Room();

  // Namespaces of its own, and a root: all or nothing.
  bool isolated() const { return !root_.empty(); }

  bool user_namespace() const { return user_namespace_; }

  std::uint32_t slot() const { return slot_; }

  // What programs of a lane run as; 0: they stay who the server is.
  std::uint32_t user_id(std::size_t lane) const;

  const std::string& root() const { return root_; }

  const FilterCode& filter() const { return filter_; }

  Cgroup& cgroup(std::size_t lane) const { return *cgroups_[lane]; }

  const std::vector<std::string>& missing() const { return missing_; }

  // Empty in `root` with errno if there is none to be had.
  Work make_work(std::uint64_t bytes, std::size_t lane) const;

 private:
  void take_slot();
  std::string enter_namespaces();
  std::string make_root();

  bool is_root_ = false;
  bool user_namespace_ = false;
  std::uint32_t slot_ = 0;
  Descriptor slot_lock_;
  std::string root_;
  FilterCode filter_;
  std::array<std::unique_ptr<Cgroup>, lanes> cgroups_;
  std::vector<std::string> missing_;
};

}  // namespace tramontane::sandbox
