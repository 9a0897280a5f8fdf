// The ledger's whole life cycle over RocksDB, with grouped syncs, against RocksDB alone writing
// the same keys and bytes in the same batches with the same syncs.
//
//   ledger_bench [--json]
//
// The ledger leases tasks, takes segments as a generator sends them (one message for all its
// sequences), hands finished rollouts to a verifier, takes the verdicts, seals batches, gives them
// out decoded, and notes what was trained. RocksDB alone only writes.

#include "actors/ledger/ledger.h"
#include "runtime/base/check.h"
#include "runtime/base/random.h"
#include "storage/kv_store.h"
#include "tests/support/temp_folder.h"

#include <rocksdb/cache.h>
#include <rocksdb/db.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/options.h>
#include <rocksdb/table.h>
#include <rocksdb/write_batch.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <deque>
#include <functional>
#include <string>
#include <time.h>
#include <vector>

namespace {

using namespace tramontane;

struct Load {
  const char* name;
  std::uint64_t steps;
  std::uint32_t shortest, longest;  // tokens of a completion
  std::uint32_t segment;            // tokens between two messages of a generator
  std::uint32_t running;            // sequences at a time
};

constexpr Load loads[] = {
    {"main job: 7-27 tokens, segments of 8", 100, 7, 27, 8, 128},
    {"long: 200-2000 tokens, segments of 32", 6, 200, 2000, 32, 128},
};
constexpr std::uint32_t group_size = 8;
constexpr std::uint32_t batch_size = 384;
constexpr int sync_every = 8;  // generator messages
constexpr int samples = 5;

// Processor time of this thread: what a busy machine does not distort.
double busy_seconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

// Remembers every write and sync.
class RecordingStore final : public KvStore {
 public:
  std::vector<WriteBatch> batches;  // an empty one is a sync

  void write(const WriteBatch& batch) override {
    batches.push_back(batch);
    memory_->write(batch);
  }

  std::optional<std::string> get(std::string_view key) const override { return memory_->get(key); }

  void scan(std::string_view prefix,
      const std::function<bool(std::string_view, std::string_view)>& visit) const override {
    memory_->scan(prefix, visit);
  }

  void sync() override { batches.emplace_back(); }

  std::uint64_t size_bytes() const override { return memory_->size_bytes(); }

 private:
  std::unique_ptr<KvStore> memory_ = open_memory();
};

struct Played {
  double seconds = 0;
  double busy = 0;  // of them, processor time
  std::uint64_t rollouts = 0;
  std::vector<double> batch_seconds;  // sealing and decoding
};

// A generator's messages: the next segment of each sequence.
std::vector<Segment> next_segments(std::vector<RolloutTask>& running, const Load& load) {
  std::vector<Segment> segments;
  segments.reserve(running.size());
  for (auto& task : running) {
    auto begin = static_cast<std::uint32_t>(task.rollout.tokens.size());
    auto length = load.shortest + static_cast<std::uint32_t>(uniform_below(
                                      {1, task.rollout.id}, load.longest - load.shortest + 1));
    auto end = std::min(length, begin + load.segment);
    Segment segment{task.lease, task.rollout.id, {begin, end, 0, 99, true}, {}, {},
        end == length ? Finish::stop : Finish::running};
    segment.tokens.reserve(end - begin);
    segment.log_probs.reserve(end - begin);
    for (auto i = begin; i < end; ++i) {
      auto word = static_cast<std::uint32_t>(task.rollout.id * 2654435761U + i * 40503U);
      segment.tokens.push_back(static_cast<Token>(word % 50'000));
      segment.log_probs.push_back(-static_cast<float>(word % 10'007) / 5'003.0F);
    }
    task.rollout.tokens.resize(end);
    segments.push_back(std::move(segment));
  }
  return segments;
}

Played play(KvStore& store, const Load& load) {
  auto prompt = [](GroupId group) {
    return Prompt{group, "Natalia sold 48 clips in April. How many altogether? 48/2=", "24",
        std::vector<Token>(24, static_cast<Token>(group % 97))};
  };
  LedgerOptions options;
  options.group_size = group_size;
  options.batch = batch_size;
  options.max_lag = 1'000'000;  // the trainer is not what is measured
  options.steps = load.steps;
  Played played;
  std::vector<RolloutTask> running;
  std::uint64_t step = 0;
  auto start = std::chrono::steady_clock::now();
  double generating = 0;  // making tokens up is not the ledger's work
  double busy_start = busy_seconds();
  double busy_generating = 0;
  Ledger ledger(store, prompt, options);
  for (int turn = 0; step < load.steps; ++turn) {
    auto room = load.running - static_cast<std::uint32_t>(running.size());
    for (auto& task : ledger.lease_tasks("generator/0", room, turn)) {
      running.push_back(std::move(task));
    }
    auto made = std::chrono::steady_clock::now();
    double busy_made = busy_seconds();
    auto segments = next_segments(running, load);
    generating += seconds_since(made);
    busy_generating += busy_seconds() - busy_made;
    for (const auto& result : ledger.append(segments, turn)) {
      TRAM_CHECK(result.has_value(), "a segment was refused", ledger.last_refusal());
    }
    std::size_t at = 0;
    std::erase_if(running, [&](const auto&) { return segments[at++].finish != Finish::running; });
    for (const auto& leased : ledger.lease_finished("verifier/0", 64, turn)) {
      Verdict verdict;
      verdict.score = leased.rollout.sample % 2;
      verdict.components = {{"math", *verdict.score, "24 = 24"}};
      TRAM_CHECK(ledger.judge(leased.lease, verdict, turn).has_value(), "refused");
      ++played.rollouts;
    }
    auto sealing = std::chrono::steady_clock::now();
    while (auto batch = ledger.batch(step)) {
      played.batch_seconds.push_back(seconds_since(sealing));
      TRAM_CHECK(ledger.trained(step, step).has_value(), "refused");
      if (++step == load.steps) break;
      sealing = std::chrono::steady_clock::now();
    }
    if (turn % sync_every == 0) ledger.sync();
  }
  played.seconds = seconds_since(start) - generating;
  played.busy = busy_seconds() - busy_start - busy_generating;
  return played;
}

// RocksDB as storage/kv_store.cc opens it, but for the order of its memory table: there ours gives
// it hints, which a plain user does not (and which are worth about a fifth).
double write_raw(const std::vector<WriteBatch>& batches, const std::string& folder) {
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = rocksdb::NewLRUCache(8 << 20);
  table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
  rocksdb::Options options;
  options.create_if_missing = true;
  options.write_buffer_size = RocksdbOptions().write_buffer_bytes;
  options.max_write_buffer_number = 3;
  options.max_total_wal_size = 4 * options.write_buffer_size;
  options.max_background_jobs = 2;
  options.compression = rocksdb::kLZ4Compression;
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  auto start = std::chrono::steady_clock::now();
  rocksdb::DB* opened = nullptr;
  auto status = rocksdb::DB::Open(options, folder, &opened);
  TRAM_CHECK(status.ok(), status.ToString().c_str());
  std::unique_ptr<rocksdb::DB> db(opened);
  for (const auto& batch : batches) {
    if (batch.empty()) {
      status = db->FlushWAL(true);
    } else {
      rocksdb::WriteBatch changes;
      for (const auto& change : batch.changes) {
        status = change.value ? changes.Put(change.key, *change.value) : changes.Delete(change.key);
      }
      status = db->Write({}, &changes);
    }
    TRAM_CHECK(status.ok(), status.ToString().c_str());
  }
  return seconds_since(start);
}

void measure(const Load& load, bool json) {
  RecordingStore recording;
  play(recording, load);
  std::uint64_t records = 0;
  std::uint64_t bytes = 0;
  for (const auto& batch : recording.batches) {
    records += batch.changes.size();
    for (const auto& change : batch.changes) {
      bytes += change.key.size() + (change.value ? change.value->size() : 0);
    }
  }
  Played best;
  double raw = 1e9;
  std::vector<double> ratios;
  std::vector<double> busy_ratios;
  for (int sample = 0; sample < samples; ++sample) {
    TempFolder ours;
    TempFolder theirs;
    Played played;
    {
      auto store = open_rocksdb(ours.path(), {});
      played = play(*store, load);
    }
    double raw_busy = busy_seconds();
    double raw_now = write_raw(recording.batches, theirs.path());
    raw_busy = busy_seconds() - raw_busy;
    busy_ratios.push_back(raw_busy / played.busy);
    ratios.push_back(raw_now / played.seconds);
    raw = std::min(raw, raw_now);
    if (sample == 0 || played.seconds < best.seconds) best = std::move(played);
  }
  std::sort(ratios.begin(), ratios.end());
  double ratio = ratios[ratios.size() / 2];
  std::sort(busy_ratios.begin(), busy_ratios.end());
  double busy_ratio = busy_ratios[busy_ratios.size() / 2];
  std::sort(best.batch_seconds.begin(), best.batch_seconds.end());
  double seal_ms = 1e3 * best.batch_seconds[best.batch_seconds.size() / 2];
  double count = static_cast<double>(records);
  double megabytes = static_cast<double>(bytes) * 1e-6;
  double rollouts = static_cast<double>(best.rollouts);
  if (json) {
    std::printf(
        "{\"bench\": \"ledger\", \"name\": \"%s\", \"records_per_s\": %.0f, "
        "\"mb_per_s\": %.1f, \"rollouts_per_s\": %.0f, \"raw_records_per_s\": %.0f, "
        "\"ratio\": %.3f, \"busy_ratio\": %.3f, \"seal_ms\": %.2f}\n",
        load.name, count / best.seconds, megabytes / best.seconds, rollouts / best.seconds,
        count / raw, ratio, busy_ratio, seal_ms);
    return;
  }
  std::printf("%s\n", load.name);
  std::printf(
      "  ledger   %9.0f records/s %7.1f MB/s %8.0f rollouts/s; batch of %u sealed and "
      "decoded in %.2f ms\n",
      count / best.seconds, megabytes / best.seconds, rollouts / best.seconds, batch_size, seal_ms);
  std::printf("  RocksDB  %9.0f records/s %7.1f MB/s\n", count / raw, megabytes / raw);
  std::printf(
      "  ledger / RocksDB: %.2f x (median of %d; %.2f to %.2f), %.2f x by "
      "processor time\n",
      ratio, samples, ratios.front(), ratios.back(), busy_ratio);
}

}  // namespace

int main(int argc, char** argv) {
  bool json = argc > 1 && std::strcmp(argv[1], "--json") == 0;
  for (const auto& load : loads) measure(load, json);
  return 0;
}
