#pragma once
// The fingerprint of weights: 64 bits over their bytes that tell versions apart, and a version that
// arrived from one that was torn. It is the root of a tree, so that parts of it can be computed at
// once, or as bytes are written or arrive.
//
//   Fingerprint whole = fingerprint_of(arena.bytes());
//   Fingerprint same = fingerprint_of(arena.bytes(), 8);      // by eight threads
//
// A leaf is XXH3-64 (seed 0) of one MiB of the bytes; the last leaf's may be fewer, and zeros are
// appended to them up to a whole KiB. The root is XXH3-64 of the leaves in order and then the
// number of bytes, as little-endian words, with zeros appended likewise. That holds for any number
// of bytes: of one leaf there is still a root, and of none it is the root of the number 0 alone.
// Devices compute the same (kernels/cuda/ops.h). tests/golden/fingerprints.txt keeps values.
//
// Thread rule: any; pure functions.

#include "actors/messages/types.h"
#include "runtime/base/bytes.h"

#include <cstddef>
#include <cstdint>
#include <span>

namespace tramontane {

inline constexpr std::size_t fingerprint_leaf_bytes = std::size_t{1} << 20;

// `threads`: how many compute at most, the caller's included; fewer where the system has no more.
Fingerprint fingerprint_of(ByteView bytes, unsigned threads = 1);

// The same in parts. Leaf i is of the bytes from i * fingerprint_leaf_bytes on; all leaves but the
// last are of so many bytes, and none is of no bytes.
std::uint64_t fingerprint_leaf(ByteView bytes);
Fingerprint fingerprint_root(std::span<const std::uint64_t> leaves, std::uint64_t bytes);

}  // namespace tramontane
