#pragma once
// XXH3-64 (seed 0), by the widest instructions that this processor has: the library's plain
// functions are compiled for those that every processor has, a third as fast.
//
//   std::uint64_t hash = hash_of(bytes);
//
//   RunningHash hash;                  // of bytes that come in pieces of any size
//   hash.add(piece);
//   hash.value()                       // of all so far
//
// Thread rule: any; a RunningHash one at a time.

#include "runtime/base/bytes.h"

#include <cstdint>
#include <memory>

struct XXH3_state_s;

namespace tramontane {

std::uint64_t hash_of(ByteView bytes);

class RunningHash {
 public:
  RunningHash();

  void add(ByteView bytes);
  std::uint64_t value() const;
  // Of no bytes again.
  void clear();

 private:
  struct Free {
    void operator()(XXH3_state_s* state) const;
  };

  std::unique_ptr<XXH3_state_s, Free> state_;
};

}  // namespace tramontane
