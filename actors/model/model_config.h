#pragma once
// ModelConfig is the shape of a decoder-only transformer as in Llama, Mistral, Mixtral and Qwen:
// RMSNorm, rotary embedding, grouped-query attention, SwiGLU or a mixture of such experts. It is
// what `config.json` of a Hugging Face checkpoint says, in our words.

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tramontane {

struct ModelConfig {
  std::string architecture =
      "LlamaForCausalLM";  // or Mistral…, Mixtral…, Qwen2…, Qwen3…, Qwen3Moe…
  std::int64_t vocabulary = 0;
  std::int64_t width = 0;     // hidden_size
  std::int64_t layers = 0;    // num_hidden_layers
  std::int64_t heads = 0;     // num_attention_heads
  std::int64_t kv_heads = 0;  // num_key_value_heads; divides heads
  std::int64_t head_dim = 0;
  std::int64_t feed_forward = 0;  // intermediate_size; of one expert: moe_intermediate_size
  std::int64_t context = 0;       // max_position_embeddings
  double rope_theta = 10000;
  float norm_eps = 1e-5F;
  bool tied_head = false;              // lm_head shares embed_tokens
  bool attention_bias = false;         // Qwen2: on q, k, v
  bool qk_norm = false;                // Qwen3: RMSNorm of q and k per head
  std::int64_t window = 0;             // sliding window; 0: none
  std::int64_t experts = 0;            // num_local_experts, num_experts; 0: a dense feed-forward
  std::int64_t experts_per_token = 0;  // num_experts_per_tok
  bool normalise_experts = false;      // norm_topk_prob: a token's expert weights sum to 1
  std::int32_t bos = -1;
  std::int32_t pad = -1;
  // Each of them ends a completion; a demonstration ends with the first. None: only the length
  // ends one.
  std::vector<std::int32_t> ends;

  bool is_end(std::int32_t token) const {
    return std::find(ends.begin(), ends.end(), token) != ends.end();
  }

  bool operator==(const ModelConfig&) const = default;
};

// The built-in sizes that train from scratch on a CPU; `vocabulary` and token ids come from the
// tokenizer. Unknown name: throws Error naming the ones there are.
ModelConfig preset(std::string_view name, std::int64_t vocabulary);
std::vector<std::string> preset_names();

// config.json, read and written. Anything this build cannot run exactly (another architecture,
// rope scaling, another activation) is refused by name: Error(unsupported). Malformed: bad_input.
ModelConfig parse_model_config(std::string_view json);
std::string write_model_config(const ModelConfig& config);

// The end tokens that generation_config.json names beside those of config.json are added.
void add_generation_ends(std::string_view json, ModelConfig& config);

// Number of parameters, tied ones once.
std::int64_t parameters(const ModelConfig& config);

}  // namespace tramontane
