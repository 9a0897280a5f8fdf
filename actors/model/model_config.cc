#include "actors/model/model_config.h"

#include "runtime/base/check.h"
#include "runtime/base/json_text.h"
#include "runtime/base/result.h"

#include <boost/json.hpp>

#include <algorithm>
#include <cmath>

namespace tramontane {

namespace {

namespace json = boost::json;

constexpr std::string_view file = "config.json";

// How config.json speaks of a mixture of experts.
enum class Mixture : std::uint8_t { none, mixtral, qwen };

// What sets one architecture apart from another, among those that this build runs.
struct Architecture {
  std::string_view name;
  std::string_view type;  // model_type
  bool attention_bias;    // biases on q, k, v whatever the file says
  bool qk_norm;
  bool window;  // whether sliding_window has a meaning
  Mixture mixture = Mixture::none;
};

constexpr Architecture architectures[] = {
    {"LlamaForCausalLM", "llama", false, false, false},
    {"MistralForCausalLM", "mistral", false, false, true},
    {"MixtralForCausalLM", "mixtral", false, false, true, Mixture::mixtral},
    {"Qwen2ForCausalLM", "qwen2", true, false, true},
    {"Qwen3ForCausalLM", "qwen3", false, true, true},
    {"Qwen3MoeForCausalLM", "qwen3_moe", false, true, true, Mixture::qwen},
};

const Architecture& architecture_named(std::string_view name) {
  std::string known;
  for (const Architecture& a : architectures) {
    if (a.name == name) return a;
    known += str(known.empty() ? "" : ", ", a.name);
  }
  throw Error(Errc::unsupported,
      str(file, ": architecture '", name, "' is not supported; supported are ", known));
}

// Reads fields of one JSON object with errors that name them.
class Fields {
 public:
  explicit Fields(const json::object& object, std::string_view name = file)
      : object_(object), file_(name) {}

  // Null where the field is absent or null.
  const json::value* find(std::string_view name) const {
    const json::value* value = object_.if_contains(name);
    return value != nullptr && !value->is_null() ? value : nullptr;
  }

  std::int64_t integer(std::string_view name, std::int64_t least, std::int64_t most) const {
    const json::value* value = find(name);
    if (value == nullptr) throw Error(Errc::bad_input, str(file_, ": no field '", name, "'"));
    if (!value->is_int64() || value->as_int64() < least || value->as_int64() > most)
      throw Error(Errc::bad_input, str(file_, ": '", name, "' is ", json_text(*value),
                                       "; expected a whole number in ", least, "..", most));
    return value->as_int64();
  }

  std::int64_t integer_or(std::string_view name, std::int64_t fallback, std::int64_t most) const {
    return find(name) == nullptr ? fallback : integer(name, 1, most);
  }

  double positive_or(std::string_view name, double fallback) const {
    const json::value* value = find(name);
    if (value == nullptr) return fallback;
    double number = value->is_number() ? value->to_number<double>() : 0;
    if (!(number > 0) || !std::isfinite(number))
      throw Error(Errc::bad_input,
          str(file_, ": '", name, "' is ", json_text(*value), "; expected a number > 0"));
    return number;
  }

  bool flag_or(std::string_view name, bool fallback) const {
    const json::value* value = find(name);
    if (value == nullptr) return fallback;
    if (!value->is_bool())
      throw Error(Errc::bad_input,
          str(file_, ": '", name, "' is ", json_text(*value), "; expected true or false"));
    return value->as_bool();
  }

  // Refuses a field whose value is set and is not the one that this build computes.
  void only(std::string_view name, const json::value& supported) const {
    const json::value* value = find(name);
    if (value != nullptr && *value != supported)
      throw Error(Errc::unsupported, str(file_, ": '", name, "' is ", json_text(*value),
                                         "; supported is ", json_text(supported)));
  }

  // A token id, or the first of several; -1 where there is none.
  std::int32_t token(std::string_view name, std::int64_t vocabulary) const {
    std::vector<std::int32_t> all = tokens(name, vocabulary);
    return all.empty() ? -1 : all.front();
  }

  // One token id or a list of them; none where there is none, or -1.
  std::vector<std::int32_t> tokens(std::string_view name, std::int64_t vocabulary) const {
    const json::value* value = find(name);
    std::vector<std::int32_t> ids;
    if (value == nullptr) return ids;
    const json::array one{*value};
    for (const json::value& id : value->is_array() ? value->as_array() : one) {
      if (!id.is_int64() || id.as_int64() < -1 || id.as_int64() >= vocabulary)
        throw Error(Errc::bad_input, str(file_, ": '", name, "' is ", json_text(*value),
                                         "; expected a token id below ", vocabulary));
      if (id.as_int64() >= 0) ids.push_back(static_cast<std::int32_t>(id.as_int64()));
    }
    return ids;
  }

 private:
  const json::object& object_;
  std::string_view file_;
};

json::object parse_object(std::string_view text, std::string_view name) {
  boost::system::error_code code;
  json::value value = json::parse(text, code);
  if (code) throw Error(Errc::bad_input, str(name, ": not JSON: ", code.message()));
  if (!value.is_object()) throw Error(Errc::bad_input, str(name, ": not a JSON object"));
  return std::move(value.as_object());
}

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

std::string architecture_of(const Fields& fields) {
  const json::value* names = fields.find("architectures");
  if (names != nullptr && names->is_array() && !names->as_array().empty() &&
      names->as_array().front().is_string())
    return json::value_to<std::string>(names->as_array().front());
  const json::value* type = fields.find("model_type");
  if (type != nullptr && type->is_string())
    for (const Architecture& a : architectures)
      if (type->as_string() == a.type) return std::string(a.name);
  throw Error(Errc::bad_input, str(file, ": no field 'architectures' that names the model"));
}

double rope_theta_of(const Fields& fields) {
  if (const json::value* scaling = fields.find("rope_scaling"))
    throw Error(Errc::unsupported,
        str(file, ": 'rope_scaling' is ", json_text(*scaling), "; supported is null"));
  fields.only("partial_rotary_factor", 1.0);
  // The newer form of the same field.
  if (const json::value* parameters = fields.find("rope_parameters")) {
    if (!parameters->is_object())
      throw Error(Errc::bad_input, str(file, ": 'rope_parameters' is not an object"));
    Fields rope(parameters->as_object());
    rope.only("rope_type", "default");
    return rope.positive_or("rope_theta", 10000);
  }
  return fields.positive_or("rope_theta", 10000);
}

// The window is Mistral's: no field turns it off.
bool plain_window(const Architecture& architecture) {
  return architecture.type == "mistral" || architecture.type == "mixtral";
}

std::int64_t window_of(const Fields& fields, const Architecture& architecture) {
  if (!architecture.window || !fields.flag_or("use_sliding_window", true)) return 0;
  std::int64_t window = fields.integer_or("sliding_window", 0, 1 << 30);
  if (window == 0) return 0;
  // Qwen may slide in the upper layers only.
  if (!plain_window(architecture) && fields.flag_or("use_sliding_window", false) &&
      fields.find("max_window_layers") != nullptr &&
      fields.integer("max_window_layers", 0, 1 << 20) > 0)
    throw Error(Errc::unsupported, str(file, ": 'max_window_layers' is over 0: a window in some",
                                       " layers only is not supported"));
  if (!plain_window(architecture) && fields.find("use_sliding_window") == nullptr) return 0;
  return window;
}

// Fields about the training of a router (router_aux_loss_coef, output_router_logits) say nothing of
// what the model computes, and are passed over.
void read_experts(const Fields& fields, Mixture mixture, ModelConfig& c) {
  constexpr std::int64_t experts_max = 1 << 10;
  if (mixture == Mixture::none) return;
  c.experts = fields.integer(
      mixture == Mixture::mixtral ? "num_local_experts" : "num_experts", 1, experts_max);
  c.experts_per_token = fields.integer("num_experts_per_tok", 1, c.experts);
  if (mixture == Mixture::mixtral) {
    c.normalise_experts = true;
    const json::value* noise = fields.find("router_jitter_noise");
    if (noise != nullptr && (!noise->is_number() || noise->to_number<double>() != 0))
      throw Error(Errc::unsupported,
          str(file, ": 'router_jitter_noise' is ", json_text(*noise), "; supported is 0"));
    return;
  }
  c.normalise_experts = fields.flag_or("norm_topk_prob", false);
  c.feed_forward = fields.integer("moe_intermediate_size", 1, 1 << 20);
  fields.only("mlp_only_layers", json::array());
  fields.only("decoder_sparse_step", 1);
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
    throw Error(Errc::bad_input, str(file, ": 'num_attention_heads' ", c.heads,
                                     " is no multiple of 'num_key_value_heads' ", c.kv_heads));
  if (c.head_dim % 2 != 0)
    throw Error(Errc::bad_input, str(file, ": 'head_dim' ", c.head_dim, " is odd"));
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

ModelConfig parse_model_config(std::string_view text) {
  json::object object = parse_object(text, file);
  Fields fields(object);
  ModelConfig c;
  c.architecture = architecture_of(fields);
  const Architecture& architecture = architecture_named(c.architecture);
  fields.only("hidden_act", "silu");
  fields.only("mlp_bias", false);
  // Where a file may ask for biases they would be on the output projection as well.
  if (!architecture.attention_bias) fields.only("attention_bias", false);
  fields.only("quantization_config", nullptr);

  c.vocabulary = fields.integer("vocab_size", 1, 1 << 24);
  c.width = fields.integer("hidden_size", 1, 1 << 18);
  c.layers = fields.integer("num_hidden_layers", 1, 1 << 12);
  c.heads = fields.integer("num_attention_heads", 1, 1 << 12);
  c.kv_heads = fields.integer_or("num_key_value_heads", c.heads, 1 << 12);
  if (fields.find("head_dim") == nullptr && c.width % c.heads != 0)
    throw Error(Errc::bad_input, str(file, ": 'hidden_size' ", c.width,
                                     " is no multiple of 'num_attention_heads' ", c.heads));
  c.head_dim = fields.integer_or("head_dim", c.width / c.heads, 1 << 12);
  c.feed_forward = fields.integer("intermediate_size", 1, 1 << 20);
  c.context = fields.integer("max_position_embeddings", 1, 1 << 24);
  c.rope_theta = rope_theta_of(fields);
  c.norm_eps = static_cast<float>(fields.positive_or("rms_norm_eps", 1e-6));
  c.tied_head = fields.flag_or("tie_word_embeddings", false);
  c.attention_bias = architecture.attention_bias;
  c.qk_norm = architecture.qk_norm;
  c.window = window_of(fields, architecture);
  c.bos = fields.token("bos_token_id", c.vocabulary);
  c.ends = without_repeats(fields.tokens("eos_token_id", c.vocabulary));
  c.pad = fields.token("pad_token_id", c.vocabulary);
  read_experts(fields, architecture.mixture, c);
  check_shape(c);
  return c;
}

std::string write_model_config(const ModelConfig& c) {
  const Architecture& architecture = architecture_named(c.architecture);
  if (c.attention_bias != architecture.attention_bias || c.qk_norm != architecture.qk_norm ||
      (c.window != 0 && !architecture.window) ||
      (c.experts != 0) != (architecture.mixture != Mixture::none) ||
      (architecture.mixture == Mixture::mixtral && !c.normalise_experts))
    throw Error(Errc::unsupported,
        str("no ", architecture.name, " has this combination of biases, q/k norm, window and ",
            "experts; ", "set 'architecture' to the one that does"));
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
      {"rope_theta", c.rope_theta},
      {"rms_norm_eps", static_cast<double>(c.norm_eps)},
      {"hidden_act", "silu"},
      {"tie_word_embeddings", c.tied_head},
      {"torch_dtype", "float32"},
      {"bos_token_id", token(c.bos)},
      {"eos_token_id", ends_value(c.ends)},
      {"pad_token_id", token(c.pad)},
  };
  if (architecture.window) {
    object["sliding_window"] = c.window == 0 ? json::value() : json::value(c.window);
    if (!plain_window(architecture)) {
      object["use_sliding_window"] = c.window != 0;
      object["max_window_layers"] = 0;
    }
  }
  write_experts(c, architecture.mixture, object);
  return json_text(object) + "\n";
}

void add_generation_ends(std::string_view text, ModelConfig& c) {
  constexpr std::string_view name = "generation_config.json";
  const json::object object = parse_object(text, name);
  std::vector<std::int32_t> more = Fields(object, name).tokens("eos_token_id", c.vocabulary);
  c.ends.insert(c.ends.end(), more.begin(), more.end());
  c.ends = without_repeats(std::move(c.ends));
}

std::int64_t parameters(const ModelConfig& c) {
  std::int64_t q = c.heads * c.head_dim;
  std::int64_t kv = c.kv_heads * c.head_dim;
  std::int64_t feed_forward = 3 * c.width * c.feed_forward;
  if (c.experts > 0) feed_forward = c.experts * (feed_forward + c.width);
  std::int64_t layer = c.width * (q + 2 * kv) + q * c.width + feed_forward + 2 * c.width +
                       (c.attention_bias ? q + 2 * kv : 0) + (c.qk_norm ? 2 * c.head_dim : 0);
  return c.vocabulary * c.width * (c.tied_head ? 1 : 2) + c.layers * layer + c.width;
}

}  // namespace tramontane
