#include "storage/kv_store.h"

#include "runtime/base/check.h"
#include "runtime/base/random.h"
#include "runtime/base/result.h"
#include "tests/storage/store_keys.h"
#include "tests/support/temp_folder.h"

#include <atomic>
#include <cerrno>
#include <chrono>
#include <filesystem>
#include <functional>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <thread>
#include <unistd.h>

#include "tests/support/test.h"

using namespace tramontane;

namespace {

std::atomic<int> disk_error = 0;  // an errno

}  // namespace

// In the place of the C library's, for RocksDB too: what is written to files meets the error.
extern "C" ssize_t write(int file, const void* bytes, std::size_t count) {
  struct stat about {};

  if (disk_error != 0 && ::fstat(file, &about) == 0 && S_ISREG(about.st_mode)) {
    errno = disk_error;
    return -1;
  }
  return ::syscall(SYS_write, file, bytes, count);
}

namespace {

void behaves(KvStore& store) {
  WriteBatch batch;
  batch.put("b", "2");
  batch.put("a", "1");
  batch.put("a\xff", "3");
  batch.put(std::string("a\0x", 3), std::string("\0\1", 2));
  store.write(batch);
  CHECK(store.get("a") == "1");
  CHECK(!store.get("c"));
  CHECK(store.get(std::string_view("a\0x", 3)) == std::string("\0\1", 2));
  CHECK(keys(store, "a") == std::vector<std::string>{"a", std::string("a\0x", 3), "a\xff"});
  CHECK(keys(store, "").size() == 4);

  WriteBatch second;
  second.remove("a");
  second.put("b", "new");
  second.put("c", "once");
  second.remove("c");  // later changes of a batch win
  store.write(second);
  CHECK(!store.get("a"));
  CHECK(!store.get("c"));
  CHECK(store.get("b") == "new");
  int visits = 0;
  store.scan("", [&](std::string_view, std::string_view) { return ++visits < 2; });
  CHECK(visits == 2);
  store.sync();
  CHECK(store.size_bytes() > 0);
}

std::string failure_of(const std::function<void()>& doing) {
  try {
    doing();
    return "";
  } catch (const Error& error) {
    CHECK(error.errc() == Errc::io);
    return error.text();
  }
}

}  // namespace

TEST_CASE("both stores keep what was put, in the order of unsigned bytes") {
  TempFolder folder;
  SUBCASE("memory") {
    behaves(*open_memory());
  }
  SUBCASE("rocksdb") {
    behaves(*open_rocksdb(folder.path() + "/db", {}));
  }
}

TEST_CASE("rocksdb and memory agree over random changes and a reopening") {
  TempFolder folder;
  Random random(11);
  auto memory = open_memory();
  auto disk = open_rocksdb(folder.path(), {.write_buffer_bytes = 64 << 10});
  for (int round = 0; round < 300; ++round) {
    WriteBatch batch;
    for (std::uint64_t i = 0, n = random.below(8); i < n; ++i) {
      std::string key(1 + random.below(3), static_cast<char>('a' + random.below(4)));
      if (random.below(3) == 0) {
        batch.remove(key);
      } else {
        batch.put(key, std::string(random.below(2000), static_cast<char>(random.below(256))));
      }
    }
    memory->write(batch);
    disk->write(batch);
    if (round % 100 == 99) {
      disk.reset();
      disk = open_rocksdb(folder.path(), {.write_buffer_bytes = 64 << 10});
    }
  }
  CHECK(keys(*memory, "") == keys(*disk, ""));
  for (const auto& key : keys(*memory, "")) CHECK(memory->get(key) == disk->get(key));
}

TEST_CASE("a reader opens beside a live writer and sees what was written, unsynced too") {
  TempFolder folder;
  auto writer = open_rocksdb(folder.path(), {});
  WriteBatch batch;
  batch.put("k", "v");
  writer->write(batch);
  auto reader = open_rocksdb(folder.path(), {.read_only = true});
  CHECK(reader->get("k") == "v");
  CHECK_THROWS_AS(reader->write(batch), Error);
}

TEST_CASE("opening what cannot be opened names the folder and the remedy") {
  TempFolder folder;
  auto text_of = [](const std::string& path, bool read_only) {
    try {
      open_rocksdb(path, {.read_only = read_only});
    } catch (const Error& error) {
      CHECK(error.errc() == (path.ends_with("/none") && read_only ? Errc::not_found : Errc::io));
      return error.text();
    }
    return std::string();
  };
  auto writer = open_rocksdb(folder.path() + "/held", {});
  auto held = text_of(folder.path() + "/held", false);
  CHECK(held.find(folder.path()) != std::string::npos);
  CHECK(held.find("another process holds it") != std::string::npos);
  CHECK(
      text_of(folder.path() + "/none", true).find("no store in this folder") != std::string::npos);
  CHECK(text_of("/proc/none", false).find("/proc/none") != std::string::npos);
}

TEST_CASE("what fails after a full disk is told with the first cause, and nothing is lost") {
  TempFolder folder;
  auto store = open_rocksdb(folder.path(), {});
  WriteBatch small;
  small.put("key", "small");
  store->write(small);
  WriteBatch large;
  large.put("key", std::string(1'000'000, 'x'));
  disk_error = ENOSPC;
  auto first = failure_of([&] { store->write(large); });
  auto second = failure_of([&] { store->write(small); });
  auto third = failure_of([&] { store->sync(); });
  disk_error = 0;
  CHECK_MESSAGE(first.find("writing failed: IO error: No space left") != std::string::npos, first);
  CHECK_MESSAGE(
      first.ends_with("; free some disk space and try again: nothing was changed"), first);
  CHECK(first.find("(and then: ") == std::string::npos);
  CHECK_MESSAGE(
      second.find("writing failed: IO error: No space left") != std::string::npos, second);
  CHECK_MESSAGE(second.find("(and then: Resource busy") != std::string::npos, second);
  CHECK_MESSAGE(third.find("syncing failed: IO error: No space left") != std::string::npos, third);
  store.reset();
  CHECK(open_rocksdb(folder.path(), {})->get("key") == "small");
}

TEST_CASE("once the disk has room again the store goes on, and its next failure is told as it is") {
  TempFolder folder;
  auto store = open_rocksdb(folder.path(), {});
  WriteBatch batch;
  batch.put("key", "value");
  auto writing = [&] { store->write(batch); };
  writing();
  disk_error = ENOSPC;
  CHECK(failure_of(writing) != "");
  disk_error = 0;
  // RocksDB looks for room by itself, at once and then every five seconds.
  for (int i = 0; i < 600 && failure_of(writing) != ""; ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  CHECK(failure_of(writing) == "");
  disk_error = EFBIG;
  auto said = failure_of(writing);
  disk_error = 0;
  CHECK_MESSAGE(said.find("File too large") != std::string::npos, said);
  CHECK_MESSAGE(said.find("No space") == std::string::npos, said);
}
