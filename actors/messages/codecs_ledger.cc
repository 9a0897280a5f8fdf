// The messages to and from the ledger, as Cap'n Proto structs.

#include "actors/messages/form.h"
#include "actors/messages/types_capnp.h"

#include <iterator>

namespace tramontane::detail {
namespace {

// Lists of structs that types_capnp.h converts one by one.
template <class Values, class List>
void write_all(const Values& values, List into) {
  for (unsigned i = 0; i < into.size(); ++i) tramontane::encode(values[i], into[i]);
}

template <class Value, class List>
std::vector<Value> read_all(List from) {
  std::vector<Value> values;
  values.reserve(from.size());
  for (auto each : from) values.push_back(tramontane::decode(each));
  return values;
}

void write_leases(const std::vector<LeaseId>& leases, capnp::List<std::uint64_t>::Builder into) {
  for (unsigned i = 0; i < into.size(); ++i) into.set(i, leases[i]);
}

std::vector<LeaseId> read_leases(capnp::List<std::uint64_t>::Reader from) {
  std::vector<LeaseId> leases;
  leases.reserve(from.size());
  for (std::uint64_t lease : from) leases.push_back(lease);
  return leases;
}

unsigned count_of(const auto& values) {
  return static_cast<unsigned>(values.size());
}

template <class Values, class Words>
std::size_t bytes_of(const Values& values, Words words) {
  std::size_t bytes = 0;
  for (const auto& each : values) bytes += 32 + 8 * words(each);
  return bytes;
}

// The counts travel as one list, so that a field added at the end needs no new schema.
constexpr std::uint64_t LedgerCounts::*count_fields[] = {&LedgerCounts::groups_issued,
    &LedgerCounts::rollouts_waiting, &LedgerCounts::rollouts_leased,
    &LedgerCounts::rollouts_finished, &LedgerCounts::rollouts_judging,
    &LedgerCounts::rollouts_judged, &LedgerCounts::groups_complete, &LedgerCounts::batches_sealed,
    &LedgerCounts::next_step_to_seal, &LedgerCounts::trained, &LedgerCounts::checkpointed,
    &LedgerCounts::rollouts_generated, &LedgerCounts::rollouts_spanning,
    &LedgerCounts::rollouts_resumed, &LedgerCounts::leases_expired,
    &LedgerCounts::groups_without_contrast, &LedgerCounts::rollouts_stale,
    &LedgerCounts::rollouts_no_verdict, &LedgerCounts::records_quarantined};
static_assert(
    std::size(count_fields) * sizeof(std::uint64_t) == sizeof(LedgerCounts), "every count travels");

}  // namespace

template <>
struct Form<LeaseTasks> {
  using Schema = wire::LeaseTasks;

  static void write(const LeaseTasks& m, Schema::Builder out) { out.setCount(m.count); }

  static LeaseTasks read(Schema::Reader in) { return {in.getCount()}; }

  static std::size_t beyond(const LeaseTasks&) { return 0; }
};

template <>
struct Form<TaskList> {
  using Schema = wire::TaskList;

  static void write(const TaskList& m, Schema::Builder out) {
    write_all(m.tasks, out.initTasks(count_of(m.tasks)));
    out.setWhyNone(m.why_none);
  }

  static TaskList read(Schema::Reader in) {
    return {read_all<RolloutTask>(in.getTasks()), text(in.getWhyNone())};
  }

  static std::size_t beyond(const TaskList& m) {
    return m.why_none.size() + bytes_of(m.tasks, [](const RolloutTask& task) {
      return words_of(task.prompt) + words_of(task.rollout);
    });
  }
};

template <>
struct Form<Append> {
  using Schema = wire::Append;

  static void write(const Append& m, Schema::Builder out) {
    write_all(m.segments, out.initSegments(count_of(m.segments)));
    write_leases(m.held, out.initHeld(count_of(m.held)));
  }

  static Append read(Schema::Reader in) {
    return {read_all<Segment>(in.getSegments()), read_leases(in.getHeld())};
  }

  static std::size_t beyond(const Append& m) {
    return m.held.size() * sizeof(LeaseId) +
           bytes_of(m.segments, [](const Segment& segment) { return 6 + segment.tokens.size(); });
  }
};

template <>
struct Form<AppendResults> {
  using Schema = wire::AppendResults;

  static void write(const AppendResults& m, Schema::Builder out) {
    out.setCodes(kj::arrayPtr(m.codes.data(), m.codes.size()));
    write_leases(m.lost, out.initLost(count_of(m.lost)));
  }

  static AppendResults read(Schema::Reader in) {
    auto codes = in.getCodes();
    return {{codes.begin(), codes.end()}, read_leases(in.getLost())};
  }

  static std::size_t beyond(const AppendResults& m) {
    return m.codes.size() + m.lost.size() * sizeof(LeaseId);
  }
};

template <>
struct Form<LeaseFinished> {
  using Schema = wire::LeaseFinished;

  static void write(const LeaseFinished& m, Schema::Builder out) { out.setCount(m.count); }

  static LeaseFinished read(Schema::Reader in) { return {in.getCount()}; }

  static std::size_t beyond(const LeaseFinished&) { return 0; }
};

template <>
struct Form<FinishedList> {
  using Schema = wire::FinishedList;

  static void write(const FinishedList& m, Schema::Builder out) {
    write_all(m.rollouts, out.initRollouts(count_of(m.rollouts)));
  }

  static FinishedList read(Schema::Reader in) {
    return {read_all<LeasedRollout>(in.getRollouts())};
  }

  static std::size_t beyond(const FinishedList& m) {
    return bytes_of(m.rollouts, [](const LeasedRollout& leased) {
      return words_of(leased.prompt) + words_of(leased.rollout);
    });
  }
};

template <>
struct Form<Judge> {
  using Schema = wire::Judge;

  static void write(const Judge& m, Schema::Builder out) {
    auto list = out.initVerdicts(count_of(m.verdicts));
    for (unsigned i = 0; i < list.size(); ++i) {
      list[i].setLease(m.verdicts[i].lease);
      tramontane::encode(m.verdicts[i].verdict, list[i].initVerdict());
    }
  }

  static Judge read(Schema::Reader in) {
    Judge judge;
    judge.verdicts.reserve(in.getVerdicts().size());
    for (auto each : in.getVerdicts())
      judge.verdicts.push_back({each.getLease(), tramontane::decode(each.getVerdict())});
    return judge;
  }

  static std::size_t beyond(const Judge& m) {
    return bytes_of(m.verdicts, [](const Judged& judged) { return words_of(judged.verdict); });
  }
};

template <>
struct Form<TakeBatch> {
  using Schema = wire::TakeBatch;

  static void write(const TakeBatch& m, Schema::Builder out) { out.setStep(m.step); }

  static TakeBatch read(Schema::Reader in) { return {in.getStep()}; }

  static std::size_t beyond(const TakeBatch&) { return 0; }
};

template <>
struct Form<BatchAnswer> {
  using Schema = wire::BatchAnswer;

  static void write(const BatchAnswer& m, Schema::Builder out) {
    if (m.batch) tramontane::encode(*m.batch, out.initBatch());
    out.setWhyNone(m.why_none);
  }

  static BatchAnswer read(Schema::Reader in) {
    BatchAnswer answer{.batch = std::nullopt, .why_none = text(in.getWhyNone())};
    if (in.hasBatch()) answer.batch = tramontane::decode(in.getBatch());
    return answer;
  }

  static std::size_t beyond(const BatchAnswer& m) {
    std::size_t bytes = m.why_none.size();
    if (!m.batch) return bytes;
    for (const Group& group : m.batch->groups) {
      bytes += 8 * words_of(group.prompt);
      bytes += bytes_of(group.rollouts, [](const JudgedRollout& judged) {
        return words_of(judged.rollout) + words_of(judged.verdict);
      });
    }
    return bytes;
  }
};

template <>
struct Form<Trained> {
  using Schema = wire::Trained;

  static void write(const Trained& m, Schema::Builder out) {
    out.setStep(m.step);
    out.setFingerprint(m.fingerprint);
  }

  static Trained read(Schema::Reader in) { return {in.getStep(), in.getFingerprint()}; }
};

template <>
struct Form<TrainedAnswer> {
  using Schema = wire::TrainedAnswer;

  static void write(const TrainedAnswer& m, Schema::Builder out) { out.setRecorded(m.recorded); }

  static TrainedAnswer read(Schema::Reader in) { return {in.getRecorded()}; }
};

template <>
struct Form<Checkpointed> {
  using Schema = wire::Checkpointed;

  static void write(const Checkpointed& m, Schema::Builder out) { out.setVersion(m.version); }

  static Checkpointed read(Schema::Reader in) { return {in.getVersion()}; }
};

template <>
struct Form<RestartFrom> {
  using Schema = wire::RestartFrom;

  static void write(const RestartFrom& m, Schema::Builder out) { out.setVersion(m.version); }

  static RestartFrom read(Schema::Reader in) { return {in.getVersion()}; }
};

template <>
struct Form<AskCounts> {
  using Schema = wire::AskCounts;

  static void write(const AskCounts&, Schema::Builder) {}

  static AskCounts read(Schema::Reader) { return {}; }
};

template <>
struct Form<LedgerCounts> {
  using Schema = wire::LedgerCounts;

  static void write(const LedgerCounts& m, Schema::Builder out) {
    auto values = out.initValues(static_cast<unsigned>(std::size(count_fields)));
    for (unsigned i = 0; i < values.size(); ++i) values.set(i, m.*count_fields[i]);
  }

  static LedgerCounts read(Schema::Reader in) {
    auto values = in.getValues();
    LedgerCounts counts;
    for (unsigned i = 0; i < values.size() && i < std::size(count_fields); ++i)
      counts.*count_fields[i] = values[i];
    return counts;
  }
};

template struct WireCodec<LeaseTasks, Codec<LeaseTasks>::id>;
template struct WireCodec<TaskList, Codec<TaskList>::id>;
template struct WireCodec<Append, Codec<Append>::id>;
template struct WireCodec<AppendResults, Codec<AppendResults>::id>;
template struct WireCodec<LeaseFinished, Codec<LeaseFinished>::id>;
template struct WireCodec<FinishedList, Codec<FinishedList>::id>;
template struct WireCodec<Judge, Codec<Judge>::id>;
template struct WireCodec<TakeBatch, Codec<TakeBatch>::id>;
template struct WireCodec<BatchAnswer, Codec<BatchAnswer>::id>;
template struct WireCodec<Trained, Codec<Trained>::id>;
template struct WireCodec<TrainedAnswer, Codec<TrainedAnswer>::id>;
template struct WireCodec<Checkpointed, Codec<Checkpointed>::id>;
template struct WireCodec<RestartFrom, Codec<RestartFrom>::id>;
template struct WireCodec<AskCounts, Codec<AskCounts>::id>;
template struct WireCodec<LedgerCounts, Codec<LedgerCounts>::id>;

}  // namespace tramontane::detail
