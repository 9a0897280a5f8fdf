#pragma once
// Conversions between the structs of types.h and their Cap'n Proto form (rollout.capnp): the only
// ones there are.
//
//   encode(rollout, message.initRoot<wire::Rollout>());
//   Rollout rollout = decode(reader.getRoot<wire::Rollout>());
//
// decode() trusts nothing: it throws Error(bad_input) naming what makes no sense (kj::Exception
// for bytes that are no message at all), and what it returns keeps the promises of types.h: as
// many log-probs as tokens, spans that cover the tokens, a score or a reason.

#include "actors/messages/rollout.capnp.h"
#include "actors/messages/types.h"

#include <string>

namespace tramontane {

void encode(const Prompt& prompt, wire::Prompt::Builder into);
void encode(const Span& span, wire::Span::Builder into);
void encode(const Rollout& rollout, wire::Rollout::Builder into);
void encode(const Verdict& verdict, wire::Verdict::Builder into);
void encode(const RolloutTask& task, wire::RolloutTask::Builder into);
void encode(const Segment& segment, wire::Segment::Builder into);
void encode(const LeasedRollout& leased, wire::LeasedRollout::Builder into);
void encode(const JudgedRollout& judged, wire::JudgedRollout::Builder into);
void encode(const Group& group, wire::Group::Builder into);
void encode(const Batch& batch, wire::Batch::Builder into);
void encode_statistics(const Batch& batch, wire::BatchStatistics::Builder into);
void encode_tokens(const std::vector<Token>& tokens, capnp::List<std::int32_t>::Builder into);
void encode_log_probs(const std::vector<float>& values, capnp::List<float>::Builder into);

Prompt decode(wire::Prompt::Reader from);
Span decode(wire::Span::Reader from);
Rollout decode(wire::Rollout::Reader from);
Verdict decode(wire::Verdict::Reader from);
RolloutTask decode(wire::RolloutTask::Reader from);
Segment decode(wire::Segment::Reader from);
LeasedRollout decode(wire::LeasedRollout::Reader from);
JudgedRollout decode(wire::JudgedRollout::Reader from);
Group decode(wire::Group::Reader from);
Batch decode(wire::Batch::Reader from);
void decode_statistics(wire::BatchStatistics::Reader from, Batch& into);
std::vector<Token> decode_tokens(capnp::List<std::int32_t>::Reader from);
std::vector<float> decode_log_probs(capnp::List<float>::Reader from);

// Words of 8 bytes that an encoding takes at most: to size a message in one piece.
std::size_t words_of(const Prompt& prompt);
std::size_t words_of(const Rollout& rollout);
std::size_t words_of(const Verdict& verdict);

// Equal batches give equal bytes: what "the same batch again" means.
std::string canonical_bytes(const Batch& batch);

}  // namespace tramontane
