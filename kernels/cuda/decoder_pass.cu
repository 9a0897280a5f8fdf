// The kernels of a pass over the layers and of a step. A layer of a step in few rows is six: two
// products that normalise what they read, one of which gates what it writes, two that add to the
// residual, and between them rotary embedding and attention.

#include "kernels/cuda/decoder_state.cuh"

#include <cmath>

namespace tramontane::kernels::cuda {
namespace {

// What moves on from step to step, and where the results go.
struct Advance {
  std::int64_t rows;
  const std::int32_t* tokens;
  const float* log_probs;
  std::int32_t* ids;
  std::int32_t* positions;
  std::int32_t* draws;
  std::int32_t* host_tokens;
  float* host_log_probs;
};

// A token that was not drawn ends its slot: it idles from here on.
__global__ void advance_kernel(const Advance a) {
  begin();
  const std::int64_t row = static_cast<std::int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
  if (row >= a.rows) return;
  const std::int32_t token = a.tokens[row];
  const bool goes_on = token >= 0 && a.positions[row] >= 0;
  a.host_tokens[row] = token;
  a.host_log_probs[row] = a.log_probs[row];
  a.ids[row] = token;
  a.positions[row] = goes_on ? a.positions[row] + 1 : -1;
  a.draws[row] = goes_on ? a.draws[row] + 1 : -1;
}

}  // namespace

// Of small matrices in few rows the exact product is no slower, and does more on the way.
bool DeviceDecoder::State::is_exact(std::int64_t rows) const {
  return options.exact || (rows <= 8 && shape.width <= 2048);
}

void DeviceDecoder::State::product(const Multiply& m) const {
  Multiply whole = m;
  whole.scratch = {scratch.get(), scratch_bytes};
  if (is_exact(m.rows)) {
    multiply_exact(whole, stream.get());
  } else {
    multiply_fast(whole, stream.get());
  }
}

// Of x, normalised.
void DeviceDecoder::State::product_of_norm(const Multiply& m, const Bfloat16* norm) const {
  Multiply whole = m;
  whole.x_stride = shape.width;
  whole.depth = shape.width;
  if (is_exact(m.rows) && multiply_normalises(m.rows, shape.width)) {
    whole.x = x.get();
    whole.norm = norm;
    whole.norm_eps = shape.norm_eps;
  } else {
    rms_norm({.x = x.get(),
                 .weight = norm,
                 .eps = shape.norm_eps,
                 .rows = m.rows,
                 .width = shape.width,
                 .y = normed.get()},
        stream.get());
    whole.x = normed.get();
  }
  product(whole);
}

// x += o(attend(rotate(qkv(norm(x)))))
void DeviceDecoder::State::attention(const DecoderOffsets::Layer& at, const Bfloat16* weights,
    std::int64_t number, const Rows& rows) const {
  const DecoderShape& s = shape;
  const auto tensor = [&](std::int64_t offset) { return offset < 0 ? nullptr : weights + offset; };
  const std::int64_t page = 2 * kv_page * s.kv();
  const KvCache kv = {.base = cache.get() + number * bucket_of(options.slots) * pages_each * page,
      .page_stride = page,
      .kv_heads = s.kv_heads,
      .head_dim = s.head_dim};
  product_of_norm({.rows = rows.count,
                      .w = weights + at.qkv,
                      .columns = s.qkv(),
                      .bias = tensor(at.qkv_bias),
                      .y = qkv.get(),
                      .y_stride = s.qkv()},
      weights + at.input_norm);
  rotate({.qkv = qkv.get(),
             .rows = rows.count,
             .heads = s.heads,
             .q_norm = tensor(at.q_norm),
             .k_norm = tensor(at.k_norm),
             .eps = s.norm_eps,
             .angles = angles.get(),
             .places = rows.places,
             .cache = kv},
      stream.get());
  attend({.q = qkv.get(),
             .q_stride = s.qkv(),
             .rows = rows.count,
             .heads = s.heads,
             .scale = static_cast<float>(1 / std::sqrt(static_cast<double>(s.head_dim))),
             .window = s.window,
             .places = rows.places,
             .cache = kv,
             .parts = attend_parts(options.context),
             .parts_out = parts_out.get(),
             .parts_sum = parts_sum.get(),
             .arrived = arrived.get(),
             .out = attended.get(),
             .log_sum = nullptr},
      stream.get());
  product({.x = attended.get(),
      .x_stride = s.q(),
      .rows = rows.count,
      .w = weights + at.o,
      .columns = s.width,
      .depth = s.q(),
      .y = x.get(),
      .y_stride = s.width,
      .accumulate = true});
}

// x += down(swiglu(gate_up(norm(x))))
void DeviceDecoder::State::feed_forward(
    const DecoderOffsets::Layer& at, const Bfloat16* weights, std::int64_t rows) const {
  const std::int64_t width = shape.feed_forward;
  Multiply m = {.rows = rows, .w = weights + at.gate_up};
  if (is_exact(rows)) {
    m.columns = width;
    m.y = activated.get();
    m.y_stride = width;
    m.gated = true;
    product_of_norm(m, weights + at.post_norm);
  } else {
    m.columns = 2 * width;
    m.y = gate_up.get();
    m.y_stride = 2 * width;
    product_of_norm(m, weights + at.post_norm);
    swiglu({gate_up.get(), rows, width, activated.get()}, stream.get());
  }
  product({.x = activated.get(),
      .x_stride = width,
      .rows = rows,
      .w = weights + at.down,
      .columns = shape.width,
      .depth = width,
      .y = x.get(),
      .y_stride = shape.width,
      .accumulate = true});
}

void DeviceDecoder::State::forward(const Bfloat16* weights, const Rows& rows) const {
  embed({rows.ids, rows.count, weights + offsets.embed, shape.width, x.get()}, stream.get());
  for (std::int64_t i = 0; i < shape.layers; ++i) {
    const DecoderOffsets::Layer& at = offsets.layers[static_cast<std::size_t>(i)];
    attention(at, weights, i, rows);
    feed_forward(at, weights, rows.count);
  }
}

// Logits of the first rows of x.
void DeviceDecoder::State::head(const Bfloat16* weights, std::int64_t rows) const {
  product_of_norm({.rows = rows,
                      .w = weights + offsets.head,
                      .columns = shape.vocabulary,
                      .y_float = logits.get(),
                      .y_stride = shape.vocabulary},
      weights + offsets.norm);
}

Logits DeviceDecoder::State::distribution(std::int64_t rows) const {
  return {.at = logits.get(),
      .rows = rows,
      .vocabulary = shape.vocabulary,
      .temperature = options.temperature,
      .tops = tops.get(),
      .masses = masses.get()};
}

void DeviceDecoder::State::enqueue_step(const Bfloat16* weights, std::int64_t rows) const {
  forward(weights, {.count = rows,
                       .ids = ids.get(),
                       .places = {.positions = positions.get(),
                           .sequences = nullptr,
                           .pages = pages.get(),
                           .pages_stride = pages_each}});
  head(weights, rows);
  sample({.logits = distribution(rows),
             .top_p = options.top_p,
             .draws = {seeds.get(), streams.get(), draws.get()},
             .u = nullptr,
             .tokens = tokens.get(),
             .log_probs = row_log_probs.get(),
             .arrived = arrived.get(),
             .cut = cut.get()},
      stream.get());
  launch("advance", advance_kernel, dim3(parts_of(rows, 128)), 128, 0, stream.get(),
      Advance{rows, tokens.get(), row_log_probs.get(), ids.get(), positions.get(), draws.get(),
          host_tokens.get(), host_log_probs.get()});
}

}  // namespace tramontane::kernels::cuda
