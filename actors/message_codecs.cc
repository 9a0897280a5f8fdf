#include "actors/message_codecs.h"

#include "actors/messages.capnp.h"
#include "actors/types_capnp.h"
#include "runtime/wire/capnp_codec.h"

#include <iterator>
#include <optional>

namespace tramontane {
namespace {

std::string text(capnp::Text::Reader from) {
  return {from.begin(), from.end()};
}

using tramontane::decode;
using tramontane::encode;

void encode(const Judged& judged, wire::Judged::Builder into) {
  into.setLease(judged.lease);
  tramontane::encode(judged.verdict, into.initVerdict());
}

Judged decode(wire::Judged::Reader from) {
  return {from.getLease(), tramontane::decode(from.getVerdict())};
}

template <class List, class Values>
void encode_all(const Values& values, List into) {
  for (unsigned i = 0; i < into.size(); ++i) encode(values[i], into[i]);
}

template <class Value, class List>
std::vector<Value> decode_all(List from) {
  std::vector<Value> values;
  values.reserve(from.size());
  for (auto each : from) values.push_back(decode(each));
  return values;
}

std::size_t bytes_of(const Rollout& rollout) {
  return 64 + rollout.tokens.size() * 8 + rollout.spans.size() * 40;
}

std::size_t bytes_of(const Prompt& prompt) {
  return 32 + prompt.text.size() + prompt.answer.size() + prompt.tokens.size() * 4;
}

std::size_t bytes_of(const Verdict& verdict) {
  std::size_t bytes = 32 + verdict.no_verdict.size();
  for (const auto& component : verdict.components)
    bytes += 24 + component.name.size() + component.evidence.size();
  return bytes;
}

std::size_t bytes_of(const Segment& segment) {
  return 64 + segment.tokens.size() * 8;
}

// The counts as one list, so that a field added at the end needs no new schema.
constexpr std::uint64_t LedgerCounts::*count_fields[] = {&LedgerCounts::groups_issued,
    &LedgerCounts::rollouts_waiting, &LedgerCounts::rollouts_leased,
    &LedgerCounts::rollouts_finished, &LedgerCounts::rollouts_judging,
    &LedgerCounts::rollouts_judged, &LedgerCounts::groups_complete, &LedgerCounts::batches_sealed,
    &LedgerCounts::next_step_to_seal, &LedgerCounts::trained, &LedgerCounts::checkpointed,
    &LedgerCounts::rollouts_generated, &LedgerCounts::rollouts_spanning,
    &LedgerCounts::rollouts_resumed, &LedgerCounts::leases_expired,
    &LedgerCounts::groups_without_contrast, &LedgerCounts::rollouts_stale,
    &LedgerCounts::rollouts_no_verdict, &LedgerCounts::records_quarantined};

LedgerCounts decode_counts(capnp::List<std::uint64_t>::Reader from) {
  LedgerCounts counts;
  for (unsigned i = 0; i < from.size() && i < std::size(count_fields); ++i)
    counts.*count_fields[i] = from[i];
  return counts;
}

std::size_t bytes_of(const Batch& batch) {
  std::size_t bytes = 128;
  for (const auto& group : batch.groups) {
    bytes += bytes_of(group.prompt);
    for (const auto& judged : group.rollouts)
      bytes += bytes_of(judged.rollout) + bytes_of(judged.verdict);
  }
  return bytes;
}

template <class Values, class Size>
std::size_t total(const Values& values, Size size) {
  std::size_t bytes = 32;
  for (const auto& each : values) bytes += size(each);
  return bytes;
}

}  // namespace

namespace detail {

template <>
Bytes WireCodec<LeaseTasks, 0xa1d0c4f2e6b83901>::encode(
    [[maybe_unused]] const LeaseTasks& message) {
  return encode_capnp<wire::LeaseTasks>([&]([[maybe_unused]] wire::LeaseTasks::Builder out) {
    out.setHolder(message.holder);
    out.setCount(message.count);
  });
}

template <>
Result<LeaseTasks> WireCodec<LeaseTasks, 0xa1d0c4f2e6b83901>::decode(ByteView bytes) {
  return decode_capnp<wire::LeaseTasks, LeaseTasks>(
      bytes, []([[maybe_unused]] wire::LeaseTasks::Reader in) -> LeaseTasks {
        return LeaseTasks{text(in.getHolder()), in.getCount()};
      });
}

template <>
std::size_t WireCodec<LeaseTasks, 0xa1d0c4f2e6b83901>::size(
    [[maybe_unused]] const LeaseTasks& message) {
  return sizeof(message) + message.holder.size();
}

template <>
Bytes WireCodec<LeaseFinished, 0xa1d0c4f2e6b83905>::encode(
    [[maybe_unused]] const LeaseFinished& message) {
  return encode_capnp<wire::LeaseFinished>([&]([[maybe_unused]] wire::LeaseFinished::Builder out) {
    out.setHolder(message.holder);
    out.setCount(message.count);
  });
}

template <>
Result<LeaseFinished> WireCodec<LeaseFinished, 0xa1d0c4f2e6b83905>::decode(ByteView bytes) {
  return decode_capnp<wire::LeaseFinished, LeaseFinished>(
      bytes, []([[maybe_unused]] wire::LeaseFinished::Reader in) -> LeaseFinished {
        return LeaseFinished{text(in.getHolder()), in.getCount()};
      });
}

template <>
std::size_t WireCodec<LeaseFinished, 0xa1d0c4f2e6b83905>::size(
    [[maybe_unused]] const LeaseFinished& message) {
  return sizeof(message) + message.holder.size();
}

template <>
Bytes WireCodec<TakeBatch, 0xa1d0c4f2e6b83909>::encode([[maybe_unused]] const TakeBatch& message) {
  return encode_capnp<wire::TakeBatch>([&]([[maybe_unused]] wire::TakeBatch::Builder out) {
    out.setHolder(message.holder);
    out.setStep(message.step);
  });
}

template <>
Result<TakeBatch> WireCodec<TakeBatch, 0xa1d0c4f2e6b83909>::decode(ByteView bytes) {
  return decode_capnp<wire::TakeBatch, TakeBatch>(
      bytes, []([[maybe_unused]] wire::TakeBatch::Reader in) -> TakeBatch {
        return TakeBatch{text(in.getHolder()), in.getStep()};
      });
}

template <>
std::size_t WireCodec<TakeBatch, 0xa1d0c4f2e6b83909>::size(
    [[maybe_unused]] const TakeBatch& message) {
  return sizeof(message) + message.holder.size();
}

template <>
Bytes WireCodec<Trained, 0xa1d0c4f2e6b8390b>::encode([[maybe_unused]] const Trained& message) {
  return encode_capnp<wire::Trained>([&]([[maybe_unused]] wire::Trained::Builder out) {
    out.setStep(message.step);
    out.setFingerprint(message.fingerprint);
  });
}

template <>
Result<Trained> WireCodec<Trained, 0xa1d0c4f2e6b8390b>::decode(ByteView bytes) {
  return decode_capnp<wire::Trained, Trained>(
      bytes, []([[maybe_unused]] wire::Trained::Reader in) -> Trained {
        return Trained{in.getStep(), in.getFingerprint()};
      });
}

template <>
std::size_t WireCodec<Trained, 0xa1d0c4f2e6b8390b>::size([[maybe_unused]] const Trained& message) {
  return sizeof(message);
}

template <>
Bytes WireCodec<TrainedAnswer, 0xa1d0c4f2e6b8390c>::encode(
    [[maybe_unused]] const TrainedAnswer& message) {
  return encode_capnp<wire::TrainedAnswer>([&]([[maybe_unused]] wire::TrainedAnswer::Builder out) {
    out.setRecorded(message.recorded);
  });
}

template <>
Result<TrainedAnswer> WireCodec<TrainedAnswer, 0xa1d0c4f2e6b8390c>::decode(ByteView bytes) {
  return decode_capnp<wire::TrainedAnswer, TrainedAnswer>(
      bytes, []([[maybe_unused]] wire::TrainedAnswer::Reader in) -> TrainedAnswer {
        return TrainedAnswer{in.getRecorded()};
      });
}

template <>
std::size_t WireCodec<TrainedAnswer, 0xa1d0c4f2e6b8390c>::size(
    [[maybe_unused]] const TrainedAnswer& message) {
  return sizeof(message);
}

template <>
Bytes WireCodec<Checkpointed, 0xa1d0c4f2e6b8390d>::encode(
    [[maybe_unused]] const Checkpointed& message) {
  return encode_capnp<wire::Checkpointed>(
      [&]([[maybe_unused]] wire::Checkpointed::Builder out) { out.setVersion(message.version); });
}

template <>
Result<Checkpointed> WireCodec<Checkpointed, 0xa1d0c4f2e6b8390d>::decode(ByteView bytes) {
  return decode_capnp<wire::Checkpointed, Checkpointed>(
      bytes, []([[maybe_unused]] wire::Checkpointed::Reader in) -> Checkpointed {
        return Checkpointed{in.getVersion()};
      });
}

template <>
std::size_t WireCodec<Checkpointed, 0xa1d0c4f2e6b8390d>::size(
    [[maybe_unused]] const Checkpointed& message) {
  return sizeof(message);
}

template <>
Bytes WireCodec<RestartFrom, 0xa1d0c4f2e6b8390e>::encode(
    [[maybe_unused]] const RestartFrom& message) {
  return encode_capnp<wire::RestartFrom>(
      [&]([[maybe_unused]] wire::RestartFrom::Builder out) { out.setVersion(message.version); });
}

template <>
Result<RestartFrom> WireCodec<RestartFrom, 0xa1d0c4f2e6b8390e>::decode(ByteView bytes) {
  return decode_capnp<wire::RestartFrom, RestartFrom>(
      bytes, []([[maybe_unused]] wire::RestartFrom::Reader in) -> RestartFrom {
        return RestartFrom{in.getVersion()};
      });
}

template <>
std::size_t WireCodec<RestartFrom, 0xa1d0c4f2e6b8390e>::size(
    [[maybe_unused]] const RestartFrom& message) {
  return sizeof(message);
}

template <>
Bytes WireCodec<Release, 0xa1d0c4f2e6b8390f>::encode([[maybe_unused]] const Release& message) {
  return encode_capnp<wire::Release>(
      [&]([[maybe_unused]] wire::Release::Builder out) { out.setHolder(message.holder); });
}

template <>
Result<Release> WireCodec<Release, 0xa1d0c4f2e6b8390f>::decode(ByteView bytes) {
  return decode_capnp<wire::Release, Release>(
      bytes, []([[maybe_unused]] wire::Release::Reader in) -> Release {
        return Release{text(in.getHolder())};
      });
}

template <>
std::size_t WireCodec<Release, 0xa1d0c4f2e6b8390f>::size([[maybe_unused]] const Release& message) {
  return sizeof(message) + message.holder.size();
}

template <>
Bytes WireCodec<Publish, 0xa1d0c4f2e6b83912>::encode([[maybe_unused]] const Publish& message) {
  return encode_capnp<wire::Publish>([&]([[maybe_unused]] wire::Publish::Builder out) {
    out.setVersion(message.version);
    out.setFingerprint(message.fingerprint);
  });
}

template <>
Result<Publish> WireCodec<Publish, 0xa1d0c4f2e6b83912>::decode(ByteView bytes) {
  return decode_capnp<wire::Publish, Publish>(
      bytes, []([[maybe_unused]] wire::Publish::Reader in) -> Publish {
        return Publish{in.getVersion(), in.getFingerprint()};
      });
}

template <>
std::size_t WireCodec<Publish, 0xa1d0c4f2e6b83912>::size([[maybe_unused]] const Publish& message) {
  return sizeof(message);
}

template <>
Bytes WireCodec<Offer, 0xa1d0c4f2e6b83913>::encode([[maybe_unused]] const Offer& message) {
  return encode_capnp<wire::Offer>([&]([[maybe_unused]] wire::Offer::Builder out) {
    out.setVersion(message.version);
    out.setFingerprint(message.fingerprint);
  });
}

template <>
Result<Offer> WireCodec<Offer, 0xa1d0c4f2e6b83913>::decode(ByteView bytes) {
  return decode_capnp<wire::Offer, Offer>(
      bytes, []([[maybe_unused]] wire::Offer::Reader in) -> Offer {
        return Offer{in.getVersion(), in.getFingerprint()};
      });
}

template <>
std::size_t WireCodec<Offer, 0xa1d0c4f2e6b83913>::size([[maybe_unused]] const Offer& message) {
  return sizeof(message);
}

template <>
Bytes WireCodec<OfferResult, 0xa1d0c4f2e6b83914>::encode(
    [[maybe_unused]] const OfferResult& message) {
  return encode_capnp<wire::OfferResult>([&]([[maybe_unused]] wire::OfferResult::Builder out) {
    out.setGenerators(message.generators);
    out.setProblem(message.problem);
  });
}

template <>
Result<OfferResult> WireCodec<OfferResult, 0xa1d0c4f2e6b83914>::decode(ByteView bytes) {
  return decode_capnp<wire::OfferResult, OfferResult>(
      bytes, []([[maybe_unused]] wire::OfferResult::Reader in) -> OfferResult {
        return OfferResult{in.getGenerators(), text(in.getProblem())};
      });
}

template <>
std::size_t WireCodec<OfferResult, 0xa1d0c4f2e6b83914>::size(
    [[maybe_unused]] const OfferResult& message) {
  return sizeof(message) + message.problem.size();
}

template <>
Bytes WireCodec<Swap, 0xa1d0c4f2e6b83915>::encode([[maybe_unused]] const Swap& message) {
  return encode_capnp<wire::Swap>([&]([[maybe_unused]] wire::Swap::Builder out) {
    out.setVersion(message.version);
    out.setFingerprint(message.fingerprint);
  });
}

template <>
Result<Swap> WireCodec<Swap, 0xa1d0c4f2e6b83915>::decode(ByteView bytes) {
  return decode_capnp<wire::Swap, Swap>(bytes, []([[maybe_unused]] wire::Swap::Reader in) -> Swap {
    return Swap{in.getVersion(), in.getFingerprint()};
  });
}

template <>
std::size_t WireCodec<Swap, 0xa1d0c4f2e6b83915>::size([[maybe_unused]] const Swap& message) {
  return sizeof(message);
}

template <>
Bytes WireCodec<SwapResult, 0xa1d0c4f2e6b83916>::encode(
    [[maybe_unused]] const SwapResult& message) {
  return encode_capnp<wire::SwapResult>([&]([[maybe_unused]] wire::SwapResult::Builder out) {
    out.setVersion(message.version);
    out.setSequencesInFlight(message.sequences_in_flight);
    out.setStallNs(message.stall_ns);
  });
}

template <>
Result<SwapResult> WireCodec<SwapResult, 0xa1d0c4f2e6b83916>::decode(ByteView bytes) {
  return decode_capnp<wire::SwapResult, SwapResult>(
      bytes, []([[maybe_unused]] wire::SwapResult::Reader in) -> SwapResult {
        return SwapResult{in.getVersion(), in.getSequencesInFlight(), in.getStallNs()};
      });
}

template <>
std::size_t WireCodec<SwapResult, 0xa1d0c4f2e6b83916>::size(
    [[maybe_unused]] const SwapResult& message) {
  return sizeof(message);
}

template <>
Bytes WireCodec<Evaluate, 0xa1d0c4f2e6b83917>::encode([[maybe_unused]] const Evaluate& message) {
  return encode_capnp<wire::Evaluate>([&]([[maybe_unused]] wire::Evaluate::Builder out) {
    out.setLabel(message.label);
    out.setStage(message.stage);
    out.setStep(message.step);
    out.setVersion(message.version);
    out.setFingerprint(message.fingerprint);
  });
}

template <>
Result<Evaluate> WireCodec<Evaluate, 0xa1d0c4f2e6b83917>::decode(ByteView bytes) {
  return decode_capnp<wire::Evaluate, Evaluate>(
      bytes, []([[maybe_unused]] wire::Evaluate::Reader in) -> Evaluate {
        return Evaluate{
            text(in.getLabel()), in.getStage(), in.getStep(), in.getVersion(), in.getFingerprint()};
      });
}

template <>
std::size_t WireCodec<Evaluate, 0xa1d0c4f2e6b83917>::size(
    [[maybe_unused]] const Evaluate& message) {
  return sizeof(message) + message.label.size();
}

template <>
Bytes WireCodec<EvaluationResult, 0xa1d0c4f2e6b83918>::encode(
    [[maybe_unused]] const EvaluationResult& message) {
  return encode_capnp<wire::EvaluationResult>(
      [&]([[maybe_unused]] wire::EvaluationResult::Builder out) {
        out.setGreedy(message.greedy);
        out.setSampled(message.sampled);
      });
}

template <>
Result<EvaluationResult> WireCodec<EvaluationResult, 0xa1d0c4f2e6b83918>::decode(ByteView bytes) {
  return decode_capnp<wire::EvaluationResult, EvaluationResult>(
      bytes, []([[maybe_unused]] wire::EvaluationResult::Reader in) -> EvaluationResult {
        return EvaluationResult{in.getGreedy(), in.getSampled()};
      });
}

template <>
std::size_t WireCodec<EvaluationResult, 0xa1d0c4f2e6b83918>::size(
    [[maybe_unused]] const EvaluationResult& message) {
  return sizeof(message);
}

template <>
Bytes WireCodec<Evaluated, 0xa1d0c4f2e6b83919>::encode([[maybe_unused]] const Evaluated& message) {
  return encode_capnp<wire::Evaluated>([&]([[maybe_unused]] wire::Evaluated::Builder out) {
    out.setVersion(message.version);
    out.setSampled(message.sampled);
  });
}

template <>
Result<Evaluated> WireCodec<Evaluated, 0xa1d0c4f2e6b83919>::decode(ByteView bytes) {
  return decode_capnp<wire::Evaluated, Evaluated>(
      bytes, []([[maybe_unused]] wire::Evaluated::Reader in) -> Evaluated {
        return Evaluated{in.getVersion(), in.getSampled()};
      });
}

template <>
std::size_t WireCodec<Evaluated, 0xa1d0c4f2e6b83919>::size(
    [[maybe_unused]] const Evaluated& message) {
  return sizeof(message);
}

template <>
Bytes WireCodec<Report, 0xa1d0c4f2e6b8391a>::encode([[maybe_unused]] const Report& message) {
  return encode_capnp<wire::Report>(
      [&]([[maybe_unused]] wire::Report::Builder out) { out.setEvent(message.event); });
}

template <>
Result<Report> WireCodec<Report, 0xa1d0c4f2e6b8391a>::decode(ByteView bytes) {
  return decode_capnp<wire::Report, Report>(
      bytes, []([[maybe_unused]] wire::Report::Reader in) -> Report {
        return Report{text(in.getEvent())};
      });
}

template <>
std::size_t WireCodec<Report, 0xa1d0c4f2e6b8391a>::size([[maybe_unused]] const Report& message) {
  return sizeof(message) + message.event.size();
}

template <>
Bytes WireCodec<FinishRun, 0xa1d0c4f2e6b8391b>::encode([[maybe_unused]] const FinishRun& message) {
  return encode_capnp<wire::FinishRun>(
      [&]([[maybe_unused]] wire::FinishRun::Builder out) { out.setReason(message.reason); });
}

template <>
Result<FinishRun> WireCodec<FinishRun, 0xa1d0c4f2e6b8391b>::decode(ByteView bytes) {
  return decode_capnp<wire::FinishRun, FinishRun>(
      bytes, []([[maybe_unused]] wire::FinishRun::Reader in) -> FinishRun {
        return FinishRun{text(in.getReason())};
      });
}

template <>
std::size_t WireCodec<FinishRun, 0xa1d0c4f2e6b8391b>::size(
    [[maybe_unused]] const FinishRun& message) {
  return sizeof(message) + message.reason.size();
}

template <>
Bytes WireCodec<AskCounts, 0xa1d0c4f2e6b83910>::encode([[maybe_unused]] const AskCounts& message) {
  return encode_capnp<wire::AskCounts>([&]([[maybe_unused]] wire::AskCounts::Builder out) {});
}

template <>
Result<AskCounts> WireCodec<AskCounts, 0xa1d0c4f2e6b83910>::decode(ByteView bytes) {
  return decode_capnp<wire::AskCounts, AskCounts>(
      bytes, []([[maybe_unused]] wire::AskCounts::Reader in) -> AskCounts { return AskCounts{}; });
}

template <>
std::size_t WireCodec<AskCounts, 0xa1d0c4f2e6b83910>::size(
    [[maybe_unused]] const AskCounts& message) {
  return sizeof(message);
}

template <>
Bytes WireCodec<Nudge, 0xa1d0c4f2e6b8391c>::encode([[maybe_unused]] const Nudge& message) {
  return encode_capnp<wire::Nudge>([&]([[maybe_unused]] wire::Nudge::Builder out) {});
}

template <>
Result<Nudge> WireCodec<Nudge, 0xa1d0c4f2e6b8391c>::decode(ByteView bytes) {
  return decode_capnp<wire::Nudge, Nudge>(
      bytes, []([[maybe_unused]] wire::Nudge::Reader in) -> Nudge { return Nudge{}; });
}

template <>
std::size_t WireCodec<Nudge, 0xa1d0c4f2e6b8391c>::size([[maybe_unused]] const Nudge& message) {
  return sizeof(message);
}

template <>
Bytes WireCodec<Tick, 0xa1d0c4f2e6b8391d>::encode([[maybe_unused]] const Tick& message) {
  return encode_capnp<wire::Tick>([&]([[maybe_unused]] wire::Tick::Builder out) {});
}

template <>
Result<Tick> WireCodec<Tick, 0xa1d0c4f2e6b8391d>::decode(ByteView bytes) {
  return decode_capnp<wire::Tick, Tick>(
      bytes, []([[maybe_unused]] wire::Tick::Reader in) -> Tick { return Tick{}; });
}

template <>
std::size_t WireCodec<Tick, 0xa1d0c4f2e6b8391d>::size([[maybe_unused]] const Tick& message) {
  return sizeof(message);
}

template <>
Bytes WireCodec<TaskList, 0xa1d0c4f2e6b83902>::encode([[maybe_unused]] const TaskList& message) {
  return encode_capnp<wire::TaskList>([&]([[maybe_unused]] wire::TaskList::Builder out) {
    encode_all(message.tasks, out.initTasks(static_cast<unsigned>(message.tasks.size())));
    out.setWhyNone(message.why_none);
  });
}

template <>
Result<TaskList> WireCodec<TaskList, 0xa1d0c4f2e6b83902>::decode(ByteView bytes) {
  return decode_capnp<wire::TaskList, TaskList>(
      bytes, []([[maybe_unused]] wire::TaskList::Reader in) -> TaskList {
        return TaskList{decode_all<RolloutTask>(in.getTasks()), text(in.getWhyNone())};
      });
}

template <>
std::size_t WireCodec<TaskList, 0xa1d0c4f2e6b83902>::size(
    [[maybe_unused]] const TaskList& message) {
  return message.why_none.size() + total(message.tasks, [](const RolloutTask& each) {
    return bytes_of(each.prompt) + bytes_of(each.rollout);
  });
}

template <>
Bytes WireCodec<Append, 0xa1d0c4f2e6b83903>::encode([[maybe_unused]] const Append& message) {
  return encode_capnp<wire::Append>([&]([[maybe_unused]] wire::Append::Builder out) {
    encode_all(message.segments, out.initSegments(static_cast<unsigned>(message.segments.size())));
  });
}

template <>
Result<Append> WireCodec<Append, 0xa1d0c4f2e6b83903>::decode(ByteView bytes) {
  return decode_capnp<wire::Append, Append>(
      bytes, []([[maybe_unused]] wire::Append::Reader in) -> Append {
        return Append{decode_all<Segment>(in.getSegments())};
      });
}

template <>
std::size_t WireCodec<Append, 0xa1d0c4f2e6b83903>::size([[maybe_unused]] const Append& message) {
  return total(message.segments, [](const Segment& each) { return bytes_of(each); });
}

template <>
Bytes WireCodec<AppendResults, 0xa1d0c4f2e6b83904>::encode(
    [[maybe_unused]] const AppendResults& message) {
  return encode_capnp<wire::AppendResults>([&]([[maybe_unused]] wire::AppendResults::Builder out) {
    out.setCodes(kj::arrayPtr(message.codes.data(), message.codes.size()));
  });
}

template <>
Result<AppendResults> WireCodec<AppendResults, 0xa1d0c4f2e6b83904>::decode(ByteView bytes) {
  return decode_capnp<wire::AppendResults, AppendResults>(
      bytes, []([[maybe_unused]] wire::AppendResults::Reader in) -> AppendResults {
        return AppendResults{{in.getCodes().begin(), in.getCodes().end()}};
      });
}

template <>
std::size_t WireCodec<AppendResults, 0xa1d0c4f2e6b83904>::size(
    [[maybe_unused]] const AppendResults& message) {
  return message.codes.size();
}

template <>
Bytes WireCodec<FinishedList, 0xa1d0c4f2e6b83906>::encode(
    [[maybe_unused]] const FinishedList& message) {
  return encode_capnp<wire::FinishedList>([&]([[maybe_unused]] wire::FinishedList::Builder out) {
    encode_all(message.rollouts, out.initRollouts(static_cast<unsigned>(message.rollouts.size())));
  });
}

template <>
Result<FinishedList> WireCodec<FinishedList, 0xa1d0c4f2e6b83906>::decode(ByteView bytes) {
  return decode_capnp<wire::FinishedList, FinishedList>(
      bytes, []([[maybe_unused]] wire::FinishedList::Reader in) -> FinishedList {
        return FinishedList{decode_all<LeasedRollout>(in.getRollouts())};
      });
}

template <>
std::size_t WireCodec<FinishedList, 0xa1d0c4f2e6b83906>::size(
    [[maybe_unused]] const FinishedList& message) {
  return total(message.rollouts,
      [](const LeasedRollout& each) { return bytes_of(each.prompt) + bytes_of(each.rollout); });
}

template <>
Bytes WireCodec<Judge, 0xa1d0c4f2e6b83908>::encode([[maybe_unused]] const Judge& message) {
  return encode_capnp<wire::Judge>([&]([[maybe_unused]] wire::Judge::Builder out) {
    encode_all(message.verdicts, out.initVerdicts(static_cast<unsigned>(message.verdicts.size())));
  });
}

template <>
Result<Judge> WireCodec<Judge, 0xa1d0c4f2e6b83908>::decode(ByteView bytes) {
  return decode_capnp<wire::Judge, Judge>(
      bytes, []([[maybe_unused]] wire::Judge::Reader in) -> Judge {
        return Judge{decode_all<Judged>(in.getVerdicts())};
      });
}

template <>
std::size_t WireCodec<Judge, 0xa1d0c4f2e6b83908>::size([[maybe_unused]] const Judge& message) {
  return total(message.verdicts, [](const Judged& each) { return bytes_of(each.verdict); });
}

template <>
Bytes WireCodec<BatchAnswer, 0xa1d0c4f2e6b8390a>::encode(
    [[maybe_unused]] const BatchAnswer& message) {
  return encode_capnp<wire::BatchAnswer>([&]([[maybe_unused]] wire::BatchAnswer::Builder out) {
    if (message.batch) tramontane::encode(*message.batch, out.initBatch());
    out.setWhyNone(message.why_none);
  });
}

template <>
Result<BatchAnswer> WireCodec<BatchAnswer, 0xa1d0c4f2e6b8390a>::decode(ByteView bytes) {
  return decode_capnp<wire::BatchAnswer, BatchAnswer>(
      bytes, []([[maybe_unused]] wire::BatchAnswer::Reader in) -> BatchAnswer {
        return (BatchAnswer{
            in.hasBatch() ? std::optional(tramontane::decode(in.getBatch())) : std::nullopt,
            text(in.getWhyNone())});
      });
}

template <>
std::size_t WireCodec<BatchAnswer, 0xa1d0c4f2e6b8390a>::size(
    [[maybe_unused]] const BatchAnswer& message) {
  return message.why_none.size() + (message.batch ? bytes_of(*message.batch) : 0);
}

template <>
Bytes WireCodec<LedgerCounts, 0xa1d0c4f2e6b83911>::encode(
    [[maybe_unused]] const LedgerCounts& message) {
  return encode_capnp<wire::LedgerCounts>([&]([[maybe_unused]] wire::LedgerCounts::Builder out) {
    auto values = out.initValues(static_cast<unsigned>(std::size(count_fields)));
    for (unsigned i = 0; i < values.size(); ++i) values.set(i, message.*count_fields[i]);
  });
}

template <>
Result<LedgerCounts> WireCodec<LedgerCounts, 0xa1d0c4f2e6b83911>::decode(ByteView bytes) {
  return decode_capnp<wire::LedgerCounts, LedgerCounts>(
      bytes, []([[maybe_unused]] wire::LedgerCounts::Reader in) -> LedgerCounts {
        return decode_counts(in.getValues());
      });
}

template <>
std::size_t WireCodec<LedgerCounts, 0xa1d0c4f2e6b83911>::size(
    [[maybe_unused]] const LedgerCounts& message) {
  return sizeof(message);
}

}  // namespace detail
}  // namespace tramontane
