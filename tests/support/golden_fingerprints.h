#pragma once
// The golden fingerprints of tests/golden/fingerprints.txt, with the bytes that each is of.
//
//   for (const GoldenFingerprint& golden : golden_fingerprints()) …
//
// The test is built with -DTRAM_FINGERPRINTS="…/tests/golden/fingerprints.txt".

#include "runtime/base/bytes.h"

#include <cstdint>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

namespace tramontane {

struct GoldenFingerprint {
  Bytes bytes;
  std::uint64_t fingerprint = 0;
};

inline std::vector<GoldenFingerprint> golden_fingerprints() {
  std::vector<GoldenFingerprint> all;
  std::ifstream file(TRAM_FINGERPRINTS);
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with('#')) continue;
    std::istringstream words(line);
    std::size_t size = 0;
    GoldenFingerprint golden;
    words >> size >> std::hex >> golden.fingerprint;
    for (std::size_t i = 0; i < size; ++i)
      golden.bytes.push_back(
          static_cast<std::byte>(static_cast<std::uint32_t>(i) * 2654435761U >> 24));
    all.push_back(std::move(golden));
  }
  return all;
}

}  // namespace tramontane
