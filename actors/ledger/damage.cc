// Reading records that may be damaged, and going on without them.
#include "actors/ledger/state.h"
#include "runtime/base/check.h"
#include "runtime/base/result.h"

#include <utility>

namespace tramontane {

void Ledger::State::quarantine(
    const std::string& key, const std::string& value, const std::string& why, WriteBatch others) {
  if (!value.empty()) others.put(ledger_key::quarantine(key), value);
  others.remove(key);
  auto next = cursor;
  ++next.records_quarantined;
  commit(others, next);
  quarantined_.push_back(why);
}

WriteBatch Ledger::State::removal_of(
    const GroupEntry& group, std::uint32_t sample, const std::string& but) const {
  WriteBatch batch;
  store.scan(ledger_key::group(group.id), [&](std::string_view key, std::string_view) {
    if (ledger_key::parse(key).sample == sample && key != but) batch.remove(std::string(key));
    return true;
  });
  return batch;
}

void Ledger::State::forget_rollout(GroupEntry& group, std::uint32_t sample) {
  auto& entry = group.rollouts[sample];
  RolloutId id = group.id * options.group_size + sample;
  TRAM_CHECK(entry.lease == 0, "a leased rollout cannot be forgotten", id);
  if (entry.stage == Stage::judged) --group.judged;
  finished_.erase(id);
  drop_text(entry);
  entry = Entry();
  if (!group.doomed) waiting_.insert(id);
}

std::optional<Rollout> Ledger::State::load_rollout(GroupEntry& group, std::uint32_t sample) {
  auto key = ledger_key::rollout(group.id, sample);
  Damage damage{group.id, key, {}, ledger_key::describe(key) + " is missing"};
  try {
    auto value = store.get(key);
    damage.value = value.value_or("");
    if (value) return decode_rollout(key, *value);
  } catch (const Error& error) {
    if (error.errc() != Errc::corrupt) throw;
    damage.why = error.text();
  }
  do_anew(damage);
  return std::nullopt;
}

std::optional<Fingerprint> Ledger::State::known_fingerprint(Version version) {
  auto key = ledger_key::fingerprint(version);
  auto value = store.get(key);
  if (!value) return std::nullopt;
  try {
    return decode_fingerprint(key, *value);
  } catch (const Error& error) {
    if (error.errc() != Errc::corrupt) throw;
    quarantine(key, *value, error.text(), {});
  }
  return std::nullopt;
}

BatchRecord Ledger::State::batch_record(std::uint64_t step) {
  auto key = ledger_key::batch(step);
  auto value = store.get(key);
  if (!value) {
    std::uint64_t oldest = batches_.empty() ? cursor.next_step : batches_.front().step;
    throw Error(
        Errc::not_found, str("batch ", step, " was trained and removed; the oldest kept is ",
                             oldest, " (keep_batches, keep_bytes)"));
  }
  try {
    return decode_batch(key, *value);
  } catch (const Error& error) {
    if (error.errc() != Errc::corrupt) throw;
    quarantine(key, *value, error.text(), {});
  }
  // Composing takes the index for itself: the open groups wait aside.
  auto groups = std::exchange(groups_, {});
  auto waiting = std::exchange(waiting_, {});
  auto finished = std::exchange(finished_, {});
  std::erase_if(batches_, [&](const auto& batch) { return batch.step == step; });
  rebuild_batch(step, false);
  groups_ = std::move(groups);
  waiting_ = std::move(waiting);
  finished_ = std::move(finished);
  return decode_batch(key, store.get(key).value());
}

void Ledger::State::do_anew(const Damage& damage) {
  auto parts = ledger_key::parse(damage.key);
  auto& group = *find_group(damage.group);
  if (parts.kind == 'r') {
    quarantine(damage.key, damage.value, damage.why, removal_of(group, parts.sample, damage.key));
    forget_rollout(group, parts.sample);
    return;
  }
  TRAM_CHECK(parts.kind == 'v', "only rollouts and verdicts are read back", damage.why);
  quarantine(damage.key, damage.value, damage.why, {});
  auto& entry = group.rollouts[parts.sample];
  TRAM_CHECK(entry.stage == Stage::judged, "a verdict of a rollout not judged", damage.why);
  entry.stage = Stage::finished;
  entry.score.reset();
  --group.judged;
  finished_.insert(group.id * options.group_size + parts.sample);
}

void Ledger::State::drop_text(Entry& entry) {
  bool held = entry.stage != Stage::waiting && entry.stage != Stage::leased;
  if (!held || !entry.text) return;
  text_bytes_ -= entry.bytes;
  entry.text.reset();
}

void Ledger::State::keep_text(Entry& entry, std::uint64_t more_bytes, Verdict verdict) {
  // Without a score it is in no batch.
  if (!verdict.score || text_bytes_ + more_bytes > text_bytes_most) drop_text(entry);
  entry.bytes += more_bytes;
  if (!entry.text) return;
  text_bytes_ += more_bytes;
  entry.text->verdict = std::move(verdict);
}

void Ledger::State::open_rollout(GroupEntry& group, std::uint32_t sample, const Records& records) {
  auto& entry = group.rollouts[sample];
  RolloutId id = group.id * options.group_size + sample;
  auto text = std::make_unique<Text>();
  auto& written = text->rollout;
  written.id = id;
  written.group = group.id;
  written.sample = sample;
  written.seed = options.seed;
  bool torn = false;  // a segment is damaged: those behind it have nothing to stand on
  for (const auto& [key, value] : records) {
    auto kind = ledger_key::parse(key).kind;
    try {
      if (kind == 'r') {
        auto rollout = decode_rollout(key, value);
        entry.stage = Stage::finished;
        entry.finish = rollout.finish;
        entry.tokens = static_cast<std::uint32_t>(rollout.tokens.size());
        for (const auto& span : rollout.spans) entry.oldest = std::min(entry.oldest, span.version);
        entry.bytes += key.size() + value.size();
      } else if (kind == 'v') {
        auto verdict = decode_verdict(key, value);
        if (entry.stage != Stage::finished) {
          throw Error(Errc::corrupt, ledger_key::describe(key) + " stands without its rollout");
        }
        entry.stage = Stage::judged;
        entry.score = verdict.score;
        entry.correct = verdict.correct;
        entry.bytes += key.size() + value.size();
        ++group.judged;
      } else if (kind == 'S') {
        auto segment = decode_segment(key, value);
        if (torn || entry.stage != Stage::waiting || segment.span.begin != written.tokens.size()) {
          throw Error(Errc::corrupt, ledger_key::describe(key) + " does not follow on another");
        }
        extend(written, segment.span, segment.tokens, segment.log_probs);
        text->begins.push_back(segment.span.begin);
        entry.oldest = std::min(entry.oldest, segment.span.version);
      }
    } catch (const Error& error) {
      torn = true;
      quarantine(key, value, error.text(), {});
    }
  }
  if (entry.stage == Stage::waiting) {
    waiting_.insert(id);
    if (!written.tokens.empty()) entry.text = std::move(text);
  } else if (entry.stage == Stage::finished) {
    finished_.insert(id);
  }
}

void extend(Rollout& rollout, const Span& span, const std::vector<Token>& tokens,
    const std::vector<float>& log_probs) {
  rollout.tokens.insert(rollout.tokens.end(), tokens.begin(), tokens.end());
  rollout.log_probs.insert(rollout.log_probs.end(), log_probs.begin(), log_probs.end());
  if (tokens.empty()) return;
  if (!rollout.spans.empty()) {
    auto& last = rollout.spans.back();
    if (last.version == span.version && last.fingerprint == span.fingerprint &&
        last.fresh_cache == span.fresh_cache) {
      last.end = span.end;
      return;
    }
  }
  rollout.spans.push_back(span);
}

}  // namespace tramontane
