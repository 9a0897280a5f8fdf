#pragma once
// The SimDisk is what a simulated host has on disk of its ledger: a KvStore that outlives the
// processes that are simulated, fails and loses what it is told to, and watches what the ledger
// does with its records:
//
//  - A finished rollout is never lost and never written again as another.
//  - What a dead generator left of a rollout is how its finished record begins.
//  - Segments go only when their rollout is finished or its group settled.
//
// kill -9 keeps every write; a power cut keeps those before the last sync, and some after it.

#include "actors/messages/types.h"
#include "runtime/base/random.h"
#include "storage/kv_store.h"

#include <functional>
#include <map>
#include <string>
#include <vector>

namespace tramontane {

// What a process that dies in the middle of a write sees: no Error, so that nothing handles it.
struct DiskCrashed {};

struct DiskFaults {
  std::uint64_t crash_at = 0;   // this write (from 1) is the process's last …
  bool crash_keeps = false;     // … and reaches the disk, or not
  std::uint64_t refuse_at = 0;  // this one throws Error(io)
};

class SimDisk final : public KvStore {
 public:
  using Told = std::function<void(const std::string&)>;

  explicit SimDisk(Told problem) : problem_(std::move(problem)) {}

  // A new process begins, with these faults ahead.
  void begin(DiskFaults faults);

  // The process is gone: nothing reaches the disk until begin().
  void die() { dead_ = true; }

  bool dead() const { return dead_; }

  // The power goes: what was written since the last sync is there up to a point drawn from
  // `random`.
  void cut_power(Random& random);

  // Of every token written: its span must be one that `known` knows.
  void on_span(std::function<void(const Span&)> known) { span_ = std::move(known); }

  void write(const WriteBatch& batch) override;
  std::optional<std::string> get(std::string_view key) const override;
  void scan(std::string_view prefix,
      const std::function<bool(std::string_view, std::string_view)>& visit) const override;
  void sync() override;

  std::uint64_t size_bytes() const override { return 0; }

  std::uint64_t continued() const { return continued_; }

 private:
  using Values = std::map<std::string, std::string, std::less<>>;

  static void apply(const WriteBatch& batch, Values& values);
  void inspect(const WriteBatch& batch);
  void inspect_finished(const std::string& key, const std::string& value);
  void inspect_removal(const WriteBatch& batch, const std::string& key);

  Told problem_;
  std::function<void(const Span&)> span_;
  Values values_;  // as the process sees them
  Values synced_;  // as a power cut leaves them at least
  std::vector<WriteBatch> unsynced_;
  DiskFaults faults_;
  std::uint64_t writes_ = 0;
  bool dead_ = false;
  std::uint64_t continued_ = 0;  // rollouts finished after a part of them had been written before
};

}  // namespace tramontane
