#pragma once
// Small config.json texts for tests.

#include "actors/model/config_keys.h"
#include "actors/model/model_config.h"
#include "runtime/base/result.h"

#include <boost/json.hpp>

#include <string>

namespace tramontane {

// The least that the architecture's file says, and `more`: fields of an object, which replace
// others. `without` is taken away.
inline std::string config_text(
    const Architecture& a, const std::string& more, const std::string& without = "") {
  boost::json::object object{{"architectures", {a.name}}, {"vocab_size", 300}, {"hidden_size", 512},
      {"num_hidden_layers", 4}, {"num_attention_heads", 32}, {"intermediate_size", 64},
      {"max_position_embeddings", 8192}};
  if (a.mixture == Mixture::mixtral) object["num_local_experts"] = 8;
  if (a.mixture == Mixture::qwen) object["num_experts"] = 8;
  if (a.mixture == Mixture::qwen) object["moe_intermediate_size"] = 32;
  if (a.mixture != Mixture::none) object["num_experts_per_tok"] = 2;
  boost::json::value fields = boost::json::parse("{" + more + "}");
  for (const auto& [key, value] : fields.as_object()) object[key] = value;
  object.erase(without);
  return boost::json::serialize(object);
}

inline std::string error_of(const std::string& config) {
  try {
    parse_model_config(config);
  } catch (const Error& error) {
    return std::string(name(error.errc())) + ": " + error.text();
  }
  return "accepted";
}

}  // namespace tramontane
