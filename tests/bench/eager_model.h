#pragma once
// The model in LibTorch eager mode, as a careful plain program would write it: fused q/k/v and
// gate/up projections, scaled_dot_product_attention, rms_norm; padded batches. What the
// benchmarks compare with. Grouped queries, windows and biases are left out.

#include "actors/model/policy.h"

#include <ATen/ATen.h>

#include <chrono>
#include <ctime>
#include <string>
#include <vector>

namespace tramontane {

class EagerModel {
 public:
  EagerModel(const ModelConfig& config, const Arena& arena, bool training) : c_(config) {
    auto get = [&](const std::string& name) {
      const TensorEntry* t = arena.manifest().find(name);
      auto* from = const_cast<float*>(arena.floats(name).data());
      return at::from_blob(from, t->shape, at::kFloat).clone();
    };
    auto keep = [&](at::Tensor t) {
      t = t.contiguous().set_requires_grad(training);
      parameters.push_back(t);
      return t;
    };
    embed_ = keep(get("model.embed_tokens.weight"));
    for (std::int64_t i = 0; i < c_.layers; ++i) {
      std::string p = "model.layers." + std::to_string(i) + ".";
      std::string a = p + "self_attn.";
      Layer l;
      l.input_norm = keep(get(p + "input_layernorm.weight"));
      l.qkv = keep(
          at::cat({get(a + "q_proj.weight"), get(a + "k_proj.weight"), get(a + "v_proj.weight")}));
      l.o = keep(get(a + "o_proj.weight"));
      l.post_norm = keep(get(p + "post_attention_layernorm.weight"));
      l.gate_up = keep(at::cat({get(p + "mlp.gate_proj.weight"), get(p + "mlp.up_proj.weight")}));
      l.down = keep(get(p + "mlp.down_proj.weight"));
      layers_.push_back(l);
    }
    norm_ = keep(get("model.norm.weight"));
    head_ = keep(get("lm_head.weight"));
    at::Tensor frequency = at::pow(c_.rope_theta,
        at::arange(0, c_.head_dim, 2, at::kFloat) / -static_cast<double>(c_.head_dim));
    at::Tensor angle = at::arange(c_.context, at::kFloat).unsqueeze(1) * frequency;
    cos_ = angle.cos();
    sin_ = angle.sin();
  }

  void make_cache(std::int64_t batch, std::int64_t positions) {
    keys_.assign(layers_.size(), at::zeros({batch, c_.heads, positions, c_.head_dim}));
    for (at::Tensor& k : keys_) k = at::zeros({batch, c_.heads, positions, c_.head_dim});
    values_.clear();
    for (const at::Tensor& k : keys_) values_.push_back(at::zeros_like(k));
  }

  // ids (batch, time) at positions from `start`; with a cache it is read and extended.
  at::Tensor logits(const at::Tensor& ids, std::int64_t start, bool cached, bool last_only) {
    std::int64_t batch = ids.size(0);
    std::int64_t time = ids.size(1);
    at::Tensor x = at::embedding(embed_, ids);
    at::Tensor cos = cos_.slice(0, start, start + time);
    at::Tensor sin = sin_.slice(0, start, start + time);
    for (std::size_t i = 0; i < layers_.size(); ++i) {
      const Layer& l = layers_[i];
      at::Tensor h = at::rms_norm(x, {c_.width}, l.input_norm, static_cast<double>(c_.norm_eps));
      auto qkv = at::linear(h, l.qkv)
                     .view({batch, time, 3, c_.heads, c_.head_dim})
                     .permute({2, 0, 3, 1, 4})
                     .unbind(0);
      at::Tensor q = turned(qkv[0], cos, sin);
      at::Tensor k = turned(qkv[1], cos, sin);
      at::Tensor v = qkv[2];
      if (cached) {
        keys_[i].slice(2, start, start + time).copy_(k);
        values_[i].slice(2, start, start + time).copy_(v);
        k = keys_[i].slice(2, 0, start + time);
        v = values_[i].slice(2, 0, start + time);
      }
      at::Tensor out = at::scaled_dot_product_attention(q, k, v, {}, 0, time > 1);
      x = x + at::linear(out.transpose(1, 2).reshape({batch, time, c_.width}), l.o);
      h = at::rms_norm(x, {c_.width}, l.post_norm, static_cast<double>(c_.norm_eps));
      auto gate_up = at::linear(h, l.gate_up).chunk(2, -1);
      x = x + at::linear(at::silu(gate_up[0]) * gate_up[1], l.down);
    }
    if (last_only) x = x.slice(1, time - 1, time);
    return at::linear(at::rms_norm(x, {c_.width}, norm_, static_cast<double>(c_.norm_eps)), head_);
  }

  std::vector<at::Tensor> parameters;

 private:
  struct Layer {
    at::Tensor input_norm, qkv, o, post_norm, gate_up, down;
  };

  static at::Tensor turned(const at::Tensor& x, const at::Tensor& cos, const at::Tensor& sin) {
    auto halves = x.chunk(2, -1);
    return at::cat({halves[0] * cos - halves[1] * sin, halves[1] * cos + halves[0] * sin}, -1);
  }

  ModelConfig c_;
  at::Tensor embed_, norm_, head_, cos_, sin_;
  std::vector<Layer> layers_;
  std::vector<at::Tensor> keys_, values_;
};

// Seconds of processor time of this thread: what a busy machine does not distort.
inline double thread_seconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

}  // namespace tramontane
