#pragma once
// Body of XXH3-64 (xxHash, Collet 2020; long input, seed 0, the default secret) of one stretch of
// bytes by one warp. The 16 stripes between two scrambles only add to the accumulators, so that
// eight at a time go to eight groups of four lanes; a lane holds two of the eight accumulators.

#include "kernels/cuda/ops.h"
#include "kernels/cuda/rows/block.h"

namespace tramontane::kernels::cuda {

constexpr int fingerprint_threads = 128;
constexpr std::int64_t hash_block = 1024;  // bytes from scramble to scramble

#ifdef __CUDACC__
#define TRAM_CONSTANT __constant__
#else
#define TRAM_CONSTANT constexpr
#endif

TRAM_CONSTANT const std::uint64_t hash_secret[24] = {0xbe4ba423396cfeb8ULL, 0x1cad21f72c81017cULL,
    0xdb979083e96dd4deULL, 0x1f67b3b7a4a44072ULL, 0x78e5c0cc4ee679cbULL, 0x2172ffcc7dd05a82ULL,
    0x8e2443f7744608b8ULL, 0x4c263a81e69035e0ULL, 0xcb00c391bb52283cULL, 0xa32e531b8b65d088ULL,
    0x4ef90da297486471ULL, 0xd8acdea946ef1938ULL, 0x3f349ce33f76faa8ULL, 0x1d4f0bc7c7bbdcf9ULL,
    0x3159b4cd4be0518aULL, 0x647378d9c97e9fc8ULL, 0xc3ebd33483acc5eaULL, 0xeb6313faffa081c5ULL,
    0x49daf0b751dd0d17ULL, 0x9e68d429265516d3ULL, 0xfca1477d58be162bULL, 0xce31d07ad1b8f88fULL,
    0x280416958f3acb45ULL, 0x7e404bbbcafbd7afULL};

#undef TRAM_CONSTANT

constexpr std::uint64_t prime_1 = 0x9E3779B185EBCA87ULL;
constexpr std::uint64_t prime_2 = 0xC2B2AE3D27D4EB4FULL;
constexpr std::uint64_t prime_3 = 0x165667B19E3779F9ULL;
constexpr std::uint64_t prime_4 = 0x85EBCA77C2B2AE63ULL;
constexpr std::uint64_t prime_5 = 0x27D4EB2F165667C5ULL;
constexpr std::uint32_t prime_32_1 = 0x9E3779B1U;
constexpr std::uint32_t prime_32_2 = 0x85EBCA77U;
constexpr std::uint32_t prime_32_3 = 0xC2B2AE3DU;

struct alignas(16) Words {
  std::uint64_t low, high;
};

// The secret's word at any byte.
TRAM_BODY std::uint64_t secret_at(int byte) {
  const int shift = byte % 8 * 8;
  const std::uint64_t low = hash_secret[byte / 8] >> shift;
  return shift == 0 ? low : low | hash_secret[byte / 8 + 1] << (64 - shift);
}

TRAM_BODY std::uint64_t start_of(int accumulator) {
  switch (accumulator) {
    case 0:
      return prime_32_3;
    case 1:
      return prime_1;
    case 2:
      return prime_2;
    case 3:
      return prime_3;
    case 4:
      return prime_4;
    case 5:
      return prime_32_2;
    case 6:
      return prime_5;
    default:
      return prime_32_1;
  }
}

TRAM_BODY std::uint64_t halves_product(std::uint64_t x) {
  return (x & 0xffffffffU) * (x >> 32);
}

TRAM_BODY void add_words(Words& sums, const Words& data, const Words& key) {
  sums.low += halves_product(data.low ^ key.low) + data.high;
  sums.high += halves_product(data.high ^ key.high) + data.low;
}

TRAM_BODY std::uint64_t folded_product(std::uint64_t a, std::uint64_t b) {
#ifdef __CUDA_ARCH__
  return a * b ^ __umul64hi(a, b);
#else
  __extension__ using Wide = unsigned __int128;
  const Wide product = static_cast<Wide>(a) * b;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
#endif
}

// 16 bytes at `at`, zero from `size` on.
TRAM_BODY Words words_at(const std::byte* data, std::int64_t at, std::int64_t size) {
  return at < size ? *reinterpret_cast<const Words*>(data + at) : Words{};
}

// The hash of data[0, size), padded by zeros to `padded` bytes, a multiple of hash_block above 0;
// the same in every lane. size is a multiple of 16.
template <class Block>
TRAM_BODY std::uint64_t hash_of(
    Block& block, const std::byte* data, std::int64_t size, std::int64_t padded) {
  constexpr int ahead = 4;  // blocks loaded before they are needed
  const int pair = lane_of(block) % 4;
  const int stripe = lane_of(block) / 4;
  const int offset = stripe * 64 + pair * 16;
  const auto key = [](int word) { return Words{hash_secret[word], hash_secret[word + 1]}; };
  const Words first_key = key(stripe + 2 * pair);
  const Words second_key = key(stripe + 8 + 2 * pair);
  const Words scramble_key = key(16 + 2 * pair);
  Words sums = {start_of(2 * pair), start_of(2 * pair + 1)};
  const std::int64_t blocks = padded / hash_block;
  for (std::int64_t b = 0; b < blocks; b += ahead) {
    Words loaded[ahead][2];
#pragma unroll
    for (int i = 0; i < ahead; ++i) {
      loaded[i][0] = words_at(data, (b + i) * hash_block + offset, size);
      loaded[i][1] = words_at(data, (b + i) * hash_block + 512 + offset, size);
    }
#pragma unroll
    for (int i = 0; i < ahead; ++i) {
      if (b + i >= blocks) continue;
      const bool last = b + i + 1 == blocks;
      Words own = {0, 0};
      add_words(own, loaded[i][0], first_key);
      // The last stripe has a key of its own, and no scramble after it.
      add_words(own, loaded[i][1],
          last && stripe == 7 ? Words{secret_at(121 + 16 * pair), secret_at(129 + 16 * pair)}
                              : second_key);
#pragma unroll
      for (int mask = 4; mask < warp_lanes; mask *= 2) {
        own.low += block.shuffle_xor(own.low, mask);
        own.high += block.shuffle_xor(own.high, mask);
      }
      sums.low += own.low;
      sums.high += own.high;
      if (last) continue;
      sums.low = (sums.low ^ sums.low >> 47 ^ scramble_key.low) * prime_32_1;
      sums.high = (sums.high ^ sums.high >> 47 ^ scramble_key.high) * prime_32_1;
    }
  }
  std::uint64_t hash =
      folded_product(sums.low ^ secret_at(11 + 16 * pair), sums.high ^ secret_at(19 + 16 * pair));
  hash += block.shuffle_xor(hash, 1);
  hash += block.shuffle_xor(hash, 2);
  hash += static_cast<std::uint64_t>(padded) * prime_1;
  hash ^= hash >> 37;
  hash *= 0x165667919E3779F9ULL;
  return hash ^ hash >> 32;
}

// Warps (word of `leaves`): the hash of a leaf, then the number of bytes, then zeros.
template <class Block>
TRAM_BODY void hash_leaf(
    Block& block, const std::byte* data, std::int64_t bytes, std::uint64_t* leaves) {
  const std::int64_t word =
      static_cast<std::int64_t>(block.x()) * (block.threads() / warp_lanes) + warp_of(block);
  const std::int64_t count = (bytes + fingerprint_leaf - 1) / fingerprint_leaf;
  if (word >= fingerprint_words(bytes)) return;
  std::uint64_t value = word == count ? static_cast<std::uint64_t>(bytes) : 0;
  if (word < count) {
    const std::int64_t begin = word * fingerprint_leaf;
    const std::int64_t size = bytes - begin < fingerprint_leaf ? bytes - begin : fingerprint_leaf;
    value = hash_of(block, data + begin, size, (size + hash_block - 1) / hash_block * hash_block);
  }
  if (lane_of(block) == 0) leaves[word] = value;
}

// One warp: the hash over the leaves'.
template <class Block>
TRAM_BODY void hash_root(
    Block& block, std::int64_t bytes, const std::uint64_t* leaves, std::uint64_t* result) {
  const std::int64_t size = fingerprint_words(bytes) * 8;
  const std::uint64_t hash = hash_of(block, reinterpret_cast<const std::byte*>(leaves), size, size);
  if (lane_of(block) == 0) *result = hash;
}

}  // namespace tramontane::kernels::cuda
