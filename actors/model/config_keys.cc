#include "actors/model/config_keys.h"

#include "runtime/base/check.h"
#include "runtime/base/json_text.h"
#include "runtime/base/result.h"

#include <boost/json.hpp>

#include <algorithm>
#include <string>

namespace tramontane {

namespace json = boost::json;

namespace {

constexpr Architecture known[] = {
    {.name = "LlamaForCausalLM",
        .type = "llama",
        .biases = Biases::asked,
        .feed_forward_bias = true,
        .bos = 1,
        .end = 2},
    {.name = "MistralForCausalLM",
        .type = "mistral",
        .windows = Windows::plain,
        .kv_heads = 8,
        .window = 4096,
        .bos = 1,
        .end = 2},
    {.name = "MinistralForCausalLM",
        .type = "ministral",
        .windows = Windows::typed,
        .kv_heads = 8,
        .window = 4096,
        .bos = 1,
        .end = 2},
    {.name = "MixtralForCausalLM",
        .type = "mixtral",
        .windows = Windows::plain,
        .mixture = Mixture::mixtral,
        .rope_theta = 1e6,
        .norm_eps = 1e-5,
        .kv_heads = 8,
        .bos = 1,
        .end = 2},
    {.name = "Qwen2ForCausalLM",
        .type = "qwen2",
        .biases = Biases::qkv,
        .windows = Windows::by_layer,
        .kv_heads = 32,
        .window = 4096},
    {.name = "Qwen3ForCausalLM",
        .type = "qwen3",
        .biases = Biases::asked,
        .qk_norm = true,
        .windows = Windows::by_layer,
        .kv_heads = 32,
        .head_dim = 128,
        .window = 4096},
    {.name = "Qwen3MoeForCausalLM",
        .type = "qwen3_moe",
        .biases = Biases::asked,
        .qk_norm = true,
        .windows = Windows::flagged,
        .mixture = Mixture::qwen,
        .kv_heads = 4,
        .window = 4096},
    {.name = "SmolLM3ForCausalLM",
        .type = "smollm3",
        .biases = Biases::asked,
        .feed_forward_bias = true,
        .windows = Windows::unturned,
        .rope_theta = 2e6,
        .kv_heads = 4,
        .tied = true,
        .bos = 128000,
        .end = 128001,
        .pad = 128004},
};

// One row: keys with one use in the named architectures, or in all. The first row that fits counts.
struct Row {
  KeyUse use;
  std::string_view types;    // separated by spaces; empty: all
  std::string_view keys;     // separated by spaces
  std::string_view neutral;  // refused: JSON values that change nothing, separated by spaces
  std::string_view remedy;
};

constexpr Row rows[] = {
    // The file around a model of text and images, whose text part is read.
    {KeyUse::honoured, "mistral3",
        "text_config tie_word_embeddings bos_token_id eos_token_id pad_token_id", {}, {}},
    {KeyUse::harmless, "mistral3",
        "vision_config image_token_index image_token_id projector_hidden_act vision_feature_layer "
        "multimodal_projector_bias spatial_merge_size processor_class",
        {}, {}},

    // Shape, by every architecture.
    {KeyUse::honoured, {},
        "architectures model_type vocab_size hidden_size num_hidden_layers num_attention_heads "
        "num_key_value_heads head_dim intermediate_size max_position_embeddings rms_norm_eps "
        "tie_word_embeddings bos_token_id eos_token_id pad_token_id rope_theta rope_scaling "
        "rope_parameters original_max_position_embeddings",
        {}, {}},
    {KeyUse::refused, {}, "hidden_act hidden_activation", "\"silu\" \"swish\"",
        "supported is silu"},
    {KeyUse::refused, {}, "partial_rotary_factor rotary_pct", "1",
        "every dimension of a head is turned here; supported is 1"},
    {KeyUse::refused, {}, "rope_interleaved use_mrope", "false",
        "the two halves of a head are turned together here, by one position; supported is false"},

    // Biases.
    {KeyUse::honoured, "llama qwen3 qwen3_moe smollm3", "attention_bias", {}, {}},
    {KeyUse::harmless, "qwen2", "attention_bias", {}, {}},  // it has them on q, k, v in any case
    {KeyUse::honoured, "llama smollm3", "mlp_bias", {}, {}},
    {KeyUse::refused, {}, "attention_bias mlp_bias qkv_bias use_bias bias", "false",
        "this architecture has no such biases; remove the key"},
    {KeyUse::refused, {}, "use_qk_norm qk_layernorm", "false",
        "this architecture has no such norm; remove the key"},

    // Windows; see config_layers.h.
    {KeyUse::honoured, {}, "sliding_window use_sliding_window layer_types max_window_layers", {},
        {}},
    {KeyUse::honoured, "smollm3", "no_rope_layers no_rope_layer_interval", {}, {}},

    // Experts.
    {KeyUse::honoured, "mixtral", "num_local_experts num_experts num_experts_per_tok", {}, {}},
    {KeyUse::honoured, "qwen3_moe",
        "num_experts num_local_experts num_experts_per_tok moe_intermediate_size norm_topk_prob",
        {}, {}},
    {KeyUse::refused, "qwen3_moe", "mlp_only_layers", "[]",
        "layers with and without experts in one model are not supported; supported is []"},
    {KeyUse::refused, "qwen3_moe", "decoder_sparse_step", "1",
        "layers with and without experts in one model are not supported; supported is 1"},
    {KeyUse::refused, "mixtral", "router_jitter_noise", "0",
        "a router without noise is supported alone: trainer and generator must agree"},
    {KeyUse::harmless, "mixtral qwen3_moe",
        "output_router_logits router_aux_loss_coef router_z_loss_coef experts_implementation "
        "router_dtype",
        {}, {}},
    {KeyUse::refused, "qwen3_moe", "shared_expert_intermediate_size n_shared_experts", "0",
        "shared experts are not supported"},

    // What the trainer would have to draw, and the generator not.
    {KeyUse::refused, {},
        "attention_dropout hidden_dropout resid_pdrop embd_pdrop attn_pdrop residual_dropout "
        "embedding_dropout resid_dropout hidden_dropout_prob attention_probs_dropout_prob",
        "0", "this build trains without dropout, as generation is without; set it to 0"},

    // Other computations under a known architecture's name.
    {KeyUse::refused, {}, "quantization_config compression_config", {},
        "quantised weights are not supported; load the model in transformers, dequantise it, and "
        "save it in bfloat16 or float32"},
    {KeyUse::refused, {}, "auto_map custom_pipelines", {},
        "code of the folder's own is not run; remove the key if the model is the plain one of its "
        "architecture"},
    {KeyUse::refused, {}, "is_encoder_decoder add_cross_attention tie_encoder_decoder is_cross",
        "false", "supported are decoders alone"},
    {KeyUse::refused, {}, "cross_attention_hidden_size per_layer_config layers_block_type", {},
        "supported are decoders alone, whose layers are alike"},
    {KeyUse::refused, {}, "pruned_heads", "{}", "pruned heads are not supported"},
    {KeyUse::refused, {}, "attn_logit_softcapping final_logit_softcapping", {},
        "logits are not capped here; remove the key if they are not to be"},
    {KeyUse::refused, {},
        "embedding_multiplier logits_scaling residual_multiplier attention_multiplier scale_emb "
        "scale_depth",
        "1", "this architecture scales nothing; remove the key"},

    // How transformers loads, labels and samples; where the file came from.
    {KeyUse::harmless, {},
        "transformers_version torch_dtype dtype use_cache initializer_range pretraining_tp "
        "_name_or_path name_or_path _commit_hash _attn_implementation attn_implementation "
        "_attn_implementation_autoset _attn_implementation_internal _flash_attn_2_enabled "
        "_experts_implementation unsloth_version unsloth_fixed unsloth_processing_class "
        "return_dict output_hidden_states output_attentions torchscript use_bfloat16 "
        "tf_legacy_loss chunk_size_feed_forward is_decoder gradient_checkpointing "
        "finetuning_task id2label label2id num_labels task_specific_params problem_type "
        "is_llama_config transformers.js_config max_sequence_length model_max_length "
        "tokenizer_class prefix sep_token_id decoder_start_token_id unk_token_id max_length "
        "min_length max_new_tokens do_sample early_stopping num_beams temperature top_k top_p "
        "min_p typical_p repetition_penalty length_penalty no_repeat_ngram_size "
        "encoder_no_repeat_ngram_size bad_words_ids num_return_sequences output_scores "
        "return_dict_in_generate forced_bos_token_id forced_eos_token_id remove_invalid_values "
        "exponential_decay_length_penalty suppress_tokens begin_suppress_tokens num_beam_groups "
        "diversity_penalty",
        {}, {}},
};

const Row* row_of(std::string_view type, std::string_view key) {
  for (const Row& row : rows)
    if ((row.types.empty() || in_list(row.types, type)) && in_list(row.keys, key)) return &row;
  return nullptr;
}

bool neutral(const Row& row, const json::value& value) {
  std::string_view list = row.neutral;
  while (!list.empty()) {
    std::size_t end = std::min(list.find(' '), list.size());
    if (same_json(value, json::parse(list.substr(0, end)))) return true;
    list.remove_prefix(std::min(end + 1, list.size()));
  }
  return false;
}

// What a quantised model says of itself: {"quant_method": "awq", …}.
std::string shown(std::string_view key, const json::value& value) {
  if (key != "quantization_config" || !value.is_object()) return json_text(value);
  const json::value* method = value.as_object().if_contains("quant_method");
  return method == nullptr ? json_text(value) : json_text(*method);
}

}  // namespace

std::span<const Architecture> architectures() {
  return known;
}

const Architecture& architecture_named(std::string_view name) {
  std::string names;
  for (const Architecture& a : known) {
    if (a.name == name) return a;
    names += str(names.empty() ? "" : ", ", a.name);
  }
  throw Error(Errc::unsupported,
      str("config.json: architecture '", name, "' is not supported; supported are ", names));
}

const Architecture& architecture_of(const ConfigFields& fields) {
  const json::value* names = fields.find("architectures");
  if (names != nullptr && names->is_array() && !names->as_array().empty() &&
      names->as_array().front().is_string())
    return architecture_named(names->as_array().front().as_string());
  const json::value* type = fields.find("model_type");
  if (type == nullptr || !type->is_string())
    throw Error(
        Errc::bad_input, str(fields.where(), ": no field 'architectures' that names the model"));
  for (const Architecture& a : known)
    if (type->as_string() == a.type) return a;
  return architecture_named(type->as_string());
}

KeyUse key_use(std::string_view type, std::string_view key) {
  const Row* row = row_of(type, key);
  return row == nullptr ? KeyUse::unknown : row->use;
}

void check_keys(const ConfigFields& fields, std::string_view type) {
  for (const auto& [key, value] : fields.object()) {
    if (value.is_null()) continue;
    const Row* row = row_of(type, key);
    if (row == nullptr)
      throw Error(Errc::unsupported, str(fields.where(), ": '", std::string_view(key),
                                         "' is not known to this build: it may change what the ",
                                         "model computes; remove the key if it does not"));
    if (row->use != KeyUse::refused || neutral(*row, value)) continue;
    throw Error(Errc::unsupported, str(fields.where(), ": '", std::string_view(key), "' is ",
                                       shown(key, value), "; ", row->remedy));
  }
}

}  // namespace tramontane
