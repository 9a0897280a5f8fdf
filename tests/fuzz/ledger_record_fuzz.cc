// Any bytes as a record of the ledger: they decode or are Error(corrupt), nothing else. The first
// byte chooses the kind; the checksum is made right, so that what lies behind it is reached.
#include "actors/ledger/format.h"
#include "runtime/base/result.h"

#include <xxhash.h>

#include <cstdint>
#include <cstdlib>
#include <cstring>

using namespace tramontane;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  const std::string keys[] = {ledger_key::options(), ledger_key::state(),
      ledger_key::fingerprint(3), ledger_key::batch(6), ledger_key::rollout(2, 3),
      ledger_key::verdict(2, 3), ledger_key::segment(2, 3, 0)};
  const auto& key = keys[data[0] % std::size(keys)];
  std::string value(reinterpret_cast<const char*>(data + 1), size - 1);
  if (value.size() >= 16) {
    value[8] = 1;
    std::uint64_t sum = XXH3_64bits_withSeed(
        value.data() + 8, value.size() - 8, XXH3_64bits(key.data(), key.size()));
    std::memcpy(value.data(), &sum, 8);
  }
  try {
    check_record(key, value);
  } catch (const Error& error) {
    if (error.errc() != Errc::corrupt) std::abort();
  }
  (void)ledger_key::describe({reinterpret_cast<const char*>(data), size});
  return 0;
}
