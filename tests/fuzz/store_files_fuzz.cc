// Hostile bytes as a store's write-ahead log and as its mark of how far it had got. The first byte
// says which, and whether records get the checksums that they need to be looked into. Damage is
// named where the file has it; what was cut off at the damage reads without any.
#include "runtime/base/check.h"
#include "runtime/base/result.h"
#include "storage/file.h"
#include "storage/reached_mark.h"
#include "storage/write_log.h"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <string>

using namespace tramontane;

namespace {

// A folder in memory, for as long as the fuzzer runs.
const std::string& folder() {
  static const std::string path = [] {
    std::string made = "/dev/shm/tram-fuzz-XXXXXX";
    TRAM_CHECK(::mkdtemp(made.data()) != nullptr, "no folder in /dev/shm");
    return made;
  }();
  return path;
}

void put(Bytes& out, std::uint32_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) out.push_back(static_cast<std::byte>(value >> (8 * i)));
}

// Records of whatever type and content, with the checksums that RocksDB would give them.
Bytes with_checksums(ByteView input) {
  Bytes log;
  while (input.size() >= 2) {
    std::size_t length =
        std::min<std::size_t>(static_cast<std::size_t>(input[1]), input.size() - 2);
    ByteView checked = input.first(1);
    ByteView body = input.subspan(2, length);
    std::uint32_t crc = crc32c(body, crc32c(checked));
    put(log, (crc >> 15 | crc << 17) + 0xa282ead8U, 4);
    put(log, static_cast<std::uint32_t>(length), 2);
    log.push_back(input[0]);
    log.insert(log.end(), body.begin(), body.end());
    input = input.subspan(2 + length);
  }
  return log;
}

void read_log(ByteView bytes) {
  auto files = system_files();
  std::string path = folder() + "/000007.log";
  files->write(path, bytes);
  auto damage = check_log(path);
  LogState state = check_logs(folder());
  // A log is looked at more closely than any file of its format: its records are writes, in order.
  if (damage) TRAM_CHECK(state.damage.has_value(), "a damaged file is a whole log");
  if (!state.damage) return;
  TRAM_CHECK(!state.damage->why.empty(), "damage without a reason");
  TRAM_CHECK(state.damage->offset <= bytes.size(), "damage beyond the file", state.damage->offset);
  cut_logs(folder(), *state.damage);
  LogState cut = check_logs(folder());
  TRAM_CHECK(!cut.damage, "a log that was cut off at its damage has some");
  TRAM_CHECK(cut.reached == state.reached, "cutting lost a change");
  std::filesystem::remove_all(folder() + "/damaged");
}

void read_reached(ByteView bytes) {
  system_files()->write(folder() + "/REACHED", bytes);
  try {
    static_cast<void>(read_mark(folder()));
  } catch (const Error& error) {
    TRAM_CHECK(error.errc() == Errc::corrupt, "another error than damage", error.text());
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  ByteView bytes = std::as_bytes(std::span(data + 1, size - 1));
  if (data[0] % 4 == 0) {
    read_reached(bytes);
  } else if (data[0] % 4 == 1) {
    read_log(bytes);
  } else {
    read_log(with_checksums(bytes));
  }
  return 0;
}
