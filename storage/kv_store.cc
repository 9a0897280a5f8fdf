// The KvStore over RocksDB, the only file that knows it.
#include "storage/kv_store.h"

#include "runtime/base/check.h"
#include "runtime/base/result.h"

#include <rocksdb/cache.h>
#include <rocksdb/convenience.h>
#include <rocksdb/db.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/options.h>
#include <rocksdb/slice_transform.h>
#include <rocksdb/table.h>
#include <rocksdb/write_batch.h>

#include <algorithm>
#include <filesystem>

namespace tramontane {
namespace {

rocksdb::Slice slice(std::string_view bytes) {
  return {bytes.data(), bytes.size()};
}

std::string_view view(const rocksdb::Slice& bytes) {
  return {bytes.data(), bytes.size()};
}

[[noreturn]] void fail(
    const std::string& folder, const char* doing, const rocksdb::Status& status) {
  std::string cause = status.ToString();
  if (status.IsCorruption()) {
    throw Error(Errc::corrupt, str(folder, ": ", doing, " found damaged files: ", cause));
  }
  std::string remedy;
  if (cause.find("lock") != std::string::npos) {
    remedy = "; another process holds it: stop that one, or open it read-only";
  } else if (status.IsNoSpace() || cause.find("No space") != std::string::npos) {
    remedy = "; free some disk space and try again: nothing was changed";
  }
  throw Error(Errc::io, str(folder, ": ", doing, " failed: ", cause, remedy));
}

rocksdb::CompressionType fastest_compression() {
  auto supported = rocksdb::GetSupportedCompressions();
  bool lz4 =
      std::find(supported.begin(), supported.end(), rocksdb::kLZ4Compression) != supported.end();
  return lz4 ? rocksdb::kLZ4Compression : rocksdb::kNoCompression;
}

rocksdb::Options rocksdb_options(const RocksdbOptions& options) {
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
  result.keep_log_file_num = 2;
  result.max_log_file_size = 1 << 20;
  result.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  return result;
}

class RocksdbStore final : public KvStore {
 public:
  RocksdbStore(std::string folder, std::unique_ptr<rocksdb::DB> db, bool read_only)
      : folder_(std::move(folder)), db_(std::move(db)), read_only_(read_only) {}

  // What lies in the log only would be read again, all of it, by everyone who opens the store.
  // Best effort: the log has it.
  ~RocksdbStore() override {
    if (!read_only_) db_->Flush({}).PermitUncheckedError();
  }

  void write(const WriteBatch& batch) override {
    // After a failed write (a full disk) RocksDB refuses all others until it is told to go on.
    if (failed_) {
      auto status = db_->Resume();
      if (!status.ok()) fail(folder_, "going on after a failed write", status);
      failed_ = false;
    }
    rocksdb::WriteBatch changes;
    for (const auto& change : batch.changes) {
      auto status = change.value ? changes.Put(slice(change.key), slice(*change.value))
                                 : changes.Delete(slice(change.key));
      if (!status.ok()) fail(folder_, "writing", status);
    }
    auto status = db_->Write({}, &changes);
    if (!status.ok()) {
      failed_ = true;
      fail(folder_, "writing", status);
    }
  }

  std::optional<std::string> get(std::string_view key) const override {
    std::string value;
    auto status = db_->Get({}, slice(key), &value);
    if (status.IsNotFound()) return std::nullopt;
    if (!status.ok()) fail(folder_, "reading", status);
    return value;
  }

  void scan(std::string_view prefix,
      const std::function<bool(std::string_view, std::string_view)>& visit) const override {
    std::unique_ptr<rocksdb::Iterator> at(db_->NewIterator({}));
    for (at->Seek(slice(prefix)); at->Valid() && at->key().starts_with(slice(prefix)); at->Next()) {
      if (!visit(view(at->key()), view(at->value()))) return;
    }
    if (!at->status().ok()) fail(folder_, "reading", at->status());
  }

  void sync() override {
    auto status = db_->FlushWAL(true);
    if (!status.ok()) {
      failed_ = true;
      fail(folder_, "syncing", status);
    }
  }

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
  std::string folder_;
  std::unique_ptr<rocksdb::DB> db_;
  bool read_only_;
  bool failed_ = false;
};

// The writer may drop a file between our listing and our opening of it: a few tries suffice.
rocksdb::Status open_beside_writer(
    const std::string& folder, rocksdb::Options options, rocksdb::DB** db) {
  if (!std::filesystem::exists(folder + "/CURRENT")) {
    throw Error(Errc::not_found, folder + ": there is no store in this folder: check the path");
  }
  options.create_if_missing = false;
  rocksdb::Status status;
  for (int attempt = 0; attempt < 5; ++attempt) {
    status = rocksdb::DB::OpenForReadOnly(options, folder, db);
    if (status.ok()) break;
  }
  return status;
}

}  // namespace

std::unique_ptr<KvStore> open_rocksdb(const std::string& folder, RocksdbOptions options) {
  rocksdb::DB* db = nullptr;
  rocksdb::Status status;
  if (options.read_only) {
    status = open_beside_writer(folder, rocksdb_options(options), &db);
  } else {
    std::error_code failed;
    std::filesystem::create_directories(folder, failed);
    if (failed) throw Error(Errc::io, str(folder, ": cannot make this folder: ", failed.message()));
    status = rocksdb::DB::Open(rocksdb_options(options), folder, &db);
  }
  if (!status.ok()) fail(folder, "opening", status);
  return std::make_unique<RocksdbStore>(
      folder, std::unique_ptr<rocksdb::DB>(db), options.read_only);
}

}  // namespace tramontane
