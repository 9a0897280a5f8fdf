#include "actors/model/fingerprint.h"

#include "runtime/base/process_limits.h"

#include <xxhash.h>

#include <algorithm>
#include <atomic>
#include <bit>
#include <functional>
#include <thread>
#include <vector>

namespace tramontane {
namespace {

static_assert(
    std::endian::native == std::endian::little, "leaves are hashed as they lie in memory");

constexpr std::size_t padded_to = 1024;

std::uint64_t padded_hash(ByteView bytes) {
  if (bytes.size() % padded_to == 0 && !bytes.empty())
    return XXH3_64bits(bytes.data(), bytes.size());
  Bytes padded(bytes.begin(), bytes.end());
  padded.resize((bytes.size() + padded_to - 1) / padded_to * padded_to);
  return XXH3_64bits(padded.data(), padded.size());
}

// Runs `body` on that many threads, this one among them, and returns when all are done.
template <class Body>
void on_threads(std::size_t threads, const Body& body) {
  std::vector<std::thread> others;
  others.reserve(threads);
  try {
    while (others.size() + 1 < threads)
      others.push_back(start_thread("a thread that computes a fingerprint", std::cref(body)));
  } catch (const Error&) {
    threads = others.size() + 1;  // the system gives no more: those there are do it all
  }
  body();
  for (auto& other : others) other.join();
}

}  // namespace

std::uint64_t fingerprint_leaf(ByteView bytes) {
  return padded_hash(bytes);
}

Fingerprint fingerprint_root(std::span<const std::uint64_t> leaves, std::uint64_t bytes) {
  std::vector<std::uint64_t> words(leaves.begin(), leaves.end());
  words.push_back(bytes);
  return padded_hash(std::as_bytes(std::span(words)));
}

Fingerprint fingerprint_of(ByteView bytes, unsigned threads) {
  std::vector<std::uint64_t> leaves(
      (bytes.size() + fingerprint_leaf_bytes - 1) / fingerprint_leaf_bytes);
  std::atomic<std::size_t> next{0};
  auto compute = [&] {
    for (std::size_t leaf = next++; leaf < leaves.size(); leaf = next++) {
      ByteView rest = bytes.subspan(leaf * fingerprint_leaf_bytes);
      leaves[leaf] = fingerprint_leaf(rest.first(std::min(rest.size(), fingerprint_leaf_bytes)));
    }
  };
  on_threads(std::min<std::size_t>(std::max(threads, 1U), leaves.size()), compute);
  return fingerprint_root(leaves, bytes.size());
}

}  // namespace tramontane
