#pragma once
// The architectures that this build runs, and what each makes of every key of its config.json: the
// one table that says which are honoured, which do not matter, and which are refused.
//
//   const Architecture& a = architecture_of(fields);
//   check_keys(fields, a.type);               // throws by name for what may change the result
//
// A key in no row is refused unless it is null: it may change what the model computes. Defaults are
// those of transformers 4.57 and 5.x for a key that a file lacks; where the two read one file
// differently, it is refused unless both give the same.
//
// Constant tables: any thread.

#include "actors/model/config_fields.h"

#include <cstdint>
#include <span>
#include <string_view>

namespace tramontane {

// On which projections of attention biases are.
enum class Biases : std::uint8_t {
  none,
  qkv,    // on q, k, v whatever the file says
  asked,  // on q, k, v and o where attention_bias is true
};

// How a file speaks of sliding windows.
enum class Windows : std::uint8_t {
  none,
  plain,     // sliding_window, in every layer
  flagged,   // … where use_sliding_window is true
  by_layer,  // … in the layers of layer_types, or from max_window_layers on
  typed,     // sliding_window in the layers of layer_types
  unturned,  // … in the layers of layer_types, or those that no_rope_layers leaves unturned
};

enum class Mixture : std::uint8_t { none, mixtral, qwen };

// What sets one architecture apart from another, and what it has where a key is missing.
struct Architecture {
  std::string_view name;
  std::string_view type;  // model_type
  Biases biases = Biases::none;
  bool feed_forward_bias = false;  // whether mlp_bias has a meaning
  bool qk_norm = false;
  Windows windows = Windows::none;
  Mixture mixture = Mixture::none;
  double rope_theta = 10000;
  double norm_eps = 1e-6;
  std::int64_t kv_heads = 0;  // 0: as many as heads
  std::int64_t head_dim = 0;  // 0: hidden_size / num_attention_heads
  std::int64_t window = 0;
  bool tied = false;
  std::int32_t bos = -1;
  std::int32_t end = -1;
  std::int32_t pad = -1;
};

std::span<const Architecture> architectures();

// Error(unsupported) naming those there are.
const Architecture& architecture_named(std::string_view name);

// By architectures or, without it, model_type. A file that names neither: Error(bad_input).
const Architecture& architecture_of(const ConfigFields& fields);

enum class KeyUse : std::uint8_t {
  honoured,
  harmless,  // says nothing of what the model computes
  refused,   // unless it has a value that changes nothing
  unknown,
};

// `type`: an architecture's, or mistral3 for the file around one.
KeyUse key_use(std::string_view type, std::string_view key);

// Error(unsupported) for the first key that is refused or unknown, with the remedy.
void check_keys(const ConfigFields& fields, std::string_view type);

}  // namespace tramontane
