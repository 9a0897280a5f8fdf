#pragma once
// A DeviceDecoder holds two arenas of weights, a paged cache and the graphs of a decoding step on
// one device. Sequences stand in slots; a step writes one token in each of the first `rows` slots.
//
//   DeviceDecoder decoder(shape, {.slots = 64, .context = 2048});
//   … write arena(0) by any means …
//   decoder.prefill(slot, tokens, 0);                 // all but the last token of a prompt
//   decoder.place(slot, {.token = last, .seed = …});  // what the slot's next step begins with
//   decoder.step(rows); decoder.wait();               // tokens() and log_probs() of the slots
//   decoder.flip(1, loaded);                          // from the next step on, by arena 1
//
// A step is one replay of a graph captured for its bucket (the rows rounded up) and arena, so a
// flip costs nothing but waiting for `loaded`. Nothing is allocated after construction, but for
// the graphs themselves, at the first step of a bucket or at warm_up().
//
// Not thread-safe. Everything runs on one stream.

#include "kernels/cuda/ops.h"
#include "kernels/cuda/shape.h"

#include <cstddef>
#include <memory>
#include <span>

struct CUevent_st;

namespace tramontane::kernels::cuda {

using Event = CUevent_st*;  // a cudaEvent_t

class DeviceDecoder {
 public:
  struct Options {
    std::int64_t slots = 64;          // sequences side by side
    std::int64_t context = 2048;      // positions of a sequence
    std::int64_t prefill_rows = 512;  // of one pass
    bool exact = true;                // products whose rows do not depend on their batch
    float temperature = 1;
    float top_p = 1;
  };

  // What a slot's next step begins with.
  struct Start {
    std::int32_t token = 0;
    std::int32_t position = 0;  // of the token in its sequence; negative: the slot is idle
    std::int32_t draw = 0;      // which draw of (seed, stream) the first sampled token takes
    std::uint64_t seed = 0;
    std::uint64_t stream = 0;
  };

  // Allocates everything. Throws DeviceError.
  DeviceDecoder(const DecoderShape& shape, Options options);
  ~DeviceDecoder();
  DeviceDecoder(const DeviceDecoder&) = delete;
  DeviceDecoder& operator=(const DeviceDecoder&) = delete;

  const DecoderOffsets& offsets() const;
  Stream stream() const;

  // Device memory of an arena, 0 or 1: offsets().elements elements. Whoever writes the one in use
  // while a step runs tears it.
  Bfloat16* arena(int which) const;

  // Device memory of all keys and values: cache_elements() elements.
  Bfloat16* cache() const;
  std::int64_t cache_elements() const;

  // From the next step on, the weights of that arena. Steps wait for `loaded` on the device, which
  // may be null.
  void flip(int which, Event loaded);

  // Runs the tokens at positions first, first + 1, … of the slot and keeps their keys and values.
  void prefill(std::int64_t slot, std::span<const std::int32_t> tokens, std::int32_t first);

  // As prefill, with log_probs[i] of targets[i] at the row of tokens[i]: the trainer's form.
  void log_probs(std::int64_t slot, std::span<const std::int32_t> tokens,
      std::span<const std::int32_t> targets, std::span<float> log_probs);

  void place(std::int64_t slot, const Start& start);

  // Captures the graphs of a bucket for both arenas.
  void warm_up(std::int64_t rows);

  // Enqueues one token of each of slots 0..rows-1.
  void step(std::int64_t rows);

  // Until the last step has ended; then these are its results, (slots). An idle slot's token is -1.
  void wait();
  std::span<const std::int32_t> tokens() const;
  std::span<const float> log_probs() const;

  // Logits (rows, vocabulary) of the last step, on the device.
  const float* logits() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace tramontane::kernels::cuda
