#pragma once
// The seam to what computes. A Device makes weights ready where it computes, and makes engines; an
// Engine owns a cache of keys and values there and runs one step at a time: rows of many sequences
// through the model, and the draw of their next tokens. Rows go in and tokens come out, so that
// weights, cache and logits need never leave the device.
//
//   std::shared_ptr<const Device> device = cpu_device();
//   auto ready = device->prepare(config, arena);   // any thread, beside steps that run
//   auto engine = device->engine(config, {.kv_blocks = 4096, .rows_max = 512});
//   engine->step({.rows = rows, .outputs = outputs, …, .sampled = sampled}, *ready);
//
// Each step names its weights, so a swap is to name others from one step to the next: nothing is
// written that a step may be reading, and none is torn. They live until the last step that names
// them has returned and nobody holds them; a device keeps what it made for them (packed matrices,
// captured graphs) as long.
//
// What sequence has which blocks of the cache is decided by who calls (Decoder) and told at each
// step: an engine keeps no sequences. All pointers of a step are host memory, valid until it
// returns; what a device reads of them it copies.
//
// Every engine keeps the rules of kernels/ops.h: an output depends on its row's sequence alone,
// never on the others of the step, and is the same each time. Log-probabilities are compared bit
// for bit, so that whoever writes rollouts and whoever trains on them compute on the same device.
//
// Thread rule: a Device is for any thread; ReadyWeights are immutable; an Engine belongs to one
// thread at a time.

#include "actors/messages/types.h"
#include "actors/model/arena.h"
#include "kernels/ops.h"
#include "runtime/base/random.h"

#include <cstdint>
#include <memory>
#include <memory_resource>
#include <span>
#include <string>

namespace tramontane {

struct ModelConfig;

// One version of the weights where a device computes.
class ReadyWeights {
 public:
  // For the CPU: cpu_device()->prepare().
  static std::shared_ptr<const ReadyWeights> prepare(
      const ModelConfig& config, std::shared_ptr<const Arena> arena);

  virtual ~ReadyWeights() = default;
  ReadyWeights(const ReadyWeights&) = delete;
  ReadyWeights& operator=(const ReadyWeights&) = delete;

  Version version() const { return version_; }

  Fingerprint fingerprint() const { return fingerprint_; }

 protected:
  ReadyWeights(Version version, Fingerprint fingerprint)
      : version_(version), fingerprint_(fingerprint) {}

 private:
  Version version_;
  Fingerprint fingerprint_;
};

// One token through the model. Its position is less than 16 times the blocks of its sequence.
struct EngineRow {
  Token token = 0;
  std::int32_t position = 0;
  std::int32_t sequence = 0;  // a row of the block table
};

// What is wanted of a row: a token drawn from its distribution at uniform(draw), or of one that is
// known its log-probability.
struct EngineOutput {
  std::int32_t row = 0;  // of the step's
  Token target = -1;     // negative: one is drawn
  Draw draw;
};

struct EngineStep {
  // At most rows_max; those of one sequence in rising order of position. Their keys and values go
  // into the cache, where later rows of the sequence, of this step and of others, find them.
  std::span<const EngineRow> rows;
  std::span<const EngineOutput> outputs;  // in rising order of row

  // (sequences, table_stride), flat: the cache blocks of each sequence in order. Several may have
  // the same.
  const std::int32_t* block_table = nullptr;
  std::int64_t table_stride = 0;

  kernels::Sampling sampling;  // of a target, its temperature counts
  // (outputs). A token of -1: its logits make no distribution. Empty: nothing is drawn.
  std::span<kernels::Sampled> sampled;
  // (outputs, vocabulary) for who asks. Empty: they stay where they were computed.
  std::span<float> logits;
};

class Engine {
 public:
  struct Options {
    std::int64_t kv_blocks = 1024;  // blocks of 16 positions, all layers: the memory bound
    std::int64_t rows_max = 512;    // rows of one step at most
  };

  virtual ~Engine() = default;

  // Returns when what was asked for lies in the step's spans. `weights` are of this engine's
  // device and config.
  virtual void step(const EngineStep& step, const ReadyWeights& weights) = 0;
};

class Device {
 public:
  virtual ~Device() = default;

  // "cpu"
  virtual std::string name() const = 0;

  // The arena must be sealed and its manifest the config's, with matrices in float32 or bfloat16,
  // else Error(bad_input) naming the first tensor that differs. On the CPU about a millisecond per
  // million parameters.
  virtual std::shared_ptr<const ReadyWeights> prepare(
      const ModelConfig& config, std::shared_ptr<const Arena> arena) const = 0;

  virtual std::unique_ptr<Engine> engine(
      const ModelConfig& config, Engine::Options options) const = 0;
};

struct CpuOptions {
  unsigned threads =
      1;  // of each engine, the caller's included; results are the same by any number
  // Where weights, caches and activations lie, and nowhere else; outlives all that is made with it.
  // Null: the heap, and weights in part in their arena.
  std::pmr::memory_resource* memory = nullptr;
};

// The processors of this machine.
std::shared_ptr<const Device> cpu_device(CpuOptions options = {});

}  // namespace tramontane
