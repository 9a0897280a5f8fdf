#pragma once
// FaultyStore passes everything on to another store, until the write it was told to spoil.
//
//   FaultyStore store(*memory, {.at = 5, .fault = WriteFault::lost});
//
// Writes are counted from 1. After a crash nothing reaches the store below any more: open that
// one again, as the next process would.

#include "runtime/base/result.h"
#include "storage/kv_store.h"

#include <cstdint>
#include <string>

namespace tramontane {

enum class WriteFault : std::uint8_t {
  none,
  refused,  // throws Error(io), as on a full disk; later ones work
  lost,     // the process dies before the write
  kept,     // the process dies right after the write
};

struct WriteFaultPlan {
  std::uint64_t at = 0;
  WriteFault fault = WriteFault::none;
};

// What dying throws: no Error, so that nothing handles it by mistake.
struct StoreCrashed {};

class FaultyStore final : public KvStore {
 public:
  FaultyStore(KvStore& store, WriteFaultPlan plan) : store_(store), plan_(plan) {}

  std::uint64_t writes() const { return writes_; }

  void write(const WriteBatch& batch) override {
    if (dead_) throw StoreCrashed();
    ++writes_;
    if (writes_ == plan_.at && plan_.fault != WriteFault::none) {
      if (plan_.fault == WriteFault::refused) {
        throw Error(Errc::io, "writing failed: No space left on device");
      }
      dead_ = true;
      if (plan_.fault == WriteFault::kept) store_.write(batch);
      throw StoreCrashed();
    }
    store_.write(batch);
  }

  std::optional<std::string> get(std::string_view key) const override { return store_.get(key); }

  void scan(std::string_view prefix,
      const std::function<bool(std::string_view, std::string_view)>& visit) const override {
    store_.scan(prefix, visit);
  }

  std::uint64_t syncs() const { return syncs_; }

  void sync() override {
    if (dead_) throw StoreCrashed();
    ++syncs_;
    store_.sync();
  }

  std::uint64_t size_bytes() const override { return store_.size_bytes(); }

 private:
  KvStore& store_;
  WriteFaultPlan plan_;
  std::uint64_t writes_ = 0;
  std::uint64_t syncs_ = 0;
  bool dead_ = false;
};

}  // namespace tramontane
