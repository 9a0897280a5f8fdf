#!/usr/bin/env python3
"""Tokens per second of Hugging Face transformers' generate() on one thread, for a checkpoint.

  transformers_generate.py --checkpoint DIR [--batches 1 16 64 256]

Prompts of 7 tokens, exactly 40 new tokens each, sampled at temperature 1, with its cache of keys
and values: what decode_bench does. A JSON line per batch.
"""
import argparse
import json
import time

import torch
from transformers import LlamaForCausalLM

PROMPT, NEW = 7, 40


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--checkpoint", required=True)
    parser.add_argument("--batches", type=int, nargs="+", default=[1, 16, 64, 256])
    options = parser.parse_args()
    torch.set_num_threads(1)
    model = LlamaForCausalLM.from_pretrained(options.checkpoint, dtype=torch.float32).eval()
    for batch in options.batches:
        ids = torch.arange(4, 4 + PROMPT)[None].expand(batch, PROMPT).contiguous()
        best = 1e9
        for _ in range(5 if batch < 64 else 3):
            began = time.process_time()
            with torch.inference_mode():
                out = model.generate(ids, attention_mask=torch.ones_like(ids), do_sample=True, temperature=1.0, top_k=0, top_p=1.0,
                    min_new_tokens=NEW, max_new_tokens=NEW, pad_token_id=0)
            best = min(best, time.process_time() - began)
            assert out.shape == (batch, PROMPT + NEW), out.shape
        print(json.dumps({"batch": batch, "tokens_s": batch * NEW / best}), flush=True)


if __name__ == "__main__":
    main()
