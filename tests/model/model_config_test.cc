#include "actors/model/model_config.h"

#include "actors/model/policy.h"
#include "runtime/base/check.h"
#include "runtime/base/result.h"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <cstdint>
#include <string>

#include "tests/support/test.h"

using namespace tramontane;

namespace {

constexpr const char* llama = R"({"architectures": ["LlamaForCausalLM"], "vocab_size": 32000,
  "hidden_size": 4096, "num_hidden_layers": 32, "num_attention_heads": 32,
  "num_key_value_heads": 8, "intermediate_size": 14336, "max_position_embeddings": 8192,
  "rms_norm_eps": 1e-05, "rope_theta": 500000.0, "hidden_act": "silu",
  "tie_word_embeddings": false, "eos_token_id": [2, 3]})";

std::string with(std::string json, const std::string& field) {
  return json.insert(1, field + ", ");
}

std::string error_of(const std::string& json) {
  try {
    parse_model_config(json);
  } catch (const Error& error) {
    return std::string(name(error.errc())) + ": " + error.text();
  }
  return "accepted";
}

bool says(const std::string& json, const std::string& part) {
  INFO(error_of(json));
  return error_of(json).find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("presets have the parameters they promise") {
  CHECK(parameters(preset("nano", 21)) == 144'448);
  for (const std::string& name : preset_names()) {
    ModelConfig config = preset(name, 50);
    std::int64_t sum = 0;
    Manifest manifest = model_manifest(config);
    for (const TensorEntry& tensor : manifest.tensors())
      sum += static_cast<std::int64_t>(tensor.size / 4);
    CHECK(parameters(config) == sum);
    CHECK(parse_model_config(write_model_config(config)) == config);
  }
  CHECK_THROWS_WITH_AS(preset("huge", 5),
      "no model preset is called 'huge'; there are micro, nano, nano-moe, small, base", Error);
}

TEST_CASE("a Llama config is understood") {
  ModelConfig c = parse_model_config(llama);
  CHECK(c.vocabulary == 32000);
  CHECK(c.kv_heads == 8);
  CHECK(c.head_dim == 128);
  CHECK(c.rope_theta == 500000);
  CHECK(c.ends == std::vector<std::int32_t>{2, 3});
  CHECK(c.window == 0);
  CHECK(parameters(c) == 7'241'732'096);
}

TEST_CASE("every end token counts, from config and generation config, and is written back") {
  auto ended_by = [](const std::string& eos) {
    std::string json = llama;
    auto at = json.find("\"eos_token_id\"");
    auto end = json.find(']', at) + 1;
    return parse_model_config(json.replace(at, end - at, "\"eos_token_id\": " + eos));
  };
  using Ends = std::vector<std::int32_t>;
  CHECK(ended_by("7").ends == Ends{7});
  CHECK(ended_by("null").ends.empty());
  CHECK(ended_by("-1").ends.empty());
  ModelConfig c = ended_by("[9, 4, 9]");
  CHECK(c.ends == Ends{9, 4});
  CHECK(c.is_end(4));
  CHECK_FALSE(c.is_end(5));
  add_generation_ends("{\"eos_token_id\": [4, 11]}", c);
  CHECK(c.ends == Ends{9, 4, 11});
  add_generation_ends("{\"temperature\": 0.6}", c);
  add_generation_ends("{\"eos_token_id\": 12}", c);
  CHECK(c.ends == Ends{9, 4, 11, 12});
  CHECK(parse_model_config(write_model_config(c)) == c);
  CHECK_THROWS_AS(ended_by("[1, 99999]"), Error);
  CHECK_THROWS_AS(ended_by("[1, \"x\"]"), Error);
  CHECK_THROWS_WITH_AS(add_generation_ends("{\"eos_token_id\": 32000}", c),
      "generation_config.json: 'eos_token_id' is 32000; expected a token id below 32000", Error);
  CHECK_THROWS_AS(add_generation_ends("[", c), Error);
}

TEST_CASE("each architecture brings what sets it apart") {
  auto as = [](const std::string& name) {
    std::string json = llama;
    return json.replace(json.find("Llama"), 5, name);
  };
  ModelConfig qwen2 = parse_model_config(as("Qwen2"));
  CHECK(qwen2.attention_bias);
  CHECK_FALSE(qwen2.qk_norm);
  ModelConfig qwen3 = parse_model_config(as("Qwen3"));
  CHECK(qwen3.qk_norm);
  CHECK_FALSE(qwen3.attention_bias);
  ModelConfig mistral = parse_model_config(with(as("Mistral"), R"("sliding_window": 4096)"));
  CHECK(mistral.window == 4096);
  for (const ModelConfig& c : {qwen2, qwen3, mistral})
    CHECK(parse_model_config(write_model_config(c)) == c);
  // Qwen writes a window that it does not use.
  CHECK(parse_model_config(
            with(as("Qwen2"), R"("sliding_window": 4096, "use_sliding_window": false)"))
            .window == 0);
}

TEST_CASE("a mixture of experts is understood as Mixtral and Qwen3 write it") {
  std::string mixtral = llama;
  mixtral.replace(mixtral.find("Llama"), 5, "Mixtral");
  CHECK(says(mixtral, "no field 'num_local_experts'"));
  mixtral = with(mixtral, R"("num_local_experts": 8, "num_experts_per_tok": 2,
      "output_router_logits": false, "router_aux_loss_coef": 0.02, "sliding_window": null)");
  ModelConfig c = parse_model_config(mixtral);
  CHECK(c.experts == 8);
  CHECK(c.experts_per_token == 2);
  CHECK(c.normalise_experts);
  CHECK(c.feed_forward == 14336);
  CHECK(parameters(c) == 46'702'792'704);  // as the model's page says: 46.7 billion
  CHECK(parse_model_config(write_model_config(c)) == c);
  CHECK(says(
      with(mixtral, R"("router_jitter_noise": 0.1)"), "unsupported: config.json: 'router_jit"));
  CHECK(parse_model_config(with(mixtral, R"("router_jitter_noise": 0)")) == c);

  std::string qwen = llama;
  qwen.replace(qwen.find("Llama"), 5, "Qwen3Moe");
  qwen = with(qwen, R"("num_experts": 128, "num_experts_per_tok": 8,
      "moe_intermediate_size": 768, "decoder_sparse_step": 1, "mlp_only_layers": [])");
  ModelConfig q = parse_model_config(qwen);
  CHECK(q.experts == 128);
  CHECK(q.experts_per_token == 8);
  CHECK(q.feed_forward == 768);
  CHECK_FALSE(q.normalise_experts);
  CHECK(q.qk_norm);
  CHECK(parse_model_config(with(qwen, R"("norm_topk_prob": true)")).normalise_experts);
  CHECK(parse_model_config(write_model_config(q)) == q);
  auto other = [&](const std::string& from, const std::string& to) {
    std::string json = qwen;
    return json.replace(json.find(from), from.size(), to);
  };
  CHECK(says(other("\"decoder_sparse_step\": 1", "\"decoder_sparse_step\": 2"),
      "unsupported: config.json: 'decoder_sparse_step' is 2; layers with and without experts"));
  CHECK(says(other("\"mlp_only_layers\": []", "\"mlp_only_layers\": [0]"),
      "unsupported: config.json: 'mlp_only_layers' is [0]; layers with and without experts"));
  CHECK(says(other("\"num_experts_per_tok\": 8", "\"num_experts_per_tok\": 129"),
      "bad_input: config.json: 'num_experts_per_tok' is 129; expected a whole number in 1..128"));
  CHECK(says(other("\"moe_intermediate_size\": 768", "\"moe_intermediate_size\": 0"),
      "'moe_intermediate_size' is 0"));
  // No architecture but these has experts.
  c.architecture = "MistralForCausalLM";
  CHECK_THROWS_AS(write_model_config(c), Error);
}

TEST_CASE("what this build cannot run exactly is refused by name") {
  std::string gpt = llama;
  gpt.replace(gpt.find("Llama"), 5, "GPT2");
  CHECK(says(gpt, "unsupported: config.json: architecture 'GPT2ForCausalLM'"));
  std::string gelu = llama;
  gelu.replace(gelu.find("silu"), 4, "gelu");
  CHECK(says(gelu, "unsupported: config.json: 'hidden_act' is \"gelu\"; supported is silu"));
}

TEST_CASE("malformed configs are bad input, and the field is named") {
  CHECK(says("{", "bad_input: config.json: not JSON"));
  CHECK(says("[]", "not a JSON object"));
  CHECK(says("{}", "'architectures'"));
  std::string odd = llama;
  odd.replace(odd.find("\"num_key_value_heads\": 8"), 24, "\"num_key_value_heads\": 5");
  CHECK(says(odd, "no multiple of 'num_key_value_heads' 5"));
  std::string zero = llama;
  zero.replace(zero.find("4096"), 4, "0");
  CHECK(says(zero, "'hidden_size' is 0"));
  std::string text = llama;
  text.replace(text.find("4096"), 4, "\"x\"");
  CHECK(says(text, "'hidden_size' is \"x\""));
  CHECK(says(with(llama, R"("bos_token_id": 99999)"), "'bos_token_id'"));
}

TEST_CASE("each size has its bounds, which belong to it") {
  auto set = [](const std::string& key, const std::string& value) {
    auto object = boost::json::parse(llama).as_object();
    object["architectures"] = {"Qwen3MoeForCausalLM"};
    for (const char* one : {"num_experts", "num_experts_per_tok", "moe_intermediate_size"})
      object[one] = 1;
    object[key] = boost::json::parse(value);
    return boost::json::serialize(object);
  };

  struct Bound {
    const char* key;
    std::int64_t most;
  };

  for (auto [key, most] : {Bound{"vocab_size", 1 << 24}, Bound{"hidden_size", 1 << 18},
           Bound{"num_hidden_layers", 1 << 12}, Bound{"num_attention_heads", 1 << 12},
           Bound{"num_key_value_heads", 1 << 12}, Bound{"head_dim", 1 << 12},
           Bound{"intermediate_size", 1 << 20}, Bound{"max_position_embeddings", 1 << 24},
           Bound{"num_experts", 1 << 10}, Bound{"moe_intermediate_size", 1 << 20}}) {
    CAPTURE(key);
    std::string expected = str("expected a whole number in 1..", most);
    for (const std::string& wrong : {std::string("0"), str(most + 1), std::string("1.5")})
      CHECK(says(set(key, wrong), str("config.json: '", key, "' is ")));
    CHECK(says(set(key, str(most + 1)), expected));
    CHECK_FALSE(says(set(key, str(most)), expected));
  }
  for (const char* key : {"bos_token_id", "eos_token_id", "pad_token_id"}) {
    CHECK(error_of(set(key, "31999")) == "accepted");
    CHECK(error_of(set(key, "-1")) == "accepted");
    CHECK(says(set(key, "32000"), "expected a token id below 32000"));
    CHECK(says(set(key, "-2"), "expected a token id below 32000"));
  }
  for (const char* key : {"rms_norm_eps", "rope_theta"}) {
    CHECK(error_of(set(key, "1")) == "accepted");
    for (const char* wrong : {"0", "-1", "true"}) CHECK(says(set(key, wrong), "a number > 0"));
  }
  CHECK(says(set("head_dim", "127"), "'head_dim' 127 is odd"));
  CHECK(says(set("norm_topk_prob", "1"), "expected true or false"));
}
