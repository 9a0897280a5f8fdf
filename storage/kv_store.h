#pragma once
// A KvStore is an ordered map of bytes to bytes that survives its process: RocksDB, or a map in
// memory for simulations.
//
//   auto store = open_rocksdb(folder, {});
//   WriteBatch batch;
//   batch.put(key, value);
//   store->write(batch);         // atomic; survives kill -9, not yet a power cut
//   store->sync();               // on disk now
//
// Keys order as unsigned bytes. Thread rule: write and sync from one thread; get and scan from any.
// Throws Error(io) naming folder and cause (disk full, permission, held by another process; of
// several failures the first), or Error(corrupt); opening read-only where there is none is
// Error(not_found). A write that throws changed nothing and may be tried again.
//
// What was written is there when a store is opened again, or opening is Error(corrupt) naming the
// file, and changes nothing. A last write that a crash cut off is none, and is not missed. How far
// the store had got is kept beside it (reached_mark.h); its logs are checked (write_log.h).

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tramontane {

struct WriteBatch {
  struct Change {
    std::string key;
    std::optional<std::string> value;  // absent: delete
  };

  std::vector<Change> changes;

  void put(std::string key, std::string value) {
    changes.push_back({std::move(key), std::move(value)});
  }

  void remove(std::string key) { changes.push_back({std::move(key), std::nullopt}); }

  bool empty() const { return changes.empty(); }
};

class KvStore {
 public:
  virtual ~KvStore() = default;

  virtual void write(const WriteBatch& batch) = 0;
  virtual std::optional<std::string> get(std::string_view key) const = 0;

  // Calls `visit(key, value)` for every key that begins with `prefix`, in order, until it returns
  // false. The views live for the call.
  virtual void scan(std::string_view prefix,
      const std::function<bool(std::string_view, std::string_view)>& visit) const = 0;

  virtual void sync() = 0;

  // Bytes on disk, about.
  virtual std::uint64_t size_bytes() const = 0;
};

// What to do about logs that are damaged.
enum class LogRecovery : std::uint8_t {
  refuse,
  cut,        // go on from before the damage; the logs as they were are kept in FOLDER/damaged
  read_past,  // with read_only: shows the store as it was before the damage, changing nothing
};

struct RocksdbOptions {
  bool read_only = false;  // opens beside a writer; sees what was written up to now
  LogRecovery recovery = LogRecovery::refuse;
  // Read anew from the log by everyone who opens the store beside a writer.
  std::uint64_t write_buffer_bytes = 8 << 20;
};

std::unique_ptr<KvStore> open_rocksdb(const std::string& folder, RocksdbOptions options);
std::unique_ptr<KvStore> open_memory();

}  // namespace tramontane
