#pragma once
// How the ledger lies in its store, byte for byte. Numbers in keys are big-endian, so that keys
// sort by number; numbers in values are little-endian.
//
//   key                                           value (schema)
//   'o'                                           LedgerOptionsRecord (records.capnp)
//   's'                                           LedgerStateRecord
//   'l' incarnation:8                             empty; lease ids are incarnation << 40 | n
//   'f' version:8                                 FingerprintRecord
//   'b' step:8                                    BatchRecord
//   'g' group:8 sample:4 'r'                      Rollout (rollout.capnp), once finished
//   'g' group:8 sample:4 's' begin:4              SegmentRecord, while unfinished
//   'g' group:8 sample:4 'v'                      Verdict
//   'q' and the key it had                        a record that was damaged, as it was found
//
// A value is
//
//   0   8  XXH3-64 of bytes 8…, seeded with the XXH3-64 of the key: a record under another key,
//          or with any byte changed, does not pass
//   8   1  format version, 2. In format 1 weights had other fingerprints (one XXH3-64 of all their
//          bytes), so that no version would come out as recorded: it is refused.
//   9   7  zero
//   16  …  the Cap'n Proto message, unpacked, with its segment table: after `tail -c +17` the
//          tool `capnp decode` prints it
//
// Example: the fingerprint 0x1122334455667788 of version 3 is the key
//   66 00 00 00 00 00 00 00 03
// and the value
//   8b 94 0d fa f2 86 5b ec   02 00 00 00 00 00 00 00      checksum; format 2
//   00 00 00 00 02 00 00 00                                one segment of two words
//   00 00 00 00 01 00 00 00   88 77 66 55 44 33 22 11      root: one data word; the fingerprint
//
// (tests/ledger/format_test.cc holds these bytes, tests/golden/ledger.hex one of each record.)
//
// Invariants between records, kept by atomic writes:
//  - A rollout has segments without gaps from 0, or one finished record, never both.
//  - A verdict has its finished record beside it.
//  - Batches are sealed in the order of steps and settle groups in the order of issue:
//    endGroup of one is firstGroup of the next, and state.nextGroup that of the newest.

#include "actors/ledger/ledger.h"

#include <array>
#include <string>
#include <string_view>

namespace tramontane {

namespace ledger_key {

std::string options();
std::string state();
std::string incarnation(std::uint64_t number);
std::string fingerprint(Version version);
std::string batch(std::uint64_t step);
std::string rollout(GroupId group, std::uint32_t sample);
std::string verdict(GroupId group, std::uint32_t sample);
std::string segment(GroupId group, std::uint32_t sample, std::uint32_t begin);
std::string quarantine(std::string_view key);

// Prefixes for scans.
std::string incarnations();
std::string fingerprints();
std::string batches();
std::string groups();
std::string group(GroupId group);
std::string quarantines();

// A key taken apart; kind is 0 for what is no key of this format.
struct Parts {
  char kind = 0;             // 'o' 's' 'l' 'f' 'b', or 'r' 'S' 'v' of a rollout, or 'q'
  std::uint64_t number = 0;  // incarnation, version, step or group
  std::uint32_t sample = 0;
  std::uint32_t begin = 0;
};

Parts parse(std::string_view key);

// As a person reads it: "the verdict of rollout 3 of group 17".
std::string describe(std::string_view key);

}  // namespace ledger_key

// LedgerStateRecord.
struct LedgerCursor {
  std::uint64_t groups_issued = 0;
  GroupId next_group = 0;
  std::uint64_t next_step = 0;
  Version trained = 0;
  Version checkpointed = 0;
  std::uint64_t rollouts_generated = 0;
  std::uint64_t rollouts_spanning = 0;
  std::uint64_t rollouts_resumed = 0;
  std::uint64_t leases_expired = 0;
  std::uint64_t groups_without_contrast = 0;
  std::uint64_t rollouts_stale = 0;
  std::uint64_t rollouts_no_verdict = 0;
  std::uint64_t records_quarantined = 0;

  bool operator==(const LedgerCursor&) const = default;
};

struct SegmentRecord {
  Span span;
  std::vector<Token> tokens;
  std::vector<float> log_probs;
};

enum class DropReason : std::uint8_t {
  kept = 0,
  no_contrast = 1,
  stale = 2,
  too_few_verdicts = 3,
  damaged = 4,
};

// "no contrast", "stale", …
const char* name(DropReason reason);

struct BatchRecord {
  struct Kept {
    GroupId id = 0;
    Prompt prompt;
    std::vector<std::uint32_t> masked;
  };

  struct Dropped {
    GroupId id = 0;
    DropReason reason = DropReason::kept;
  };

  std::uint64_t step = 0;
  GroupId first_group = 0;
  GroupId end_group = 0;
  std::vector<Kept> kept;
  std::vector<Dropped> dropped;
  Batch statistics;  // its groups stay empty
  std::uint64_t bytes = 0;
};

// Each takes the key that the value will stand under, or stands under. Decoding throws
// Error(corrupt) naming the record and what is wrong with it, or Error(unsupported) naming both
// formats if it is whole and of another one.
std::string encode_options(const LedgerOptions& options);
LedgerOptions decode_options(std::string_view value);
std::string encode_cursor(const LedgerCursor& cursor);
LedgerCursor decode_cursor(std::string_view value);
std::string encode_fingerprint(std::string_view key, Fingerprint fingerprint);
Fingerprint decode_fingerprint(std::string_view key, std::string_view value);
std::string encode_batch(std::string_view key, const BatchRecord& batch);
BatchRecord decode_batch(std::string_view key, std::string_view value);
std::string encode_rollout(std::string_view key, const Rollout& rollout);
Rollout decode_rollout(std::string_view key, std::string_view value);
std::string encode_verdict(std::string_view key, const Verdict& verdict);
Verdict decode_verdict(std::string_view key, std::string_view value);
// `tokens` and `log_probs` are of equal length.
std::string encode_segment(std::string_view key, const Span& span, const std::vector<Token>& tokens,
    const std::vector<float>& log_probs);
SegmentRecord decode_segment(std::string_view key, std::string_view value);

// Decodes a record of any kind, for its errors only. For tools and the fuzz target.
void check_record(std::string_view key, std::string_view value);

}  // namespace tramontane
