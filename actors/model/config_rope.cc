#include "actors/model/config_rope.h"

#include "runtime/base/check.h"
#include "runtime/base/json_text.h"
#include "runtime/base/result.h"

#include <boost/json.hpp>

#include <cmath>
#include <optional>

namespace tramontane {

namespace json = boost::json;

namespace {

constexpr std::int64_t context_max = 1 << 24;

struct Kind {
  std::string_view name;
  RopeKind kind;
  std::string_view keys;  // beside those that all have, separated by spaces
};

constexpr Kind kinds[] = {
    {"default", RopeKind::plain, {}},
    {"linear", RopeKind::linear, "factor"},
    {"dynamic", RopeKind::dynamic, "factor original_max_position_embeddings"},
    {"llama3", RopeKind::llama3,
        "factor low_freq_factor high_freq_factor original_max_position_embeddings"},
    {"yarn", RopeKind::yarn,
        "factor original_max_position_embeddings attention_factor mscale mscale_all_dim beta_fast "
        "beta_slow truncate finetuned"},
};

const Kind& kind_of(const ConfigFields& rope) {
  const json::value* type = rope.find("rope_type");
  const json::value* older = rope.find("type");
  std::string_view field = type == nullptr ? "type" : "rope_type";
  if (type != nullptr && older != nullptr && *type != *older)
    rope.unsupported(
        "type", str("'rope_type' is ", json_text(*type), ": keep the one that counts"));
  if (type == nullptr) type = older;
  if (type == nullptr) return kinds[0];
  if (!type->is_string()) rope.bad(field, "a kind of rotary embedding");
  for (const Kind& kind : kinds)
    if (type->as_string() == kind.name) return kind;
  if (type->as_string() == "longrope" || type->as_string() == "su")
    rope.unsupported(field,
        "its frequencies follow the length that a sequence has reached, which a cache of keys "
        "cannot; supported are default, linear, dynamic, llama3 and yarn");
  rope.unsupported(field, "supported are default, linear, dynamic, llama3 and yarn");
}

void check_rope_keys(const ConfigFields& rope, const Kind& kind) {
  rope.only("partial_rotary_factor", 1);
  for (const auto& [key, value] : rope.object()) {
    std::string_view name = key;
    if (value.is_null() || in_list("rope_type type rope_theta partial_rotary_factor", name) ||
        in_list(kind.keys, name))
      continue;
    throw Error(Errc::unsupported,
        str(rope.where(), ": '", name, "' is not known to this build ",
            "for rotary embeddings of kind ", kind.name, "; remove the key if it changes nothing"));
  }
}

float number(double value) {
  return static_cast<float>(value);
}

// 0.1 m ln(factor) + 1: arXiv 2309.00071, section 3.4; m as DeepSeek's models give it.
double yarn_attention(double factor, double m) {
  return factor <= 1 ? 1 : 0.1 * m * std::log(factor) + 1;
}

// 0 counts as none.
double positive_or_none(const ConfigFields& rope, std::string_view name) {
  const json::value* value = rope.find(name);
  return value == nullptr || same_json(*value, 0) ? 0 : rope.positive(name);
}

void read_yarn(const ConfigFields& rope, double theta, RopeScaling& s) {
  s.beta_fast = number(rope.positive_or("beta_fast", 32));
  s.beta_slow = number(rope.positive_or("beta_slow", 1));
  s.truncate = rope.flag_or("truncate", true);
  if (s.beta_fast < s.beta_slow) rope.bad("beta_fast", "no less than beta_slow");
  if (!(theta > 1)) rope.bad("rope_theta", "a number > 1");
  double factor = rope.positive("factor");
  double attention = yarn_attention(factor, 1);
  double scale = positive_or_none(rope, "mscale");
  double all = positive_or_none(rope, "mscale_all_dim");
  if (scale > 0 && all > 0) attention = yarn_attention(factor, scale) / yarn_attention(factor, all);
  s.attention = number(rope.positive_or("attention_factor", attention));
}

RopeScaling scaling_of(const ConfigFields& rope, double theta, std::int64_t context) {
  const Kind& kind = kind_of(rope);
  check_rope_keys(rope, kind);
  RopeScaling s;
  s.kind = kind.kind;
  if (s.kind == RopeKind::plain) return s;
  s.factor = number(rope.positive("factor"));
  if (s.kind == RopeKind::linear) return s;
  s.original = rope.integer_or("original_max_position_embeddings", context, context_max);
  if (s.kind == RopeKind::dynamic && s.original != context)
    rope.unsupported("original_max_position_embeddings",
        str("supported is 'max_position_embeddings', ", context));
  if (s.kind == RopeKind::llama3) {
    s.low_frequency = number(rope.positive("low_freq_factor"));
    s.high_frequency = number(rope.positive("high_freq_factor"));
    if (!(s.high_frequency > s.low_frequency)) rope.bad("high_freq_factor", "over low_freq_factor");
  }
  if (s.kind == RopeKind::yarn) read_yarn(rope, theta, s);
  return s;
}

// The object of that name; nothing if it is absent or empty.
std::optional<ConfigFields> part(const ConfigFields& fields, std::string_view name) {
  const json::value* value = fields.find(name);
  if (value == nullptr) return std::nullopt;
  if (!value->is_object()) fields.bad(name, "an object");
  if (value->as_object().empty()) return std::nullopt;
  return ConfigFields(value->as_object(), str(fields.where(), ": ", name));
}

}  // namespace

void read_rope(const ConfigFields& fields, const Architecture& architecture, ModelConfig& c) {
  constexpr std::string_view theta = "rope_theta";
  constexpr std::string_view original = "original_max_position_embeddings";
  auto older = part(fields, "rope_scaling");
  auto newer = part(fields, "rope_parameters");
  std::optional<double> base;
  const ConfigFields* places[] = {&fields, older ? &*older : nullptr, newer ? &*newer : nullptr};
  for (const ConfigFields* where : places) {
    if (where == nullptr || where->find(theta) == nullptr) continue;
    double value = where->positive(theta);
    if (base && *base != value)
      where->unsupported(theta, str("the file also says ", *base, ": keep the one that counts"));
    base = value;
  }
  c.rope_theta = base.value_or(architecture.rope_theta);
  c.rope = {};
  if (older) c.rope = scaling_of(*older, c.rope_theta, c.context);
  if (newer) {
    RopeScaling scaling = scaling_of(*newer, c.rope_theta, c.context);
    if (older && !(scaling == c.rope))
      fields.unsupported(
          "rope_parameters", "'rope_scaling' says otherwise: keep the one that counts");
    c.rope = scaling;
  }
  // 5.x lets it count before the scaling's own, 4.57 does not see it.
  if ((c.rope.kind == RopeKind::llama3 || c.rope.kind == RopeKind::yarn) &&
      fields.integer_or(original, c.rope.original, context_max) != c.rope.original)
    fields.unsupported(original, str("the rotary embedding's is ", c.rope.original,
                                     ": give the pre-trained context there alone"));
}

void write_rope(const ModelConfig& c, json::object& object) {
  object["rope_theta"] = c.rope_theta;
  const RopeScaling& s = c.rope;
  if (s.kind == RopeKind::plain) return;
  json::object scaling;
  for (const Kind& kind : kinds)
    if (kind.kind == s.kind) scaling["rope_type"] = kind.name;
  auto value = [](float v) { return static_cast<double>(v); };
  scaling["factor"] = value(s.factor);
  if (s.kind == RopeKind::llama3 || s.kind == RopeKind::yarn)
    scaling["original_max_position_embeddings"] = s.original;
  // Longer sequences than the job's would see other frequencies if this said less.
  if (s.kind == RopeKind::dynamic) object["max_position_embeddings"] = s.original;
  if (s.kind == RopeKind::llama3) {
    scaling["low_freq_factor"] = value(s.low_frequency);
    scaling["high_freq_factor"] = value(s.high_frequency);
  }
  if (s.kind == RopeKind::yarn) {
    scaling["attention_factor"] = value(s.attention);
    scaling["beta_fast"] = value(s.beta_fast);
    scaling["beta_slow"] = value(s.beta_slow);
    scaling["truncate"] = s.truncate;
  }
  object["rope_scaling"] = std::move(scaling);
}

}  // namespace tramontane
