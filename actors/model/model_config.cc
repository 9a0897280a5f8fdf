#include "actors/model/model_config.h"

#include "actors/model/config_keys.h"
#include "actors/model/config_layers.h"
#include "actors/model/config_rope.h"
#include "runtime/base/check.h"
#include "runtime/base/json_text.h"
#include "runtime/base/result.h"

#include <boost/json.hpp>

#include <algorithm>
#include <utility>

namespace tramontane {

namespace json = boost::json;

namespace {

std::vector<std::int32_t> without_repeats(std::vector<std::int32_t> ids) {
  std::vector<std::int32_t> once;
  for (std::int32_t id : ids)
    if (std::find(once.begin(), once.end(), id) == once.end()) once.push_back(id);
  return once;
}

// One as a number, several as a list.
json::value ends_value(const std::vector<std::int32_t>& ends) {
  if (ends.empty()) return nullptr;
  if (ends.size() == 1) return ends.front();
  return json::value_from(ends);
}

// One number under either of two names.
std::int64_t experts_of(const ConfigFields& fields, Mixture mixture) {
  constexpr std::int64_t experts_max = 1 << 10;
  std::string_view name = mixture == Mixture::mixtral ? "num_local_experts" : "num_experts";
  std::string_view other = mixture == Mixture::mixtral ? "num_experts" : "num_local_experts";
  if (fields.find(name) == nullptr && fields.find(other) != nullptr) std::swap(name, other);
  std::int64_t experts = fields.integer(name, 1, experts_max);
  if (fields.find(other) != nullptr && fields.integer(other, 1, experts_max) != experts)
    fields.unsupported(other, str("'", name, "' is ", experts, ": keep the one that counts"));
  return experts;
}

// Keys about the training of a router (router_aux_loss_coef, output_router_logits) say nothing of
// what the model computes, and are passed over.
void read_experts(const ConfigFields& fields, Mixture mixture, ModelConfig& c) {
  if (mixture == Mixture::none) return;
  c.experts = experts_of(fields, mixture);
  c.experts_per_token = fields.integer("num_experts_per_tok", 1, c.experts);
  c.normalise_experts = mixture == Mixture::mixtral || fields.flag_or("norm_topk_prob", false);
  if (mixture == Mixture::qwen)
    c.feed_forward = fields.integer("moe_intermediate_size", 1, 1 << 20);
}

void write_experts(const ModelConfig& c, Mixture mixture, json::object& object) {
  if (mixture == Mixture::none) return;
  object[mixture == Mixture::mixtral ? "num_local_experts" : "num_experts"] = c.experts;
  object["num_experts_per_tok"] = c.experts_per_token;
  if (mixture == Mixture::mixtral) return;
  object["norm_topk_prob"] = c.normalise_experts;
  object["moe_intermediate_size"] = c.feed_forward;
  object["mlp_only_layers"] = json::array();
  object["decoder_sparse_step"] = 1;
}

void check_shape(const ModelConfig& c) {
  if (c.heads % c.kv_heads != 0)
    throw Error(Errc::bad_input, str("config.json: 'num_attention_heads' ", c.heads,
                                     " is no multiple of 'num_key_value_heads' ", c.kv_heads));
  if (c.head_dim % 2 != 0)
    throw Error(Errc::bad_input, str("config.json: 'head_dim' ", c.head_dim, " is odd"));
}

ModelConfig shaped(std::int64_t width, std::int64_t layers, std::int64_t heads,
    std::int64_t kv_heads, std::int64_t feed_forward, std::int64_t context) {
  ModelConfig c;
  c.width = width;
  c.layers = layers;
  c.heads = heads;
  c.kv_heads = kv_heads;
  c.head_dim = width / heads;
  c.feed_forward = feed_forward;
  c.context = context;
  return c;
}

}  // namespace

std::vector<std::string> preset_names() {
  return {"micro", "nano", "nano-moe", "small", "base"};
}

ModelConfig preset(std::string_view name, std::int64_t vocabulary) {
  ModelConfig c;
  if (name == "micro") {
    c = shaped(16, 1, 2, 2, 32, 128);
  } else if (name == "nano") {
    c = shaped(64, 3, 4, 4, 160, 128);
  } else if (name == "nano-moe") {
    // Per token the arithmetic of nano.
    c = shaped(64, 3, 4, 4, 80, 128);
    c.architecture = "MixtralForCausalLM";
    c.experts = 4;
    c.experts_per_token = 2;
    c.normalise_experts = true;
  } else if (name == "small") {
    c = shaped(128, 4, 8, 4, 352, 512);
  } else if (name == "base") {
    c = shaped(256, 6, 8, 4, 704, 1024);
  } else {
    std::string known;
    for (const std::string& n : preset_names()) known += str(known.empty() ? "" : ", ", n);
    throw Error(Errc::bad_input, str("no model preset is called '", name, "'; there are ", known));
  }
  c.vocabulary = vocabulary;
  c.rope_theta = c.context <= 128 ? 1000 : 10000;
  return c;
}

namespace {

void read_heads(const ConfigFields& fields, const Architecture& a, ModelConfig& c) {
  c.heads = fields.integer("num_attention_heads", 1, 1 << 12);
  constexpr std::string_view kv = "num_key_value_heads";
  c.kv_heads =
      fields.has(kv) || a.kv_heads == 0 ? fields.integer_or(kv, c.heads, 1 << 12) : a.kv_heads;
  if (fields.find("head_dim") != nullptr) {
    c.head_dim = fields.integer("head_dim", 1, 1 << 12);
  } else if (a.head_dim != 0) {
    if (fields.has("head_dim")) fields.bad("head_dim", "a whole number");
    c.head_dim = a.head_dim;
  } else {
    if (c.width % c.heads != 0)
      throw Error(Errc::bad_input, str(fields.where(), ": 'hidden_size' ", c.width,
                                       " is no multiple of 'num_attention_heads' ", c.heads));
    c.head_dim = c.width / c.heads;
  }
}

// The architecture's own where the file does not mention them, be it as null.
void read_tokens(const ConfigFields& fields, const Architecture& a, ModelConfig& c) {
  auto one = [&](std::string_view name, std::int32_t fallback) {
    if (fields.has(name)) return fields.token(name, c.vocabulary);
    return fallback < c.vocabulary ? fallback : -1;
  };
  c.bos = one("bos_token_id", a.bos);
  c.pad = one("pad_token_id", a.pad);
  c.ends = without_repeats(fields.tokens("eos_token_id", c.vocabulary));
  if (!fields.has("eos_token_id") && a.end >= 0 && a.end < c.vocabulary) c.ends = {a.end};
}

void check_type(const ConfigFields& fields, const Architecture& architecture) {
  const json::value* type = fields.find("model_type");
  if (type != nullptr && *type != json::value(architecture.type))
    fields.unsupported("model_type",
        str("'architectures' says ", architecture.name, ": keep the one that counts"));
}

ModelConfig read_text(const ConfigFields& fields) {
  ModelConfig c;
  const Architecture& architecture = architecture_of(fields);
  check_type(fields, architecture);
  check_keys(fields, architecture.type);
  c.architecture = architecture.name;
  c.vocabulary = fields.integer("vocab_size", 1, 1 << 24);
  c.width = fields.integer("hidden_size", 1, 1 << 18);
  c.layers = fields.integer("num_hidden_layers", 1, 1 << 12);
  read_heads(fields, architecture, c);
  c.feed_forward = fields.integer("intermediate_size", 1, 1 << 20);
  c.context = fields.integer("max_position_embeddings", 1, 1 << 24);
  read_rope(fields, architecture, c);
  c.norm_eps = static_cast<float>(fields.positive_or("rms_norm_eps", architecture.norm_eps));
  c.tied_head = fields.flag_or("tie_word_embeddings", architecture.tied);
  bool asked = architecture.biases == Biases::asked && fields.flag_or("attention_bias", false);
  c.attention_bias = asked || architecture.biases == Biases::qkv;
  c.output_bias = asked;
  c.feed_forward_bias = architecture.feed_forward_bias && fields.flag_or("mlp_bias", false);
  c.qk_norm = architecture.qk_norm;
  read_layers(fields, architecture, c);
  read_tokens(fields, architecture, c);
  read_experts(fields, architecture.mixture, c);
  check_shape(c);
  return c;
}

// Whether the file is that of Mistral Small or Magistral Small, which read images as well.
bool has_text_part(const ConfigFields& fields) {
  const json::value* names = fields.find("architectures");
  if (names != nullptr && names->is_array() && !names->as_array().empty())
    return names->as_array().front() == "Mistral3ForConditionalGeneration";
  const json::value* type = fields.find("model_type");
  return type != nullptr && *type == "mistral3";
}

ModelConfig read_text_part(const ConfigFields& fields) {
  check_keys(fields, "mistral3");
  const json::value* text = fields.find("text_config");
  if (text == nullptr || !text->is_object())
    throw Error(Errc::bad_input, str(fields.where(), ": no object 'text_config'"));
  json::object inner = text->as_object();
  if (!inner.contains("architectures") && !inner.contains("model_type"))
    inner["model_type"] = "mistral";
  // Around both, the one outside counts.
  for (const char* name : {"bos_token_id", "eos_token_id", "pad_token_id"})
    if (const json::value* outer = fields.find(name)) inner[name] = *outer;
  ModelConfig c = read_text(ConfigFields(inner, str(fields.where(), ": text_config")));
  // A head of its own lies in the weights; see load_hf_folder().
  c.tied_head = fields.flag_or("tie_word_embeddings", true);
  return c;
}

void check_writable(const ModelConfig& c, const Architecture& a) {
  bool asked = a.biases == Biases::asked;
  bool biases = asked ? c.output_bias == c.attention_bias
                      : !c.output_bias && c.attention_bias == (a.biases == Biases::qkv);
  if (!biases || (c.feed_forward_bias && !a.feed_forward_bias) || c.qk_norm != a.qk_norm ||
      (c.experts != 0) != (a.mixture != Mixture::none) ||
      (a.mixture == Mixture::mixtral && !c.normalise_experts))
    throw Error(Errc::unsupported,
        str("no ", a.name, " has this combination of biases, q/k norm, window and ", "experts; ",
            "set 'architecture' to the one that does"));
}

}  // namespace

ModelConfig parse_model_config(std::string_view text) {
  json::object object = parse_config_object(text, "config.json");
  ConfigFields fields(object);
  return has_text_part(fields) ? read_text_part(fields) : read_text(fields);
}

bool is_text_part(std::string_view text) {
  json::object object = parse_config_object(text, "config.json");
  return has_text_part(ConfigFields(object));
}

std::string write_model_config(const ModelConfig& c) {
  const Architecture& architecture = architecture_named(c.architecture);
  check_writable(c, architecture);
  auto token = [](std::int32_t id) { return id < 0 ? json::value() : json::value(id); };
  json::object object{
      {"architectures", json::array{c.architecture}},
      {"model_type", architecture.type},
      {"vocab_size", c.vocabulary},
      {"hidden_size", c.width},
      {"num_hidden_layers", c.layers},
      {"num_attention_heads", c.heads},
      {"num_key_value_heads", c.kv_heads},
      {"head_dim", c.head_dim},
      {"intermediate_size", c.feed_forward},
      {"max_position_embeddings", c.context},
      {"rms_norm_eps", static_cast<double>(c.norm_eps)},
      {"hidden_act", "silu"},
      {"tie_word_embeddings", c.tied_head},
      {"torch_dtype", "float32"},
      {"bos_token_id", token(c.bos)},
      {"eos_token_id", ends_value(c.ends)},
      {"pad_token_id", token(c.pad)},
  };
  write_rope(c, object);
  if (architecture.biases == Biases::asked) object["attention_bias"] = c.attention_bias;
  if (architecture.feed_forward_bias) object["mlp_bias"] = c.feed_forward_bias;
  write_layers(c, architecture, object);
  write_experts(c, architecture.mixture, object);
  return json_text(object) + "\n";
}

std::string write_generation_config(std::string_view text, const ModelConfig& c) {
  json::object object = parse_config_object(text, "generation_config.json");
  if (!c.ends.empty()) object["eos_token_id"] = ends_value(c.ends);
  if (c.bos >= 0 && !object.contains("bos_token_id")) object["bos_token_id"] = c.bos;
  if (c.pad >= 0 && !object.contains("pad_token_id")) object["pad_token_id"] = c.pad;
  return json_text(object) + "\n";
}

void add_generation_ends(std::string_view text, ModelConfig& c) {
  constexpr std::string_view name = "generation_config.json";
  const json::object object = parse_config_object(text, name);
  std::vector<std::int32_t> more = ConfigFields(object, name).tokens("eos_token_id", c.vocabulary);
  c.ends.insert(c.ends.end(), more.begin(), more.end());
  c.ends = without_repeats(std::move(c.ends));
}

std::int64_t parameters(const ModelConfig& c) {
  std::int64_t q = c.heads * c.head_dim;
  std::int64_t kv = c.kv_heads * c.head_dim;
  std::int64_t feed_forward =
      3 * c.width * c.feed_forward + (c.feed_forward_bias ? 2 * c.feed_forward + c.width : 0);
  if (c.experts > 0) feed_forward = c.experts * (feed_forward + c.width);
  std::int64_t layer = c.width * (q + 2 * kv) + q * c.width + feed_forward + 2 * c.width +
                       (c.attention_bias ? q + 2 * kv : 0) + (c.output_bias ? c.width : 0) +
                       (c.qk_norm ? 2 * c.head_dim : 0);
  return c.vocabulary * c.width * (c.tied_head ? 1 : 2) + c.layers * layer + c.width;
}

}  // namespace tramontane
