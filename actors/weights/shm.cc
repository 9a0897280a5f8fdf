#include "actors/weights/transport.h"
#include "runtime/base/check.h"

namespace tramontane {
namespace {

// Keeps nothing: a version is there while a blob, an arena or a mapping of it is, in any process.
class ShmSender final : public WeightSender {
 public:
  std::shared_ptr<Arena> make_arena(std::shared_ptr<const Manifest> manifest) override {
    return std::make_shared<Arena>(std::move(manifest), Arena::Backing::shared);
  }

  Blob publish(std::shared_ptr<const Arena> arena) override {
    TRAM_CHECK(arena->sealed(), "publishing an arena that is not sealed");
    TRAM_CHECK(
        static_cast<bool>(arena->blob()), "publishing an arena that is in nobody else's reach");
    return arena->blob();
  }
};

class ShmReceiver final : public WeightReceiver {
 public:
  explicit ShmReceiver(std::shared_ptr<const Manifest> manifest) : manifest_(std::move(manifest)) {}

  std::shared_ptr<const Arena> fetch(
      Version version, Fingerprint announced, const Blob& weights) override {
    if (!weights)
      throw Error(Errc::not_found,
          str("weights of version ", version, " were announced without their shared memory"));
    return std::make_shared<const Arena>(manifest_, weights, version, announced);
  }

 private:
  std::shared_ptr<const Manifest> manifest_;
};

}  // namespace

WeightLink shm_transport() {
  return {"shm", std::make_shared<ShmSender>(), [](std::shared_ptr<const Manifest> manifest) {
            return std::make_unique<ShmReceiver>(std::move(manifest));
          }};
}

}  // namespace tramontane
