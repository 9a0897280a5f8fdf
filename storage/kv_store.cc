// The KvStore over RocksDB. Beside it only rocksdb_words.cc knows RocksDB.
#include "storage/kv_store.h"

#include "runtime/base/check.h"
#include "runtime/base/process_limits.h"
#include "runtime/base/result.h"
#include "storage/file.h"
#include "storage/reached_mark.h"
#include "storage/rocksdb_words.h"
#include "storage/store_check.h"
#include "storage/temporary_folder.h"
#include "storage/write_log.h"

#include <rocksdb/cache.h>
#include <rocksdb/convenience.h>
#include <rocksdb/db.h>
#include <rocksdb/env.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/listener.h>
#include <rocksdb/options.h>
#include <rocksdb/slice_transform.h>
#include <rocksdb/table.h>
#include <rocksdb/write_batch.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <mutex>
#include <new>
#include <system_error>
#include <type_traits>
#include <unistd.h>

namespace tramontane {
namespace {

rocksdb::Slice slice(std::string_view bytes) {
  return {bytes.data(), bytes.size()};
}

std::string_view view(const rocksdb::Slice& bytes) {
  return {bytes.data(), bytes.size()};
}

[[noreturn]] void fail(const std::string& folder, const char* doing, const rocksdb::Status& status,
    const std::string& later = {}) {
  std::string cause = status.ToString() + later;
  if (status.IsCorruption()) {
    throw Error(Errc::corrupt, str(folder, ": ", doing, " found damaged files: ", cause));
  }
  std::string remedy;
  if (cause.find("lock") != std::string::npos) {
    remedy = "; another process holds it: stop that one, or open it read-only";
  } else if (status.IsNoSpace() || cause.find("No space") != std::string::npos) {
    remedy = "; free some disk space and try again: nothing was changed";
  } else if (cause.find("File too large") != std::string::npos) {
    remedy =
        "; raise the limit on the size of files (ulimit -f) and try again: nothing was changed";
  }
  throw Error(Errc::io, str(folder, ": ", doing, " failed: ", cause, remedy));
}

// As RocksDB lays a batch out: at most so many bytes.
std::size_t bytes_of(const WriteBatch& batch) {
  constexpr std::size_t header = 12;
  constexpr std::size_t record = 1 + 2 * 5;  // its kind, and two lengths
  std::size_t bytes = header;
  for (const auto& change : batch.changes)
    bytes += record + change.key.size() + (change.value ? change.value->size() : 0);
  return bytes;
}

Error no_memory_for(const std::string& folder) {
  return {Errc::io, str(folder, ": RocksDB ran ", no_memory().text(),
                        "; the store is as it was after its last write, and is read again by the "
                        "next start")};
}

// RocksDB goes on in the background after a failure there, and what it then says of a write is the
// consequence ("Resource busy"). The first failure is kept until all is well again.
class Watcher final : public rocksdb::EventListener {
 public:
  void OnBackgroundError(rocksdb::BackgroundErrorReason, rocksdb::Status* status) override {
    see(*status);
  }

  void OnFlushCompleted(rocksdb::DB*, const rocksdb::FlushJobInfo&) override {
    manifest_grew_ = true;
  }

  void OnCompactionCompleted(rocksdb::DB*, const rocksdb::CompactionJobInfo&) override {
    manifest_grew_ = true;
  }

  void see(const rocksdb::Status& status) {
    std::lock_guard lock(mutex_);
    if (first_.ok()) first_ = status;
  }

  void all_is_well() {
    std::lock_guard lock(mutex_);
    first_ = rocksdb::Status::OK();
  }

  [[noreturn]] void fail_by_first(
      const std::string& folder, const char* doing, const rocksdb::Status& status) {
    see(status);
    std::unique_lock lock(mutex_);
    rocksdb::Status first = first_;
    lock.unlock();
    bool same = first.ToString() == status.ToString();
    fail(folder, doing, first, same ? "" : str(" (and then: ", status.ToString(), ")"));
  }

  bool manifest_grew() { return manifest_grew_.exchange(false); }

 private:
  std::mutex mutex_;
  rocksdb::Status first_;
  std::atomic<bool> manifest_grew_{true};
};

rocksdb::CompressionType fastest_compression() {
  auto supported = rocksdb::GetSupportedCompressions();
  bool lz4 =
      std::find(supported.begin(), supported.end(), rocksdb::kLZ4Compression) != supported.end();
  return lz4 ? rocksdb::kLZ4Compression : rocksdb::kNoCompression;
}

rocksdb::Options rocksdb_options(const std::string& folder, const RocksdbOptions& options) {
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = rocksdb::NewLRUCache(8 << 20);
  table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
  rocksdb::Options result;
  result.create_if_missing = true;
  result.write_buffer_size = options.write_buffer_bytes;
  result.max_write_buffer_number = 3;
  result.max_total_wal_size = 4 * options.write_buffer_bytes;
  result.max_background_jobs = 2;
  // Most writes go beside the last one of the same prefix (a kind and a number), so RocksDB starts
  // to look there: a fifth faster. Hints need a single writer.
  constexpr std::size_t prefix_bytes = 9;
  result.memtable_insert_with_hint_prefix_extractor.reset(
      rocksdb::NewFixedPrefixTransform(prefix_bytes));
  result.allow_concurrent_memtable_write = false;
  result.max_open_files = 256;
  result.compression = fastest_compression();
  result.info_log_level = rocksdb::WARN_LEVEL;
  result.info_log = rocksdb_words(options.read_only ? "" : folder + "/LOG");
  // What a crash cut off is left out. What else may be wrong with a log is found before.
  result.wal_recovery_mode = rocksdb::WALRecoveryMode::kPointInTimeRecovery;
  result.track_and_verify_wals_in_manifest = options.recovery == LogRecovery::refuse;
  // Threads that it would start on its own account, where nobody could tell why there are none.
  result.max_file_opening_threads = 1;
  result.stats_dump_period_sec = 0;
  result.stats_persist_period_sec = 0;
  result.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  return result;
}

class RocksdbStore final : public KvStore {
 public:
  RocksdbStore(std::string folder, std::unique_ptr<rocksdb::DB> db,
      std::shared_ptr<Watcher> watcher, bool read_only)
      : folder_(std::move(folder)),
        db_(std::move(db)),
        watcher_(std::move(watcher)),
        read_only_(read_only) {
    if (read_only_) return;
    mark_ = std::make_unique<ReachedMark>(folder_);
    mark_manifest();
    mark_->synced(reached());
  }

  // What lies in the log only would be read again, all of it, by everyone who opens the store.
  // Best effort: the log has it.
  ~RocksdbStore() override {
    if (lost_) {
      static_cast<void>(db_.release());  // closing it would wait for what was thrown out of it
    } else if (!read_only_ && !failed_) {
      db_->Flush({}).PermitUncheckedError();
    }
  }

  void write(const WriteBatch& batch) override {
    go_on("writing");
    // Room for all at once: RocksDB aborts the program where an addition finds no memory.
    rocksdb::WriteBatch changes(bytes_of(batch));
    for (const auto& change : batch.changes) {
      auto status = change.value ? changes.Put(slice(change.key), slice(*change.value))
                                 : changes.Delete(slice(change.key));
      if (!status.ok()) fail(folder_, "writing", status);
    }
    auto status = inside([&] { return db_->Write({}, &changes); });
    if (!status.ok()) {
      failed_ = true;
      watcher_->fail_by_first(folder_, "writing", status);
    }
    if (watcher_->manifest_grew()) mark_manifest();
    mark_->written(reached());
  }

  std::optional<std::string> get(std::string_view key) const override {
    std::string value;
    auto status = inside([&] { return db_->Get({}, slice(key), &value); });
    if (status.IsNotFound()) return std::nullopt;
    if (!status.ok()) fail(folder_, "reading", status);
    return value;
  }

  void scan(std::string_view prefix,
      const std::function<bool(std::string_view, std::string_view)>& visit) const override {
    std::unique_ptr<rocksdb::Iterator> at;
    inside([&] {
      at.reset(db_->NewIterator({}));
      at->Seek(slice(prefix));
    });
    while (at->Valid() && at->key().starts_with(slice(prefix))) {
      if (!visit(view(at->key()), view(at->value()))) return;
      inside([&] { at->Next(); });
    }
    if (!at->status().ok()) fail(folder_, "reading", at->status());
  }

  void sync() override {
    go_on("syncing");
    auto status = inside([&] { return db_->FlushWAL(true); });
    if (!status.ok()) {
      failed_ = true;
      watcher_->fail_by_first(folder_, "syncing", status);
    }
    mark_->synced(reached());
  }

  // The number of the last change.
  std::uint64_t reached() const { return db_->GetLatestSequenceNumber(); }

  std::uint64_t size_bytes() const override {
    // RocksDB removes files at any time: what vanishes between two looks counts nothing.
    std::uint64_t bytes = 0;
    std::error_code gone;
    std::filesystem::directory_iterator at(folder_, gone);
    for (; !gone && at != std::filesystem::directory_iterator(); at.increment(gone)) {
      std::error_code vanished;
      auto size = at->file_size(vanished);
      if (!vanished) bytes += size;
    }
    return bytes;
  }

 private:
  // RocksDB is not safe against exceptions, and memory that is refused is one: a writer that was
  // thrown out still stands in its queue, and all others would wait for it for ever.
  template <class F>
  std::invoke_result_t<F> inside(F call) const {
    if (lost_) throw no_memory_for(folder_);
    try {
      return call();
    } catch (const std::bad_alloc&) {
      lost_ = true;
      throw no_memory_for(folder_);
    } catch (...) {
      lost_ = true;
      throw;
    }
  }

  // After a failed write (a full disk) RocksDB refuses all others until it is told to go on, and is
  // not to be asked to sync.
  void go_on(const char* doing) {
    if (!failed_) return;
    auto status = inside([&] { return db_->Resume(); });
    if (!status.ok()) watcher_->fail_by_first(folder_, doing, status);
    failed_ = false;
    watcher_->all_is_well();
  }

  void mark_manifest() {
    if (auto manifest = manifest_of(folder_)) mark_->manifest(manifest->number, manifest->bytes);
  }

  std::string folder_;
  std::unique_ptr<rocksdb::DB> db_;
  std::shared_ptr<Watcher> watcher_;
  std::unique_ptr<ReachedMark> mark_;
  bool read_only_;
  bool failed_ = false;
  mutable std::atomic<bool> lost_{false};  // until it is opened by another process
};

rocksdb::Options options_for_reading(const std::string& folder, RocksdbOptions options) {
  options.read_only = true;
  auto result = rocksdb_options(folder, options);
  result.create_if_missing = false;
  result.track_and_verify_wals_in_manifest = false;  // a writer removes some meanwhile
  return result;
}

// The writer may drop a file between our listing and our opening of it: a few tries suffice.
rocksdb::Status open_beside_writer(
    const std::string& folder, const rocksdb::Options& options, rocksdb::DB** db) {
  rocksdb::Status status;
  for (int attempt = 0; attempt < 5; ++attempt) {
    status = rocksdb::DB::OpenForReadOnly(options, folder, db);
    if (status.ok()) break;
  }
  return status;
}

// The last change that the tables hold, where the logs say nothing.
std::uint64_t reached_by_tables(const std::string& folder, const RocksdbOptions& options) {
  rocksdb::DB* db = nullptr;
  auto status = open_beside_writer(folder, options_for_reading(folder, options), &db);
  std::unique_ptr<rocksdb::DB> opened(db);
  if (!status.ok()) fail(folder, "opening", status);
  return opened->GetLatestSequenceNumber();
}

rocksdb::Status open_for_reading(
    const std::string& folder, const RocksdbOptions& options, rocksdb::DB** db) {
  auto reading = options_for_reading(folder, options);
  if (options.recovery == LogRecovery::refuse) return open_beside_writer(folder, reading, db);
  TemporaryFolder logs;
  copy_readable_logs(folder, logs.path());
  reading.wal_dir = logs.path();
  return open_beside_writer(folder, reading, db);
}

}  // namespace

std::unique_ptr<KvStore> open_rocksdb(const std::string& folder, RocksdbOptions options) {
  TRAM_CHECK(options.recovery != (options.read_only ? LogRecovery::cut : LogRecovery::read_past),
      "who writes may cut damage off, who reads may read up to it");
  rocksdb::DB* db = nullptr;
  rocksdb::Status status;
  auto watcher = std::make_shared<Watcher>();
  try {
    if (!options.read_only) {
      std::error_code failed;
      std::filesystem::create_directories(folder, failed);
      if (failed)
        throw Error(Errc::io, str(folder, ": cannot make this folder: ", failed.message()));
    }
    // Now, where it can be told that there are none; RocksDB would do it at any time.
    for (auto kind : {rocksdb::Env::HIGH, rocksdb::Env::LOW})
      rocksdb::Env::Default()->SetBackgroundThreads(1, kind);
    check_store(folder,
        {.read_only = options.read_only,
            .cut = options.recovery == LogRecovery::cut,
            .skip_logs = options.recovery == LogRecovery::read_past},
        [&] { return reached_by_tables(folder, options); });
    if (options.read_only) {
      status = open_for_reading(folder, options, &db);
    } else {
      auto writing = rocksdb_options(folder, options);
      writing.listeners.push_back(watcher);
      status = rocksdb::DB::Open(writing, folder, &db);
    }
  } catch (const std::system_error& cause) {
    if (dynamic_cast<const Error*>(&cause) != nullptr) throw;
    throw no_thread(folder + ": a thread of RocksDB", cause);
  }
  if (!status.ok()) fail(folder, "opening", status);
  return std::make_unique<RocksdbStore>(
      folder, std::unique_ptr<rocksdb::DB>(db), std::move(watcher), options.read_only);
}

}  // namespace tramontane
