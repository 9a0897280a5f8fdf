#include "actors/weights/transport.h"
#include "runtime/base/check.h"

#include <map>
#include <mutex>

namespace tramontane {
namespace {

constexpr std::size_t versions_kept = 2;  // one served, one arriving

// What a sender and its receivers share.
class PublishedArenas {
 public:
  void put(std::shared_ptr<const Arena> arena) {
    std::lock_guard lock(mutex_);
    known_[arena->version()] = arena;
    std::erase_if(known_, [](const auto& known) { return known.second.expired(); });
    newest_[arena->version()] = std::move(arena);
    while (newest_.size() > versions_kept) newest_.erase(newest_.begin());
  }

  std::shared_ptr<const Arena> get(Version version) const {
    std::lock_guard lock(mutex_);
    auto found = known_.find(version);
    return found == known_.end() ? nullptr : found->second.lock();
  }

 private:
  mutable std::mutex mutex_;
  std::map<Version, std::shared_ptr<const Arena>> newest_;
  std::map<Version, std::weak_ptr<const Arena>> known_;  // older ones while somebody has them
};

class LocalSender final : public WeightSender {
 public:
  explicit LocalSender(std::shared_ptr<PublishedArenas> arenas) : arenas_(std::move(arenas)) {}

  Blob publish(std::shared_ptr<const Arena> arena) override {
    TRAM_CHECK(arena->sealed(), "publishing an arena that is not sealed");
    arenas_->put(std::move(arena));
    return {};
  }

 private:
  std::shared_ptr<PublishedArenas> arenas_;
};

class LocalReceiver final : public WeightReceiver {
 public:
  explicit LocalReceiver(std::shared_ptr<const PublishedArenas> arenas)
      : arenas_(std::move(arenas)) {}

  std::shared_ptr<const Arena> fetch(
      Version version, Fingerprint announced, const Blob& /*none*/) override {
    auto arena = arenas_->get(version);
    if (!arena)
      throw Error(Errc::not_found, str("weights of version ", version, " are no longer published"));
    check_fingerprint(version, fingerprint_of(arena->bytes()), announced);
    return arena;
  }

 private:
  std::shared_ptr<const PublishedArenas> arenas_;
};

}  // namespace

WeightLink local_transport() {
  auto arenas = std::make_shared<PublishedArenas>();
  return {"local", std::make_shared<LocalSender>(arenas),
      [arenas](const std::shared_ptr<const Manifest>&) {
        return std::make_unique<LocalReceiver>(arenas);
      }};
}

}  // namespace tramontane
