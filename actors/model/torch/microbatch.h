#pragma once
// A Microbatch is some sequences laid end to end without padding, as the kernels want them. A
// sequence of P prompt and C completion tokens has P + C - 1 rows (nothing is computed from the
// last token), the last C of which give the log-probabilities of the completion.

#include "actors/model/policy.h"
#include "kernels/ops.h"

#include <cstdint>
#include <span>
#include <vector>

namespace tramontane {

// Rows that a sequence takes.
std::int64_t rows_of(const TrainSequence& sequence);

// Error(bad_input) naming the sequence if it cannot be trained on. `reinforce`: the fields for
// reinforcement are checked as well.
void check_sequences(
    const ModelConfig& config, std::span<const TrainSequence> sequences, bool reinforce);

struct Microbatch {
  // `members` are indices into `sequences`.
  void assign(std::span<const TrainSequence> sequences, std::span<const std::size_t> members);

  std::int64_t rows() const { return static_cast<std::int64_t>(ids.size()); }

  std::int64_t losses() const { return static_cast<std::int64_t>(targets.size()); }

  std::int64_t blocks() const { return static_cast<std::int64_t>(block_ids.size()); }

  std::vector<std::size_t> members;
  std::vector<std::int32_t> ids;          // (rows)
  std::vector<std::int32_t> positions;    // (rows)
  std::vector<std::int64_t> starts;       // (members + 1) first row of each
  std::vector<std::int32_t> block_ids;    // all sequences' cache blocks, in order
  std::vector<kernels::KvRow> kv_rows;    // (rows)
  std::vector<std::int32_t> loss_rows;    // (losses) rows whose logits are wanted
  std::vector<std::int32_t> targets;      // (losses)
  std::vector<std::int64_t> loss_starts;  // (members + 1) first loss of each
};

}  // namespace tramontane
