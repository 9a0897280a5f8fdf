#!/usr/bin/env python3
"""Records logits of transformers_cases.py for golden_logits_test.cc. Run it where torch and
transformers 5.x are installed:

  record_logits.py > tests/golden/logits.json
"""
import json
import os
import sys
import tempfile

import torch
import transformers
from transformers.utils import logging

import transformers_cases as cases

POSITIONS, WIDTH = (3, 149), 12  # the last is past every window and pre-trained context


def main():
    torch.set_num_threads(1)
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    tokens, out = cases.token_lines()[-1], []
    for name, config, options in cases.CASES + cases.NEWEST:
        with tempfile.TemporaryDirectory() as folder:
            names = cases.write_folder(folder, config, options)
            text = "text_config" not in config
            kind = transformers.AutoModelForCausalLM if text else transformers.Mistral3ForConditionalGeneration
            model = kind.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager").eval()
        with torch.no_grad():
            logits = model(input_ids=torch.tensor([tokens])).logits[0]
        tied = not any(n.endswith("lm_head.weight") for n in names)
        rows = {str(p): [round(v, 5) for v in logits[p, :WIDTH].tolist()] for p in POSITIONS}
        out.append(dict(name=name, config=config, tied=tied, logits=rows))
    head = f'{{"made_by": "tests/model/record_logits.py, transformers {transformers.__version__}", "tokens": {tokens}, "cases": [\n'
    sys.stdout.write(head + ",\n".join(json.dumps(c) for c in out) + "\n]}\n")


if __name__ == "__main__":
    main()
