#include "kernels/cuda/shape.h"

#include "kernels/cuda/ops.h"

namespace tramontane::kernels::cuda {

namespace {

constexpr std::int64_t alignment = 32;  // elements: 64 bytes

// Gives out places one after another.
class Layout {
 public:
  std::int64_t place(std::int64_t elements) {
    const std::int64_t at = end_;
    end_ = (at + elements + alignment - 1) / alignment * alignment;
    return at;
  }

  // Matrices side by side, which are read as one.
  std::int64_t place_joined(std::initializer_list<std::int64_t> parts) {
    const std::int64_t at = end_;
    std::int64_t sum = 0;
    for (std::int64_t part : parts) {
      if (place(part) != at + sum)
        throw DeviceError("a decoder whose matrices are no multiples of 64 bytes");
      sum += part;
    }
    return at;
  }

  std::int64_t end() const { return end_; }

 private:
  std::int64_t end_ = 0;
};

}  // namespace

DecoderOffsets lay_out(const DecoderShape& s) {
  Layout layout;
  DecoderOffsets offsets;
  offsets.embed = layout.place(s.vocabulary * s.width);
  for (std::int64_t i = 0; i < s.layers; ++i) {
    DecoderOffsets::Layer layer;
    layer.input_norm = layout.place(s.width);
    layer.qkv = layout.place_joined({s.q() * s.width, s.kv() * s.width, s.kv() * s.width});
    if (s.attention_bias) layer.qkv_bias = layout.place_joined({s.q(), s.kv(), s.kv()});
    if (s.qk_norm) {
      layer.q_norm = layout.place(s.head_dim);
      layer.k_norm = layout.place(s.head_dim);
    }
    layer.o = layout.place(s.width * s.q());
    layer.post_norm = layout.place(s.width);
    layer.gate_up = layout.place_joined({s.feed_forward * s.width, s.feed_forward * s.width});
    layer.down = layout.place(s.width * s.feed_forward);
    offsets.layers.push_back(layer);
  }
  offsets.norm = layout.place(s.width);
  offsets.head = s.tied_head ? offsets.embed : layout.place(s.vocabulary * s.width);
  offsets.elements = layout.end();
  return offsets;
}

}  // namespace tramontane::kernels::cuda
