#!/usr/bin/env python3
"""The arithmetic job's reinforcement with TRL's GRPOTrainer: the same warm-started weights, prompts,
rewards, batch, clipping and learning rate; generation by transformers, on all cores.

  trl_grpo.py --checkpoint DIR --data DIR [--until 0.70] [--seconds 600]

Held-out accuracy is measured every 10 steps, and that time is left out. The last line is JSON:
steps, seconds of reinforcement, held-out accuracy, seconds to the target.
"""
import argparse
import json
import os
import re
import tempfile
import time

import pyarrow
import torch
from datasets import Dataset
from transformers import LlamaForCausalLM, PreTrainedTokenizerFast, TrainerCallback
from trl import GRPOConfig, GRPOTrainer

GROUP, BATCH, MAX_TOKENS = 8, 384, 48
FORM = re.compile(r"(?:<think>(?:(?!</?think>).)*</think>)?(\d+)")


def reward(text, answer):
    """1 for a right answer, 0.1 for a well-formed wrong one, else 0; `text` has its end token."""
    if not text.endswith("<eos>"):
        return 0.0
    match = FORM.fullmatch(text[:-len("<eos>")])
    return 0.0 if not match else 1.0 if int(match[1]) == int(answer) else 0.1


class Watch(TrainerCallback):
    def __init__(self, options, tokenizer):
        self.options, self.tokenizer = options, tokenizer
        self.rows = [json.loads(line) for line in open(os.path.join(options.data, "heldout.jsonl"))]
        self.began, self.left_out, self.reached, self.accuracy, self.steps = None, 0.0, None, None, 0

    def seconds(self):
        return time.time() - self.began - self.left_out

    @torch.inference_mode()
    def held_out(self, model):
        right = 0
        self.tokenizer.padding_side = "left"
        encoded = self.tokenizer([r["prompt"] for r in self.rows], return_tensors="pt", padding=True, return_token_type_ids=False)
        out = model.generate(**encoded, do_sample=True, temperature=1.0, top_k=0, top_p=1.0, max_new_tokens=MAX_TOKENS,
            eos_token_id=self.tokenizer.eos_token_id, pad_token_id=self.tokenizer.pad_token_id)
        for row, ids in zip(self.rows, out[:, encoded["input_ids"].shape[1]:].tolist()):
            end = ids.index(self.tokenizer.eos_token_id) + 1 if self.tokenizer.eos_token_id in ids else len(ids)
            right += reward("".join(self.tokenizer.convert_ids_to_tokens(ids[:end])), row["answer"]) == 1
        return right / len(self.rows)

    def on_step_end(self, args, state, control, model=None, **others):
        self.steps = state.global_step
        if state.global_step % 10 == 0:
            pause = time.time()
            model.eval()
            self.accuracy = self.held_out(model)
            model.train()
            self.left_out += time.time() - pause
            if self.accuracy >= self.options.until:
                self.reached = self.seconds()
        if self.reached is not None or self.seconds() > self.options.seconds:
            control.should_training_stop = True


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--checkpoint", required=True)
    parser.add_argument("--data", required=True)
    parser.add_argument("--until", type=float, default=0.70)
    parser.add_argument("--seconds", type=float, default=600)
    options = parser.parse_args()
    tokenizer = PreTrainedTokenizerFast(tokenizer_file=os.path.join(options.checkpoint, "tokenizer.json"),
        eos_token="<eos>", pad_token="<pad>", padding_side="left")
    model = LlamaForCausalLM.from_pretrained(options.checkpoint, dtype=torch.float32)
    prompts = [json.loads(line) for line in open(os.path.join(options.data, "train.jsonl"))]
    watch = Watch(options, tokenizer)

    def rewards(prompts, completions, completion_ids, answer, **others):
        return [reward("".join(tokenizer.convert_ids_to_tokens(ids)), a) for ids, a in zip(completion_ids, answer)]

    with tempfile.TemporaryDirectory() as work:
        config = GRPOConfig(output_dir=work, use_cpu=True, report_to=[], save_strategy="no", logging_strategy="no", disable_tqdm=True,
            bf16=False, per_device_train_batch_size=BATCH, gradient_accumulation_steps=1,
            num_generations=GROUP, max_completion_length=MAX_TOKENS, temperature=1.0, top_k=0, beta=0.0, epsilon=0.2,
            epsilon_high=0.28, loss_type="dapo", scale_rewards="batch", learning_rate=5e-4, warmup_steps=5, lr_scheduler_type="constant_with_warmup",
            adam_beta2=0.95, max_grad_norm=1.0, max_steps=100000, dataloader_num_workers=0)
        trainer = GRPOTrainer(model=model, reward_funcs=rewards, args=config, train_dataset=Dataset(pyarrow.Table.from_pylist(prompts), fingerprint="prompts"),
            processing_class=tokenizer, callbacks=[watch])
        before = watch.held_out(trainer.model)
        watch.began = time.time()
        trainer.train()
    print(json.dumps({"steps": watch.steps, "seconds": watch.seconds(), "heldout_before": before, "heldout": watch.accuracy,
        "seconds_to_target": watch.reached}))


if __name__ == "__main__":
    main()
