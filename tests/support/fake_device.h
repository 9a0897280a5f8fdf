#pragma once
// A FakeDevice computes as the CPU does, in memory of its own that nobody else reaches, as a
// card's: weights, caches and activations lie in pages that may be neither read nor written but
// while the device runs. What goes around the seam of engine.h to look at them ends the program.
//
//   auto device = std::make_shared<FakeDevice>();
//   job.generator.device = device;
//   … run it …
//   CHECK(device->steps() > 0);
//
// Any thread, as every Device.

#include "actors/model/engine.h"

#include <atomic>
#include <cstdint>
#include <memory>
#include <memory_resource>
#include <mutex>
#include <string>
#include <unordered_map>

namespace tramontane {

// Memory that is closed to everybody but who holds it open.
class DeviceMemory final : public std::pmr::memory_resource {
 public:
  // While one of these lives, the memory may be used.
  class Open {
   public:
    explicit Open(DeviceMemory& memory);
    ~Open();
    Open(const Open&) = delete;
    Open& operator=(const Open&) = delete;

   private:
    DeviceMemory& memory_;
  };

  ~DeviceMemory() override;

 private:
  void* do_allocate(std::size_t bytes, std::size_t alignment) override;
  void do_deallocate(void* data, std::size_t bytes, std::size_t alignment) override;

  bool do_is_equal(const std::pmr::memory_resource& other) const noexcept override {
    return this == &other;
  }

  void protect(void* data, std::size_t bytes) const;

  std::mutex mutex_;
  std::unordered_map<void*, std::size_t> pieces_;
  int open_ = 0;
};

class FakeDevice final : public Device {
 public:
  struct Counts {
    std::atomic<std::uint64_t> prepared{0};
    std::atomic<std::uint64_t> steps{0};
    std::atomic<std::uint64_t> flips{0};  // steps by other weights than the engine's step before
  };

  std::string name() const override { return "fake:0"; }

  std::shared_ptr<const ReadyWeights> prepare(
      const ModelConfig& config, std::shared_ptr<const Arena> arena) const override;
  std::unique_ptr<Engine> engine(const ModelConfig& config, Engine::Options options) const override;

  std::uint64_t prepared() const { return counts_->prepared; }

  std::uint64_t steps() const { return counts_->steps; }

  std::uint64_t flips() const { return counts_->flips; }

 private:
  std::shared_ptr<Counts> counts_ = std::make_shared<Counts>();
};

}  // namespace tramontane
