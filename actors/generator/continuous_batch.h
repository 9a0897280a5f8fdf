#pragma once
// A ContinuousBatch writes many rollouts at once, one token of each per step, and refills a slot
// at the very next token after its rollout ended. It is the generator's and the evaluator's core,
// without actors, time or threads.
//
//   ContinuousBatch batch(config, {.slots = 192, …});
//   batch.swap(weights);                       // before the first step, and at any token boundary
//   while (batch.has_room()) batch.add(task);
//   batch.step();                              // one token of every sequence that runs
//   for (Segment& s : batch.take_segments(…)) …
//
// A rollout does not depend on its neighbours: rows are computed independently of each other
// (kernels/ops.h) and draws are keyed by (seed, rollout, position).
//
// Cache blocks are taken as sequences grow, and rollouts of one prompt hold its blocks once. Where
// the cache is full, the sequence that began last is set aside: its blocks go to the others, and
// when there is room again its positions are computed anew (its tokens are kept). The longest form
// of every sequence fits the whole cache, so that the oldest always goes on. What is written is the
// same bit for bit, but for sequences set aside after a swap whose cache was kept: their record
// says that the cache is fresh from there.
//
// Thread rule: one thread at a time. Not copyable.

#include "actors/messages/types.h"
#include "actors/model/policy.h"

#include <cstdint>
#include <deque>
#include <memory>
#include <unordered_map>
#include <vector>

namespace tramontane {

// What becomes of the cached keys and values of sequences in flight when new weights arrive.
enum class OnSwap : std::uint8_t {
  keep = 0,       // go on with them (Magistral)
  recompute = 1,  // compute them anew under the new weights
  isolate = 2,    // sequences in flight finish under the weights they began with
};

class ContinuousBatch {
 public:
  struct Options {
    std::uint32_t slots = 192;      // sequences at the same time
    std::uint32_t max_tokens = 48;  // new tokens per rollout
    std::int64_t cache_bytes = 256 << 20;
    std::int64_t rows_max = 512;  // rows of one forward pass
    float temperature = 1;
    float top_p = 1;
    OnSwap on_swap = OnSwap::keep;
    std::shared_ptr<const Device> device = cpu_device();  // that the weights are made ready on
  };

  ContinuousBatch(const ModelConfig& config, Options options);
  ~ContinuousBatch();
  ContinuousBatch(const ContinuousBatch&) = delete;
  ContinuousBatch& operator=(const ContinuousBatch&) = delete;

  // Flips to these weights. Sequences in flight go on as on_swap says.
  void swap(std::shared_ptr<const ReadyWeights> weights);

  // Null before the first swap.
  const std::shared_ptr<const ReadyWeights>& weights() const { return weights_; }

  // Of everything that is not finished, begun or not.
  std::vector<LeaseId> leases() const;

  // Slots that an added task could take (waiting tasks counted as taken).
  std::uint32_t room() const;

  // Tasks taken on and not finished, begun or not; may be more than there are slots.
  std::uint32_t held() const {
    return static_cast<std::uint32_t>(running_.size() + waiting_.size());
  }

  // Takes a rollout on, with whatever tokens it already has. It begins at the next step, or as
  // soon as the cache has room and the weights are new enough for it. A prompt that cannot fit the
  // model's context with one new token, or a rollout that the whole cache could not hold at its
  // longest, is Error(bad_input).
  void add(RolloutTask task);

  // Stops writing the rollout of a lease that was lost; what was not taken yet is forgotten. By
  // lease, as the same rollout may have come again under another. Unknown ones are ignored.
  void drop(LeaseId lease);

  // False too if all that waits needs newer weights.
  bool has_work() const;

  std::uint32_t running() const { return static_cast<std::uint32_t>(running_.size()); }

  // One token of every running sequence. Returns how many tokens were made.
  std::uint32_t step();

  // Segments made since they were last taken: of finished rollouts, and with `unfinished` of the
  // others too. Memory between takes is bounded by slots * max_tokens.
  std::vector<Segment> take_segments(bool unfinished);

  std::uint32_t finished_untaken() const { return static_cast<std::uint32_t>(ended_.size()); }

  // What the bounded cache cost and what shared prompts saved, since the batch was made.
  struct CacheCounts {
    std::uint64_t set_aside = 0;        // sequences, each time
    std::uint64_t rows_recomputed = 0;  // positions computed anew because of that
    std::uint64_t rows_shared = 0;      // positions of prompts that another had computed
  };

  const CacheCounts& cache_counts() const { return cache_counts_; }

 private:
  struct Sequence;

  void begin_waiting();
  void end_finished();
  void run_rows(const std::shared_ptr<const ReadyWeights>& weights);
  bool begin_cache(Sequence& sequence);
  bool make_room(std::size_t index, std::size_t positions);
  void set_aside_last();
  void accept(Sequence& sequence, const kernels::Sampled& sampled);
  void collect(Sequence& sequence, std::vector<Segment>& out);
  void restart_cache(Sequence& sequence);
  const Sequence* same_prompt(const Sequence& sequence, bool begun) const;
  bool keeps_weights(const Sequence& sequence) const;
  std::int64_t blocks_missing() const;
  std::int64_t longest(const RolloutTask& task) const;

  ModelConfig config_;
  Options options_;
  Decoder decoder_;
  std::shared_ptr<const ReadyWeights> weights_;
  std::deque<std::unique_ptr<Sequence>> waiting_;   // those set aside first, then the new ones
  std::vector<std::unique_ptr<Sequence>> running_;  // in the order in which they first began
  std::vector<std::unique_ptr<Sequence>> ended_;    // finished, segments not taken yet
  std::uint32_t made_ = 0;
  std::uint64_t began_ = 0;
  CacheCounts cache_counts_;
  // Scratch of one step, kept to allocate nothing:
  std::vector<Decoder::Row> rows_;
  std::vector<Sequence*> row_owner_;  // of the rows that want an output
};

}  // namespace tramontane
