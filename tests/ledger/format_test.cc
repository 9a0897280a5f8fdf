#include "actors/ledger/format.h"

#include "actors/messages/types_capnp.h"
#include "runtime/base/random.h"
#include "runtime/base/result.h"

#include <fstream>
#include <sstream>

#include "tests/support/test.h"

using namespace tramontane;

namespace {

std::string hex(std::string_view bytes) {
  static const char digits[] = "0123456789abcdef";
  std::string text;
  for (unsigned char byte : bytes) {
    text += digits[byte >> 4];
    text += digits[byte & 15];
  }
  return text;
}

std::string unhex(const std::string& text) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < text.size(); i += 2) {
    bytes += static_cast<char>(std::stoi(text.substr(i, 2), nullptr, 16));
  }
  return bytes;
}

Rollout sample_rollout() {
  Rollout rollout{11, 2, 3, 7, {5, -1, 70000}, {-0.5F, 0, -12.25F},
      {{0, 1, 4, 0xaa, true}, {1, 3, 5, 0xbb, false}}, Finish::stop};
  return rollout;
}

Verdict sample_verdict() {
  Verdict verdict;
  verdict.score = 0.9;
  verdict.correct = true;
  verdict.components = {{"math", 0.9, "\\boxed{4} = 4"}, {"format", 0, ""}};
  return verdict;
}

BatchRecord sample_batch() {
  BatchRecord batch;
  batch.step = 6;
  batch.first_group = 2;
  batch.end_group = 5;
  batch.kept = {{2, {9, "2+2=", "4", {1, 2}}, {1}}, {4, {3, "é", "", {}}, {}}};
  batch.dropped = {{3, DropReason::no_contrast}};
  batch.statistics.step = 6;
  batch.statistics.groups_without_contrast = 1;
  batch.statistics.rollouts_seen = 12;
  batch.statistics.mean_score = 0.25;
  batch.bytes = 4096;
  return batch;
}

// Name, key, value of one record of each kind.
struct Golden {
  std::string name, key, value;
};

std::vector<Golden> records() {
  LedgerOptions options;
  options.seed = 7;
  options.batch_of = BatchOf::kept;
  options.steps = 60;
  LedgerCursor cursor;
  cursor.groups_issued = 9;
  cursor.next_group = 5;
  cursor.next_step = 7;
  cursor.trained = 6;
  cursor.rollouts_generated = 40;
  auto fingerprint = ledger_key::fingerprint(3);
  auto batch = ledger_key::batch(6);
  auto rollout = ledger_key::rollout(2, 3);
  auto verdict = ledger_key::verdict(2, 3);
  auto segment = ledger_key::segment(258, 3, 16);
  return {{"options", ledger_key::options(), encode_options(options)},
      {"state", ledger_key::state(), encode_cursor(cursor)},
      {"fingerprint", fingerprint, encode_fingerprint(fingerprint, 0x1122334455667788)},
      {"batch", batch, encode_batch(batch, sample_batch())},
      {"rollout", rollout, encode_rollout(rollout, sample_rollout())},
      {"verdict", verdict, encode_verdict(verdict, sample_verdict())},
      {"segment", segment,
          encode_segment(segment, {16, 18, 5, 0xbb, false}, {8, 9}, {-1.5F, -0.125F})}};
}

}  // namespace

TEST_CASE("the worked example of format.h is what is written") {
  auto key = ledger_key::fingerprint(3);
  CHECK(hex(key) == "660000000000000003");
  CHECK(hex(encode_fingerprint(key, 0x1122334455667788)) ==
        "8b940dfaf2865bec"
        "0200000000000000"
        "0000000002000000"
        "0000000001000000"
        "8877665544332211");
}

TEST_CASE("one record of each kind keeps its bytes") {
  std::ifstream file(TRAM_GOLDEN "/ledger.hex");
  REQUIRE(file.good());
  std::string name;
  std::string key;
  std::string value;
  auto written = records();
  std::size_t count = 0;
  std::string expected;
  for (const auto& record : written) {
    expected += record.name + " " + hex(record.key) + " " + hex(record.value) + "\n";
  }
  INFO("what this program writes:\n", expected);
  while (file >> name >> key >> value) {
    REQUIRE(count < written.size());
    CHECK(written[count].name == name);
    CHECK(hex(written[count].key) == key);
    CHECK(hex(written[count].value) == value);
    CHECK_NOTHROW(check_record(unhex(key), unhex(value)));
    ++count;
  }
  CHECK(count == written.size());
}

TEST_CASE("a whole record of another format is refused by both numbers, and is not damaged") {
  auto key = ledger_key::fingerprint(3);
  auto value = unhex(
      "347a8b2947084948010000000000000000000000020000000000000001000000"
      "8877665544332211");
  try {
    decode_fingerprint(key, value);
    FAIL("format 1 was read");
  } catch (const Error& error) {
    CHECK(error.errc() == Errc::unsupported);
    CAPTURE(error.text());
    for (const char* part : {"version 3", "format 1", "format 2", "start a new run"})
      CHECK(error.text().find(part) != std::string::npos);
  }
  value[20] ^= 1;
  CHECK_THROWS_WITH_AS(decode_fingerprint(key, value), doctest::Contains("checksum"), Error);
}

TEST_CASE("what is written is read back") {
  auto rollout_key = ledger_key::rollout(2, 3);
  CHECK(decode_rollout(rollout_key, encode_rollout(rollout_key, sample_rollout())) ==
        sample_rollout());
  auto verdict_key = ledger_key::verdict(2, 3);
  CHECK(decode_verdict(verdict_key, encode_verdict(verdict_key, sample_verdict())) ==
        sample_verdict());
  Verdict none;
  none.no_verdict = "out of memory";
  CHECK(decode_verdict(verdict_key, encode_verdict(verdict_key, none)) == none);
  auto batch_key = ledger_key::batch(6);
  auto batch = decode_batch(batch_key, encode_batch(batch_key, sample_batch()));
  CHECK(batch.kept[0].prompt == sample_batch().kept[0].prompt);
  CHECK(batch.kept[0].masked == std::vector<std::uint32_t>{1});
  CHECK(batch.dropped[0].reason == DropReason::no_contrast);
  CHECK(batch.statistics == sample_batch().statistics);
  CHECK(batch.bytes == 4096);
  LedgerCursor cursor{9, 8, 7, 6, 5, 4, 3, 2, 1, 10, 11, 12, 13};
  CHECK(decode_cursor(encode_cursor(cursor)) == cursor);
  auto segment_key = ledger_key::segment(1, 0, 4);
  auto segment = decode_segment(
      segment_key, encode_segment(segment_key, {4, 6, 1, 2, true}, {1, 2}, {-1, -2}));
  CHECK(segment.span == Span{4, 6, 1, 2, true});
  CHECK(segment.log_probs == std::vector<float>{-1, -2});
}

TEST_CASE("options are read back, each of them") {
  LedgerOptions options;
  options.seed = 2;
  options.group_size = 3;
  options.batch = 12;
  options.max_lag = 4;
  options.overdue = Overdue::drop;
  options.batch_of = BatchOf::kept;
  options.drop_without_contrast = !options.drop_without_contrast;
  options.run_ahead = 5;
  options.max_running = 6;
  options.verify_attempts = 7;
  options.steps = 8;
  options.generate_lease = 9;
  options.verify_lease = 10;
  options.keep_batches = 11;
  options.keep_bytes = 13;
  auto read = decode_options(encode_options(options));
  CHECK(hex(encode_options(read)) == hex(encode_options(options)));
  CHECK(hex(encode_options(read)) != hex(encode_options({})));
}

TEST_CASE("a record of any size is one segment, for which it was given room at once") {
  auto segments = [](const std::string& value) { return 1 + value.at(16); };
  for (std::uint32_t size = 1; size < 12; ++size) {
    CAPTURE(size);
    std::string text(size, 'x');
    std::vector<Token> tokens(size, 7);
    std::vector<float> log_probs(size, -1);
    Rollout rollout{1, 2, 3, 4, tokens, log_probs, {}, Finish::stop};
    for (std::uint32_t i = 0; i < size; ++i) rollout.spans.push_back({i, i + 1, i, 5, true});
    CHECK(segments(encode_rollout(ledger_key::rollout(2, 3), rollout)) == 1);
    Verdict verdict;
    verdict.no_verdict = text;
    verdict.components.assign(size, {text, 1, text + text});
    CHECK(segments(encode_verdict(ledger_key::verdict(2, 3), verdict)) == 1);
    auto span = Span{0, size, 1, 2, true};
    CHECK(segments(encode_segment(ledger_key::segment(2, 3, 0), span, tokens, log_probs)) == 1);
    BatchRecord batch;
    batch.kept.assign(size, {2, {9, text, text, tokens}, {1, 2, 3}});
    batch.dropped.assign(size, {3, DropReason::stale});
    CHECK(segments(encode_batch(ledger_key::batch(6), batch)) == 1);
  }
}

TEST_CASE("any flipped bit, cut or other key is found") {
  for (const auto& record : records()) {
    CAPTURE(record.name);
    CHECK_NOTHROW(check_record(record.key, record.value));
    for (std::size_t bit = 0; bit < 8 * record.value.size(); ++bit) {
      auto value = record.value;
      value[bit / 8] = static_cast<char>(value[bit / 8] ^ (1 << bit % 8));
      REQUIRE_THROWS_AS(check_record(record.key, value), Error);
    }
    for (std::size_t size = 0; size < record.value.size(); ++size) {
      REQUIRE_THROWS_AS(check_record(record.key, record.value.substr(0, size)), Error);
    }
    if (record.key.size() == 1) continue;
    auto key = record.key;
    key[8] = static_cast<char>(key[8] + 1);
    CHECK_THROWS_AS(check_record(key, record.value), Error);
  }
}

TEST_CASE("keys sort as their numbers and come apart again") {
  CHECK(ledger_key::batch(255) < ledger_key::batch(256));
  CHECK(ledger_key::rollout(1, 300) < ledger_key::rollout(2, 0));
  CHECK(ledger_key::rollout(1, 0) < ledger_key::segment(1, 0, 0));
  CHECK(ledger_key::segment(1, 0, 300) < ledger_key::verdict(1, 0));
  auto parts = ledger_key::parse(ledger_key::segment(1ULL << 40, 7, 99));
  CHECK(parts.kind == 'S');
  CHECK(parts.number == 1ULL << 40);
  CHECK(parts.sample == 7);
  CHECK(parts.begin == 99);
  CHECK(ledger_key::describe(ledger_key::verdict(17, 3)) == "the verdict of sample 3 of group 17");
  for (std::string key : {"", "x", "g", "b123", "f123456789", "sx"}) {
    CHECK(ledger_key::parse(key).kind == 0);
  }
}

TEST_CASE("every message comes through Cap'n Proto unchanged") {
  Group group{2, {9, "2+2=", "4", {1, 2}}, {{sample_rollout(), sample_verdict()}}};
  Batch batch;
  batch.step = 3;
  batch.groups = {group, group};
  batch.mean_tokens = 12.5;
  auto bytes = canonical_bytes(batch);
  CHECK(bytes == canonical_bytes(batch));
  batch.groups[1].rollouts[0].rollout.tokens[2] = 1;
  CHECK(bytes != canonical_bytes(batch));
}
