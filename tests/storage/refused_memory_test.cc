// A store over RocksDB whose allocations are refused one after another: nothing hangs, nothing is
// half there. This program's own operator new is RocksDB's too.
#include "runtime/base/result.h"
#include "storage/kv_store.h"
#include "tests/support/temp_folder.h"

#include <cstdlib>
#include <filesystem>
#include <new>

#include "tests/support/test.h"

namespace {

// Of this thread: which allocation from now on is refused; 0 is none.
thread_local int refuse_at = 0;

}  // namespace

void* operator new(std::size_t bytes) {
  if (refuse_at > 0 && --refuse_at == 0) throw std::bad_alloc();
  void* memory = std::malloc(bytes == 0 ? 1 : bytes);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

void operator delete(void* memory) noexcept {
  std::free(memory);
}

void operator delete(void* memory, std::size_t) noexcept {
  std::free(memory);
}

namespace tramontane {
namespace {

WriteBatch batch_of(const std::string& key) {
  WriteBatch batch;
  for (int i = 0; i < 3; ++i) batch.put(key + std::to_string(i), std::string(3000, key[0]));
  return batch;
}

int keys_of(const KvStore& store, const std::string& prefix) {
  int keys = 0;
  store.scan(prefix, [&](std::string_view, std::string_view) {
    ++keys;
    return true;
  });
  return keys;
}

// As `call` goes: nothing, or why not.
template <class F>
std::string refusal(F call) {
  try {
    call();
    return {};
  } catch (const Error& error) {
    return error.text();
  } catch (const std::bad_alloc&) {
    return "out of memory, before RocksDB was asked";
  }
}

// The `at`-th allocation of the second write is refused. Returns what the write said.
std::string write_with_refusal(int at) {
  TempFolder folder;
  auto store = open_rocksdb(folder.path() + "/store", {});
  store->write(batch_of("a"));
  WriteBatch second = batch_of("b");
  refuse_at = at;
  std::string refused = refusal([&] { store->write(second); });
  refuse_at = 0;
  // Whoever goes on hears of it, at once, or is served.
  std::string next = refusal([&] { store->write(batch_of("c")); });
  std::string reading = refusal([&] { static_cast<void>(store->get("a0")); });
  std::string syncing = refusal([&] { store->sync(); });
  if (refused.empty()) CHECK(next + reading + syncing == "");
  for (const auto& text : {next, reading, syncing})
    if (!text.empty()) CHECK(text.find("RocksDB ran out of memory") != std::string::npos);
  CHECK(next == syncing);  // one error each, or none

  // As the next start finds it.
  std::filesystem::copy(folder.path() + "/store", folder.path() + "/copy");
  auto again = open_rocksdb(folder.path() + "/copy", {.read_only = true});
  CHECK(keys_of(*again, "a") == 3);
  int written = keys_of(*again, "b");
  CHECK((written == 0 || written == 3));
  if (refused.empty()) CHECK(written == 3);
  CHECK(keys_of(*again, "c") == (next.empty() ? 3 : 0));
  return refused + next;
}

TEST_CASE("memory that is refused inside a write is told by name, and no later call waits for it") {
  int refused = 0;
  int lost = 0;
  for (int at = 1; at < 200; ++at) {
    std::string text = write_with_refusal(at);
    if (text.empty()) break;
    ++refused;
    if (text.find("RocksDB ran out of memory") != std::string::npos) ++lost;
  }
  CHECK(refused > lost);  // the store's own allocations too
  CHECK(lost > 2);
}

}  // namespace
}  // namespace tramontane
