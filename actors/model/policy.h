#pragma once
// The model as the rest of the program sees it, without LibTorch: a decoder for generating, over
// the engine of a device (engine.h), and the trainer, whose implementation is loaded at run time.
//
//   auto ready = device->prepare(config, arena);            // off the decoding thread
//   Decoder decoder(config, {.kv_blocks = 4096}, *device);
//   SequenceId s = *decoder.open(positions);                // with cache blocks for so many
//   auto sampled = decoder.step(rows, *ready, {});          // one or more rows per sequence
//
//   auto trainer = load_policy_trainer(config);             // 0.3 s: loads LibTorch
//
// Thread rule: a Decoder and a PolicyTrainer belong to one thread at a time.

#include "actors/messages/types.h"
#include "actors/model/arena.h"
#include "actors/model/engine.h"
#include "actors/model/loss.h"
#include "actors/model/model_config.h"
#include "actors/model/recompute.h"
#include "runtime/base/pieces.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace tramontane {

// The manifest of a model: every tensor under its Hugging Face name, float32, in the order of the
// layers. So are the trainer's own weights, and checkpoints.
Manifest model_manifest(const ModelConfig& config);

// Of what is published, fetched and decoded with: the same, but that matrices are of the config's
// `serving`. Norms and biases are float32 in either.
Manifest serving_manifest(const ModelConfig& config);

// Fresh weights: matrices normal(0, 0.5 / sqrt(inputs)), residual projections scaled further by
// 1/sqrt(2 * layers), embedding normal(0, 0.5), head (and a tied embedding) normal(0, 0.05), norms
// 1, biases 0. Fixed by the seed. Not sealed.
void initialise(Arena& arena, const ModelConfig& config, std::uint64_t seed);

using SequenceId = std::uint32_t;

// Sequences over an engine: which blocks of its paged cache each has, and how long it is.
class Decoder {
 public:
  using Options = Engine::Options;

  // One row: this token of that sequence. Its position is the sequence's length so far; several
  // rows of one sequence in one call take consecutive positions.
  struct Row {
    SequenceId sequence = 0;
    Token token = 0;
    bool wants_output = true;
    // Of an output by step(): a token is drawn, or the log-probability of this one computed.
    Draw draw = {};
    Token target = -1;
  };

  // The device is needed for making the engine alone.
  Decoder(const ModelConfig& config, Options options, const Device& device = *cpu_device());
  ~Decoder();
  Decoder(const Decoder&) = delete;
  Decoder& operator=(const Decoder&) = delete;

  // A sequence with room for `positions` (0: none yet); nothing if there is no room for them now.
  std::optional<SequenceId> open(std::int64_t positions);

  // Makes room for `positions` in all, before rows take them. False, and nothing changed, if too
  // few blocks are free now. More than the model's context or the whole cache is Error(bad_input).
  bool reserve(SequenceId sequence, std::int64_t positions);

  // The first `positions` (whole blocks) of an empty sequence are those of `from`, held once. Their
  // rows are computed already, or stand before this sequence's in the next step.
  void share(SequenceId sequence, SequenceId from, std::int64_t positions);

  // Gives the blocks back. The id may be given out again.
  void close(SequenceId sequence);

  // Forgets the cached positions: the next row has position 0. Blocks that others share are given
  // back, the rest stays reserved.
  void rewind(SequenceId sequence);

  std::int64_t length(SequenceId sequence) const;
  std::int64_t blocks(SequenceId sequence) const;  // held, shared ones too
  std::int64_t blocks_free() const;
  std::int64_t blocks_total() const;

  // Runs the rows (at most rows_max) and appends them to the cache. Returns what was drawn, or the
  // target, for each row that wants an output; valid until the next call.
  std::span<const kernels::Sampled> step(
      std::span<const Row> rows, const ReadyWeights& weights, kernels::Sampling sampling);

  // The same, and returns logits (outputs, vocabulary) instead.
  std::span<const float> forward(std::span<const Row> rows, const ReadyWeights& weights);

  // Blocks that so many positions take.
  static std::int64_t blocks_for(std::int64_t positions);

  // Bytes of the cache on the CPU for these options.
  static std::int64_t cache_bytes(const ModelConfig& config, Options options);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// The log-probabilities of a rollout's tokens as its generator must have computed them: replays
// its spans in order, each under the weights of its version, keeping or recomputing the cache as
// the span says. `weights_of` returns null for a version that is gone; then so does this (empty).
// They are of that device.
std::vector<float> replay_log_probs(const ModelConfig& config, const std::vector<Token>& prompt,
    const Rollout& rollout,
    const std::function<std::shared_ptr<const ReadyWeights>(Version)>& weights_of,
    float temperature, const Device& device = *cpu_device());

// ---- training ----------------------------------------------------------------------------------

// One sequence to train on: prompt and completion. The loss is on the completion's tokens.
struct TrainSequence {
  std::vector<Token> prompt;
  std::vector<Token> completion;
  // For reinforcement only:
  std::vector<float> behaviour_log_probs;  // one per completion token
  std::vector<std::uint32_t> lags;         // trained version minus token version, per token
  // Of the weights before the batch's first step, for a loss whose `old` they are. Empty: before
  // this very step, as where a batch is one minibatch.
  std::vector<float> proximal_log_probs;
  double advantage = 0;
  std::uint64_t group = 0;
  // What a step sees of its tokens is wanted, under this number.
  std::optional<std::uint64_t> watch;
};

// The completion's tokens of a sequence that was watched, as a step of reinforcement saw them.
struct WatchedTokens {
  std::uint64_t watch = 0;
  std::vector<float> log_probs;  // of the weights being trained
  std::vector<float> entropy;    // nats
  std::vector<TokenFate> fates;
};

struct OptimizerOptions {
  double learning_rate = 1e-3;
  double beta1 = 0.9;
  double beta2 = 0.95;
  double eps = 1e-8;
  double weight_decay = 0;
  double clip_norm = 1;  // 0: no clipping
};

// What a step did. Means are over the tokens that the loss is on.
struct StepReport {
  bool skipped = false;  // a loss or gradient was not finite: the weights are as before
  std::string skip_reason;
  double loss = 0;
  double gradient_norm = 0;    // before clipping
  double entropy = 0;          // nats
  double clip_low_share = 0;   // tokens whose ratio was cut below (advantage < 0)
  double clip_high_share = 0;  // … above (advantage > 0)
  double masked_share = 0;     // tokens outside the loss's mask
  double ratio_mean = 1;
  double ratio_max = 1;
  double effective_sample_size = 1;  // (sum r)^2 / (n sum r^2), 1 = on policy
  double mismatch_kl = 0;            // mean(r - log r - 1), r = trained / behaviour
  // Largest |trainer - generator| log-probability over rollouts decoded wholly under the very
  // version being trained, and how many tokens that covers. Zero is the aim.
  double log_prob_gap_max = 0;
  std::uint64_t log_prob_gap_tokens = 0;
  std::uint64_t sequences = 0;
  std::uint64_t tokens = 0;  // of the loss
  std::uint64_t rows = 0;    // through the model, prompts included
  std::uint32_t microbatches = 0;
  std::uint32_t optimizer_steps = 1;
  std::vector<WatchedTokens> watched;
};

class PolicyTrainer {
 public:
  virtual ~PolicyTrainer() = default;

  // How many threads compute, the caller's included: one at first. Results are the same by any.
  virtual void set_threads(unsigned threads) = 0;

  // What a step computes again instead of keeping it: nothing at first.
  virtual void set_recompute(Recompute recompute) = 0;

  // Replaces the parameters; the optimizer state starts anew unless it is loaded after.
  virtual void import(const Arena& arena) = 0;

  // Copies the parameters out, as they are (model_manifest) or as they are served
  // (serving_manifest: rounded to the nearest, ties to even); the caller seals.
  virtual void export_to(Arena& arena) const = 0;

  // The parameters where they are, laid out by model_manifest. Valid until the next step or import.
  virtual ByteView parameters() const = 0;

  // One optimizer step of maximum likelihood. Microbatches of at most `rows_max` rows by first-fit
  // decreasing, gradients accumulated.
  virtual StepReport supervised_step(std::span<const TrainSequence> sequences,
      const OptimizerOptions& options, std::int64_t rows_max) = 0;

  // One optimizer step of reinforcement on one minibatch whose advantages are final.
  virtual StepReport reinforce_step(std::span<const TrainSequence> sequences,
      const LossOptions& loss, const OptimizerOptions& options, std::int64_t rows_max) = 0;

  // Log-probabilities of the completions' tokens under the current parameters as they are served,
  // by the very forward pass that the steps use.
  virtual std::vector<std::vector<float>> log_probs(
      std::span<const TrainSequence> sequences, double temperature, std::int64_t rows_max) = 0;

  // Optimizer state (step count, mean, square), for checkpoints, as pieces that borrow it until the
  // next step or import. Loading bytes of another shape is Error(bad_input).
  virtual Pieces optimizer_state() const = 0;
  virtual void load_optimizer_state(ByteView state) = 0;
};

// Loads the trainer's plug-in (libtramontane_trainer.so beside the program, or $TRAM_TRAINER) and
// makes one. Throws Error(io) with the loader's message and the remedy.
std::unique_ptr<PolicyTrainer> load_policy_trainer(const ModelConfig& config);

}  // namespace tramontane
