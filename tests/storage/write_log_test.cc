#include "storage/write_log.h"

#include "runtime/base/check.h"
#include "runtime/base/random.h"
#include "runtime/base/result.h"
#include "storage/file.h"
#include "storage/reached_mark.h"
#include "tests/support/temp_folder.h"

#include <cstring>
#include <filesystem>
#include <fstream>

#include "tests/support/test.h"

using namespace tramontane;

namespace {

void put(const std::string& path, std::string_view bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}

template <class T>
void append(std::string& to, T number) {
  to.append(reinterpret_cast<const char*>(&number), sizeof number);
}

// One part of a record as RocksDB writes it.
std::string part(char type, const std::string& bytes) {
  std::string checked = type + bytes;
  std::uint32_t sum = crc32c(as_bytes(checked));
  std::string out;
  append(out, (sum >> 15 | sum << 17) + 0xa282ead8U);
  append(out, static_cast<std::uint16_t>(bytes.size()));
  return out + checked;
}

std::string write(std::uint64_t number, std::uint32_t count) {
  std::string bytes;
  append(bytes, number);
  append(bytes, count);
  return bytes + "changes";
}

}  // namespace

TEST_CASE("the checksum is CRC-32C, in one piece or in several") {
  CHECK(crc32c(as_bytes("123456789")) == 0xe3069283U);
  CHECK(crc32c(as_bytes("6789"), crc32c(as_bytes("12345"))) == 0xe3069283U);
}

TEST_CASE("logs are read on from one to the next, and a gap between changes is damage") {
  TempFolder folder;
  put(folder.path() + "/000009.log", part(1, write(1, 3)) + part(1, write(4, 1)));
  put(folder.path() + "/000010.log", "");
  put(folder.path() + "/000100.log", part(2, write(5, 2)) + part(3, "more") + part(4, "end"));
  put(folder.path() + "/notes.log", "of others");
  auto whole = check_logs(folder.path());
  CHECK(whole.reached == 6);
  CHECK_FALSE(whole.damage);
  // Written again after a failure, into the next log.
  put(folder.path() + "/000101.log", part(1, write(6, 1)));
  CHECK(check_logs(folder.path()).reached == 6);
  put(folder.path() + "/000102.log", part(1, write(9, 1)));
  auto gap = check_logs(folder.path());
  CHECK(gap.reached == 6);
  REQUIRE(gap.damage);
  CHECK(gap.damage->path == folder.path() + "/000102.log");
  CHECK(gap.damage->why == "changes 7 to 8 are missing before it");
  CHECK(gap.damage->more_follows);
}

TEST_CASE("what a crash cut off has nothing behind it, and a later log may go on from there") {
  TempFolder folder;
  std::string first = part(1, write(1, 1));
  std::string log = folder.path() + "/000001.log";
  for (const auto& torn : {part(1, write(2, 1)).substr(0, 9), part(2, write(2, 1)),
           part(1, write(2, 1)).substr(0, 3), std::string(500, '\0')}) {
    put(log, first + torn);
    auto state = check_logs(folder.path());
    CHECK(state.reached == 1);
    CHECK(state.damage.has_value() == (torn != std::string(500, '\0')));
    if (state.damage) CHECK(state.damage->offset == first.size());
    if (state.damage) CHECK_FALSE(state.damage->more_follows);
    put(folder.path() + "/000002.log", part(1, write(2, 1)));
    CHECK(check_logs(folder.path()).reached == 2);
    std::filesystem::remove(folder.path() + "/000002.log");
  }
}

TEST_CASE("any bytes are a log that is whole up to somewhere") {
  TempFolder folder;
  Random random(31);
  std::string path = folder.path() + "/000001.log";
  for (int round = 0; round < 300; ++round) {
    std::string bytes;
    for (std::uint64_t i = 0, n = random.below(6); i < n; ++i) {
      switch (random.below(4)) {
        case 0:
          bytes += part(static_cast<char>(random.below(6)), std::string(random.below(40), 'x'));
          break;
        case 1:
          bytes += std::string(random.below(40000), static_cast<char>(random.below(3)));
          break;
        default:
          bytes += part(1, write(random.below(5), static_cast<std::uint32_t>(random.below(5))));
      }
    }
    put(path, bytes);
    auto state = check_logs(folder.path());
    if (state.damage) REQUIRE(state.damage->offset <= bytes.size());
    if (auto damage = check_log(path)) REQUIRE(damage->offset <= bytes.size());
  }
}

TEST_CASE("a mark is these bytes, and comes back; one that is damaged is refused by name") {
  TempFolder folder;
  CHECK_FALSE(read_mark(folder.path()));
  {
    ReachedMark mark(folder.path());
    CHECK_FALSE(read_mark(folder.path()));  // nothing is put down yet
    mark.manifest(5, 0x1234);
    mark.synced(7);
    mark.written(9);
  }
  auto read = read_mark(folder.path());
  REQUIRE(read);
  CHECK(read->same_boot);
  CHECK(read->required() == 9);
  auto bytes = system_files()->read(folder.path() + "/REACHED");
  REQUIRE(bytes.size() == 56);
  auto word = [&](std::size_t at) {
    std::uint64_t value = 0;
    std::memcpy(&value, bytes.data() + at, 8);
    return value;
  };
  CHECK(as_text(bytes).substr(0, 8) == "tramark1");
  CHECK(word(16) == 9);
  CHECK(word(24) == 7);
  CHECK(word(32) == 5);
  CHECK(word(40) == 0x1234);
  CHECK(word(48) == crc32c(ByteView(bytes).first(48)));
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    auto spoiled = bytes;
    spoiled[at] ^= std::byte{4};
    put(folder.path() + "/REACHED", as_text(spoiled));
    CHECK_THROWS_AS(read_mark(folder.path()), Error);
  }
}

namespace {

constexpr std::size_t block = 32768;

// A log of records, as RocksDB lays them over blocks; where each record begins and ends.
struct BlockLog {
  std::string bytes;
  std::vector<std::pair<std::size_t, std::size_t>> records;

  void add(std::string record) {
    bool begun = false;
    bool pad = block - bytes.size() % block < 7;
    if (pad) bytes.resize((bytes.size() / block + 1) * block, '\0');
    std::size_t begin = bytes.size();
    do {
      std::size_t left = block - bytes.size() % block;
      if (left < 7) bytes.resize(bytes.size() + left, '\0');
      if (left < 7) continue;
      std::size_t count = std::min(left - 7, record.size());
      bool ends = count == record.size();
      char type = begun ? (ends ? '\4' : '\3') : (ends ? '\1' : '\2');
      bytes += part(type, record.substr(0, count));
      record.erase(0, count);
      begun = true;
      if (ends) break;
    } while (true);
    records.emplace_back(begin, bytes.size());
  }
};

BlockLog long_log(std::uint64_t first, std::uint64_t count) {
  BlockLog log;
  Random random(first, count);
  for (std::uint64_t number = first; number < first + count; ++number) {
    // Some longer than a block; one ends so close to a block's end that nothing fits behind it.
    std::size_t size = number % 7 == 3 ? 40'000 : random.below(3000);
    if (number == first + 4) size = 3 * (block - 7) - log.bytes.size() % block - 19 - 3;
    log.add(write(number, 1) + std::string(size, 'x'));
    if (number == first + 4) REQUIRE(log.bytes.size() % block == block - 3);
  }
  log.add(write(first + count, 1));
  return log;
}

}  // namespace

TEST_CASE("a log of many blocks is read to its end") {
  TempFolder folder;
  auto log = long_log(1, 40);
  REQUIRE(log.bytes.size() > 6 * block);
  put(folder.path() + "/000001.log", log.bytes);
  auto state = check_logs(folder.path());
  CHECK(state.reached == 41);
  CHECK_FALSE(state.damage);
  CHECK_FALSE(check_log(folder.path() + "/000001.log"));
  // Room that was reserved and not used is no damage.
  put(folder.path() + "/000001.log", log.bytes + std::string(3 * block, '\0'));
  CHECK(check_logs(folder.path()).reached == 41);
  CHECK_FALSE(check_logs(folder.path()).damage);
}

TEST_CASE("damage is named by the record that it is in, and by whether another follows") {
  TempFolder folder;
  auto log = long_log(1, 12);
  std::string path = folder.path() + "/000001.log";
  for (std::size_t record = 0; record < log.records.size(); ++record) {
    CAPTURE(record);
    auto [begin, end] = log.records[record];
    bool last = record + 1 == log.records.size();
    for (std::size_t at : {begin, begin + 4, begin + 6, begin + 7, end - 1}) {
      auto bytes = log.bytes;
      bytes[at] = static_cast<char>(bytes[at] ^ 64);
      put(path, bytes);
      auto state = check_logs(folder.path());
      CHECK(state.reached == record);
      REQUIRE(state.damage);
      CHECK(state.damage->path == path);
      CHECK(state.damage->offset == begin);
      CHECK(state.damage->more_follows == !last);
      CHECK(check_log(path)->offset == begin);
    }
    put(path, log.bytes.substr(0, end - 1));  // as a crash leaves it
    auto cut = check_logs(folder.path());
    CHECK(cut.reached == record);
    REQUIRE(cut.damage);
    CHECK(cut.damage->offset == begin);
    CHECK_FALSE(cut.damage->more_follows);
    put(path, log.bytes.substr(0, end));
    CHECK_FALSE(check_logs(folder.path()).damage);
  }
}

TEST_CASE("what can be read of logs is copied, what cannot is put aside") {
  for (bool more : {false, true}) {
    CAPTURE(more);
    TempFolder folder;
    TempFolder copy;
    auto first = long_log(1, 5);
    auto second = long_log(7, 5);
    auto third = long_log(13, 5);
    auto [begin, end] = second.records[more ? 3 : 5];
    auto spoiled = second.bytes;
    spoiled[end - 1] = '!';
    auto path = [](const TempFolder& in, const char* name) { return in.path() + "/" + name; };
    auto read = [](const std::string& name) {
      auto bytes = system_files()->read(name);
      return std::string(as_text(bytes));
    };
    put(path(folder, "000001.log"), first.bytes);
    put(path(folder, "000002.log"), spoiled);
    if (more) put(path(folder, "000003.log"), third.bytes);
    put(path(folder, "CURRENT"), "of others");
    auto damage = check_logs(folder.path()).damage;
    REQUIRE(damage);
    CHECK(damage->offset == begin);
    copy_readable_logs(folder.path(), copy.path());
    CHECK(read(path(copy, "000001.log")) == first.bytes);
    CHECK(read(path(copy, "000002.log")) == second.bytes.substr(0, begin));
    CHECK_FALSE(system_files()->exists(path(copy, "000003.log")));
    CHECK_FALSE(system_files()->exists(path(copy, "CURRENT")));
    CHECK(read(path(folder, "000002.log")) == spoiled);

    cut_logs(folder.path(), *damage);
    CHECK(read(path(folder, "000001.log")) == first.bytes);
    CHECK(read(path(folder, "000002.log")) == second.bytes.substr(0, begin));
    CHECK_FALSE(system_files()->exists(path(folder, "000003.log")));
    CHECK(read(path(folder, "CURRENT")) == "of others");
    CHECK(read(path(folder, "damaged/000002.log")) == spoiled);
    CHECK_FALSE(system_files()->exists(path(folder, "damaged/000001.log")));
    if (more) CHECK(read(path(folder, "damaged/000003.log")) == third.bytes);
    CHECK_FALSE(check_logs(folder.path()).damage);
    CHECK(check_logs(folder.path()).reached == (more ? 9 : 11));
  }
}

TEST_CASE("damage is told with what is wrong there") {
  TempFolder folder;
  std::string path = folder.path() + "/000001.log";
  auto why = [&](const std::string& second) {
    put(path, part(1, write(1, 1)) + second + part(1, write(9, 1)));
    auto damage = check_logs(folder.path()).damage;
    return damage ? damage->why : "";
  };
  auto changed = [](std::size_t at, char to) {
    std::string bytes = part(1, write(2, 1));
    bytes[at] = to;
    return bytes;
  };
  CHECK(why(part(1, write(2, 7))) == "");
  CHECK(why(changed(6, 9)) == "it holds something that is no record");
  CHECK(why(changed(5, '\xff')) == "the length of a record is wrong");
  CHECK(why(changed(9, 'x')) == "the checksum of a record does not match");
  CHECK(why(part(3, write(2, 1))) == "parts of a record are missing");
  CHECK(why(part(2, write(2, 1))) == "parts of a record are missing");
  CHECK(why(part(1, "short")) == "a record is too short");
  CHECK(why(part(1, write(3, 1))) == "changes 2 to 2 are missing before it");
  // One that would fill its block: it is not too long, it was cut off.
  put(path, part(1, std::string(32768 - 7, 'x')).substr(0, 100));
  CHECK(check_logs(folder.path()).damage->why == "it ends in the middle of a record");
  put(path, part(1, write(1, 1)).substr(0, 12));
  CHECK(check_logs(folder.path()).damage->why == "it ends in the middle of a record");
}
