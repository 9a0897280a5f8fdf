// The keys and values of configs as they are published, of each family that this build runs.
#include "actors/model/model_config.h"
#include "actors/model/policy.h"
#include "tests/model/config_text.h"

#include "tests/support/test.h"

using namespace tramontane;

namespace {

struct Published {
  const char* name;
  double billions;  // of parameters, as its page says
  const char* config;
};

// Llama 3.1 8B; DeepSeek's distillation into it differs in its tokens alone.
constexpr const char* llama31 = R"({"architectures": ["LlamaForCausalLM"], "attention_bias": false,
  "attention_dropout": 0.0, "bos_token_id": 128000, "eos_token_id": [128001, 128008, 128009],
  "hidden_act": "silu", "hidden_size": 4096, "initializer_range": 0.02, "intermediate_size": 14336,
  "max_position_embeddings": 131072, "mlp_bias": false, "model_type": "llama",
  "num_attention_heads": 32, "num_hidden_layers": 32, "num_key_value_heads": 8,
  "pretraining_tp": 1, "rms_norm_eps": 1e-05, "rope_scaling": {"factor": 8.0,
  "low_freq_factor": 1.0, "high_freq_factor": 4.0, "original_max_position_embeddings": 8192,
  "rope_type": "llama3"}, "rope_theta": 500000.0, "tie_word_embeddings": false,
  "torch_dtype": "bfloat16", "transformers_version": "4.42.3", "use_cache": true,
  "vocab_size": 128256})";

constexpr const char* smollm2 = R"({"architectures": ["LlamaForCausalLM"], "attention_bias": false,
  "attention_dropout": 0.0, "bos_token_id": 1, "eos_token_id": 2, "hidden_act": "silu",
  "hidden_size": 576, "initializer_range": 0.041666666666666664, "intermediate_size": 1536,
  "is_llama_config": true, "max_position_embeddings": 8192, "mlp_bias": false,
  "model_type": "llama", "num_attention_heads": 9, "num_hidden_layers": 30,
  "num_key_value_heads": 3, "pad_token_id": 2, "pretraining_tp": 1, "rms_norm_eps": 1e-05,
  "rope_interleaved": false, "rope_scaling": null, "rope_theta": 100000,
  "tie_word_embeddings": true, "torch_dtype": "bfloat16", "transformers_version": "4.42.3",
  "transformers.js_config": {"kv_cache_dtype": {"q4f16": "float16"}}, "use_cache": true,
  "vocab_size": 49152})";

constexpr const char* distilled_qwen = R"({"architectures": ["Qwen2ForCausalLM"],
  "attention_dropout": 0.0, "bos_token_id": 151643, "eos_token_id": 151643, "hidden_act": "silu",
  "hidden_size": 3584, "initializer_range": 0.02, "intermediate_size": 18944,
  "max_position_embeddings": 131072, "max_window_layers": 28, "model_type": "qwen2",
  "num_attention_heads": 28, "num_hidden_layers": 28, "num_key_value_heads": 4,
  "rms_norm_eps": 1e-06, "rope_theta": 10000, "sliding_window": 4096, "tie_word_embeddings": false,
  "torch_dtype": "bfloat16", "transformers_version": "4.44.0", "use_cache": true,
  "use_mrope": false, "use_sliding_window": false, "vocab_size": 152064})";

constexpr const char* qwen3 = R"({"architectures": ["Qwen3ForCausalLM"], "attention_bias": false,
  "attention_dropout": 0.0, "bos_token_id": 151643, "eos_token_id": 151645, "head_dim": 128,
  "hidden_act": "silu", "hidden_size": 1024, "initializer_range": 0.02, "intermediate_size": 3072,
  "max_position_embeddings": 40960, "max_window_layers": 28, "model_type": "qwen3",
  "num_attention_heads": 16, "num_hidden_layers": 28, "num_key_value_heads": 8,
  "rms_norm_eps": 1e-06, "rope_scaling": null, "rope_theta": 1000000, "sliding_window": null,
  "tie_word_embeddings": true, "torch_dtype": "bfloat16", "transformers_version": "4.51.0",
  "use_cache": true, "use_sliding_window": false, "vocab_size": 151936})";

constexpr const char* qwen3_moe = R"({"architectures": ["Qwen3MoeForCausalLM"],
  "attention_bias": false, "attention_dropout": 0.0, "bos_token_id": 151643,
  "decoder_sparse_step": 1, "eos_token_id": 151645, "head_dim": 128, "hidden_act": "silu",
  "hidden_size": 2048, "initializer_range": 0.02, "intermediate_size": 6144,
  "max_position_embeddings": 40960, "max_window_layers": 48, "mlp_only_layers": [],
  "model_type": "qwen3_moe", "moe_intermediate_size": 768, "norm_topk_prob": true,
  "num_attention_heads": 32, "num_experts": 128, "num_experts_per_tok": 8,
  "num_hidden_layers": 48, "num_key_value_heads": 4, "output_router_logits": false,
  "rms_norm_eps": 1e-06, "rope_scaling": null, "rope_theta": 1000000.0,
  "router_aux_loss_coef": 0.001, "sliding_window": null, "tie_word_embeddings": false,
  "torch_dtype": "bfloat16", "transformers_version": "4.51.0", "use_cache": true,
  "use_sliding_window": false, "vocab_size": 151936})";

constexpr const char* smollm3 = R"({"architectures": ["SmolLM3ForCausalLM"],
  "attention_bias": false, "attention_dropout": 0.0, "bos_token_id": null, "eos_token_id": 128012,
  "hidden_act": "silu", "hidden_size": 2048, "initializer_range": 0.02,
  "intermediate_size": 11008, "max_position_embeddings": 65536, "max_window_layers": 28,
  "mlp_bias": false, "model_type": "smollm3", "no_rope_layer_interval": 4,
  "num_attention_heads": 16, "num_hidden_layers": 36, "num_key_value_heads": 4,
  "pad_token_id": 128004, "pretraining_tp": 2, "rms_norm_eps": 1e-06, "rope_scaling": null,
  "rope_theta": 5000000.0, "sliding_window": null, "torch_dtype": "bfloat16",
  "transformers_version": "4.54.0.dev0", "use_cache": false, "use_sliding_window": false,
  "vocab_size": 128256})";

constexpr const char* mistral = R"({"architectures": ["MistralForCausalLM"],
  "attention_dropout": 0.0, "bos_token_id": 1, "eos_token_id": 2, "hidden_act": "silu",
  "hidden_size": 4096, "initializer_range": 0.02, "intermediate_size": 14336,
  "max_position_embeddings": 32768, "model_type": "mistral", "num_attention_heads": 32,
  "num_hidden_layers": 32, "num_key_value_heads": 8, "rms_norm_eps": 1e-05,
  "rope_theta": 1000000.0, "sliding_window": null, "tie_word_embeddings": false,
  "torch_dtype": "bfloat16", "transformers_version": "4.42.0.dev0", "use_cache": true,
  "vocab_size": 32768})";

constexpr const char* mixtral = R"({"architectures": ["MixtralForCausalLM"],
  "attention_dropout": 0.0, "bos_token_id": 1, "eos_token_id": 2, "hidden_act": "silu",
  "hidden_size": 4096, "initializer_range": 0.02, "intermediate_size": 14336,
  "max_position_embeddings": 32768, "model_type": "mixtral", "num_attention_heads": 32,
  "num_experts_per_tok": 2, "num_hidden_layers": 32, "num_key_value_heads": 8,
  "num_local_experts": 8, "output_router_logits": false, "rms_norm_eps": 1e-05,
  "rope_theta": 1000000.0, "router_aux_loss_coef": 0.02, "sliding_window": null,
  "tie_word_embeddings": false, "torch_dtype": "bfloat16", "transformers_version": "4.36.0.dev0",
  "use_cache": true, "vocab_size": 32000})";

// Mistral Small 3.1 and Magistral Small: with a head of its own in the weights.
constexpr const char* mistral_small = R"({"architectures": ["Mistral3ForConditionalGeneration"],
  "image_token_index": 10, "model_type": "mistral3", "multimodal_projector_bias": false,
  "projector_hidden_act": "gelu", "spatial_merge_size": 2, "tie_word_embeddings": false,
  "text_config": {"attention_dropout": 0.0, "head_dim": 128, "hidden_act": "silu",
  "hidden_size": 5120, "initializer_range": 0.02, "intermediate_size": 32768,
  "max_position_embeddings": 131072, "model_type": "mistral", "num_attention_heads": 32,
  "num_hidden_layers": 40, "num_key_value_heads": 8, "rms_norm_eps": 1e-05,
  "rope_theta": 1000000000.0, "sliding_window": null, "use_cache": true, "vocab_size": 131072},
  "torch_dtype": "bfloat16", "transformers_version": "4.50.0.dev0",
  "vision_config": {"hidden_size": 1024, "model_type": "pixtral"}, "vision_feature_layer": -1})";

}  // namespace

TEST_CASE("configs as they are published are understood, and have the size that their pages say") {
  for (const Published& p :
      {Published{"Llama 3.1 8B", 8.03, llama31}, Published{"SmolLM2 135M", 0.135, smollm2},
          Published{"DeepSeek R1 Distill Qwen 7B", 7.62, distilled_qwen},
          Published{"Qwen3 0.6B", 0.596, qwen3}, Published{"Qwen3 30B A3B", 30.5, qwen3_moe},
          Published{"SmolLM3 3B", 3.08, smollm3}, Published{"Mistral 7B v0.3", 7.25, mistral},
          Published{"Mixtral 8x7B", 46.7, mixtral},
          Published{"Mistral Small 24B", 23.6, mistral_small}}) {
    CAPTURE(p.name);
    CHECK(error_of(p.config) == "accepted");
    ModelConfig c = parse_model_config(p.config);
    CHECK(static_cast<double>(parameters(c)) / 1e9 == doctest::Approx(p.billions).epsilon(0.005));
    CHECK(parse_model_config(write_model_config(c)) == c);
  }
  ModelConfig smol = parse_model_config(smollm3);
  CHECK(smol.turns(2));
  CHECK_FALSE(smol.turns(3));
  CHECK_FALSE(smol.turns(35));
  CHECK(parse_model_config(distilled_qwen).window == 0);
  CHECK(parse_model_config(llama31).rope.kind == RopeKind::llama3);
  CHECK(parse_model_config(mistral_small).ends == std::vector<std::int32_t>{2});
}
