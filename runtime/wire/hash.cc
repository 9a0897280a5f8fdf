#include "runtime/wire/hash.h"

#include <xxhash.h>

#include <new>

#if defined(__x86_64__)
#include <xxh_x86dispatch.h>  // makes the functions below those that pick by processor
#endif

namespace tramontane {

std::uint64_t hash_of(ByteView bytes) {
  return XXH3_64bits(bytes.data(), bytes.size());
}

void RunningHash::Free::operator()(XXH3_state_s* state) const {
  XXH3_freeState(state);
}

RunningHash::RunningHash() : state_(XXH3_createState()) {
  if (!state_) throw std::bad_alloc();
  clear();
}

void RunningHash::add(ByteView bytes) {
  XXH3_64bits_update(state_.get(), bytes.data(), bytes.size());
}

std::uint64_t RunningHash::value() const {
  return XXH3_64bits_digest(state_.get());
}

void RunningHash::clear() {
  XXH3_64bits_reset(state_.get());
}

}  // namespace tramontane
