#include "tests/sim/stand_in.h"

#include "runtime/base/check.h"
#include "runtime/base/random.h"
#include "runtime/base/result.h"

#include <xxhash.h>

#include <cstring>

namespace tramontane {
namespace {

template <class T>
void mix(XXH3_state_t* state, const std::vector<T>& values) {
  std::uint64_t size = values.size();
  XXH3_64bits_update(state, &size, sizeof size);
  XXH3_64bits_update(state, values.data(), values.size() * sizeof(T));
}

}  // namespace

std::uint64_t hash_of(std::span<const TrainSequence> sequences) {
  struct Freed {
    void operator()(XXH3_state_t* state) const { XXH3_freeState(state); }
  };

  std::unique_ptr<XXH3_state_t, Freed> state(XXH3_createState());
  XXH3_64bits_reset(state.get());
  for (const TrainSequence& sequence : sequences) {
    mix(state.get(), sequence.prompt);
    mix(state.get(), sequence.completion);
    mix(state.get(), sequence.behaviour_log_probs);
    mix(state.get(), sequence.lags);
    XXH3_64bits_update(state.get(), &sequence.advantage, sizeof sequence.advantage);
    XXH3_64bits_update(state.get(), &sequence.group, sizeof sequence.group);
  }
  return XXH3_64bits_digest(state.get());
}

StandIn::StandIn(const ModelConfig& config, Hooks hooks)
    : hooks_(std::move(hooks)),
      parameters_(std::make_shared<const Manifest>(model_manifest(config))) {}

void StandIn::import(const Arena& arena) {
  TRAM_CHECK(arena.manifest() == parameters_.manifest(), "another shape");
  std::memcpy(parameters_.data(), arena.data(), parameters_.bytes().size());
  moment_ = {};
}

void StandIn::export_to(Arena& arena) const {
  std::memcpy(arena.data(), parameters_.data(), parameters_.bytes().size());
}

StepReport StandIn::step(
    std::span<const TrainSequence> sequences, const OptimizerOptions& options) {
  StepReport report;
  report.sequences = sequences.size();
  std::uint64_t hash = hash_of(sequences);
  if (hooks_.skip_one_in > 0 && hash % hooks_.skip_one_in == 0) {
    report.skipped = true;
    report.skip_reason = "the loss was not finite";
    return report;
  }
  ++moment_.steps;
  std::uint64_t rate = 0;
  std::memcpy(&rate, &options.learning_rate, sizeof rate);
  moment_.hash = XXH3_64bits_withSeed(&moment_, sizeof moment_, hash ^ rate);
  std::uint32_t at = 0;
  for (const TensorEntry& tensor : parameters_.manifest().tensors()) {
    for (float& value : parameters_.floats(tensor.name)) {
      if (at % 4 == 0 || at % 4 == 3) value += 0.04F * (uniform({moment_.hash, 0, at, 0}) - 0.5F);
      ++at;
    }
  }
  return report;
}

StepReport StandIn::supervised_step(std::span<const TrainSequence> sequences,
    const OptimizerOptions& options, std::int64_t /*rows_max*/) {
  return step(sequences, options);
}

StepReport StandIn::reinforce_step(std::span<const TrainSequence> sequences,
    const LossOptions& /*loss*/, const OptimizerOptions& options, std::int64_t /*rows_max*/) {
  if (hooks_.reinforced) hooks_.reinforced(sequences);
  return step(sequences, options);
}

std::vector<std::vector<float>> StandIn::log_probs(
    std::span<const TrainSequence> sequences, double /*temperature*/, std::int64_t /*rows_max*/) {
  std::vector<std::vector<float>> none;
  for (const TrainSequence& sequence : sequences) none.emplace_back(sequence.completion.size());
  return none;
}

Pieces StandIn::optimizer_state() const {
  Bytes bytes(sizeof moment_);
  std::memcpy(bytes.data(), &moment_, sizeof moment_);
  return Pieces(std::move(bytes));
}

void StandIn::load_optimizer_state(ByteView state) {
  if (state.size() != sizeof moment_) throw Error(Errc::bad_input, "an optimizer of another shape");
  std::memcpy(&moment_, state.data(), sizeof moment_);
}

}  // namespace tramontane
