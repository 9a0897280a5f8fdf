#include "actors/generator/continuous_batch.h"

#include "kernels/ops.h"
#include "runtime/base/check.h"
#include "runtime/base/random.h"
#include "runtime/base/result.h"

#include <algorithm>

namespace tramontane {

struct ContinuousBatch::Sequence {
  RolloutTask task;
  SequenceId id = 0;
  std::shared_ptr<const ReadyWeights> weights;
  std::vector<Token> fed;     // prompt and tokens, as the cache will see them
  std::size_t fed_count = 0;  // of them already in the cache
  std::size_t taken = 0;      // tokens of the rollout already handed out as segments
  bool fresh_cache = true;    // of the span that the next token begins, if it begins one
};

namespace {

Decoder::Options decoder_options(
    const ModelConfig& config, const ContinuousBatch::Options& options) {
  std::int64_t one = Decoder::cache_bytes(config, {.kv_blocks = 1, .rows_max = options.rows_max});
  std::int64_t per_sequence = (config.context + kernels::kv_block - 1) / kernels::kv_block;
  std::int64_t useful = per_sequence * options.slots;
  std::int64_t blocks = std::min(options.cache_bytes / std::max<std::int64_t>(1, one), useful);
  if (blocks < 1)
    throw Error(Errc::bad_input,
        str("cache of ", options.cache_bytes, " bytes holds no block of 16 positions (", one,
            " bytes); raise cache_megabytes"));
  return {.kv_blocks = blocks, .rows_max = std::max<std::int64_t>(options.rows_max, 1)};
}

}  // namespace

ContinuousBatch::ContinuousBatch(const ModelConfig& config, Options options)
    : config_(config), options_(options), decoder_(config, decoder_options(config, options)) {}

ContinuousBatch::~ContinuousBatch() = default;

void ContinuousBatch::restart_cache(Sequence& sequence) {
  decoder_.rewind(sequence.id);
  sequence.fed_count = 0;
  sequence.fresh_cache = true;
}

void ContinuousBatch::swap(std::shared_ptr<const ReadyWeights> weights) {
  TRAM_CHECK(weights != nullptr, "swap to no weights");
  weights_ = std::move(weights);
  for (auto& sequence : running_) {
    // No token yet since its cache began: it begins anew, so that its span has one version.
    bool unbegun = sequence->fresh_cache;
    if (options_.on_swap == OnSwap::isolate && !unbegun) continue;
    sequence->weights = weights_;
    if (unbegun || options_.on_swap == OnSwap::recompute) restart_cache(*sequence);
  }
}

std::uint32_t ContinuousBatch::room() const {
  auto taken = static_cast<std::uint32_t>(running_.size() + waiting_.size());
  return taken >= options_.slots ? 0 : options_.slots - taken;
}

std::vector<LeaseId> ContinuousBatch::leases() const {
  std::vector<LeaseId> held;
  held.reserve(waiting_.size() + running_.size());
  for (const auto& task : waiting_) held.push_back(task.lease);
  for (const auto& sequence : running_) held.push_back(sequence->task.lease);
  return held;
}

bool ContinuousBatch::has_work() const {
  if (weights_ == nullptr) return false;
  bool may_begin = !waiting_.empty() && waiting_.front().oldest_version <= weights_->version();
  return !running_.empty() || may_begin;
}

void ContinuousBatch::add(RolloutTask task) {
  auto longest =
      static_cast<std::int64_t>(task.prompt.tokens.size() + task.rollout.tokens.size()) + 1;
  if (task.prompt.tokens.empty() || longest > config_.context) {
    throw Error(Errc::bad_input, str("prompt ", task.prompt.index, " has ",
                                     task.prompt.tokens.size(), " tokens; the model's context of ",
                                     config_.context, " must hold it and one new token"));
  }
  TRAM_CHECK(task.rollout.finish == Finish::running, "rollout is finished", task.rollout.id);
  waiting_.push_back(std::move(task));
}

void ContinuousBatch::drop(LeaseId lease) {
  std::erase_if(waiting_, [&](const RolloutTask& t) { return t.lease == lease; });
  std::erase_if(running_, [&](const std::unique_ptr<Sequence>& s) {
    if (s->task.lease != lease) return false;
    decoder_.close(s->id);
    return true;
  });
  std::erase_if(ended_, [&](const std::unique_ptr<Sequence>& s) { return s->task.lease == lease; });
}

// Moves waiting rollouts into the batch while there are slots and cache blocks.
void ContinuousBatch::begin_waiting() {
  while (!waiting_.empty() && running_.size() < options_.slots) {
    RolloutTask& task = waiting_.front();
    // Under the weights at hand it would be too stale: it waits for the swap. Later ones want
    // newer weights still.
    if (weights_->version() < task.oldest_version) return;
    auto capacity = std::min<std::int64_t>(
        config_.context, static_cast<std::int64_t>(task.prompt.tokens.size()) +
                             std::max<std::int64_t>(options_.max_tokens,
                                 static_cast<std::int64_t>(task.rollout.tokens.size()) + 1));
    auto id = decoder_.open(capacity);
    if (!id) return;
    auto sequence = std::make_unique<Sequence>();
    sequence->task = std::move(task);
    waiting_.pop_front();
    sequence->id = *id;
    sequence->weights = weights_;
    sequence->fed = sequence->task.prompt.tokens;
    const auto& tokens = sequence->task.rollout.tokens;
    sequence->fed.insert(sequence->fed.end(), tokens.begin(), tokens.end());
    sequence->taken = tokens.size();
    running_.push_back(std::move(sequence));
  }
}

std::uint32_t ContinuousBatch::step() {
  TRAM_CHECK(weights_ != nullptr, "step before the first swap");
  made_ = 0;
  begin_waiting();
  if (running_.empty()) return 0;
  // Usually one set of weights; several while isolated sequences finish under older ones.
  std::vector<std::shared_ptr<const ReadyWeights>> versions;
  for (const auto& sequence : running_)
    if (std::find(versions.begin(), versions.end(), sequence->weights) == versions.end())
      versions.push_back(sequence->weights);
  for (const auto& version : versions) run_rows(version);
  std::erase_if(running_, [&](std::unique_ptr<Sequence>& sequence) {
    if (sequence->task.rollout.finish == Finish::running) return false;
    decoder_.close(sequence->id);
    ended_.push_back(std::move(sequence));
    return true;
  });
  return made_;
}

// One pass over the sequences of one version, in chunks of rows_max. Every sequence gets at most
// one new token; long prompts take several steps.
void ContinuousBatch::run_rows(const std::shared_ptr<const ReadyWeights>& weights) {
  auto rows_max = static_cast<std::size_t>(std::max<std::int64_t>(options_.rows_max, 1));
  auto flush = [&] {
    if (rows_.empty()) return;
    std::span<const float> logits = decoder_.forward(rows_, *weights);
    for (std::size_t i = 0; i < row_owner_.size(); ++i)
      accept(*row_owner_[i], logits.data() + i * static_cast<std::size_t>(config_.vocabulary));
    rows_.clear();
    row_owner_.clear();
  };
  for (auto& sequence : running_) {
    if (sequence->weights != weights) continue;
    std::size_t pending = sequence->fed.size() - sequence->fed_count;
    if (rows_.size() + std::min(pending, rows_max) > rows_max) flush();
    std::size_t count = std::min(pending, rows_max - rows_.size());
    for (std::size_t i = 0; i < count; ++i) {
      bool last = sequence->fed_count + 1 == sequence->fed.size();
      rows_.push_back({sequence->id, sequence->fed[sequence->fed_count++], last});
      if (last) row_owner_.push_back(sequence.get());
    }
  }
  flush();
}

void ContinuousBatch::accept(Sequence& sequence, const float* logits) {
  Rollout& rollout = sequence.task.rollout;
  auto position = static_cast<std::uint32_t>(rollout.tokens.size());
  float u = uniform({.seed = rollout.seed, .stream = rollout.id, .position = position, .lane = 0});
  auto sampled =
      kernels::sample(logits, config_.vocabulary, {options_.temperature, options_.top_p}, u);
  if (sampled.token < 0) {
    throw Error(Errc::failed,
        str("version ", sequence.weights->version(), " gives logits that are not finite (prompt ",
            sequence.task.prompt.index, "); lower the learning rate"));
  }
  const ReadyWeights& weights = *sequence.weights;
  if (rollout.spans.empty() || sequence.fresh_cache ||
      rollout.spans.back().version != weights.version()) {
    rollout.spans.push_back(
        {position, position, weights.version(), weights.fingerprint(), sequence.fresh_cache});
    sequence.fresh_cache = false;
  }
  rollout.tokens.push_back(sampled.token);
  rollout.log_probs.push_back(sampled.log_prob);
  rollout.spans.back().end = position + 1;
  sequence.fed.push_back(sampled.token);
  ++made_;
  if (config_.is_end(sampled.token))
    rollout.finish = Finish::stop;
  else if (rollout.tokens.size() >= options_.max_tokens ||
           static_cast<std::int64_t>(sequence.fed.size()) >= config_.context)
    rollout.finish = Finish::length;
}

// One segment per span that has tokens not handed out yet.
void ContinuousBatch::collect(Sequence& sequence, std::vector<Segment>& out) {
  const Rollout& rollout = sequence.task.rollout;
  for (const Span& span : rollout.spans) {
    if (span.end <= sequence.taken) continue;
    Segment segment;
    segment.lease = sequence.task.lease;
    segment.rollout = rollout.id;
    segment.span = span;
    segment.span.begin = std::max(span.begin, static_cast<std::uint32_t>(sequence.taken));
    auto begin = static_cast<std::ptrdiff_t>(segment.span.begin);
    auto end = static_cast<std::ptrdiff_t>(span.end);
    segment.tokens.assign(rollout.tokens.begin() + begin, rollout.tokens.begin() + end);
    segment.log_probs.assign(rollout.log_probs.begin() + begin, rollout.log_probs.begin() + end);
    if (span.end == rollout.tokens.size()) segment.finish = rollout.finish;
    out.push_back(std::move(segment));
  }
  sequence.taken = rollout.tokens.size();
}

std::vector<Segment> ContinuousBatch::take_segments(bool unfinished) {
  std::vector<Segment> out;
  for (auto& sequence : ended_) collect(*sequence, out);
  ended_.clear();
  if (unfinished)
    for (auto& sequence : running_) collect(*sequence, out);
  return out;
}

}  // namespace tramontane
