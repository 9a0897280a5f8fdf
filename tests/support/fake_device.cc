#include "tests/support/fake_device.h"

#include "runtime/base/check.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <new>
#include <optional>
#include <sys/mman.h>
#include <unistd.h>
#include <utility>
#include <vector>

namespace tramontane {
namespace {

std::size_t whole_pages(std::size_t bytes) {
  auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  return (bytes / page + 1) * page;
}

struct FakeWeights final : public ReadyWeights {
  FakeWeights(std::shared_ptr<DeviceMemory> m, std::shared_ptr<const ReadyWeights> w)
      : ReadyWeights(w->version(), w->fingerprint()), memory(std::move(m)), inner(std::move(w)) {}

  ~FakeWeights() override {
    DeviceMemory::Open open(*memory);
    inner.reset();
  }

  std::shared_ptr<DeviceMemory> memory;
  std::shared_ptr<const ReadyWeights> inner;
};

struct FakeEngine final : public Engine {
  FakeEngine(const ModelConfig& config, Options options, std::shared_ptr<FakeDevice::Counts> c)
      : counts(std::move(c)) {
    DeviceMemory::Open open(memory);
    inner = cpu_device({.threads = 1, .memory = &memory})->engine(config, options);
  }

  ~FakeEngine() override {
    DeviceMemory::Open open(memory);
    inner.reset();
  }

  // Up, compute, down.
  void step(const EngineStep& step, const ReadyWeights& weights) override {
    const auto* ready = dynamic_cast<const FakeWeights*>(&weights);
    TRAM_CHECK(ready != nullptr, "weights that another device made ready", weights.version());
    ++counts->steps;
    if (last && *last != ready->version()) ++counts->flips;
    last = ready->version();
    DeviceMemory::Open own(memory);
    DeviceMemory::Open theirs(*ready->memory);
    std::int32_t sequences = 0;
    for (const EngineRow& row : step.rows) sequences = std::max(sequences, row.sequence + 1);
    std::pmr::vector<EngineRow> rows(step.rows.begin(), step.rows.end(), &memory);
    std::pmr::vector<EngineOutput> outputs(step.outputs.begin(), step.outputs.end(), &memory);
    std::pmr::vector<std::int32_t> table(
        step.block_table, step.block_table + sequences * step.table_stride, &memory);
    std::pmr::vector<kernels::Sampled> sampled(step.sampled.size(), &memory);
    std::pmr::vector<float> logits(step.logits.size(), &memory);
    EngineStep there = step;
    there.rows = rows;
    there.outputs = outputs;
    there.block_table = table.data();
    there.sampled = sampled;
    there.logits = logits;
    inner->step(there, *ready->inner);
    std::copy(sampled.begin(), sampled.end(), step.sampled.begin());
    std::copy(logits.begin(), logits.end(), step.logits.begin());
  }

  std::shared_ptr<FakeDevice::Counts> counts;
  DeviceMemory memory;
  std::unique_ptr<Engine> inner;
  std::optional<Version> last;  // of the step before
};

}  // namespace

DeviceMemory::Open::Open(DeviceMemory& memory) : memory_(memory) {
  std::lock_guard lock(memory_.mutex_);
  if (memory_.open_++ > 0) return;
  for (const auto& [data, bytes] : memory_.pieces_) memory_.protect(data, bytes);
}

DeviceMemory::Open::~Open() {
  std::lock_guard lock(memory_.mutex_);
  if (--memory_.open_ > 0) return;
  for (const auto& [data, bytes] : memory_.pieces_) memory_.protect(data, bytes);
}

DeviceMemory::~DeviceMemory() {
  for (const auto& [data, bytes] : pieces_) ::munmap(data, bytes);
}

void DeviceMemory::protect(void* data, std::size_t bytes) const {
  int rights = open_ > 0 ? PROT_READ | PROT_WRITE : PROT_NONE;
  TRAM_CHECK(::mprotect(data, bytes, rights) == 0, "mprotect", std::strerror(errno));
}

void* DeviceMemory::do_allocate(std::size_t bytes, std::size_t) {
  std::lock_guard lock(mutex_);
  std::size_t size = whole_pages(bytes);
  void* data = ::mmap(nullptr, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (data == MAP_FAILED) throw std::bad_alloc();
  pieces_.emplace(data, size);
  protect(data, size);
  return data;
}

void DeviceMemory::do_deallocate(void* data, std::size_t, std::size_t) {
  std::lock_guard lock(mutex_);
  auto piece = pieces_.extract(data);
  TRAM_CHECK(!piece.empty(), "no memory of this device");
  ::munmap(data, piece.mapped());
}

std::shared_ptr<const ReadyWeights> FakeDevice::prepare(
    const ModelConfig& config, std::shared_ptr<const Arena> arena) const {
  auto memory = std::make_shared<DeviceMemory>();
  DeviceMemory::Open open(*memory);
  ++counts_->prepared;
  return std::make_shared<FakeWeights>(memory,
      cpu_device({.threads = 1, .memory = memory.get()})->prepare(config, std::move(arena)));
}

std::unique_ptr<Engine> FakeDevice::engine(
    const ModelConfig& config, Engine::Options options) const {
  return std::make_unique<FakeEngine>(config, options, counts_);
}

}  // namespace tramontane
