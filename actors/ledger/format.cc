#include "actors/ledger/format.h"

#include "actors/ledger/records.capnp.h"
#include "actors/messages/types_capnp.h"
#include "runtime/base/check.h"
#include "runtime/base/result.h"

#include <capnp/message.h>
#include <capnp/serialize.h>
#include <kj/exception.h>
#include <xxhash.h>

#include <cstring>

namespace tramontane {
namespace {

constexpr std::size_t header_bytes = 16;
constexpr char format_version = 2;
constexpr std::size_t stack_words = 256;

std::uint64_t checksum(std::string_view key, std::string_view rest) {
  return XXH3_64bits_withSeed(rest.data(), rest.size(), XXH3_64bits(key.data(), key.size()));
}

// Header, segment table and segments in one allocation.
std::string finish_record(std::string_view key, capnp::MessageBuilder& message) {
  auto segments = message.getSegmentsForOutput();
  auto count = static_cast<std::uint32_t>(segments.size());
  std::size_t table = (count / 2 + 1) * 8;
  std::size_t size = header_bytes + table;
  for (auto segment : segments) size += segment.asBytes().size();
  std::string value(size, '\0');
  value[8] = format_version;
  char* at = value.data() + header_bytes;
  std::uint32_t last = count - 1;
  std::memcpy(at, &last, 4);
  for (std::uint32_t i = 0; i < count; ++i) {
    auto words = static_cast<std::uint32_t>(segments[i].size());
    std::memcpy(at + 4 + 4 * i, &words, 4);
  }
  at += table;
  for (auto segment : segments) {
    auto bytes = segment.asBytes();
    std::memcpy(at, bytes.begin(), bytes.size());
    at += bytes.size();
  }
  std::uint64_t sum = checksum(key, std::string_view(value).substr(8));
  std::memcpy(value.data(), &sum, 8);
  return value;
}

// Builds a message of at most `words`, on the stack if it is small, and makes it a record.
template <class Root, class Fill>
std::string make_record(std::string_view key, std::size_t words, const Fill& fill) {
  if (words <= stack_words) {
    capnp::word scratch[stack_words];
    std::memset(scratch, 0, 8 * words);
    capnp::MallocMessageBuilder message(kj::arrayPtr(scratch, words));
    fill(message.initRoot<Root>());
    return finish_record(key, message);
  }
  capnp::MallocMessageBuilder message(static_cast<unsigned>(words));
  fill(message.initRoot<Root>());
  return finish_record(key, message);
}

[[noreturn]] void damaged(std::string_view key, const std::string& why) {
  throw Error(Errc::corrupt, str(ledger_key::describe(key), " is damaged: ", why));
}

// Checks the header, then reads the message with `read`. Another format is Error(unsupported),
// everything else that is wrong Error(corrupt).
template <class Root, class Read>
auto open_record(std::string_view key, std::string_view value, const Read& read) {
  if (value.size() < header_bytes) damaged(key, str("it has only ", value.size(), " bytes"));
  std::uint64_t sum = 0;
  std::memcpy(&sum, value.data(), 8);
  if (sum != checksum(key, value.substr(8))) damaged(key, "its checksum does not match");
  if (value[8] != format_version) {
    throw Error(Errc::unsupported,
        str(ledger_key::describe(key), " is of ledger format ", static_cast<int>(value[8]),
            ", and this program reads and writes format ", static_cast<int>(format_version),
            ": start a new run, which may begin from a checkpoint of this one (model.path)"));
  }
  auto payload = value.substr(header_bytes);
  if (payload.size() % 8 != 0) damaged(key, "it is not a whole number of words");
  std::size_t words = payload.size() / 8;
  // Views into a scan have any alignment; Cap'n Proto wants words.
  kj::Array<capnp::word> aligned;
  kj::ArrayPtr<const capnp::word> message(
      reinterpret_cast<const capnp::word*>(payload.data()), words);
  if (reinterpret_cast<std::uintptr_t>(payload.data()) % 8 != 0) {
    aligned = kj::heapArray<capnp::word>(words);
    std::memcpy(aligned.begin(), payload.data(), payload.size());
    message = aligned;
  }
  capnp::ReaderOptions limits;
  limits.traversalLimitInWords = 8 * words + 64;
  try {
    capnp::FlatArrayMessageReader reader(message, limits);
    return read(reader.getRoot<Root>());
  } catch (const kj::Exception& error) {
    damaged(key, error.getDescription().cStr());
  } catch (const Error& error) {
    damaged(key, error.text());
  }
}

std::size_t words_for_tokens(std::size_t count) {
  return 2 * (count / 2 + 1);
}

}  // namespace

std::string encode_options(const LedgerOptions& options) {
  return make_record<wire::LedgerOptionsRecord>(
      ledger_key::options(), 32, [&](wire::LedgerOptionsRecord::Builder into) {
        into.setSeed(options.seed);
        into.setGroupSize(options.group_size);
        into.setBatch(options.batch);
        into.setMaxLag(options.max_lag);
        into.setOverdue(static_cast<std::uint8_t>(options.overdue));
        into.setBatchOf(static_cast<std::uint8_t>(options.batch_of));
        into.setDropWithoutContrast(options.drop_without_contrast);
        into.setRunAhead(options.run_ahead);
        into.setMaxRunning(options.max_running);
        into.setVerifyAttempts(options.verify_attempts);
        into.setSteps(options.steps);
        into.setGenerateLease(options.generate_lease);
        into.setVerifyLease(options.verify_lease);
        into.setKeepBatches(options.keep_batches);
        into.setKeepBytes(options.keep_bytes);
      });
}

LedgerOptions decode_options(std::string_view value) {
  return open_record<wire::LedgerOptionsRecord>(
      ledger_key::options(), value, [](wire::LedgerOptionsRecord::Reader from) {
        LedgerOptions options;
        options.seed = from.getSeed();
        options.group_size = from.getGroupSize();
        options.batch = from.getBatch();
        options.max_lag = from.getMaxLag();
        if (from.getOverdue() > 1 || from.getBatchOf() > 1 || options.group_size == 0) {
          throw Error(Errc::corrupt, "an option has a value that is not known");
        }
        options.overdue = static_cast<Overdue>(from.getOverdue());
        options.batch_of = static_cast<BatchOf>(from.getBatchOf());
        options.drop_without_contrast = from.getDropWithoutContrast();
        options.run_ahead = from.getRunAhead();
        options.max_running = from.getMaxRunning();
        options.verify_attempts = from.getVerifyAttempts();
        options.steps = from.getSteps();
        options.generate_lease = from.getGenerateLease();
        options.verify_lease = from.getVerifyLease();
        options.keep_batches = from.getKeepBatches();
        options.keep_bytes = from.getKeepBytes();
        return options;
      });
}

std::string encode_cursor(const LedgerCursor& cursor) {
  return make_record<wire::LedgerStateRecord>(
      ledger_key::state(), 32, [&](wire::LedgerStateRecord::Builder into) {
        into.setGroupsIssued(cursor.groups_issued);
        into.setNextGroup(cursor.next_group);
        into.setNextStep(cursor.next_step);
        into.setTrained(cursor.trained);
        into.setCheckpointed(cursor.checkpointed);
        into.setRolloutsGenerated(cursor.rollouts_generated);
        into.setRolloutsSpanning(cursor.rollouts_spanning);
        into.setRolloutsResumed(cursor.rollouts_resumed);
        into.setLeasesExpired(cursor.leases_expired);
        into.setGroupsWithoutContrast(cursor.groups_without_contrast);
        into.setRolloutsStale(cursor.rollouts_stale);
        into.setRolloutsNoVerdict(cursor.rollouts_no_verdict);
        into.setRecordsQuarantined(cursor.records_quarantined);
      });
}

LedgerCursor decode_cursor(std::string_view value) {
  return open_record<wire::LedgerStateRecord>(
      ledger_key::state(), value, [](wire::LedgerStateRecord::Reader from) {
        LedgerCursor cursor;
        cursor.groups_issued = from.getGroupsIssued();
        cursor.next_group = from.getNextGroup();
        cursor.next_step = from.getNextStep();
        cursor.trained = from.getTrained();
        cursor.checkpointed = from.getCheckpointed();
        cursor.rollouts_generated = from.getRolloutsGenerated();
        cursor.rollouts_spanning = from.getRolloutsSpanning();
        cursor.rollouts_resumed = from.getRolloutsResumed();
        cursor.leases_expired = from.getLeasesExpired();
        cursor.groups_without_contrast = from.getGroupsWithoutContrast();
        cursor.rollouts_stale = from.getRolloutsStale();
        cursor.rollouts_no_verdict = from.getRolloutsNoVerdict();
        cursor.records_quarantined = from.getRecordsQuarantined();
        if (cursor.next_group > cursor.groups_issued) {
          throw Error(Errc::corrupt, "it has sealed more groups than it has issued");
        }
        return cursor;
      });
}

std::string encode_fingerprint(std::string_view key, Fingerprint fingerprint) {
  return make_record<wire::FingerprintRecord>(
      key, 4, [&](wire::FingerprintRecord::Builder into) { into.setFingerprint(fingerprint); });
}

Fingerprint decode_fingerprint(std::string_view key, std::string_view value) {
  return open_record<wire::FingerprintRecord>(
      key, value, [](wire::FingerprintRecord::Reader from) { return from.getFingerprint(); });
}

std::string encode_rollout(std::string_view key, const Rollout& rollout) {
  return make_record<wire::Rollout>(
      key, words_of(rollout), [&](wire::Rollout::Builder into) { encode(rollout, into); });
}

Rollout decode_rollout(std::string_view key, std::string_view value) {
  return open_record<wire::Rollout>(key, value, [&](wire::Rollout::Reader from) {
    auto rollout = decode(from);
    auto parts = ledger_key::parse(key);
    if (rollout.finish == Finish::running || rollout.tokens.empty() ||
        rollout.group != parts.number || rollout.sample != parts.sample) {
      throw Error(Errc::corrupt, "it is not the finished rollout that its key names");
    }
    return rollout;
  });
}

std::string encode_verdict(std::string_view key, const Verdict& verdict) {
  return make_record<wire::Verdict>(
      key, words_of(verdict), [&](wire::Verdict::Builder into) { encode(verdict, into); });
}

Verdict decode_verdict(std::string_view key, std::string_view value) {
  return open_record<wire::Verdict>(
      key, value, [](wire::Verdict::Reader from) { return decode(from); });
}

std::string encode_segment(std::string_view key, const Span& span, const std::vector<Token>& tokens,
    const std::vector<float>& log_probs) {
  std::size_t words = 12 + words_for_tokens(tokens.size());
  return make_record<wire::SegmentRecord>(key, words, [&](wire::SegmentRecord::Builder into) {
    encode(span, into.initSpan());
    encode_tokens(tokens, into.initTokens(static_cast<unsigned>(tokens.size())));
    encode_log_probs(log_probs, into.initLogProbs(static_cast<unsigned>(log_probs.size())));
  });
}

SegmentRecord decode_segment(std::string_view key, std::string_view value) {
  return open_record<wire::SegmentRecord>(key, value, [&](wire::SegmentRecord::Reader from) {
    SegmentRecord segment{decode(from.getSpan()), decode_tokens(from.getTokens()),
        decode_log_probs(from.getLogProbs())};
    auto size = segment.tokens.size();
    if (size == 0 || segment.log_probs.size() != size ||
        segment.span.begin != ledger_key::parse(key).begin ||
        segment.span.end != segment.span.begin + size) {
      throw Error(Errc::corrupt, "its tokens, log-probs and span do not fit each other");
    }
    return segment;
  });
}

// ---- batches --------------------------------------------------------------------------------

namespace {

wire::DropReason to_wire(DropReason reason) {
  return static_cast<wire::DropReason>(reason);  // the enumerants have the same numbers
}

DropReason from_wire(wire::DropReason reason) {
  if (static_cast<unsigned>(reason) > static_cast<unsigned>(DropReason::damaged)) {
    throw Error(Errc::corrupt, "it drops a group for an unknown reason");
  }
  return static_cast<DropReason>(reason);
}

// The groups of a batch are those from first to end, each once, in order.
void check_groups(const BatchRecord& batch) {
  std::size_t kept = 0;
  std::size_t dropped = 0;
  for (GroupId group = batch.first_group; group < batch.end_group; ++group) {
    if (kept < batch.kept.size() && batch.kept[kept].id == group) {
      ++kept;
    } else if (dropped < batch.dropped.size() && batch.dropped[dropped].id == group) {
      ++dropped;
    } else {
      throw Error(Errc::corrupt, str("it does not settle group ", group));
    }
  }
  if (kept != batch.kept.size() || dropped != batch.dropped.size()) {
    throw Error(Errc::corrupt, "it settles groups outside its range");
  }
}

}  // namespace

const char* name(DropReason reason) {
  switch (reason) {
    case DropReason::kept:
      return "kept";
    case DropReason::no_contrast:
      return "no contrast";
    case DropReason::stale:
      return "stale";
    case DropReason::too_few_verdicts:
      return "too few verdicts";
    case DropReason::damaged:
      return "damaged";
  }
  return "unknown";
}

std::string encode_batch(std::string_view key, const BatchRecord& batch) {
  std::size_t words = 48 + batch.dropped.size() * 2;
  for (const auto& kept : batch.kept) {
    words += 6 + words_of(kept.prompt) + words_for_tokens(kept.masked.size());
  }
  return make_record<wire::BatchRecord>(key, words, [&](wire::BatchRecord::Builder into) {
    into.setStep(batch.step);
    into.setFirstGroup(batch.first_group);
    into.setEndGroup(batch.end_group);
    into.setBytes(batch.bytes);
    auto kept = into.initKept(static_cast<unsigned>(batch.kept.size()));
    for (unsigned i = 0; i < kept.size(); ++i) {
      kept[i].setId(batch.kept[i].id);
      encode(batch.kept[i].prompt, kept[i].initPrompt());
      auto masked = kept[i].initMasked(static_cast<unsigned>(batch.kept[i].masked.size()));
      for (unsigned j = 0; j < masked.size(); ++j) masked.set(j, batch.kept[i].masked[j]);
    }
    auto dropped = into.initDropped(static_cast<unsigned>(batch.dropped.size()));
    for (unsigned i = 0; i < dropped.size(); ++i) {
      dropped[i].setId(batch.dropped[i].id);
      dropped[i].setReason(to_wire(batch.dropped[i].reason));
    }
    encode_statistics(batch.statistics, into.initStatistics());
  });
}

BatchRecord decode_batch(std::string_view key, std::string_view value) {
  return open_record<wire::BatchRecord>(key, value, [&](wire::BatchRecord::Reader from) {
    BatchRecord batch;
    batch.step = from.getStep();
    if (batch.step != ledger_key::parse(key).number) {
      throw Error(Errc::corrupt, "it is not the batch that its key names");
    }
    batch.first_group = from.getFirstGroup();
    batch.end_group = from.getEndGroup();
    batch.bytes = from.getBytes();
    for (auto kept : from.getKept()) {
      BatchRecord::Kept group{kept.getId(), decode(kept.getPrompt()), {}};
      for (auto sample : kept.getMasked()) group.masked.push_back(sample);
      batch.kept.push_back(std::move(group));
    }
    for (auto dropped : from.getDropped()) {
      batch.dropped.push_back({dropped.getId(), from_wire(dropped.getReason())});
    }
    check_groups(batch);
    decode_statistics(from.getStatistics(), batch.statistics);
    batch.statistics.step = batch.step;
    return batch;
  });
}

void check_record(std::string_view key, std::string_view value) {
  switch (ledger_key::parse(key).kind) {
    case 'o':
      decode_options(value);
      return;
    case 's':
      decode_cursor(value);
      return;
    case 'f':
      decode_fingerprint(key, value);
      return;
    case 'b':
      decode_batch(key, value);
      return;
    case 'r':
      decode_rollout(key, value);
      return;
    case 'v':
      decode_verdict(key, value);
      return;
    case 'S':
      decode_segment(key, value);
      return;
    case 'l':
    case 'q':
      return;
    default:
      damaged(key, "its key is not one of this format");
  }
}

}  // namespace tramontane
