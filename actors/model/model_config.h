#pragma once
// ModelConfig is the shape of a decoder-only transformer as in Llama, Mistral, Mixtral and Qwen:
// RMSNorm, rotary embedding, grouped-query attention, SwiGLU or a mixture of such experts. It is
// what `config.json` of a Hugging Face checkpoint says, in our words.
//
// A file means what transformers makes of it: a key that is missing has the default of its
// architecture, and one that might change what the model computes and is not honoured here is
// refused by name (actors/model/config_keys.h has the table).

#include "actors/model/dtype.h"
#include "actors/model/rope.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tramontane {

struct ModelConfig {
  std::string architecture = "LlamaForCausalLM";  // or another of config_keys.h
  std::int64_t vocabulary = 0;
  std::int64_t width = 0;     // hidden_size
  std::int64_t layers = 0;    // num_hidden_layers
  std::int64_t heads = 0;     // num_attention_heads
  std::int64_t kv_heads = 0;  // num_key_value_heads; divides heads
  std::int64_t head_dim = 0;
  std::int64_t feed_forward = 0;  // intermediate_size; of one expert: moe_intermediate_size
  std::int64_t context = 0;       // max_position_embeddings
  double rope_theta = 10000;
  RopeScaling rope;
  float norm_eps = 1e-5F;
  bool tied_head = false;              // lm_head shares embed_tokens
  bool attention_bias = false;         // on q, k, v
  bool output_bias = false;            // on the attention's output projection
  bool feed_forward_bias = false;      // on gate, up and down
  bool qk_norm = false;                // Qwen3: RMSNorm of q and k per head
  std::int64_t window = 0;             // sliding window; 0: none
  std::vector<bool> full_layers;       // by layer: true sees all in spite of it. Empty: none does
  std::vector<bool> unturned_layers;   // by layer: true has no rotary embedding. Empty: none
  std::int64_t experts = 0;            // num_local_experts, num_experts; 0: a dense feed-forward
  std::int64_t experts_per_token = 0;  // num_experts_per_tok
  bool normalise_experts = false;      // norm_topk_prob: a token's expert weights sum to 1
  std::int32_t bos = -1;
  std::int32_t pad = -1;
  // Of the matrices and the embedding as they are served: decoded with, and read by the trainer's
  // forward pass. Nothing of a config.json: the job says it.
  Dtype serving = Dtype::float32;
  // Each of them ends a completion; a demonstration ends with the first. None: only the length
  // ends one.
  std::vector<std::int32_t> ends;

  // The layer's window; 0: none.
  std::int64_t window_of(std::int64_t layer) const {
    return !full_layers.empty() && full_layers[static_cast<std::size_t>(layer)] ? 0 : window;
  }

  bool turns(std::int64_t layer) const {
    return unturned_layers.empty() || !unturned_layers[static_cast<std::size_t>(layer)];
  }

  bool is_end(std::int32_t token) const {
    return std::find(ends.begin(), ends.end(), token) != ends.end();
  }

  bool operator==(const ModelConfig&) const = default;
};

// The built-in sizes that train from scratch on a CPU; `vocabulary` and token ids come from the
// tokenizer. Unknown name: throws Error naming the ones there are.
ModelConfig preset(std::string_view name, std::int64_t vocabulary);
std::vector<std::string> preset_names();

// config.json, read and written. Anything this build cannot run exactly (another architecture, a
// rope of another kind, a key it does not know) is refused by name with the remedy:
// Error(unsupported). Malformed: bad_input. Of a model with more than text the text part is read:
// what is written is a model of text alone.
ModelConfig parse_model_config(std::string_view json);
std::string write_model_config(const ModelConfig& config);

// Whether the file is that of a model of text and images, of which the text part is read.
bool is_text_part(std::string_view json);

// generation_config.json as it was, with the config's end tokens (and the others, where it has none
// of its own).
std::string write_generation_config(std::string_view json, const ModelConfig& config);

// The end tokens that generation_config.json names beside those of config.json are added.
void add_generation_ends(std::string_view json, ModelConfig& config);

// Number of parameters, tied ones once.
std::int64_t parameters(const ModelConfig& config);

}  // namespace tramontane
