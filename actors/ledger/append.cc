// Taking segments of rollouts that are being written.
//
// A segment becomes one small record beside its rollout; the last one turns them all into the
// finished record, in the same write. The unfinished rollout is also kept in memory, so that
// nothing is read back.
#include "actors/ledger/state.h"
#include "runtime/base/check.h"

#include <xxhash.h>

#include <algorithm>
#include <cmath>
#include <cstring>

namespace tramontane {
namespace {

// Names a segment's content, to tell a repeat from another one.
std::uint64_t hash_of(const Segment& segment) {
  struct {
    std::uint64_t rollout, version, fingerprint;
    std::uint32_t begin, fresh_and_finish;
    std::uint64_t tokens, log_probs;
  } head = {segment.rollout, segment.span.version, segment.span.fingerprint, segment.span.begin,
      static_cast<std::uint32_t>(segment.span.fresh_cache) << 8 |
          static_cast<std::uint32_t>(segment.finish),
      XXH3_64bits(segment.tokens.data(), segment.tokens.size() * sizeof(Token)),
      XXH3_64bits(segment.log_probs.data(), segment.log_probs.size() * sizeof(float))};

  return XXH3_64bits(&head, sizeof head);
}

// Is all of it there already, as it stands? Then its writer did not hear that it was taken.
bool repeats(const Segment& segment, const Rollout& rollout) {
  std::size_t begin = segment.span.begin;
  std::size_t count = segment.tokens.size();
  if (count == 0 || segment.finish != Finish::running || segment.log_probs.size() != count ||
      begin + count > rollout.tokens.size()) {
    return false;
  }
  auto at = static_cast<std::ptrdiff_t>(begin);
  return std::equal(segment.tokens.begin(), segment.tokens.end(), rollout.tokens.begin() + at) &&
         std::memcmp(
             segment.log_probs.data(), rollout.log_probs.data() + at, count * sizeof(float)) == 0;
}

bool all_finite(const std::vector<float>& values) {
  for (float value : values) {
    if (!std::isfinite(value)) return false;
  }
  return true;
}

}  // namespace

Result<void> Ledger::State::refuse(Errc code, std::string why) {
  last_refusal_ = std::move(why);
  return make_error_code(code);
}

Result<void> Ledger::State::check_segment(
    const Segment& segment, std::uint64_t hash, bool& repeated) {
  auto* entry = find(segment.rollout);
  auto refuse_it = [&](Errc code, const auto&... why) {
    return refuse(code,
        str("segment at ", segment.span.begin, " of rollout ", segment.rollout, ": ", why...));
  };
  if (entry == nullptr) {
    return refuse_it(Errc::stale, segment.rollout < cursor.next_group * options.group_size
                                      ? "its group was settled"
                                      : "it was never issued");
  }
  repeated =
      segment.lease != 0 && entry->last_writer == segment.lease && entry->last_segment == hash;
  bool held = segment.lease != 0 && entry->lease == segment.lease;
  if (repeated && (held || entry->finish != Finish::running)) return {};
  repeated = false;
  if (!held || entry->stage != Stage::leased) {
    return refuse_it(Errc::stale, "lease ", segment.lease, " is no longer the writer's");
  }
  const auto& rollout = entry->text->rollout;
  if (rollout.finish != Finish::running) return refuse_it(Errc::stale, "it is finished already");
  if (repeats(segment, rollout)) {
    repeated = true;
    return {};
  }
  if (segment.span.begin != rollout.tokens.size()) {
    return refuse_it(Errc::bad_input, "the ledger has ", rollout.tokens.size(), " tokens");
  }
  if (segment.tokens.size() != segment.log_probs.size()) {
    return refuse_it(Errc::bad_input, segment.tokens.size(), " tokens but ",
        segment.log_probs.size(), " log-probs");
  }
  if (segment.span.end != segment.span.begin + segment.tokens.size()) {
    return refuse_it(Errc::bad_input, "it has ", segment.tokens.size(),
        " tokens, but its span ends at ", segment.span.end);
  }
  if (segment.tokens.empty() && (segment.finish == Finish::running || rollout.tokens.empty())) {
    return refuse_it(Errc::bad_input, "it has no tokens");
  }
  if (!all_finite(segment.log_probs)) {
    return refuse_it(Errc::bad_input, "a log-prob is not a finite number");
  }
  return {};
}

void Ledger::State::take_segment(const Segment& segment, std::uint64_t hash, WriteBatch& batch) {
  auto& entry = *find(segment.rollout);
  auto& text = *entry.text;
  auto& rollout = text.rollout;
  extend(rollout, segment.span, segment.tokens, segment.log_probs);
  if (!segment.tokens.empty()) entry.oldest = std::min(entry.oldest, segment.span.version);
  rollout.finish = segment.finish;
  entry.last_writer = segment.lease;
  entry.last_segment = hash;
  if (segment.finish != Finish::running) return;
  auto key = ledger_key::segment(rollout.group, rollout.sample, segment.span.begin);
  auto value = encode_segment(key, segment.span, segment.tokens, segment.log_probs);
  batch.put(std::move(key), std::move(value));
  text.begins.push_back(segment.span.begin);
}

void Ledger::State::put_finished(const Segment& segment, WriteBatch& batch, LedgerCursor& next) {
  auto& entry = *find(segment.rollout);
  const auto& rollout = entry.text->rollout;
  for (auto begin : entry.text->begins) {
    batch.remove(ledger_key::segment(rollout.group, rollout.sample, begin));
  }
  auto key = ledger_key::rollout(rollout.group, rollout.sample);
  auto value = encode_rollout(key, rollout);
  entry.bytes = key.size() + value.size();
  batch.put(std::move(key), std::move(value));
  ++next.rollouts_generated;
  for (const auto& span : rollout.spans) {
    if (span.version != rollout.spans[0].version) {
      ++next.rollouts_spanning;
      break;
    }
  }
}

void Ledger::State::mark_finished(RolloutId id) {
  auto& entry = *find(id);
  entry.finish = entry.text->rollout.finish;
  entry.tokens = static_cast<std::uint32_t>(entry.text->rollout.tokens.size());
  leases_.erase(entry.lease);
  --running_;
  entry.lease = 0;
  entry.stage = Stage::finished;
  if (text_bytes_ + entry.bytes <= text_bytes_most) {
    text_bytes_ += entry.bytes;
    entry.text->begins.clear();
  } else {
    entry.text.reset();
  }
  finished_.insert(id);
}

void Ledger::State::undo(const Undo& step) {
  auto& entry = *find(step.rollout);
  auto& rollout = entry.text->rollout;
  rollout.tokens.resize(step.tokens);
  rollout.log_probs.resize(step.tokens);
  rollout.spans = step.spans;
  rollout.finish = Finish::running;
  entry.text->begins.resize(step.begins);
  entry.last_writer = step.last_writer;
  entry.last_segment = step.last_segment;
  entry.oldest = step.oldest;
}

std::vector<Result<void>> Ledger::State::append(const std::vector<Segment>& segments, Micros now) {
  std::vector<Result<void>> results;
  results.reserve(segments.size());
  std::vector<Undo> undos;
  undos.reserve(segments.size());
  std::vector<RolloutId> finished;
  WriteBatch batch;
  batch.changes.reserve(segments.size() + 8);
  auto next = cursor;
  try {
    for (const auto& segment : segments) {
      auto hash = hash_of(segment);
      bool repeated = false;
      auto result = check_segment(segment, hash, repeated);
      results.push_back(result);
      if (!result) continue;
      auto& entry = *find(segment.rollout);
      auto lease = leases_.find(segment.lease);
      if (lease != leases_.end()) {
        hear(lease->second.holder, now);
        lease->second.deadline = now + lease_of(lease->second.holder);
      }
      if (repeated) continue;
      const auto& rollout = entry.text->rollout;
      undos.push_back({segment.rollout, rollout.tokens.size(), rollout.spans,
          entry.text->begins.size(), entry.last_writer, entry.last_segment, entry.oldest});
      take_segment(segment, hash, batch);
      if (segment.finish == Finish::running) continue;
      put_finished(segment, batch, next);
      finished.push_back(segment.rollout);
    }
    if (!batch.empty()) commit(batch, next);
  } catch (...) {
    for (auto step = undos.rbegin(); step != undos.rend(); ++step) undo(*step);
    throw;
  }
  for (auto id : finished) mark_finished(id);
  return results;
}

}  // namespace tramontane
