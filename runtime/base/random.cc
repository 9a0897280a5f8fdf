#include "runtime/base/random.h"

#include "runtime/base/check.h"

#include <cmath>

namespace tramontane {
namespace {

constexpr std::uint32_t multiplier_0 = 0xD2511F53;
constexpr std::uint32_t multiplier_1 = 0xCD9E8D57;
constexpr std::uint32_t weyl_0 = 0x9E3779B9;
constexpr std::uint32_t weyl_1 = 0xBB67AE85;

__extension__ using Wide = unsigned __int128;

std::uint32_t high(std::uint32_t a, std::uint32_t b) {
  return static_cast<std::uint32_t>((static_cast<std::uint64_t>(a) * b) >> 32);
}

}  // namespace

std::array<std::uint32_t, 4> philox(Draw draw) {
  std::array<std::uint32_t, 4> c = {draw.position, draw.lane,
      static_cast<std::uint32_t>(draw.stream), static_cast<std::uint32_t>(draw.stream >> 32)};
  auto k0 = static_cast<std::uint32_t>(draw.seed);
  auto k1 = static_cast<std::uint32_t>(draw.seed >> 32);
  for (int round = 0; round < 10; ++round) {
    c = {high(multiplier_1, c[2]) ^ c[1] ^ k0, multiplier_1 * c[2],
        high(multiplier_0, c[0]) ^ c[3] ^ k1, multiplier_0 * c[0]};
    k0 += weyl_0;
    k1 += weyl_1;
  }
  return c;
}

std::uint64_t derived_seed(std::uint64_t seed, std::uint64_t purpose) {
  constexpr std::uint32_t lane = 0x73656564;  // no other draw's
  auto words = philox({.seed = seed, .stream = purpose, .position = 0, .lane = lane});
  return static_cast<std::uint64_t>(words[0]) << 32 | words[1];
}

float uniform(Draw draw) {
  return static_cast<float>(philox(draw)[0] >> 8) * 0x1.0p-24F;
}

std::uint64_t uniform_below(Draw draw, std::uint64_t bound) {
  TRAM_CHECK(bound > 0, "empty range");
  auto c = philox(draw);
  std::uint64_t bits = (static_cast<std::uint64_t>(c[0]) << 32) | c[1];
  return static_cast<std::uint64_t>((static_cast<Wide>(bits) * bound) >> 64);
}

Draw Random::next() {
  Draw now = draw_;
  if (++draw_.position == 0) ++draw_.lane;
  return now;
}

std::uint64_t Random::below(std::uint64_t bound) {
  return uniform_below(next(), bound);
}

float Random::uniform() {
  return tramontane::uniform(next());
}

float Random::normal() {
  auto c = philox(next());
  double u = (c[0] + 1.0) * 0x1.0p-32;
  double v = c[1] * 0x1.0p-32;
  return static_cast<float>(std::sqrt(-2.0 * std::log(u)) * std::cos(6.283185307179586 * v));
}

std::uint64_t permuted(std::uint64_t index, std::uint64_t size, std::uint64_t seed) {
  TRAM_CHECK(index < size, "index outside the permutation", index, size);
  unsigned half = 1;
  while ((std::uint64_t{1} << (2 * half)) < size) ++half;
  std::uint64_t mask = (std::uint64_t{1} << half) - 1;
  do {
    std::uint64_t left = index >> half;
    std::uint64_t right = index & mask;
    for (std::uint32_t round = 0; round < 4; ++round) {
      std::uint64_t mixed = philox({seed, right, round, 0x5045524D})[0] & mask;
      index = left ^ mixed;
      left = right;
      right = index;
    }
    index = (left << half) | right;
  } while (index >= size);
  return index;
}

}  // namespace tramontane
