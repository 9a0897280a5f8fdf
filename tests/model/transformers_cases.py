"""Models for transformers_test.py and record_logits.py: for each a config.json, and weights made by a
formula that the C++ tests repeat (tests/model/formula_weights.h). Small enough to run in a blink.

A case is (name, config, options). Options: shared_head: false puts a head of its own into a file whose
config ties it; prefix: how the tensors of a text part are named.
"""
import json
import math
import os
import struct

LAYERS, WIDTH, HEADS, KV, HEAD_DIM, FEED, VOCABULARY, CONTEXT = 2, 64, 4, 2, 16, 96, 264, 256
SHAPE = dict(vocab_size=VOCABULARY, hidden_size=WIDTH, num_hidden_layers=LAYERS, num_attention_heads=HEADS, num_key_value_heads=KV,
             intermediate_size=FEED, max_position_embeddings=CONTEXT, hidden_act="silu", bos_token_id=None, eos_token_id=258, pad_token_id=256)
NAMES = dict(llama="LlamaForCausalLM", mistral="MistralForCausalLM", mixtral="MixtralForCausalLM", qwen2="Qwen2ForCausalLM",
             qwen3="Qwen3ForCausalLM", qwen3_moe="Qwen3MoeForCausalLM", smollm3="SmolLM3ForCausalLM", ministral="MinistralForCausalLM")


def config(kind, **more):
    c = dict(SHAPE, architectures=[NAMES[kind]], model_type=kind)
    c.update(more)
    return c


MIXTRAL = dict(num_local_experts=4, num_experts_per_tok=2)
MOE = dict(num_experts=6, num_experts_per_tok=2, moe_intermediate_size=48, head_dim=32, norm_topk_prob=True)
LLAMA3 = dict(rope_type="llama3", factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0, original_max_position_embeddings=64)
YARN = dict(rope_type="yarn", factor=4.0, original_max_position_embeddings=64)
TEXT = dict(head_dim=HEAD_DIM, rms_norm_eps=1e-5, rope_theta=1e9, sliding_window=None)
VISION = dict(model_type="pixtral", hidden_size=32, intermediate_size=32, num_hidden_layers=1, num_attention_heads=2, head_dim=16,
              image_size=28, patch_size=14)


def mistral3(text, **more):
    return dict(architectures=["Mistral3ForConditionalGeneration"], model_type="mistral3", text_config=text, vision_config=VISION,
                image_token_index=263, multimodal_projector_bias=False, projector_hidden_act="gelu", spatial_merge_size=2,
                vision_feature_layer=-1, **more)


def text_part(kind="mistral", **more):
    c = config(kind, **dict(TEXT, **more))
    del c["architectures"]
    return c


# What this build computes. Each is compared as the file stands here, and as transformers saves it.
CASES = [
    ("llama", config("llama"), {}),
    ("llama_tied", config("llama", tie_word_embeddings=True, rms_norm_eps=1e-5, rope_theta=500000.0), {}),
    ("llama_mha_head32", config("llama", num_key_value_heads=4, head_dim=32, torch_dtype="bfloat16"), {}),
    ("llama_biases", config("llama", attention_bias=True, mlp_bias=True), {}),
    ("llama31", config("llama", rope_theta=500000.0, rope_scaling=LLAMA3), {}),
    ("llama32_tied", config("llama", tie_word_embeddings=True, head_dim=16, rope_theta=500000.0, rope_scaling=dict(LLAMA3, factor=32.0)), {}),
    ("llama_linear", config("llama", rope_scaling=dict(type="linear", factor=2.0)), {}),
    ("llama_dynamic", config("llama", rope_scaling=dict(type="dynamic", factor=2.0)), {}),
    ("llama_scaling_default", config("llama", rope_theta=20000.0, rope_scaling=dict(rope_type="default")), {}),
    ("llama_yarn_long", config("llama", rope_scaling=dict(YARN, attention_factor=1.5, beta_fast=8.0, beta_slow=2.0, truncate=False)), {}),
    ("llama_yarn_mscale", config("llama", rope_scaling=dict(YARN, mscale=0.7, mscale_all_dim=1.3)), {}),
    ("llama_head_in_file", config("llama", tie_word_embeddings=True), dict(shared_head=False, newest=True)),
    ("mistral", config("mistral", sliding_window=None, rope_theta=1e6), {}),
    ("mistral_window", config("mistral", sliding_window=16), {}),
    ("mistral_head32", config("mistral", sliding_window=None, head_dim=32, rms_norm_eps=1e-5), {}),
    ("mistral_defaults", {k: v for k, v in config("mistral", num_attention_heads=8, hidden_size=64).items() if k != "num_key_value_heads"}, {}),
    ("mistral_yarn", config("mistral", sliding_window=None, head_dim=16, rope_scaling=YARN), {}),
    ("mixtral", config("mixtral", sliding_window=None, rope_theta=1e6, **MIXTRAL), {}),
    ("mixtral_defaults", config("mixtral", **MIXTRAL), {}),
    ("mixtral_window_top1", config("mixtral", sliding_window=16, num_local_experts=4, num_experts_per_tok=1), {}),
    ("qwen2", config("qwen2", rope_theta=1e6), {}),
    ("qwen2_tied", config("qwen2", rope_theta=1e6, tie_word_embeddings=True), {}),
    ("qwen2_window", config("qwen2", use_sliding_window=True, sliding_window=16, max_window_layers=0), {}),
    ("qwen2_window_upper", config("qwen2", use_sliding_window=True, sliding_window=16, max_window_layers=1), {}),
    ("qwen2_window_unused", config("qwen2", use_sliding_window=False, sliding_window=16, max_window_layers=0), {}),
    ("qwen2_layer_types", config("qwen2", use_sliding_window=True, sliding_window=16, max_window_layers=0,
                                 layer_types=["sliding_attention", "full_attention"]), {}),
    ("qwen2_yarn", config("qwen2", rope_theta=1e6, rope_scaling=YARN), {}),
    ("qwen3", config("qwen3", head_dim=32, rope_theta=1e6), {}),
    ("qwen3_tied", config("qwen3", head_dim=32, rope_theta=1e6, tie_word_embeddings=True), {}),
    ("qwen3_defaults", config("qwen3"), {}),
    ("qwen3_biases", config("qwen3", head_dim=32, attention_bias=True), {}),
    ("qwen3_layer_types", config("qwen3", head_dim=32, use_sliding_window=True, sliding_window=16,
                                 layer_types=["full_attention", "sliding_attention"]), {}),
    ("qwen3_moe", config("qwen3_moe", rope_theta=1e6, decoder_sparse_step=1, mlp_only_layers=[], **MOE), {}),
    ("qwen3_moe_unnormed", config("qwen3_moe", **dict(MOE, norm_topk_prob=False, num_experts_per_tok=3)), {}),
    ("qwen3_moe_biases_window", config("qwen3_moe", attention_bias=True, use_sliding_window=True, sliding_window=16, **MOE), {}),
    ("smollm3", config("smollm3", num_hidden_layers=4, rope_theta=5e6), {}),
    ("smollm3_untied_biases", config("smollm3", tie_word_embeddings=False, attention_bias=True, mlp_bias=True, no_rope_layers=[0, 1]), {}),
    ("smollm3_window", config("smollm3", no_rope_layers=[1, 0], use_sliding_window=True, sliding_window=16), {}),
    ("ministral", config("ministral", head_dim=16, sliding_window=16, layer_types=["full_attention", "sliding_attention"]), dict(newest=True)),
    ("mistral3", mistral3(text_part()), dict(prefix="language_model.model.", head="language_model.lm_head.weight")),
    ("mistral3_flat", mistral3(text_part(), tie_word_embeddings=False), dict(prefix="model.language_model.", head="lm_head.weight")),
]

# What only the newest spelling says, for which 4.57 would compute something else.
NEWEST = [
    ("parameters_default", config("llama", rope_parameters=dict(rope_type="default", rope_theta=50000.0)), {}),
    ("parameters_llama3", config("llama", rope_parameters=dict(LLAMA3, rope_theta=500000.0)), {}),
    ("parameters_linear", config("qwen2", rope_parameters=dict(rope_type="linear", factor=2.0, rope_theta=1e6)), {}),
    ("parameters_yarn", config("qwen3", head_dim=32, rope_parameters=dict(YARN, rope_theta=1e6)), {}),
    ("parameters_and_theta", config("qwen2", rope_theta=1e6, rope_parameters=dict(rope_type="default", rope_theta=1e6)), {}),
    ("parameters_without_theta", config("mixtral", rope_parameters=dict(rope_type="default"), **MIXTRAL), {}),
    ("llama3_without_original", config("llama", rope_scaling={k: v for k, v in LLAMA3.items() if not k.startswith("original")}), {}),
    ("local_experts", config("qwen3_moe", **{("num_local_experts" if k == "num_experts" else k): v for k, v in MOE.items()}), {}),
]

# What is refused, and a part of the reason.
REFUSED = [
    (config("llama", hidden_act="gelu"), "'hidden_act'"),
    (config("llama", rope_scaling=dict(rope_type="longrope", short_factor=[1.0] * 8, long_factor=[2.0] * 8,
                                       original_max_position_embeddings=64)), "'rope_type'"),
    (config("llama", partial_rotary_factor=0.5), "'partial_rotary_factor'"),
    (config("llama", attention_dropout=0.1), "'attention_dropout'"),
    (config("llama", sliding_window=16), "'sliding_window'"),
    (config("llama", something_new=3), "'something_new' is not known to this build"),
    (config("llama", quantization_config=dict(quant_method="gptq", bits=4)), "'quantization_config' is \"gptq\""),
    (config("llama", rope_scaling=dict(type="linear", rope_type="llama3", factor=2.0)), "'type'"),
    (config("llama", rope_theta=1e4, rope_parameters=dict(rope_type="default", rope_theta=1e6)), "'rope_theta'"),
    (config("mistral", attention_bias=True), "'attention_bias'"),
    (config("mistral", sliding_window=16, layer_types=["full_attention", "sliding_attention"]), "'layer_types'"),
    (config("qwen2", layer_types=["full_attention", "sliding_attention"]), "'layer_types'"),
    (config("qwen3_moe", mlp_only_layers=[0], **MOE), "'mlp_only_layers'"),
    (config("qwen3_moe", decoder_sparse_step=2, **MOE), "'decoder_sparse_step'"),
    (dict(config("llama"), model_type="mistral"), "'model_type'"),
]


def tensors(c, options):
    """{name: shape} as published folders have them."""
    text = c.get("text_config", c)
    kind = text["model_type"]
    width, vocabulary, feed = text["hidden_size"], text["vocab_size"], text["intermediate_size"]
    heads = text["num_attention_heads"]
    defaults = dict(mistral=8, mixtral=8, ministral=8, qwen2=32, qwen3=32, qwen3_moe=4, smollm3=4)
    kv = text.get("num_key_value_heads", defaults.get(kind, heads))
    dim = text.get("head_dim", 128 if kind == "qwen3" else width // heads)
    asked = text.get("attention_bias", False) and kind in ("llama", "qwen3", "qwen3_moe", "smollm3")
    biased = text.get("mlp_bias", False)
    prefix, out = options.get("prefix", "model."), {}
    out[prefix + "embed_tokens.weight"] = (vocabulary, width)
    for i in range(text["num_hidden_layers"]):
        layer = f"{prefix}layers.{i}."
        for norm in ("input_layernorm", "post_attention_layernorm"):
            out[layer + norm + ".weight"] = (width,)
        for name, rows, columns in (("q", heads * dim, width), ("k", kv * dim, width), ("v", kv * dim, width), ("o", width, heads * dim)):
            out[f"{layer}self_attn.{name}_proj.weight"] = (rows, columns)
            if asked or (kind == "qwen2" and name != "o"):
                out[f"{layer}self_attn.{name}_proj.bias"] = (rows,)
        if kind.startswith("qwen3"):
            out[layer + "self_attn.q_norm.weight"] = out[layer + "self_attn.k_norm.weight"] = (dim,)
        if kind == "mixtral":
            out[layer + "block_sparse_moe.gate.weight"] = (text["num_local_experts"], width)
            for e in range(text["num_local_experts"]):
                for name, shape in (("w1", (feed, width)), ("w2", (width, feed)), ("w3", (feed, width))):
                    out[f"{layer}block_sparse_moe.experts.{e}.{name}.weight"] = shape
            continue
        parts, inner = [layer + "mlp."], feed
        if kind == "qwen3_moe":
            count = text.get("num_experts", text.get("num_local_experts"))
            out[layer + "mlp.gate.weight"] = (count, width)
            parts, inner = [f"{layer}mlp.experts.{e}." for e in range(count)], text["moe_intermediate_size"]
        for part in parts:
            for name, shape in (("gate", (inner, width)), ("up", (inner, width)), ("down", (width, inner))):
                out[f"{part}{name}_proj.weight"] = shape
                if biased:
                    out[f"{part}{name}_proj.bias"] = (shape[0],)
    out[prefix + "norm.weight"] = (width,)
    tied = c.get("tie_word_embeddings", kind == "smollm3")
    if not tied or not options.get("shared_head", True):
        out[options.get("head", "lm_head.weight")] = (vocabulary, width)
    return out


def canonical(name, options):
    """The name in a model of text alone, which the formula begins with."""
    if name == options.get("head"):
        return "lm_head.weight"
    prefix = options.get("prefix", "model.")
    return "model." + name[len(prefix):] if name.startswith(prefix) else name


def values(name, shape):
    """float32 values of a tensor: tests/model/formula_weights.h has the same formula."""
    import numpy as np
    seed = 14695981039346656037
    for byte in name.encode():
        seed = ((seed ^ byte) * 1099511628211) % 2**64
    count = math.prod(shape)
    with np.errstate(over="ignore"):
        z = np.uint64(seed) + np.arange(1, count + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        z = z ^ (z >> np.uint64(31))
    u = (z >> np.uint64(40)).astype(np.float64) / 2**23 - 1
    if name.endswith(".bias"):
        v = 0.5 * u
    elif len(shape) == 1:
        v = 1 + 0.5 * u
    elif "embed_tokens" in name:
        v = u
    else:
        v = u * (2 / math.sqrt(shape[1]))
    return v.astype(np.float32).reshape(shape)


def write_safetensors(path, arrays):
    head, at = {}, 0
    for name, array in arrays.items():
        head[name] = dict(dtype="F32", shape=list(array.shape), data_offsets=[at, at + array.nbytes])
        at += array.nbytes
    head["__metadata__"] = {"format": "pt"}
    text = json.dumps(head).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as out:
        out.write(struct.pack("<Q", len(text)) + text)
        for array in arrays.values():
            out.write(array.tobytes())


def write_tokenizer(path):
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [b for b in range(256) if b not in printable]
    letter = {b: chr(b) if b in printable else chr(256 + others.index(b)) for b in range(256)}
    special = ["<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|extra|>"]
    level = dict(type="ByteLevel", add_prefix_space=False, trim_offsets=True, use_regex=True)
    with open(path, "w") as out:
        json.dump(dict(version="1.0", truncation=None, padding=None, added_tokens=[
            dict(id=256 + i, content=s, single_word=False, lstrip=False, rstrip=False, normalized=False, special=True) for i, s in enumerate(special)],
            normalizer=None, pre_tokenizer=level, post_processor=None, decoder=level,
            model=dict(type="BPE", dropout=None, unk_token=None, continuing_subword_prefix=None, end_of_word_suffix=None, fuse_unk=False,
                       byte_fallback=False, vocab={letter[b]: b for b in range(256)}, merges=[])), out)


def write_folder(folder, c, options):
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "config.json"), "w") as out:
        json.dump(c, out, indent=1)
    arrays = {name: values(canonical(name, options), shape) for name, shape in tensors(c, options).items()}
    write_safetensors(os.path.join(folder, "model.safetensors"), arrays)
    write_tokenizer(os.path.join(folder, "tokenizer.json"))
    return arrays


def token_lines():
    """Three sequences, the longest past every window and pre-trained context here."""
    state, lines = 12345, []
    for length in (7, 40, 150):
        line = []
        for _ in range(length):
            state = (state * 6364136223846793005 + 1442695040888963407) % 2**64
            line.append((state >> 33) % 256)
        lines.append(line)
    return lines
