#!/usr/bin/env python3
"""Compares what this build makes of a model's folder with what transformers does, 4.57 and 5.x:

  transformers_test.py FOLDER_LOGITS [CASE…]

For every case of transformers_cases.py: the logits of the folder as published ones are written, of
the same as that version of transformers saves it, and of a checkpoint of ours read by transformers,
which must also write the same 64 tokens greedily. All within 1e-4. FOLDER_LOGITS fails where trainer
and decoder disagree. Then the keys of transformers' own config classes, none of which may be missing
from actors/model/config_keys.cc.

Both versions are installed from PyPI into throw-away environments. Instead, TRAM_TRANSFORMERS names
interpreters that have them, separated by ':'. Exit status 77 where neither can be had.
"""
import os
import subprocess
import sys
import tempfile

VERSIONS = ["transformers==4.57.1", "transformers>=5"]
TOLERANCE = 1e-4


def environments(scratch):
    """[(interpreter, PYTHONPATH)] of both versions over one torch; empty where they cannot be had."""
    python, newer = os.path.join(scratch, "env", "bin", "python"), os.path.join(scratch, "newer")
    pip = [python, "-m", "pip", "install", "-q"]
    cpu = ["--extra-index-url", "https://download.pytorch.org/whl/cpu"]
    for command in ([sys.executable, "-m", "venv", os.path.join(scratch, "env")], [*pip, *cpu, "torch", "numpy", VERSIONS[0]],
                    [*pip, "--target", newer, VERSIONS[1]]):
        if subprocess.run(command).returncode != 0:
            return []
    return [(python, ""), (python, newer)]


def main():
    driver = os.path.abspath(sys.argv[1])
    named = os.environ.get("TRAM_TRANSFORMERS", "").split(":")
    failed = False
    with tempfile.TemporaryDirectory(prefix="tram-transformers-") as scratch:
        both = [(p, "") for p in named if p] or environments(scratch)
        if not both:
            print("transformers cannot be installed here")
            return 77
        for i, (python, path) in enumerate(both):
            command = [python, os.path.abspath(__file__), "--inside", driver, os.path.join(scratch, str(i)), *sys.argv[2:]]
            failed = subprocess.run(command, env=dict(os.environ, PYTHONPATH=path)).returncode != 0 or failed
    return 1 if failed else 0


class Inside:
    """Runs in an environment that has transformers."""

    def __init__(self, driver, work, only):
        import numpy
        import torch
        import transformers
        from transformers.utils import logging
        self.numpy, self.torch, self.transformers = numpy, torch, transformers
        torch.set_num_threads(1)
        logging.set_verbosity_error()
        logging.disable_progress_bar()
        self.driver, self.work, self.only = driver, work, only
        self.newest = int(transformers.__version__.split(".")[0]) >= 5
        self.lines = cases.token_lines()
        self.failures = 0

    def fail(self, text):
        print("FAILED", text, flush=True)
        self.failures += 1

    def model(self, folder, config, **more):
        text = "text_config" not in config
        kind = self.transformers.AutoModelForCausalLM if text else self.transformers.Mistral3ForConditionalGeneration
        name = "dtype" if self.newest else "torch_dtype"
        return kind.from_pretrained(folder, attn_implementation="eager", **{name: self.torch.float32}, **more)

    def logits(self, model):
        with self.torch.no_grad():
            return [model.eval()(input_ids=self.torch.tensor([line])).logits[0].numpy() for line in self.lines]

    def ours(self, folder, *arguments):
        text = "".join(" ".join(map(str, line)) + "\n" for line in self.lines)
        done = subprocess.run([self.driver, folder, *arguments], input=text, capture_output=True, text=True)
        if done.returncode != 0:
            raise RuntimeError(done.stderr.strip())
        rows = [self.numpy.array([float.fromhex(v) for v in line.split()], dtype=self.numpy.float32) for line in done.stdout.splitlines()]
        return [row.reshape(len(line), -1) for row, line in zip(rows, self.lines)]

    def gap(self, a, b):
        return max(float(self.numpy.abs(x - y).max()) for x, y in zip(a, b))

    def greedy(self, model):
        ids = self.torch.tensor([self.lines[1]])
        return model.generate(ids, attention_mask=self.torch.ones_like(ids), do_sample=False, max_new_tokens=64)[0].tolist()

    def case(self, name, config, options):
        folder, saved, checkpoint = (os.path.join(self.work, name + end) for end in ("", "-saved", "-checkpoint"))
        cases.write_folder(folder, config, options)
        model, info = self.model(folder, config, output_loading_info=True)
        odd = [k for k in [*info["missing_keys"], *info["unexpected_keys"]] if "vision" not in k and "projector" not in k]
        if odd and options.get("shared_head", True):
            self.fail(f"{name}: transformers does not find {odd[:3]}")
        expected = self.logits(model)
        gaps = [self.gap(self.ours(folder, "--save", checkpoint), expected)]
        model.save_pretrained(saved)
        cases.write_tokenizer(os.path.join(saved, "tokenizer.json"))
        gaps.append(self.gap(self.ours(saved), expected))
        back = self.model(checkpoint, {})
        gaps.append(self.gap(self.logits(back), expected))
        same = self.greedy(back) == self.greedy(model)
        print(f"{self.transformers.__version__} {name:28} {gaps[0]:.1e} as published, {gaps[1]:.1e} as saved, {gaps[2]:.1e} our checkpoint"
              f"{'' if same else ', OTHER TOKENS'}", flush=True)
        if not same or not max(gaps) < TOLERANCE:
            self.fail(name)

    def refused(self):
        import json
        path = os.path.join(self.work, "config.json")
        for config, reason in cases.REFUSED:
            with open(path, "w") as out:
                json.dump(config, out)
            done = subprocess.run([self.driver, "--config", path], capture_output=True, text=True)
            if done.returncode != 3 or reason not in done.stderr:
                self.fail(f"not refused for {reason}: {done.stderr}")

    def keys(self):
        """Every key that the classes take or write is in the table."""
        import inspect
        for kind in [*cases.NAMES, "mistral3"]:
            if kind not in self.transformers.CONFIG_MAPPING:
                continue
            config = self.transformers.CONFIG_MAPPING[kind]
            names = {*config().to_dict(), *inspect.signature(config.__init__).parameters} - {"self", "args", "kwargs"}
            done = subprocess.run([self.driver, "--keys", kind], input=" ".join(sorted(names)), capture_output=True, text=True)
            if done.returncode != 0 or done.stdout.strip():
                self.fail(f"{kind}: config_keys.cc lacks {done.stdout.split()} {done.stderr}")

    def run(self):
        os.makedirs(self.work)
        for name, config, options in cases.CASES + (cases.NEWEST if self.newest else []):
            if (self.only and name not in self.only) or (options.get("newest") and not self.newest):
                continue
            try:
                self.case(name, config, options)
            except Exception as error:
                self.fail(f"{name}: {type(error).__name__}: {str(error)[:500]}")
        if not self.only:
            self.refused()
            self.keys()
        print(f"{self.transformers.__version__}: {self.failures} failed")
        return 1 if self.failures else 0


if __name__ == "__main__":
    if sys.argv[1] != "--inside":
        sys.exit(main())
    sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
    import transformers_cases as cases
    sys.exit(Inside(sys.argv[2], sys.argv[3], sys.argv[4:]).run())
