#include "actors/generator/continuous_batch.h"

#include "kernels/ops.h"
#include "runtime/base/check.h"
#include "runtime/base/result.h"

#include <algorithm>

namespace tramontane {

struct ContinuousBatch::Sequence {
  RolloutTask task;
  SequenceId id = 0;  // while it runs
  std::shared_ptr<const ReadyWeights> weights;
  std::vector<Token> fed;     // prompt and tokens, as the cache will see them
  std::size_t fed_count = 0;  // of them already in the cache
  std::size_t computed = 0;   // the most that ever were, for counting what is computed anew
  std::size_t taken = 0;      // tokens of the rollout already handed out as segments
  // Of the weights under which the cache's first positions, and so its whole prompt, are computed.
  Fingerprint prompt_under = 0;
  std::uint64_t seniority = 0;  // 0: never ran; the lower, the earlier it first did
  bool begun = false;           // has made a token in this batch
  bool decoded = false;         // has made one since its cache began
};

namespace {

Decoder::Options decoder_options(
    const ModelConfig& config, const ContinuousBatch::Options& options) {
  std::int64_t one = Decoder::cache_bytes(config, {.kv_blocks = 1, .rows_max = options.rows_max});
  std::int64_t per_sequence = Decoder::blocks_for(config.context);
  std::int64_t useful = per_sequence * options.slots;
  std::int64_t blocks = std::min(options.cache_bytes / std::max<std::int64_t>(1, one), useful);
  if (blocks < 1)
    throw Error(Errc::bad_input,
        str("cache of ", options.cache_bytes, " bytes holds no block of 16 positions (", one,
            " bytes); raise cache_megabytes"));
  return {.kv_blocks = blocks, .rows_max = std::max<std::int64_t>(options.rows_max, 1)};
}

// The positions of the prompt that rollouts of it hold in common: whole blocks, and a token is left
// whose row gives the first logits.
std::int64_t shareable(const RolloutTask& task) {
  auto inputs = static_cast<std::int64_t>(task.prompt.tokens.size() + task.rollout.tokens.size());
  auto prompt = static_cast<std::int64_t>(task.prompt.tokens.size());
  return std::min(prompt, inputs - 1) / kernels::kv_block * kernels::kv_block;
}

// Of the rollout's next token.
Draw next_draw(const Rollout& rollout) {
  return {.seed = rollout.seed,
      .stream = rollout.id,
      .position = static_cast<std::uint32_t>(rollout.tokens.size()),
      .lane = 0};
}

}  // namespace

ContinuousBatch::ContinuousBatch(const ModelConfig& config, Options options)
    : config_(config),
      options_(options),
      decoder_(config, decoder_options(config, options), *options.device) {}

ContinuousBatch::~ContinuousBatch() = default;

void ContinuousBatch::restart_cache(Sequence& sequence) {
  decoder_.rewind(sequence.id);
  sequence.fed_count = 0;
  sequence.computed = 0;
  sequence.decoded = false;
  sequence.prompt_under = sequence.weights->fingerprint();
}

// Whether it finishes under the weights that it began with.
bool ContinuousBatch::keeps_weights(const Sequence& sequence) const {
  return options_.on_swap == OnSwap::isolate && sequence.begun;
}

void ContinuousBatch::swap(std::shared_ptr<const ReadyWeights> weights) {
  TRAM_CHECK(weights != nullptr, "swap to no weights");
  weights_ = std::move(weights);
  for (auto& sequence : running_) {
    if (keeps_weights(*sequence)) continue;
    sequence->weights = weights_;
    // No token yet since its cache began: it begins anew, so that its span has one version.
    if (!sequence->decoded || options_.on_swap == OnSwap::recompute) restart_cache(*sequence);
  }
}

std::uint32_t ContinuousBatch::room() const {
  auto taken = static_cast<std::uint32_t>(running_.size() + waiting_.size());
  return taken >= options_.slots ? 0 : options_.slots - taken;
}

std::vector<LeaseId> ContinuousBatch::leases() const {
  std::vector<LeaseId> held;
  held.reserve(waiting_.size() + running_.size());
  for (const auto& sequence : waiting_) held.push_back(sequence->task.lease);
  for (const auto& sequence : running_) held.push_back(sequence->task.lease);
  return held;
}

bool ContinuousBatch::has_work() const {
  if (weights_ == nullptr) return false;
  bool may_begin =
      !waiting_.empty() && waiting_.front()->task.oldest_version <= weights_->version();
  return !running_.empty() || may_begin;
}

// The positions of a rollout at its longest.
std::int64_t ContinuousBatch::longest(const RolloutTask& task) const {
  auto tokens = std::max<std::int64_t>(
      options_.max_tokens, static_cast<std::int64_t>(task.rollout.tokens.size()) + 1);
  return std::min(config_.context, static_cast<std::int64_t>(task.prompt.tokens.size()) + tokens);
}

void ContinuousBatch::add(RolloutTask task) {
  auto least =
      static_cast<std::int64_t>(task.prompt.tokens.size() + task.rollout.tokens.size()) + 1;
  if (task.prompt.tokens.empty() || least > config_.context) {
    throw Error(Errc::bad_input, str("prompt ", task.prompt.index, " has ",
                                     task.prompt.tokens.size(), " tokens; the model's context of ",
                                     config_.context, " must hold it and one new token"));
  }
  std::int64_t blocks = Decoder::blocks_for(longest(task));
  if (blocks > decoder_.blocks_total())
    throw Error(Errc::bad_input,
        str("prompt ", task.prompt.index, " may come to ", longest(task), " positions, which take ",
            blocks, " cache blocks; the whole cache has ", decoder_.blocks_total(),
            "; raise cache_megabytes"));
  TRAM_CHECK(task.rollout.finish == Finish::running, "rollout is finished", task.rollout.id);
  auto sequence = std::make_unique<Sequence>();
  sequence->fed = task.prompt.tokens;
  const auto& tokens = task.rollout.tokens;
  sequence->fed.insert(sequence->fed.end(), tokens.begin(), tokens.end());
  sequence->taken = tokens.size();
  sequence->task = std::move(task);
  waiting_.push_back(std::move(sequence));
}

void ContinuousBatch::drop(LeaseId lease) {
  auto of_lease = [&](const std::unique_ptr<Sequence>& s) { return s->task.lease == lease; };
  std::erase_if(waiting_, of_lease);
  std::erase_if(running_, [&](const std::unique_ptr<Sequence>& s) {
    if (!of_lease(s)) return false;
    decoder_.close(s->id);
    return true;
  });
  std::erase_if(ended_, of_lease);
}

// ---- the cache ---------------------------------------------------------------------------------

// A running sequence whose prompt, under the same weights, is this one's: begun to be computed, or
// about to be.
const ContinuousBatch::Sequence* ContinuousBatch::same_prompt(
    const Sequence& sequence, bool begun) const {
  for (const auto& other : running_)
    if (other.get() != &sequence && other->prompt_under == sequence.weights->fingerprint() &&
        (other->fed_count > 0 || !begun) &&
        other->task.prompt.tokens == sequence.task.prompt.tokens)
      return other.get();
  return nullptr;
}

// Blocks that the running sequences lack for what they are about to compute.
std::int64_t ContinuousBatch::blocks_missing() const {
  std::int64_t missing = 0;
  for (const auto& sequence : running_)
    missing += std::max<std::int64_t>(
        0, Decoder::blocks_for(static_cast<std::int64_t>(sequence->fed.size())) -
               decoder_.blocks(sequence->id));
  return missing;
}

// Moves waiting rollouts into the batch while there are slots, and cache blocks for what they have
// by now. One for each of those that run already is left to them: they grow, and would soon set it
// aside again.
void ContinuousBatch::begin_waiting() {
  if (waiting_.empty() || running_.size() >= options_.slots) return;
  std::int64_t free = decoder_.blocks_free() - blocks_missing();
  while (!waiting_.empty() && running_.size() < options_.slots) {
    Sequence& sequence = *waiting_.front();
    // Under the weights at hand it would be too stale: it waits for the swap. Later ones want
    // newer weights still.
    if (weights_->version() < sequence.task.oldest_version) return;
    if (!keeps_weights(sequence)) sequence.weights = weights_;
    std::int64_t blocks = Decoder::blocks_for(static_cast<std::int64_t>(sequence.fed.size()));
    if (same_prompt(sequence, false) != nullptr)
      blocks -= shareable(sequence.task) / kernels::kv_block;
    auto growth = static_cast<std::int64_t>(running_.size());
    if (!running_.empty() && free < blocks + growth) return;
    free -= blocks;
    sequence.id = *decoder_.open(0);
    sequence.prompt_under = sequence.weights->fingerprint();
    if (sequence.seniority == 0) sequence.seniority = ++began_;
    // One that comes back takes its old place, or it would be the next to be set aside again.
    auto place = std::find_if(running_.rbegin(), running_.rend(),
        [&](const auto& other) { return other->seniority < sequence.seniority; });
    running_.insert(place.base(), std::move(waiting_.front()));
    waiting_.pop_front();
  }
}

// The first positions of a cache: taken from a sequence that has the same prompt, if there is one.
// False: that one is still being computed, and this one waits for it.
bool ContinuousBatch::begin_cache(Sequence& sequence) {
  auto positions = static_cast<std::size_t>(shareable(sequence.task));
  if (const Sequence* source = positions > 0 ? same_prompt(sequence, true) : nullptr) {
    if (source->fed_count < positions) return false;
    decoder_.share(sequence.id, source->id, static_cast<std::int64_t>(positions));
    sequence.fed_count = positions;
    cache_counts_.rows_shared += positions;
  }
  return true;
}

// Room for so many positions of a running sequence, at the cost of those that began later. False:
// there was none left but its own, and it was set aside itself.
bool ContinuousBatch::make_room(std::size_t index, std::size_t positions) {
  while (!decoder_.reserve(running_[index]->id, static_cast<std::int64_t>(positions))) {
    bool itself = index + 1 == running_.size();
    set_aside_last();
    if (itself) return false;
  }
  return true;
}

void ContinuousBatch::set_aside_last() {
  std::unique_ptr<Sequence> sequence = std::move(running_.back());
  running_.pop_back();
  decoder_.close(sequence->id);
  sequence->fed_count = 0;
  sequence->decoded = false;
  ++cache_counts_.set_aside;
  waiting_.push_front(std::move(sequence));
}

// ---- steps -------------------------------------------------------------------------------------

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
  for (const auto& version : versions) {
    run_rows(version);
    end_finished();
  }
  return made_;
}

void ContinuousBatch::end_finished() {
  std::erase_if(running_, [&](std::unique_ptr<Sequence>& sequence) {
    if (sequence->task.rollout.finish == Finish::running) return false;
    decoder_.close(sequence->id);
    ended_.push_back(std::move(sequence));
    return true;
  });
}

// One pass over the sequences of one version, in chunks of rows_max. Every sequence gets at most
// one new token; long prompts take several steps. A sequence that is set aside for another has no
// rows here yet: it stands behind that one.
void ContinuousBatch::run_rows(const std::shared_ptr<const ReadyWeights>& weights) {
  auto rows_max = static_cast<std::size_t>(std::max<std::int64_t>(options_.rows_max, 1));
  auto flush = [&] {
    if (rows_.empty()) return;
    auto sampled = decoder_.step(rows_, *weights, {options_.temperature, options_.top_p});
    for (std::size_t i = 0; i < row_owner_.size(); ++i) accept(*row_owner_[i], sampled[i]);
    rows_.clear();
    row_owner_.clear();
  };
  for (std::size_t index = 0; index < running_.size(); ++index) {
    Sequence& sequence = *running_[index];
    if (sequence.weights != weights) continue;
    if (sequence.fed_count == 0 && !begin_cache(sequence)) continue;
    std::size_t pending = sequence.fed.size() - sequence.fed_count;
    if (rows_.size() + std::min(pending, rows_max) > rows_max) flush();
    std::size_t count = std::min(pending, rows_max - rows_.size());
    if (!make_room(index, sequence.fed_count + count)) break;
    for (std::size_t i = 0; i < count; ++i) {
      bool last = sequence.fed_count + 1 == sequence.fed.size();
      rows_.push_back({sequence.id, sequence.fed[sequence.fed_count++], last,
          next_draw(sequence.task.rollout)});
      if (last) row_owner_.push_back(&sequence);
    }
    std::size_t before = sequence.fed_count - count;
    if (before < sequence.computed)
      cache_counts_.rows_recomputed += std::min(sequence.computed, sequence.fed_count) - before;
    sequence.computed = std::max(sequence.computed, sequence.fed_count);
  }
  flush();
}

void ContinuousBatch::accept(Sequence& sequence, const kernels::Sampled& sampled) {
  Rollout& rollout = sequence.task.rollout;
  auto position = static_cast<std::uint32_t>(rollout.tokens.size());
  if (sampled.token < 0) {
    throw Error(Errc::failed,
        str("version ", sequence.weights->version(), " gives logits that are not finite (prompt ",
            sequence.task.prompt.index, "); lower the learning rate"));
  }
  const ReadyWeights& weights = *sequence.weights;
  // A cache that began anew under the weights of a span that began so too holds the very same.
  bool fresh = !sequence.decoded;
  const Span* last = rollout.spans.empty() ? nullptr : &rollout.spans.back();
  bool goes_on = last != nullptr && last->version == weights.version() &&
                 last->fingerprint == weights.fingerprint() && (!fresh || last->fresh_cache);
  if (!goes_on)
    rollout.spans.push_back({position, position, weights.version(), weights.fingerprint(), fresh});
  sequence.begun = sequence.decoded = true;
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
  if (unfinished) {
    for (auto& sequence : waiting_) collect(*sequence, out);
    for (auto& sequence : running_) collect(*sequence, out);
  }
  return out;
}

}  // namespace tramontane
