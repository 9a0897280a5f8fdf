#include "actors/model/fingerprint.h"

#include "runtime/base/process_limits.h"
#include "runtime/wire/hash.h"

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
  if (bytes.size() % padded_to == 0 && !bytes.empty()) return hash_of(bytes);
  Bytes padded(bytes.begin(), bytes.end());
  padded.resize((bytes.size() + padded_to - 1) / padded_to * padded_to);
  return hash_of(padded);
}

// Computes the leaves of some bytes, the next two at a time. Of two whole ones it takes a KiB each
// in turn: from memory, two streams come sooner than one.
class Leaves {
 public:
  explicit Leaves(ByteView bytes)
      : bytes_(bytes),
        leaves_((bytes.size() + fingerprint_leaf_bytes - 1) / fingerprint_leaf_bytes) {}

  // Until there are no more to be taken. By any number of threads.
  void compute() {
    RunningHash one;
    RunningHash two;
    for (std::size_t i = next_.fetch_add(2); i < leaves_.size(); i = next_.fetch_add(2)) {
      if ((i + 2) * fingerprint_leaf_bytes <= bytes_.size()) {
        compute_both(i, one, two);
      } else {
        for (std::size_t last = i; last < leaves_.size(); ++last)
          leaves_[last] = padded_hash(leaf(last));
      }
    }
  }

  // Once they are.
  const std::vector<std::uint64_t>& values() const { return leaves_; }

  std::size_t pairs() const { return (leaves_.size() + 1) / 2; }

 private:
  ByteView leaf(std::size_t i) const {
    ByteView rest = bytes_.subspan(i * fingerprint_leaf_bytes);
    return rest.first(std::min(rest.size(), fingerprint_leaf_bytes));
  }

  void compute_both(std::size_t first, RunningHash& one, RunningHash& two) {
    ByteView a = leaf(first);
    ByteView b = leaf(first + 1);
    one.clear();
    two.clear();
    for (std::size_t at = 0; at < fingerprint_leaf_bytes; at += padded_to) {
      one.add(a.subspan(at, padded_to));
      two.add(b.subspan(at, padded_to));
    }
    leaves_[first] = one.value();
    leaves_[first + 1] = two.value();
  }

  const ByteView bytes_;
  std::vector<std::uint64_t> leaves_;
  std::atomic<std::size_t> next_{0};
};

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
  Leaves leaves(bytes);
  on_threads(std::min<std::size_t>(std::max(threads, 1U), leaves.pairs()),
      [&leaves] { leaves.compute(); });
  return fingerprint_root(leaves.values(), bytes.size());
}

}  // namespace tramontane
