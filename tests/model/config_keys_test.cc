#include "actors/model/config_keys.h"

#include "actors/model/model_config.h"
#include "actors/model/policy.h"
#include "runtime/base/result.h"
#include "tests/model/config_text.h"

#include <boost/json.hpp>

#include "tests/support/test.h"

using namespace tramontane;

TEST_CASE("a key that is in no list is refused by name unless it is null") {
  for (const Architecture& a : architectures()) {
    CAPTURE(a.name);
    CHECK(error_of(config_text(a, R"("novel": 1)")) ==
          "unsupported: config.json: 'novel' is not known to this build: it may change what the "
          "model computes; remove the key if it does not");
    CHECK(error_of(config_text(a, R"("novel": null)")) == "accepted");
    CHECK(error_of(config_text(a, R"("transformers_version": "4.57.1", "torch_dtype": "bfloat16",
        "use_cache": false, "initializer_range": 0.1, "_name_or_path": "x", "top_k": 20)")) ==
          "accepted");
  }
}

TEST_CASE("what may change the result is refused with the remedy, and its neutral value is not") {
  const Architecture& llama = architecture_named("LlamaForCausalLM");

  struct Refused {
    const char* key;
    const char* value;
    const char* neutral;
    const char* reason;
  };

  for (const Refused& r : {Refused{"attention_dropout", "0.1", "0.0", "set it to 0"},
           Refused{"hidden_act", "\"gelu\"", "\"silu\"", "supported is silu"},
           Refused{"partial_rotary_factor", "0.5", "1.0", "supported is 1"},
           Refused{"quantization_config", R"({"quant_method": "awq", "bits": 4})", "null",
               "dequantise it, and save it in bfloat16"},
           Refused{"auto_map", R"({"AutoModel": "own.Model"})", "null", "is not run"},
           Refused{"is_encoder_decoder", "true", "false", "decoders alone"},
           Refused{"use_mrope", "true", "false", "by one position"},
           Refused{"pruned_heads", R"({"1": [0]})", "{}", "not supported"},
           Refused{"use_qk_norm", "true", "false", "no such norm"},
           Refused{"residual_multiplier", "0.2", "1", "scales nothing"}}) {
    CAPTURE(r.key);
    auto with = [&](const char* value) {
      return error_of(config_text(llama, std::string("\"") + r.key + "\": " + value));
    };
    CHECK(with(r.value).find(std::string("unsupported: config.json: '") + r.key + "' is ") == 0);
    CHECK(with(r.value).find(r.reason) != std::string::npos);
    CHECK(with(r.neutral) == "accepted");
    CHECK(with("null") == "accepted");
  }
  CHECK(error_of(config_text(llama, R"("quantization_config": {"quant_method": "fp8"})"))
            .find("'quantization_config' is \"fp8\"; quantised") != std::string::npos);
}

TEST_CASE("a key means what its architecture makes of it") {
  CHECK(key_use("llama", "mlp_bias") == KeyUse::honoured);
  CHECK(key_use("mistral", "mlp_bias") == KeyUse::refused);
  CHECK(key_use("qwen2", "attention_bias") == KeyUse::harmless);
  CHECK(key_use("qwen3", "attention_bias") == KeyUse::honoured);
  CHECK(key_use("smollm3", "no_rope_layers") == KeyUse::honoured);
  CHECK(key_use("llama", "no_rope_layers") == KeyUse::unknown);
  CHECK(key_use("llama", "text_config") == KeyUse::unknown);
  CHECK(key_use("mistral3", "text_config") == KeyUse::honoured);
  CHECK(key_use("mistral3", "vision_config") == KeyUse::harmless);
  CHECK(key_use("qwen3_moe", "router_aux_loss_coef") == KeyUse::harmless);
}

TEST_CASE("a missing key has its architecture's default, and null its own meaning") {
  auto read = [](const char* name, const std::string& more = R"("novel": null)") {
    return parse_model_config(config_text(architecture_named(name), more, "novel"));
  };
  ModelConfig llama = read("LlamaForCausalLM");
  CHECK(llama.kv_heads == 32);
  CHECK(llama.head_dim == 16);
  CHECK(llama.norm_eps == 1e-6F);
  CHECK(llama.rope_theta == 10000);
  CHECK_FALSE(llama.tied_head);
  CHECK(llama.bos == 1);
  CHECK(llama.ends == std::vector<std::int32_t>{2});
  ModelConfig mistral = read("MistralForCausalLM");
  CHECK(mistral.kv_heads == 8);
  CHECK(mistral.window == 4096);
  CHECK(read("MistralForCausalLM", R"("sliding_window": null)").window == 0);
  CHECK(read("MistralForCausalLM", R"("num_key_value_heads": null)").kv_heads == 32);
  CHECK(read("MistralForCausalLM", R"("eos_token_id": null)").ends.empty());
  ModelConfig mixtral = read("MixtralForCausalLM");
  CHECK(mixtral.window == 0);
  CHECK(mixtral.rope_theta == 1e6);
  CHECK(mixtral.norm_eps == 1e-5F);
  ModelConfig qwen2 = read("Qwen2ForCausalLM");
  CHECK(qwen2.kv_heads == 32);
  CHECK(qwen2.window == 0);
  CHECK(qwen2.bos == -1);
  CHECK(qwen2.ends.empty());
  CHECK(read("Qwen3ForCausalLM").head_dim == 128);
  CHECK(read("Qwen3MoeForCausalLM").kv_heads == 4);
  CHECK(read("Qwen3MoeForCausalLM").head_dim == 16);
  ModelConfig smol = read("SmolLM3ForCausalLM");
  CHECK(smol.tied_head);
  CHECK(smol.kv_heads == 4);
  CHECK(smol.rope_theta == 2e6);
  CHECK(smol.bos == -1);  // 128000 is no token of so small a vocabulary
  for (const Architecture& a : architectures()) {
    ModelConfig c = parse_model_config(config_text(a, R"("novel": null)"));
    CHECK(parse_model_config(write_model_config(c)) == c);
  }
}

TEST_CASE("biases are where the architecture and the file put them, and are written back") {
  auto read = [](const char* name, const std::string& more) {
    return parse_model_config(config_text(architecture_named(name), more));
  };
  for (const char* name : {"LlamaForCausalLM", "Qwen3ForCausalLM", "SmolLM3ForCausalLM"}) {
    ModelConfig c = read(name, R"("attention_bias": true)");
    CHECK(c.attention_bias);
    CHECK(c.output_bias);
    CHECK(parse_model_config(write_model_config(c)) == c);
    Manifest manifest = model_manifest(c);
    for (const char* one : {"q", "k", "v", "o"})
      CHECK(
          manifest.find(std::string("model.layers.0.self_attn.") + one + "_proj.bias") != nullptr);
    CHECK(manifest.find("model.layers.0.mlp.up_proj.bias") == nullptr);
  }
  ModelConfig mlp = read("LlamaForCausalLM", R"("mlp_bias": true)");
  CHECK_FALSE(mlp.attention_bias);
  CHECK(parse_model_config(write_model_config(mlp)) == mlp);
  CHECK(model_manifest(mlp).find("model.layers.1.mlp.down_proj.bias")->shape ==
        std::vector<std::int64_t>{512});
  ModelConfig qwen2 = read("Qwen2ForCausalLM", R"("attention_bias": false)");
  CHECK(qwen2.attention_bias);
  CHECK_FALSE(qwen2.output_bias);
  qwen2.output_bias = true;
  CHECK_THROWS_AS(write_model_config(qwen2), Error);
  for (ModelConfig c : {mlp, read("LlamaForCausalLM", R"("attention_bias": true)")}) {
    std::int64_t sum = 0;
    Manifest manifest = model_manifest(c);
    for (const TensorEntry& t : manifest.tensors()) sum += static_cast<std::int64_t>(t.size / 4);
    CHECK(parameters(c) == sum);
  }
}

TEST_CASE("two keys that contradict each other are refused") {
  const Architecture& llama = architecture_named("LlamaForCausalLM");
  CHECK(error_of(config_text(llama, R"("model_type": "mistral")")) ==
        "unsupported: config.json: 'model_type' is \"mistral\"; 'architectures' says "
        "LlamaForCausalLM: keep the one that counts");
  const Architecture& moe = architecture_named("Qwen3MoeForCausalLM");
  CHECK(error_of(config_text(moe, R"("num_local_experts": 4)")).find("keep the one that counts") !=
        std::string::npos);
  CHECK(error_of(config_text(moe, R"("num_local_experts": 8)")) == "accepted");
  CHECK(parse_model_config(config_text(moe, R"("num_local_experts": 4)", "num_experts")).experts ==
        4);
}

TEST_CASE("of a model of text and images the text part is read") {
  const Architecture& mistral = architecture_named("MistralForCausalLM");
  auto outer = [&](const std::string& text, const std::string& more) {
    return R"({"architectures": ["Mistral3ForConditionalGeneration"], "model_type": "mistral3",
        "vision_config": {"hidden_size": 8}, "image_token_index": 10, "text_config": )" +
           text + more + "}";
  };
  std::string inner = config_text(mistral, R"("rope_theta": 1e9)", "architectures");
  ModelConfig c = parse_model_config(outer(inner, ""));
  CHECK(c.architecture == "MistralForCausalLM");
  CHECK(c.rope_theta == 1e9);
  CHECK(c.tied_head);
  CHECK_FALSE(parse_model_config(outer(inner, R"(, "tie_word_embeddings": false)")).tied_head);
  CHECK(parse_model_config(outer(inner, R"(, "eos_token_id": 7)")).ends ==
        std::vector<std::int32_t>{7});
  CHECK(parse_model_config(write_model_config(c)) == c);
  CHECK(is_text_part(outer(inner, "")));
  CHECK_FALSE(is_text_part(write_model_config(c)));
  CHECK(error_of(outer(inner, R"(, "novel": 1)")).find("config.json: 'novel' is not known") !=
        std::string::npos);
  std::string odd = config_text(mistral, R"("novel": 1)");
  CHECK(error_of(outer(odd, "")).find("config.json: text_config: 'novel' is not known") !=
        std::string::npos);
  CHECK(error_of(outer("3", "")) == "bad_input: config.json: no object 'text_config'");
  CHECK(error_of(outer(R"({"model_type": "ministral3", "vocab_size": 9})", ""))
            .find("architecture 'ministral3' is not supported") != std::string::npos);
}
