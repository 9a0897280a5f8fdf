// The ops and the decoder as C functions, for tests/gpu/*.py. Each returns null, or what failed.

#include "kernels/cuda/decoder.h"
#include "kernels/cuda/memory.cuh"

#include <algorithm>
#include <chrono>
#include <string>
#include <vector>

using namespace tramontane::kernels::cuda;

namespace {

using Int = std::int64_t;
using Half = Bfloat16;

template <class F>
const char* guarded(const F& f) {
  static thread_local std::string text;
  try {
    f();
    return nullptr;
  } catch (const std::exception& e) {
    text = e.what();
    return text.c_str();
  }
}

// Values of magnitude up to `scale`, roughly uniform, by a hash of the index.
__global__ void fill_kernel(Half* to, Int n, float scale, float offset, std::uint32_t seed) {
  for (Int i = blockIdx.x * Int{blockDim.x} + threadIdx.x; i < n;
       i += Int{gridDim.x} * blockDim.x) {
    std::uint32_t h = static_cast<std::uint32_t>(i) * 0x9E3779B1U + seed;
    h ^= h >> 16;
    h *= 0x85EBCA6BU;
    h ^= h >> 13;
    h *= 0xC2B2AE35U;
    h ^= h >> 16;
    to[i] = to_bfloat16(offset + scale * (static_cast<float>(h >> 8) * 0x1p-23F - 1.0F));
  }
}

struct OwnedEvent {
  cudaEvent_t event = nullptr;

  OwnedEvent() { check(cudaEventCreate(&event), "event"); }

  ~OwnedEvent() { cudaEventDestroy(event); }
};

double microseconds() {
  return std::chrono::duration<double, std::micro>(
      std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

}  // namespace

extern "C" {

const char* t_fill(Half* to, Int n, float scale, float offset, Int seed) {
  return guarded([&] {
    fill_kernel<<<2048, 256>>>(to, n, scale, offset, static_cast<std::uint32_t>(seed));
    check(cudaDeviceSynchronize(), "fill");
  });
}

const char* t_copy(void* to, const void* from, Int bytes) {
  return guarded([&] {
    check(cudaMemcpy(to, from, static_cast<std::size_t>(bytes), cudaMemcpyDefault), "copy");
    // Between device memories it only enqueues, and a decoder's stream does not wait for it.
    check(cudaDeviceSynchronize(), "copy");
  });
}

const char* t_multiply(Int exact, const Half* x, Int x_stride, Int rows, const Half* w, Int columns,
    Int depth, const Half* bias, Half* y, float* y_float, Int y_stride, Int accumulate,
    const Half* norm, Int gated, void* scratch, Stream stream) {
  return guarded([&] {
    const Multiply m = {x, x_stride, rows, w, columns, depth, bias, y, y_float, y_stride,
        accumulate != 0, {scratch, scratch_bytes}, norm, 1e-6F, gated != 0};
    exact != 0 ? multiply_exact(m, stream) : multiply_fast(m, stream);
  });
}

const char* t_embed(
    const std::int32_t* ids, Int rows, const Half* table, Int width, Half* out, Stream stream) {
  return guarded([&] { embed({ids, rows, table, width, out}, stream); });
}

const char* t_rms_norm(Half* x, const Half* addend, const Half* weight, float eps, Int rows,
    Int width, Half* y, float* rstd, Stream stream) {
  return guarded([&] {
    rms_norm({x, addend, nullptr, weight, eps, rows, width, y, rstd}, stream);
  });
}

const char* t_swiglu(const Half* gate_up, Int rows, Int width, Half* out, Stream stream) {
  return guarded([&] { swiglu({gate_up, rows, width, out}, stream); });
}

// As long as `kind` says: 0 rotates and stores, 1 attends.
const char* t_attention(Int kind, Half* qkv, Int rows, Int heads, Int kv_heads, Int head_dim,
    const Half* q_norm, const Half* k_norm, float eps, const float* angles,
    const std::int32_t* positions, const std::int32_t* sequences, const std::int32_t* pages,
    Int pages_stride, Half* cache, Int window, Int parts, float* parts_out, float* parts_sum,
    std::uint32_t* arrived, Half* out, float* log_sum, Stream stream) {
  return guarded([&] {
    const Places places = {positions, sequences, pages, pages_stride};
    const KvCache kv = {cache, kv_heads * head_dim * 2 * kv_page, kv_heads, head_dim};
    if (kind == 0) {
      rotate({qkv, rows, heads, q_norm, k_norm, eps, angles, places, kv}, stream);
      return;
    }
    const float scale = 1 / std::sqrt(static_cast<float>(head_dim));
    attend({qkv, (heads + 2 * kv_heads) * head_dim, rows, heads, scale, window, places, kv, parts,
               parts_out, parts_sum, arrived, out, log_sum},
        stream);
  });
}

const char* t_route(const float* logits, Int rows, Int experts, Int top, Int normalise,
    std::int32_t* chosen, float* weights, Stream stream) {
  return guarded([&] {
    route({logits, rows, experts, top, normalise != 0, chosen, weights}, stream);
  });
}

const char* t_combine(const Half* outs, const float* weights, const std::int32_t* places, Int rows,
    Int top, Int width, Half* y, Stream stream) {
  return guarded([&] { combine({outs, weights, places, rows, top, width, y}, stream); });
}

const char* t_sample(const float* logits, Int rows, Int vocabulary, float temperature, float* tops,
    double* masses, float top_p, const float* u, std::int32_t* tokens, float* log_probs,
    std::uint32_t* arrived, std::uint64_t* cut, Stream stream) {
  return guarded([&] {
    sample({{logits, rows, vocabulary, temperature, tops, masses}, top_p, {}, u, tokens, log_probs,
               arrived, cut},
        stream);
  });
}

const char* t_log_prob(const float* logits, Int rows, Int vocabulary, float temperature,
    float* tops, double* masses, const std::int32_t* targets, float* log_probs, float* entropy,
    const float* slopes, float* gradient, Stream stream) {
  return guarded([&] {
    const Logits l = {logits, rows, vocabulary, temperature, tops, masses};
    token_log_prob({l, targets, log_probs, entropy}, stream);
    if (gradient != nullptr) token_log_prob_backward({l, targets, slopes, gradient}, stream);
  });
}

const char* t_adamw(float* parameters, const float* gradients, float* mean, float* square,
    Half* arena, Int n, float rate, float decay, Int step, Stream stream) {
  return guarded([&] {
    AdamW a;
    a.learning_rate = rate;
    a.weight_decay = decay;
    a.step = step;
    a.parameters = parameters;
    a.gradients = gradients;
    a.mean = mean;
    a.square = square;
    a.arena = arena;
    a.n = n;
    adamw(a, stream);
  });
}

const char* t_norm(const float* x, Int n, double* sums, double* result, Stream stream) {
  return guarded([&] { norm(x, n, sums, result, stream); });
}

const char* t_fingerprint(
    const void* data, Int bytes, std::uint64_t* leaves, std::uint64_t* result, Stream stream) {
  return guarded([&] { fingerprint(data, bytes, leaves, result, stream); });
}

// ---- the decoder -------------------------------------------------------------------------------

// sizes: vocabulary, width, layers, heads, kv_heads, head_dim, feed_forward, tied, bias, qk_norm,
// window, slots, context, prefill_rows, exact.
const char* t_decoder(
    const Int* sizes, double theta, float eps, float temperature, DeviceDecoder** made) {
  return guarded([&] {
    DecoderShape s;
    s.vocabulary = sizes[0];
    s.width = sizes[1];
    s.layers = sizes[2];
    s.heads = sizes[3];
    s.kv_heads = sizes[4];
    s.head_dim = sizes[5];
    s.feed_forward = sizes[6];
    s.tied_head = sizes[7] != 0;
    s.attention_bias = sizes[8] != 0;
    s.qk_norm = sizes[9] != 0;
    s.window = sizes[10];
    s.rope_theta = theta;
    s.norm_eps = eps;
    DeviceDecoder::Options o;
    o.slots = sizes[11];
    o.context = sizes[12];
    o.prefill_rows = sizes[13];
    o.exact = sizes[14] != 0;
    o.temperature = temperature;
    *made = std::make_unique<DeviceDecoder>(s, o).release();
  });
}

void t_decoder_free(DeviceDecoder* d) {
  const std::unique_ptr<DeviceDecoder> owned(d);
}

Half* t_decoder_arena(DeviceDecoder* d, Int which) {
  return d->arena(static_cast<int>(which));
}

Half* t_decoder_cache(DeviceDecoder* d) {
  return d->cache();
}

Int t_decoder_cache_elements(DeviceDecoder* d) {
  return d->cache_elements();
}

// embed, norm, head, elements, then 9 a layer in the order of DecoderOffsets::Layer.
void t_decoder_offsets(DeviceDecoder* d, Int* out) {
  const DecoderOffsets& o = d->offsets();
  *out++ = o.embed;
  *out++ = o.norm;
  *out++ = o.head;
  *out++ = o.elements;
  for (const auto& l : o.layers)
    for (const Int at :
        {l.input_norm, l.qkv, l.qkv_bias, l.q_norm, l.k_norm, l.o, l.post_norm, l.gate_up, l.down})
      *out++ = at;
}

const char* t_place(
    DeviceDecoder* d, Int slot, Int token, Int position, Int draw, Int seed, Int stream) {
  return guarded([&] {
    d->place(slot, {static_cast<std::int32_t>(token), static_cast<std::int32_t>(position),
                       static_cast<std::int32_t>(draw), static_cast<std::uint64_t>(seed),
                       static_cast<std::uint64_t>(stream)});
  });
}

const char* t_prefill(DeviceDecoder* d, Int slot, const std::int32_t* tokens, Int count) {
  return guarded([&] { d->prefill(slot, {tokens, static_cast<std::size_t>(count)}, 0); });
}

const char* t_log_probs(DeviceDecoder* d, Int slot, const std::int32_t* tokens,
    const std::int32_t* targets, Int count, float* out) {
  const auto n = static_cast<std::size_t>(count);
  return guarded([&] { d->log_probs(slot, {tokens, n}, {targets, n}, {out, n}); });
}

const char* t_step(DeviceDecoder* d, Int rows, std::int32_t* tokens, float* log_probs) {
  return guarded([&] {
    d->step(rows);
    d->wait();
    std::copy_n(d->tokens().data(), rows, tokens);
    std::copy_n(d->log_probs().data(), rows, log_probs);
  });
}

const char* t_flip(DeviceDecoder* d, Int which) {
  return guarded([&] { d->flip(static_cast<int>(which), nullptr); });
}

// Times of steps enqueued back to back, in microseconds.
const char* t_time_steps(DeviceDecoder* d, Int rows, Int steps, float* us) {
  return guarded([&] {
    d->warm_up(rows);
    for (int i = 0; i < 3; ++i) d->step(rows);
    std::vector<OwnedEvent> events(static_cast<std::size_t>(steps + 1));
    check(cudaEventRecord(events[0].event, d->stream()), "event");
    for (Int i = 0; i < steps; ++i) {
      d->step(rows);
      check(cudaEventRecord(events[static_cast<std::size_t>(i + 1)].event, d->stream()), "event");
    }
    d->wait();
    for (Int i = 0; i < steps; ++i) {
      const auto at = static_cast<std::size_t>(i);
      check(cudaEventElapsedTime(us + i, events[at].event, events[at + 1].event), "event");
      us[i] *= 1000;
    }
  });
}

// Times on the device of steps enqueued back to back, in microseconds, in threes: the first after a
// flip, and two by the same arena. Slots 0 to rows - 1 begin at `position` again every 30 steps.
const char* t_flip_stalls(DeviceDecoder* d, Int rows, Int threes, Int position, float* us) {
  return guarded([&] {
    d->warm_up(rows);
    constexpr Int at_once = 10;
    std::vector<OwnedEvent> events(3 * at_once + 1);
    int current = 0;
    for (Int done = 0; done < threes; done += at_once) {
      for (Int slot = 0; slot < rows; ++slot)
        d->place(slot, {.token = static_cast<std::int32_t>(slot),
                           .position = static_cast<std::int32_t>(position),
                           .draw = 0,
                           .seed = 5,
                           .stream = static_cast<std::uint64_t>(slot)});
      const Int count = 3 * std::min(at_once, threes - done);
      for (int i = 0; i < 3; ++i) d->step(rows);
      check(cudaEventRecord(events[0].event, d->stream()), "event");
      for (Int i = 0; i < count; ++i) {
        if (i % 3 == 0) d->flip(current = 1 - current, nullptr);
        d->step(rows);
        check(cudaEventRecord(events[static_cast<std::size_t>(i + 1)].event, d->stream()), "event");
      }
      d->wait();
      for (Int i = 0; i < count; ++i) {
        const auto at = static_cast<std::size_t>(i);
        float ms = 0;
        check(cudaEventElapsedTime(&ms, events[at].event, events[at + 1].event), "event");
        us[3 * done + i] = ms * 1000;
      }
    }
  });
}

// Times of steps that the host waits for, in microseconds. kinds[i]: 0 a step, 1 one beside a copy
// into the arena not in use, 2 the first one after a flip. piece: bytes of a copy call; 0: no
// copies, a flip every 10 steps.
const char* t_time_flips(
    DeviceDecoder* d, Int rows, Int steps, Int piece, float* us, std::int32_t* kinds) {
  return guarded([&] {
    d->warm_up(rows);
    cudaStream_t created = nullptr;
    int least = 0;
    int greatest = 0;
    check(cudaDeviceGetStreamPriorityRange(&least, &greatest), "priority");
    check(cudaStreamCreateWithPriority(&created, cudaStreamNonBlocking, least), "stream");
    const OwnedStream copies(created);
    OwnedEvent loaded;
    int current = 0;
    d->flip(0, nullptr);
    bool copying = false;
    const Int bytes = d->offsets().elements * 2;
    const auto arena = [&](int which) { return reinterpret_cast<std::byte*>(d->arena(which)); };
    for (Int i = 0; i < steps; ++i) {
      kinds[i] = copying ? 1 : 0;
      if (i % 10 == 5 && !copying && piece > 0) {
        for (Int at = 0; at < bytes; at += piece)
          check(cudaMemcpyAsync(arena(1 - current) + at, arena(current) + at,
                    static_cast<std::size_t>(std::min(piece, bytes - at)), cudaMemcpyDefault,
                    copies.get()),
              "copy");
        check(cudaEventRecord(loaded.event, copies.get()), "event");
        copying = true;
        kinds[i] = 1;
      } else if (piece > 0 ? copying && cudaEventQuery(loaded.event) == cudaSuccess : i % 10 == 5) {
        current = 1 - current;
        kinds[i] = 2;
        copying = false;
      }
      const double before = microseconds();
      if (kinds[i] == 2) d->flip(current, piece > 0 ? loaded.event : nullptr);
      d->step(rows);
      d->wait();
      us[i] = static_cast<float>(microseconds() - before);
    }
    check(cudaStreamSynchronize(copies.get()), "copy");
  });
}

}  // extern "C"
