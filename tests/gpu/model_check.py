"""A whole decoder on the device: against transformers, and against itself in other batches.

  python3 tests/gpu/model_check.py [STAGE..]
"""
import copy
import random
import sys

import torch

from device import BF, Decoder, Report

SMALL = {"vocabulary": 1000, "width": 256, "layers": 4, "heads": 8, "kv_heads": 2, "head_dim": 64, "feed_forward": 704, "theta": 1e4, "eps": 1e-5}


def transformers_model(shape, qwen):
    import transformers
    common = dict(vocab_size=shape["vocabulary"], hidden_size=shape["width"], num_hidden_layers=shape["layers"], num_attention_heads=shape["heads"],
        num_key_value_heads=shape["kv_heads"], head_dim=shape["head_dim"], intermediate_size=shape["feed_forward"], rms_norm_eps=shape["eps"],
        rope_parameters={"rope_type": "default", "rope_theta": shape["theta"]}, max_position_embeddings=2048,
        tie_word_embeddings=bool(shape.get("tied", 0)), attention_bias=bool(shape.get("bias", 0)))
    config = (transformers.Qwen3Config if qwen else transformers.LlamaConfig)(**common)
    model = (transformers.Qwen3ForCausalLM if qwen else transformers.LlamaForCausalLM)(config).double().cuda()
    with torch.no_grad():
        for p in model.parameters():
            p.copy_(torch.randn_like(p) * (0.08 if p.dim() > 1 else 0.1) + (0 if p.dim() > 1 else 1))
            p.copy_(p.to(BF))
    return model


def copy_weights(decoder, model, shape, qwen):
    state = model.state_dict()
    decoder.write(decoder.offsets[0], state["model.embed_tokens.weight"])
    decoder.write(decoder.offsets[1], state["model.norm.weight"])
    if not shape.get("tied"):
        decoder.write(decoder.offsets[2], state["lm_head.weight"])
    for i in range(shape["layers"]):
        at = decoder.offsets[4 + 9 * i:13 + 9 * i]

        def tensors(*names):
            return torch.cat([state[f"model.layers.{i}.{n}"] for n in names])
        a = "self_attn."
        decoder.write(at[0], tensors("input_layernorm.weight"))
        decoder.write(at[1], tensors(a + "q_proj.weight", a + "k_proj.weight", a + "v_proj.weight"))
        if qwen:
            decoder.write(at[3], tensors(a + "q_norm.weight"))
            decoder.write(at[4], tensors(a + "k_norm.weight"))
        decoder.write(at[5], tensors(a + "o_proj.weight"))
        decoder.write(at[6], tensors("post_attention_layernorm.weight"))
        decoder.write(at[7], tensors("mlp.gate_proj.weight", "mlp.up_proj.weight"))
        decoder.write(at[8], tensors("mlp.down_proj.weight"))


def against_transformers(r):
    """Log-probabilities of random tokens, of ours and of torch's own bfloat16, from those in float64."""
    for qwen in (False, True):
        shape = dict(SMALL, qk_norm=int(qwen), tied=int(qwen))
        model = transformers_model(shape, qwen)
        ids = torch.randint(0, 1000, (1, 300), device="cuda")
        with torch.no_grad():
            wanted = model(ids).logits.log_softmax(-1)[0, :-1].gather(-1, ids[0, 1:, None])[:, 0]
        tokens = ids[0].tolist()
        with torch.no_grad():
            theirs = copy.deepcopy(model).to(BF)(ids).logits.double().log_softmax(-1)[0, :-1].gather(-1, ids[0, 1:, None])[:, 0]
        bound = (theirs - wanted).abs().mean().item()
        for exact in (True, False):
            decoder = Decoder(shape, 64, 320, exact=exact)
            copy_weights(decoder, model, shape, qwen)
            found = torch.tensor(decoder.log_probs(0, tokens[:-1], tokens[1:]), device="cuda")
            decoder.free()
            gap = (found - wanted).abs().mean().item()
            r.row(f"{'Qwen3' if qwen else 'Llama'} log-probs, {'exact' if exact else 'fast'}: mean gap", f"{gap:.2e}",
                f"<= 1.2 x torch's {bound:.2e}", gap <= 1.2 * bound)


def generator_is_trainer(r):
    """Tokens written by steps among other slots have the bits of one pass over the sequence."""
    shape = dict(SMALL, qk_norm=1, width=512, feed_forward=1536, head_dim=128)
    decoder = Decoder(shape, 64, 400, prefill_rows=64)
    decoder.fill(0.06)
    unequal, total = 0, 0
    for rows in (1, 3, 20, 64):
        prompts = [[random.randrange(1000) for _ in range(random.randrange(2, 200))] for _ in range(rows)]
        for slot, prompt in enumerate(prompts):
            decoder.prefill(slot, prompt[:-1])
            decoder.place(slot, prompt[-1], len(prompt) - 1, 0, 11, slot)
        written, given = [[] for _ in prompts], [[] for _ in prompts]
        for _ in range(40):
            for slot, (token, log_prob) in enumerate(zip(*decoder.step(rows))):
                written[slot].append(token)
                given[slot].append(log_prob)
        for slot in random.sample(range(rows), min(rows, 6)):
            tokens = prompts[slot] + written[slot]
            again = decoder.log_probs(slot, tokens[:-1], tokens[1:])[-40:]
            unequal += sum(a != b for a, b in zip(again, given[slot]))
            total += 40
    decoder.free()
    r.row("generator's and trainer's log-probs that differ", f"{unequal} of {total}", "0", unequal == 0)


if __name__ == "__main__":
    Report().run([generator_is_trainer, against_transformers], sys.argv[1:])
