// The messages between trainer, broadcaster, generators, evaluator and reporter, as Cap'n Proto
// structs. Those to and from the ledger are in message_codecs_ledger.cc.

#include "actors/messages/codecs.h"

#include "actors/messages/form.h"

namespace tramontane::detail {

template <>
struct Form<Publish> {
  using Schema = wire::Publish;

  static void write(const Publish& m, Schema::Builder out) {
    out.setVersion(m.version);
    out.setFingerprint(m.fingerprint);
  }

  static Publish read(Schema::Reader in) { return {in.getVersion(), in.getFingerprint(), {}}; }
};

template <>
struct Form<Offer> {
  using Schema = wire::Offer;

  static void write(const Offer& m, Schema::Builder out) {
    out.setVersion(m.version);
    out.setFingerprint(m.fingerprint);
  }

  static Offer read(Schema::Reader in) { return {in.getVersion(), in.getFingerprint(), {}}; }
};

template <>
struct Form<OfferResult> {
  using Schema = wire::OfferResult;

  static void write(const OfferResult& m, Schema::Builder out) {
    out.setVersion(m.version);
    out.setReceived(m.received);
    out.setGenerators(m.generators);
    out.setProblem(m.problem);
  }

  static OfferResult read(Schema::Reader in) {
    return {in.getVersion(), in.getReceived(), in.getGenerators(), text(in.getProblem())};
  }

  static std::size_t beyond(const OfferResult& m) { return m.problem.size(); }
};

template <>
struct Form<Swap> {
  using Schema = wire::Swap;

  static void write(const Swap& m, Schema::Builder out) {
    out.setVersion(m.version);
    out.setFingerprint(m.fingerprint);
  }

  static Swap read(Schema::Reader in) { return {in.getVersion(), in.getFingerprint()}; }
};

template <>
struct Form<SwapResult> {
  using Schema = wire::SwapResult;

  static void write(const SwapResult& m, Schema::Builder out) {
    out.setVersion(m.version);
    out.setSequencesInFlight(m.sequences_in_flight);
    out.setStallNs(m.stall_ns);
    out.setFlipped(m.flipped);
  }

  static SwapResult read(Schema::Reader in) {
    return {in.getVersion(), in.getSequencesInFlight(), in.getStallNs(), in.getFlipped()};
  }
};

template <>
struct Form<Evaluate> {
  using Schema = wire::Evaluate;

  static void write(const Evaluate& m, Schema::Builder out) {
    out.setLabel(m.label);
    out.setStage(m.stage);
    out.setStep(m.step);
    out.setVersion(m.version);
    out.setFingerprint(m.fingerprint);
  }

  static Evaluate read(Schema::Reader in) {
    return {
        text(in.getLabel()), in.getStage(), in.getStep(), in.getVersion(), in.getFingerprint(), {}};
  }

  static std::size_t beyond(const Evaluate& m) { return m.label.size(); }
};

template <>
struct Form<EvaluationResult> {
  using Schema = wire::EvaluationResult;

  static void write(const EvaluationResult& m, Schema::Builder out) {
    out.setGreedy(m.greedy);
    out.setSampled(m.sampled);
  }

  static EvaluationResult read(Schema::Reader in) { return {in.getGreedy(), in.getSampled()}; }
};

template <>
struct Form<Evaluated> {
  using Schema = wire::Evaluated;

  static void write(const Evaluated& m, Schema::Builder out) {
    out.setVersion(m.version);
    out.setSampled(m.sampled);
  }

  static Evaluated read(Schema::Reader in) { return {in.getVersion(), in.getSampled()}; }
};

template <>
struct Form<Report> {
  using Schema = wire::Report;

  static void write(const Report& m, Schema::Builder out) { out.setEvent(m.event); }

  static Report read(Schema::Reader in) { return {text(in.getEvent())}; }

  static std::size_t beyond(const Report& m) { return m.event.size(); }
};

template <>
struct Form<FinishRun> {
  using Schema = wire::FinishRun;

  static void write(const FinishRun& m, Schema::Builder out) { out.setReason(m.reason); }

  static FinishRun read(Schema::Reader in) { return {text(in.getReason())}; }

  static std::size_t beyond(const FinishRun& m) { return m.reason.size(); }
};

template <>
struct Form<Join> {
  using Schema = wire::Join;

  static void write(const Join&, Schema::Builder) {}

  static Join read(Schema::Reader) { return {}; }
};

template <>
struct Form<Nudge> {
  using Schema = wire::Nudge;

  static void write(const Nudge&, Schema::Builder) {}

  static Nudge read(Schema::Reader) { return {}; }
};

template <>
struct Form<Tick> {
  using Schema = wire::Tick;

  static void write(const Tick&, Schema::Builder) {}

  static Tick read(Schema::Reader) { return {}; }
};

template struct WireCodec<Publish, Codec<Publish>::id>;
template struct WireCodec<Offer, Codec<Offer>::id>;
template struct WireCodec<OfferResult, Codec<OfferResult>::id>;
template struct WireCodec<Swap, Codec<Swap>::id>;
template struct WireCodec<SwapResult, Codec<SwapResult>::id>;
template struct WireCodec<Evaluate, Codec<Evaluate>::id>;
template struct WireCodec<EvaluationResult, Codec<EvaluationResult>::id>;
template struct WireCodec<Evaluated, Codec<Evaluated>::id>;
template struct WireCodec<Report, Codec<Report>::id>;
template struct WireCodec<FinishRun, Codec<FinishRun>::id>;
template struct WireCodec<Nudge, Codec<Nudge>::id>;
template struct WireCodec<Tick, Codec<Tick>::id>;
template struct WireCodec<Join, Codec<Join>::id>;

}  // namespace tramontane::detail
