// The KvStore for simulations and tests: a sorted map. What was written is "on disk" at once.
#include "storage/kv_store.h"

#include <map>
#include <mutex>
#include <shared_mutex>

namespace tramontane {
namespace {

class MemoryStore final : public KvStore {
 public:
  void write(const WriteBatch& batch) override {
    std::unique_lock lock(mutex_);
    for (const auto& change : batch.changes) {
      if (change.value) {
        values_[change.key] = *change.value;
      } else {
        values_.erase(change.key);
      }
    }
  }

  std::optional<std::string> get(std::string_view key) const override {
    std::shared_lock lock(mutex_);
    auto at = values_.find(key);
    if (at == values_.end()) return std::nullopt;
    return at->second;
  }

  void scan(std::string_view prefix,
      const std::function<bool(std::string_view, std::string_view)>& visit) const override {
    std::shared_lock lock(mutex_);
    for (auto at = values_.lower_bound(prefix); at != values_.end(); ++at) {
      if (!at->first.starts_with(prefix) || !visit(at->first, at->second)) return;
    }
  }

  void sync() override {}

  std::uint64_t size_bytes() const override {
    std::shared_lock lock(mutex_);
    std::uint64_t bytes = 0;
    for (const auto& [key, value] : values_) bytes += key.size() + value.size();
    return bytes;
  }

 private:
  mutable std::shared_mutex mutex_;
  std::map<std::string, std::string, std::less<>> values_;  // std::string orders as unsigned bytes
};

}  // namespace

std::unique_ptr<KvStore> open_memory() {
  return std::make_unique<MemoryStore>();
}

}  // namespace tramontane
