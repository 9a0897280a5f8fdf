// What a killed process, a power cut or bad bytes leave of a store: read on where that may be,
// else refused by name.
#include "runtime/base/check.h"
#include "runtime/base/random.h"
#include "runtime/base/result.h"
#include "storage/file.h"
#include "storage/kv_store.h"
#include "storage/store_check.h"
#include "storage/write_log.h"
#include "tests/storage/store_keys.h"
#include "tests/support/temp_folder.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>

#include "tests/support/test.h"

using namespace tramontane;

namespace {

// Without a sync, which takes long.
void put(const std::string& path, const Bytes& bytes) {
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  out << as_text(bytes);
}

// A store as kill -9 leaves it: what lies on disk while its process still writes.
class KilledStore {
 public:
  explicit KilledStore(int writes, int synced = 0) {
    std::string living = folder_.path() + "/living";
    auto store = open_rocksdb(living, {});
    for (int i = 0; i < writes; ++i) {
      WriteBatch batch;
      batch.put(str("key ", 1000 + i), std::string(200, static_cast<char>('a' + i % 26)));
      store->write(batch);
      if (i + 1 == synced) store->sync();
    }
    std::filesystem::copy(living, path());
  }

  std::string path() const { return folder_.path() + "/db"; }

  // The newest log that has anything in it.
  std::string log() const {
    std::string newest;
    for (const auto& name : system_files()->list(path())) {
      std::string file = path() + "/" + name;
      if (name.ends_with(".log") && std::filesystem::file_size(file) > 0) newest = file;
    }
    REQUIRE(newest != "");
    return newest;
  }

  // What opening says, or how many keys are there.
  std::string opened(RocksdbOptions options = {}) const {
    try {
      auto store = open_rocksdb(path(), options);
      return str(keys(*store, "key").size(), " keys");
    } catch (const Error& error) {
      return str(name(error.errc()), " ", error.text());
    }
  }

  void change(const std::string& file, const std::function<void(Bytes&)>& how) const {
    auto files = system_files();
    auto bytes = files->read(file);
    how(bytes);
    put(file, bytes);
  }

 private:
  TempFolder folder_;
};

}  // namespace

TEST_CASE(
    "a store whose process was killed opens with all that was written, and so does a reader") {
  KilledStore killed(400);
  CHECK(killed.opened({.read_only = true}) == "400 keys");
  CHECK(killed.opened() == "400 keys");
  CHECK(killed.opened() == "400 keys");
}

TEST_CASE("a log that is damaged anywhere is refused by name, and nothing is changed") {
  Random random(21);
  KilledStore killed(400);
  auto log = killed.log();
  auto whole = system_files()->read(log);
  REQUIRE(whole.size() > 3 * 32768 - 20000);
  for (int round = 0; round < 60; ++round) {
    CAPTURE(round);
    auto at = random.below(whole.size());
    bool zeroes = random.below(3) == 0;
    killed.change(log, [&](Bytes& bytes) {
      for (std::size_t i = at; i < std::min<std::size_t>(at + 8, bytes.size()); ++i)
        bytes[i] = zeroes ? std::byte{0} : bytes[i] ^ std::byte{0x5a};
    });
    auto damaged = system_files()->read(log);
    if (damaged != whole) {
      for (bool read_only : {true, false}) {
        auto said = killed.opened({.read_only = read_only});
        CHECK_MESSAGE(said.find("corrupt " + log + " is damaged at byte ") == 0, said);
      }
      CHECK(system_files()->read(log) == damaged);
    }
    put(log, whole);
  }
  CHECK(killed.opened() == "400 keys");
}

TEST_CASE("a log that is cut short, emptied or gone is missed by what had been written") {
  Random random(22);
  KilledStore killed(100);
  auto log = killed.log();
  auto whole = system_files()->read(log);
  for (int round = 0; round < 40; ++round) {
    CAPTURE(round);
    auto kept = round == 0 ? 0 : random.below(whole.size());
    killed.change(log, [&](Bytes& bytes) { bytes.resize(kept); });
    auto said = killed.opened({.read_only = round % 2 == 0});
    CHECK_MESSAGE(said.find("corrupt ") == 0, said);
    CHECK_MESSAGE(said.find("to 100, which had been written, are lost") != std::string::npos, said);
    put(log, whole);
  }
  system_files()->remove(log);
  auto said = killed.opened();
  CHECK_MESSAGE(
      said.find("a log was removed or cut short; changes 1 to 100") != std::string::npos, said);
  put(log, whole);
  CHECK(killed.opened() == "100 keys");
}

TEST_CASE("a last write that a power cut took is not missed; what was synced is") {
  KilledStore killed(100, 60);
  auto log = killed.log();
  auto whole = system_files()->read(log);
  // Another boot: what was written after the last sync may be gone.
  auto set_boot = [&] {
    killed.change(killed.path() + "/REACHED", [](Bytes& bytes) {
      bytes[8] ^= std::byte{1};
      auto sum = crc32c(ByteView(bytes).first(48));
      std::memcpy(bytes.data() + 48, &sum, sizeof sum);
    });
  };
  set_boot();
  std::size_t each = whole.size() / 100;
  SUBCASE("the end is gone") {
    killed.change(log, [&](Bytes& bytes) { bytes.resize(80 * each + 5); });
    CHECK(killed.opened({.read_only = true}) == "80 keys");
    CHECK(killed.opened() == "80 keys");
  }
  SUBCASE("a part before the end is gone") {
    killed.change(log, [&](Bytes& bytes) {
      std::fill_n(bytes.begin() + static_cast<std::ptrdiff_t>(70 * each), 3 * each, std::byte{0});
    });
    CHECK(killed.opened() == "70 keys");
    CHECK(std::filesystem::exists(killed.path() + "/damaged"));
  }
  SUBCASE("what was synced is gone") {
    killed.change(log, [&](Bytes& bytes) { bytes.resize(50 * each); });
    auto said = killed.opened();
    CHECK_MESSAGE(
        said.find("changes 51 to 60, which had been written, are lost") != std::string::npos, said);
  }
}

TEST_CASE("damaged logs are cut off when asked, and kept aside; a reader looks past them") {
  KilledStore killed(400);
  auto log = killed.log();
  auto whole = system_files()->read(log);
  auto middle = whole.size() / 2;
  killed.change(log, [&](Bytes& bytes) { bytes[middle] ^= std::byte{1}; });
  auto damaged = system_files()->read(log);
  CHECK(killed.opened().starts_with("corrupt"));
  auto seen = killed.opened({.read_only = true, .recovery = LogRecovery::read_past});
  CHECK(seen == "200 keys");
  CHECK(killed.opened({.recovery = LogRecovery::cut}) == seen);
  CHECK(system_files()->read(killed.path() + "/damaged/" + log.substr(log.rfind('/') + 1)) ==
        damaged);
  CHECK(killed.opened() == seen);
}

TEST_CASE("only who reads past damage needs a folder for copies, and says so if there is none") {
  KilledStore killed(100);
  const char* set = std::getenv("TMPDIR");
  std::string before = set != nullptr ? set : "";
  ::setenv("TMPDIR", "/proc/none", 1);
  auto whole = killed.opened({.read_only = true});
  auto past = killed.opened({.read_only = true, .recovery = LogRecovery::read_past});
  set != nullptr ? ::setenv("TMPDIR", before.c_str(), 1) : ::unsetenv("TMPDIR");
  CHECK(whole == "100 keys");
  CHECK_MESSAGE(past.find("there is no folder for temporary files") != std::string::npos, past);
}

TEST_CASE("a store without the file that names its others is not begun anew over them") {
  KilledStore killed(100);
  { auto whole = open_rocksdb(killed.path(), {}); }  // into tables
  for (const std::string name : {"CURRENT", "REACHED"}) {
    auto path = killed.path() + "/" + name;
    auto whole = system_files()->read(path);
    if (name == "CURRENT") {
      system_files()->remove(path);
      for (bool read_only : {true, false}) {
        auto said = killed.opened({.read_only = read_only});
        CHECK_MESSAGE(said.find("corrupt " + path + " is missing") == 0, said);
      }
    } else {
      killed.change(path, [](Bytes& bytes) { bytes[20] ^= std::byte{1}; });
      CHECK(killed.opened().find("corrupt " + path + " is damaged") == 0);
      CHECK(killed.opened({.read_only = true, .recovery = LogRecovery::read_past}) == "100 keys");
      CHECK(killed.opened({.recovery = LogRecovery::cut}) == "100 keys");
    }
    put(path, whole);
    CHECK(killed.opened() == "100 keys");
  }
}

TEST_CASE("a manifest that is damaged or cut short is refused by name") {
  Random random(23);
  KilledStore killed(100);
  { auto whole = open_rocksdb(killed.path(), {}); }
  std::string manifest;
  for (const auto& name : system_files()->list(killed.path()))
    if (name.starts_with("MANIFEST-")) manifest = killed.path() + "/" + name;
  auto whole = system_files()->read(manifest);
  for (int round = 0; round < 40; ++round) {
    CAPTURE(round);
    auto at = random.below(whole.size());
    killed.change(manifest, [&](Bytes& bytes) {
      if (round % 2 == 0)
        bytes.resize(at);
      else
        bytes[at] ^= std::byte{0x11};
    });
    for (bool read_only : {true, false}) {
      auto said = killed.opened({.read_only = read_only});
      CHECK_MESSAGE(said.find("corrupt " + manifest) == 0, said);
    }
    auto past = killed.opened({.read_only = true, .recovery = LogRecovery::read_past});
    CHECK_MESSAGE(past.find("corrupt " + manifest) == 0, past);
    put(manifest, whole);
  }
  CHECK(killed.opened() == "100 keys");
}

TEST_CASE("a manifest that ends with a record before its last is missed by what had been written") {
  KilledStore killed(100);
  { auto whole = open_rocksdb(killed.path(), {}); }
  auto manifest = manifest_of(killed.path()).value();
  auto whole = system_files()->read(manifest.path);
  int between = 0;
  for (std::size_t size = 1; size < whole.size(); ++size) {
    killed.change(manifest.path, [&](Bytes& bytes) { bytes.resize(size); });
    if (!check_log(manifest.path)) {
      ++between;
      auto said = killed.opened({.read_only = true});
      CHECK_MESSAGE(said.find(manifest.path + " was cut short") != std::string::npos, said);
    }
    put(manifest.path, whole);
  }
  CHECK(between > 0);
}

TEST_CASE("a store of which the newest table is damaged is refused by name") {
  KilledStore killed(100);
  { auto whole = open_rocksdb(killed.path(), {}); }
  for (const auto& name : system_files()->list(killed.path())) {
    if (!name.ends_with(".sst")) continue;
    killed.change(killed.path() + "/" + name, [](Bytes& bytes) { bytes[40] ^= std::byte{1}; });
    auto said = killed.opened({.read_only = true});
    CHECK_MESSAGE(said.find("corrupt ") == 0, said);
    CHECK_MESSAGE(said.find(name) != std::string::npos, said);
  }
}

TEST_CASE("logs and tables of a store without the file that names them are not begun anew over") {
  TempFolder folder;
  std::string db = folder.path() + "/db";
  auto opened = [&](const std::string& name, std::size_t bytes) {
    std::filesystem::remove_all(db);
    system_files()->make_folder(db);
    put(db + "/" + name, Bytes(bytes));
    try {
      auto store = open_rocksdb(db, {});
      return std::string("opened");
    } catch (const Error& error) {
      return error.text();
    }
  };
  for (const std::string name : {"000004.log", "000009.sst"}) {
    for (std::size_t bytes : {0, 5})
      CHECK(opened(name, bytes) == db + "/CURRENT is missing, although " + name +
                                       " of this store is there. Nothing was changed");
  }
  CHECK(opened("notes.txt", 5) == "opened");
}

TEST_CASE("a check looks at everything, unless it is told otherwise") {
  KilledStore killed(100);
  auto checked = [&](StoreCheck how) {
    try {
      check_store(killed.path(), how, [] { return 0; });
      return std::string();
    } catch (const Error& error) {
      return error.text();
    }
  };
  CHECK(checked({}) == "");
  auto log = killed.log();
  killed.change(log, [](Bytes& bytes) { bytes[bytes.size() / 2] ^= std::byte{1}; });
  CHECK(checked({}).find(log + " is damaged") == 0);
  CHECK(checked({.read_only = true}).find(log + " is damaged") == 0);
  CHECK(checked({.skip_logs = true}) == "");
  CHECK(checked({.cut = true}) == "");
  CHECK(checked({.read_only = true}) != "");  // cut off, it lacks what had been written
}
