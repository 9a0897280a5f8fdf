#include "actors/weights/ready_store.h"

#include "runtime/base/check.h"

namespace tramontane {

void ReadyStore::put(std::shared_ptr<const ReadyWeights> weights) {
  TRAM_CHECK(weights != nullptr, "no weights to put");
  std::lock_guard lock(mutex_);
  versions_[weights->version()] = std::move(weights);
}

std::shared_ptr<const ReadyWeights> ReadyStore::get(Version version) const {
  std::lock_guard lock(mutex_);
  auto found = versions_.find(version);
  return found == versions_.end() ? nullptr : found->second;
}

std::shared_ptr<const ReadyWeights> ReadyStore::newest() const {
  std::lock_guard lock(mutex_);
  return versions_.empty() ? nullptr : versions_.rbegin()->second;
}

void ReadyStore::keep_from(Version oldest) {
  std::map<Version, std::shared_ptr<const ReadyWeights>> gone;  // destroyed outside the lock
  std::lock_guard lock(mutex_);
  while (!versions_.empty() && versions_.begin()->first < oldest)
    gone.insert(versions_.extract(versions_.begin()));
}

}  // namespace tramontane
