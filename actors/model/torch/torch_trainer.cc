#include "actors/model/torch/torch_trainer.h"

#include "actors/model/packed.h"
#include "kernels/parallel.h"
#include "runtime/base/check.h"
#include "runtime/base/result.h"
#include "scheduler/packing.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <numeric>

namespace tramontane {

namespace {

constexpr char state_magic[8] = {'T', 'R', 'A', 'M', 'O', 'P', 'T', '1'};

// Optimizer state: the header, then mean and square, (floats) each.
struct StateHeader {
  char magic[8];
  std::uint64_t layout = 0;  // hash of the manifest
  std::uint64_t floats = 0;
  std::int64_t step = 0;
};

static_assert(sizeof(StateHeader) == 32);
static_assert(std::endian::native == std::endian::little);

struct Plan {
  std::vector<std::vector<std::size_t>> bins;
  std::int64_t rows = 0;
  double tokens = 0;  // of all completions
};

Plan plan(std::span<const TrainSequence> sequences, std::int64_t rows_max) {
  std::vector<std::int64_t> sizes;
  Plan result;
  for (const TrainSequence& s : sequences) {
    sizes.push_back(rows_of(s));
    result.rows += sizes.back();
    result.tokens += static_cast<double>(s.completion.size());
  }
  result.bins = pack(sizes, rows_max);
  return result;
}

// Sums over tokens from which the report's means are made.
struct Sums {
  double loss = 0;
  double entropy = 0;
  double ratio = 0;
  double ratio_square = 0;
  double kl = 0;
  std::uint64_t clipped_low = 0;
  std::uint64_t clipped_high = 0;
  std::uint64_t masked = 0;
};

void measure(const TrainSequence& sequence, std::span<const float> log_probs, Sums& sums,
    StepReport& report) {
  bool current = std::all_of(
      sequence.lags.begin(), sequence.lags.end(), [](std::uint32_t lag) { return lag == 0; });
  for (std::size_t t = 0; t < log_probs.size(); ++t) {
    double difference =
        static_cast<double>(log_probs[t]) - static_cast<double>(sequence.behaviour_log_probs[t]);
    double ratio = std::exp(difference);
    sums.ratio += ratio;
    sums.ratio_square += ratio * ratio;
    sums.kl += ratio - difference - 1;
    report.ratio_max = std::max(report.ratio_max, ratio);
    if (!current) continue;
    report.log_prob_gap_max = std::max(report.log_prob_gap_max, std::abs(difference));
    ++report.log_prob_gap_tokens;
  }
}

void fill_means(const Sums& sums, double tokens, StepReport& report) {
  report.loss = sums.loss;
  report.entropy = sums.entropy / tokens;
  report.clip_low_share = static_cast<double>(sums.clipped_low) / tokens;
  report.clip_high_share = static_cast<double>(sums.clipped_high) / tokens;
  report.masked_share = static_cast<double>(sums.masked) / tokens;
}

void fill_ratios(const Sums& sums, double tokens, StepReport& report) {
  report.ratio_mean = sums.ratio / tokens;
  report.effective_sample_size = sums.ratio * sums.ratio / (tokens * sums.ratio_square);
  report.mismatch_kl = sums.kl / tokens;
}

std::vector<double> weights_of(const LossOptions& loss, std::span<const TrainSequence> sequences) {
  std::vector<std::uint64_t> groups;
  std::vector<std::uint64_t> lengths;
  for (const TrainSequence& s : sequences) {
    groups.push_back(s.group);
    lengths.push_back(s.completion.size());
  }
  return token_weights(loss, groups, lengths);
}

}  // namespace

TorchTrainer::TorchTrainer(const ModelConfig& config)
    : config_(config),
      network_(config_),
      mean_(static_cast<std::size_t>(network_.floats())),
      square_(mean_.size()) {
  at::set_num_threads(1);
}

void TorchTrainer::import(const Arena& arena) {
  check_manifest(config_, arena.manifest());
  std::memcpy(network_.parameters(), arena.data(), arena.bytes().size());
  network_.changed();
  std::fill(mean_.begin(), mean_.end(), 0.0F);
  std::fill(square_.begin(), square_.end(), 0.0F);
  step_ = 0;
}

void TorchTrainer::export_to(Arena& arena) const {
  TRAM_CHECK(!arena.sealed(), "a sealed arena is not written", arena.version());
  if (arena.manifest() != network_.manifest()) {
    check_manifest(config_, arena.manifest(), config_.serving);
    network_.serve(arena.bytes());
    return;
  }
  std::memcpy(arena.data(), network_.parameters(), arena.bytes().size());
}

void TorchTrainer::apply(const OptimizerOptions& options, StepReport& report) {
  double norm = kernels::norm(network_.gradients(), network_.floats());
  report.gradient_norm = norm;
  if (!std::isfinite(report.loss)) {
    report.skip_reason = str("the loss is ", report.loss);
  } else if (!std::isfinite(norm)) {
    report.skip_reason = str("the gradient's norm is ", norm);
  }
  report.skipped = !report.skip_reason.empty();
  if (report.skipped) return;
  // As in PyTorch's clip_grad_norm_.
  double scale = options.clip_norm > 0 ? std::min(1.0, options.clip_norm / (norm + 1e-6)) : 1;
  ++step_;
  for (const TensorEntry& tensor : network_.manifest().tensors()) {
    // Norms and biases, which are vectors, are not decayed.
    double decay = tensor.shape.size() > 1 ? options.weight_decay : 0;
    std::size_t at = tensor.offset / sizeof(float);
    kernels::adamw(network_.team(),
        {.learning_rate = static_cast<float>(options.learning_rate),
            .beta1 = static_cast<float>(options.beta1),
            .beta2 = static_cast<float>(options.beta2),
            .eps = static_cast<float>(options.eps),
            .weight_decay = static_cast<float>(decay),
            .gradient_scale = static_cast<float>(scale),
            .step = step_},
        network_.parameters() + at, network_.gradients() + at, mean_.data() + at,
        square_.data() + at, static_cast<std::int64_t>(tensor.size / sizeof(float)));
  }
  network_.changed();
}

template <class Loss>
StepReport TorchTrainer::run(std::span<const TrainSequence> sequences, double temperature,
    std::int64_t rows_max, const OptimizerOptions& options, Loss loss) {
  StepReport report;
  if (sequences.empty()) {
    report.skipped = true;
    report.skip_reason = "there are no sequences";
    return report;
  }
  Plan p = plan(sequences, rows_max);
  report.sequences = sequences.size();
  report.tokens = static_cast<std::uint64_t>(p.tokens);
  report.rows = static_cast<std::uint64_t>(p.rows);
  report.microbatches = static_cast<std::uint32_t>(p.bins.size());
  network_.clear_gradients();
  Sums sums;
  for (const std::vector<std::size_t>& bin : p.bins) {
    batch_.assign(sequences, bin);
    Network::Outputs out = network_.forward(batch_, temperature, true);
    slopes_.resize(out.log_probs.size());
    gradient_.resize(out.log_probs.size());
    for (std::size_t m = 0; m < bin.size(); ++m) {
      auto begin = static_cast<std::size_t>(batch_.loss_starts[m]);
      auto count = static_cast<std::size_t>(batch_.loss_starts[m + 1]) - begin;
      auto log_probs = out.log_probs.subspan(begin, count);
      if (sequences[bin[m]].watch) {
        auto entropy = out.entropy.subspan(begin, count);
        report.watched.push_back({*sequences[bin[m]].watch, {log_probs.begin(), log_probs.end()},
            {entropy.begin(), entropy.end()}, std::vector<TokenFate>(count)});
      }
      loss(bin[m], log_probs, std::span(slopes_).subspan(begin, count), sums, report);
    }
    sums.entropy = std::accumulate(out.entropy.begin(), out.entropy.end(), sums.entropy);
    // Nothing that follows would be of use; apply() names the loss.
    if (!std::isfinite(sums.loss)) break;
    std::transform(slopes_.begin(), slopes_.end(), gradient_.begin(),
        [](double slope) { return static_cast<float>(slope); });
    network_.backward(gradient_);
  }
  fill_means(sums, p.tokens, report);
  if (sums.ratio > 0) fill_ratios(sums, p.tokens, report);
  apply(options, report);
  return report;
}

StepReport TorchTrainer::supervised_step(std::span<const TrainSequence> sequences,
    const OptimizerOptions& options, std::int64_t rows_max) {
  check_sequences(config_, sequences, false);
  double tokens = 0;
  for (const TrainSequence& s : sequences) tokens += static_cast<double>(s.completion.size());
  return run(sequences, 1, rows_max, options,
      [tokens](std::size_t, std::span<const float> log_probs, std::span<double> slopes, Sums& sums,
          StepReport&) {
        for (float log_prob : log_probs) sums.loss -= static_cast<double>(log_prob) / tokens;
        std::fill(slopes.begin(), slopes.end(), -1 / tokens);
      });
}

StepReport TorchTrainer::reinforce_step(std::span<const TrainSequence> sequences,
    const LossOptions& loss, const OptimizerOptions& options, std::int64_t rows_max) {
  check_sequences(config_, sequences, true);
  std::vector<double> weights = weights_of(loss, sequences);
  return run(sequences, loss.temperature, rows_max, options,
      [&](std::size_t index, std::span<const float> log_probs, std::span<double> slopes, Sums& sums,
          StepReport& report) {
        const TrainSequence& sequence = sequences[index];
        LossSequence part_of{.log_probs = log_probs,
            .behaviour = sequence.behaviour_log_probs,
            .advantage = sequence.advantage,
            .weight = weights[index]};
        // Without others, those of this very forward pass: no parameter has changed yet.
        if (loss.old == OldPolicy::proximal)
          part_of.proximal = sequence.proximal_log_probs.empty()
                                 ? log_probs
                                 : std::span<const float>(sequence.proximal_log_probs);
        std::span<TokenFate> fates;
        if (sequence.watch) fates = report.watched.back().fates;
        LossPart part = sequence_loss(loss, part_of, slopes, fates);
        sums.loss += part.loss;
        sums.clipped_low += part.clipped_low;
        sums.clipped_high += part.clipped_high;
        sums.masked += part.masked;
        measure(sequence, log_probs, sums, report);
      });
}

std::vector<std::vector<float>> TorchTrainer::log_probs(
    std::span<const TrainSequence> sequences, double temperature, std::int64_t rows_max) {
  check_sequences(config_, sequences, false);
  std::vector<std::vector<float>> result(sequences.size());
  for (const std::vector<std::size_t>& bin : plan(sequences, rows_max).bins) {
    batch_.assign(sequences, bin);
    Network::Outputs out = network_.forward(batch_, temperature, false);
    for (std::size_t m = 0; m < bin.size(); ++m)
      result[bin[m]].assign(out.log_probs.begin() + batch_.loss_starts[m],
          out.log_probs.begin() + batch_.loss_starts[m + 1]);
  }
  return result;
}

Pieces TorchTrainer::optimizer_state() const {
  StateHeader header{
      .magic = {}, .layout = network_.manifest().hash(), .floats = mean_.size(), .step = step_};
  std::memcpy(header.magic, state_magic, sizeof state_magic);
  auto bytes = std::as_bytes(std::span(&header, 1));
  Pieces state(Bytes(bytes.begin(), bytes.end()));
  state.borrow(std::as_bytes(std::span(mean_)));
  state.borrow(std::as_bytes(std::span(square_)));
  return state;
}

void TorchTrainer::load_optimizer_state(ByteView state) {
  StateHeader header;
  std::size_t block = mean_.size() * sizeof(float);
  if (state.size() < sizeof header)
    throw Error(Errc::bad_input, str("optimizer state: only ", state.size(), " bytes long"));
  std::memcpy(&header, state.data(), sizeof header);
  if (std::memcmp(header.magic, state_magic, sizeof state_magic) != 0)
    throw Error(Errc::bad_input, "optimizer state: it does not begin with TRAMOPT1");
  if (header.layout != network_.manifest().hash() || header.floats != mean_.size())
    throw Error(Errc::bad_input, str("optimizer state: it is of another model (", header.floats,
                                     " values in its layout; this model has ", mean_.size(), ")"));
  if (state.size() != sizeof header + 2 * block || header.step < 0)
    throw Error(Errc::bad_input, str("optimizer state: ", state.size(), " bytes long; expected ",
                                     sizeof header + 2 * block));
  step_ = header.step;
  std::memcpy(mean_.data(), state.data() + sizeof header, block);
  std::memcpy(square_.data(), state.data() + sizeof header + block, block);
}

}  // namespace tramontane
