#include "actors/messages/types.h"

#include "actors/messages/types_capnp.h"
#include "runtime/base/check.h"
#include "runtime/base/result.h"

#include <capnp/message.h>
#include <capnp/serialize.h>

#include <cmath>
#include <cstring>

namespace tramontane {
namespace {

[[noreturn]] void refuse(const std::string& why) {
  throw Error(Errc::bad_input, why);
}

std::size_t words_for(std::size_t bytes) {
  return bytes / 8 + 1;
}

wire::Finish to_wire(Finish finish) {
  switch (finish) {
    case Finish::running:
      return wire::Finish::RUNNING;
    case Finish::stop:
      return wire::Finish::STOP;
    case Finish::length:
      return wire::Finish::LENGTH;
  }
  TRAM_CHECK(false, "not a Finish", static_cast<int>(finish));
  return wire::Finish::RUNNING;
}

Finish from_wire(wire::Finish finish) {
  switch (finish) {
    case wire::Finish::RUNNING:
      return Finish::running;
    case wire::Finish::STOP:
      return Finish::stop;
    case wire::Finish::LENGTH:
      return Finish::length;
  }
  refuse(str("finish ", static_cast<int>(finish), " is not known"));
}

// Spans begin at 0, follow each other and end with the tokens.
void check_spans(const Rollout& rollout) {
  if (rollout.log_probs.size() != rollout.tokens.size()) {
    refuse(str("rollout ", rollout.id, " has ", rollout.tokens.size(), " tokens but ",
        rollout.log_probs.size(), " log-probs"));
  }
  std::uint32_t at = 0;
  for (const auto& span : rollout.spans) {
    if (span.begin != at || span.end <= at) {
      refuse(str("rollout ", rollout.id, ": span [", span.begin, ", ", span.end,
          ") does not follow on position ", at));
    }
    at = span.end;
  }
  if (at != rollout.tokens.size()) {
    refuse(str(
        "rollout ", rollout.id, ": spans cover ", at, " of ", rollout.tokens.size(), " tokens"));
  }
}

double finite(double value, const char* what) {
  if (!std::isfinite(value)) refuse(str(what, " is not a finite number"));
  return value;
}

}  // namespace

void encode_tokens(const std::vector<Token>& tokens, capnp::List<std::int32_t>::Builder into) {
  for (unsigned i = 0; i < tokens.size(); ++i) into.set(i, tokens[i]);
}

void encode_log_probs(const std::vector<float>& values, capnp::List<float>::Builder into) {
  for (unsigned i = 0; i < values.size(); ++i) into.set(i, values[i]);
}

std::vector<Token> decode_tokens(capnp::List<std::int32_t>::Reader from) {
  std::vector<Token> tokens(from.size());
  for (unsigned i = 0; i < from.size(); ++i) tokens[i] = from[i];
  return tokens;
}

std::vector<float> decode_log_probs(capnp::List<float>::Reader from) {
  std::vector<float> values(from.size());
  for (unsigned i = 0; i < from.size(); ++i) {
    values[i] = from[i];
    if (!std::isfinite(values[i])) refuse(str("log-prob ", i, " is not a finite number"));
  }
  return values;
}

// ---- each struct ----------------------------------------------------------------------------

void encode(const Prompt& prompt, wire::Prompt::Builder into) {
  into.setIndex(prompt.index);
  into.setText({prompt.text.data(), prompt.text.size()});
  into.setAnswer({prompt.answer.data(), prompt.answer.size()});
  encode_tokens(prompt.tokens, into.initTokens(static_cast<unsigned>(prompt.tokens.size())));
}

Prompt decode(wire::Prompt::Reader from) {
  Prompt prompt;
  prompt.index = from.getIndex();
  auto text = from.getText();
  prompt.text.assign(text.begin(), text.size());
  auto answer = from.getAnswer();
  prompt.answer.assign(answer.begin(), answer.size());
  prompt.tokens = decode_tokens(from.getTokens());
  return prompt;
}

void encode(const Span& span, wire::Span::Builder into) {
  into.setBegin(span.begin);
  into.setEnd(span.end);
  into.setVersion(span.version);
  into.setFingerprint(span.fingerprint);
  into.setFreshCache(span.fresh_cache);
}

Span decode(wire::Span::Reader from) {
  return {from.getBegin(), from.getEnd(), from.getVersion(), from.getFingerprint(),
      from.getFreshCache()};
}

void encode(const Rollout& rollout, wire::Rollout::Builder into) {
  auto length = static_cast<unsigned>(rollout.tokens.size());
  into.setId(rollout.id);
  into.setGroup(rollout.group);
  into.setSample(rollout.sample);
  into.setSeed(rollout.seed);
  into.setFinish(to_wire(rollout.finish));
  encode_tokens(rollout.tokens, into.initTokens(length));
  encode_log_probs(rollout.log_probs, into.initLogProbs(length));
  auto spans = into.initSpans(static_cast<unsigned>(rollout.spans.size()));
  for (unsigned i = 0; i < spans.size(); ++i) encode(rollout.spans[i], spans[i]);
}

Rollout decode(wire::Rollout::Reader from) {
  Rollout rollout;
  rollout.id = from.getId();
  rollout.group = from.getGroup();
  rollout.sample = from.getSample();
  rollout.seed = from.getSeed();
  rollout.finish = from_wire(from.getFinish());
  rollout.tokens = decode_tokens(from.getTokens());
  rollout.log_probs = decode_log_probs(from.getLogProbs());
  auto spans = from.getSpans();
  rollout.spans.reserve(spans.size());
  for (auto span : spans) rollout.spans.push_back(decode(span));
  check_spans(rollout);
  return rollout;
}

void encode(const Verdict& verdict, wire::Verdict::Builder into) {
  if (verdict.score) {
    into.setScore(*verdict.score);
  } else {
    into.setNoVerdict({verdict.no_verdict.data(), verdict.no_verdict.size()});
  }
  into.setCorrect(verdict.correct);
  auto components = into.initComponents(static_cast<unsigned>(verdict.components.size()));
  for (unsigned i = 0; i < components.size(); ++i) {
    const auto& component = verdict.components[i];
    components[i].setName({component.name.data(), component.name.size()});
    components[i].setValue(component.value);
    components[i].setEvidence({component.evidence.data(), component.evidence.size()});
  }
}

Verdict decode(wire::Verdict::Reader from) {
  Verdict verdict;
  if (from.isScore()) {
    verdict.score = finite(from.getScore(), "a score");
  } else if (from.isNoVerdict()) {
    auto reason = from.getNoVerdict();
    verdict.no_verdict.assign(reason.begin(), reason.size());
    if (verdict.no_verdict.empty()) refuse("a verdict has neither a score nor a reason");
  } else {
    refuse("a verdict has neither a score nor a reason");
  }
  verdict.correct = from.getCorrect();
  for (auto component : from.getComponents()) {
    auto name = component.getName();
    auto evidence = component.getEvidence();
    verdict.components.push_back({{name.begin(), name.size()},
        finite(component.getValue(), "a score's component"), {evidence.begin(), evidence.size()}});
  }
  return verdict;
}

void encode(const RolloutTask& task, wire::RolloutTask::Builder into) {
  into.setLease(task.lease);
  encode(task.prompt, into.initPrompt());
  encode(task.rollout, into.initRollout());
  into.setOldestVersion(task.oldest_version);
}

RolloutTask decode(wire::RolloutTask::Reader from) {
  return {from.getLease(), decode(from.getPrompt()), decode(from.getRollout()),
      from.getOldestVersion()};
}

void encode(const Segment& segment, wire::Segment::Builder into) {
  into.setLease(segment.lease);
  into.setRollout(segment.rollout);
  encode(segment.span, into.initSpan());
  encode_tokens(segment.tokens, into.initTokens(static_cast<unsigned>(segment.tokens.size())));
  encode_log_probs(
      segment.log_probs, into.initLogProbs(static_cast<unsigned>(segment.log_probs.size())));
  into.setFinish(to_wire(segment.finish));
}

Segment decode(wire::Segment::Reader from) {
  Segment segment;
  segment.lease = from.getLease();
  segment.rollout = from.getRollout();
  segment.span = decode(from.getSpan());
  segment.tokens = decode_tokens(from.getTokens());
  segment.log_probs = decode_log_probs(from.getLogProbs());
  if (segment.log_probs.size() != segment.tokens.size())
    refuse("a segment's log-probabilities do not match its tokens");
  segment.finish = from_wire(from.getFinish());
  return segment;
}

void encode(const LeasedRollout& leased, wire::LeasedRollout::Builder into) {
  into.setLease(leased.lease);
  encode(leased.prompt, into.initPrompt());
  into.setId(leased.rollout.id);
  encode_tokens(
      leased.rollout.tokens, into.initTokens(static_cast<unsigned>(leased.rollout.tokens.size())));
  into.setFinish(to_wire(leased.rollout.finish));
}

LeasedRollout decode(wire::LeasedRollout::Reader from) {
  LeasedRollout leased{from.getLease(), decode(from.getPrompt()), {}};
  leased.rollout.id = from.getId();
  leased.rollout.tokens = decode_tokens(from.getTokens());
  leased.rollout.finish = from_wire(from.getFinish());
  return leased;
}

void encode(const JudgedRollout& judged, wire::JudgedRollout::Builder into) {
  encode(judged.rollout, into.initRollout());
  encode(judged.verdict, into.initVerdict());
}

JudgedRollout decode(wire::JudgedRollout::Reader from) {
  return {decode(from.getRollout()), decode(from.getVerdict())};
}

void encode(const Group& group, wire::Group::Builder into) {
  into.setId(group.id);
  encode(group.prompt, into.initPrompt());
  auto rollouts = into.initRollouts(static_cast<unsigned>(group.rollouts.size()));
  for (unsigned i = 0; i < rollouts.size(); ++i) encode(group.rollouts[i], rollouts[i]);
}

Group decode(wire::Group::Reader from) {
  Group group{from.getId(), decode(from.getPrompt()), {}};
  for (auto judged : from.getRollouts()) group.rollouts.push_back(decode(judged));
  return group;
}

void encode(const Batch& batch, wire::Batch::Builder into) {
  into.setStep(batch.step);
  auto groups = into.initGroups(static_cast<unsigned>(batch.groups.size()));
  for (unsigned i = 0; i < groups.size(); ++i) encode(batch.groups[i], groups[i]);
  encode_statistics(batch, into.initStatistics());
}

Batch decode(wire::Batch::Reader from) {
  Batch batch;
  batch.step = from.getStep();
  for (auto group : from.getGroups()) batch.groups.push_back(decode(group));
  decode_statistics(from.getStatistics(), batch);
  return batch;
}

void encode_statistics(const Batch& batch, wire::BatchStatistics::Builder into) {
  into.setGroupsWithoutContrast(batch.groups_without_contrast);
  into.setRolloutsStale(batch.rollouts_stale);
  into.setRolloutsNoVerdict(batch.rollouts_no_verdict);
  into.setRolloutsSeen(batch.rollouts_seen);
  into.setMeanScore(batch.mean_score);
  into.setMeanCorrect(batch.mean_correct);
  into.setMeanTokens(batch.mean_tokens);
  into.setTruncatedShare(batch.truncated_share);
}

void decode_statistics(wire::BatchStatistics::Reader from, Batch& into) {
  into.groups_without_contrast = from.getGroupsWithoutContrast();
  into.rollouts_stale = from.getRolloutsStale();
  into.rollouts_no_verdict = from.getRolloutsNoVerdict();
  into.rollouts_seen = from.getRolloutsSeen();
  into.mean_score = finite(from.getMeanScore(), "a mean score");
  into.mean_correct = finite(from.getMeanCorrect(), "a mean correctness");
  into.mean_tokens = finite(from.getMeanTokens(), "a mean length");
  into.truncated_share = finite(from.getTruncatedShare(), "a truncated share");
}

// ---- sizes ----------------------------------------------------------------------------------

std::size_t words_of(const Prompt& prompt) {
  return 8 + words_for(prompt.text.size()) + words_for(prompt.answer.size()) +
         words_for(4 * prompt.tokens.size());
}

std::size_t words_of(const Rollout& rollout) {
  return 12 + 2 * words_for(4 * rollout.tokens.size()) + 4 * rollout.spans.size();
}

std::size_t words_of(const Verdict& verdict) {
  std::size_t words = 10 + words_for(verdict.no_verdict.size());
  for (const auto& component : verdict.components) {
    words += 6 + words_for(component.name.size()) + words_for(component.evidence.size());
  }
  return words;
}

std::string canonical_bytes(const Batch& batch) {
  std::size_t words = 32;
  for (const auto& group : batch.groups) {
    words += 8 + words_of(group.prompt);
    for (const auto& judged : group.rollouts) {
      words += 4 + words_of(judged.rollout) + words_of(judged.verdict);
    }
  }
  capnp::MallocMessageBuilder message(static_cast<unsigned>(words));
  encode(batch, message.initRoot<wire::Batch>());
  auto flat = capnp::messageToFlatArray(message);
  auto bytes = flat.asBytes();
  return {reinterpret_cast<const char*>(bytes.begin()), bytes.size()};
}

}  // namespace tramontane
