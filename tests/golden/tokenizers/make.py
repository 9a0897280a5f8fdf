#!/usr/bin/env python3
"""Writes the golden cases of the tokenizer's tests with Hugging Face's `tokenizers` as reference.

  pip install --target DIR tokenizers
  PYTHONPATH=DIR tests/golden/tokenizers/make.py FOLDER [random cases per tokenizer] [vocabulary]

Each file holds one small BPE tokenizer of a well-known shape, trained here on a few lines, and texts
with their tokens: {"tokenizer": {…}, "cases": [[text, [id, …]], …]}. The files in this folder were
made with `make.py . 0 420`; larger sets serve for comparison by hand:
TRAM_TOKENIZERS=FOLDER model_test -tc="*reference*".
"""
import json
import os
import random
import sys

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

TAILS = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)"
REST = r" ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
LLAMA3 = TAILS + r"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}|" + REST
QWEN = TAILS + r"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}|" + REST
UPPER, LOWER = r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]", r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"
TEKKEN = (rf"[^\r\n\p{{L}}\p{{N}}]?{UPPER}*{LOWER}+|[^\r\n\p{{L}}\p{{N}}]?{UPPER}+{LOWER}*|\p{{N}}|"
          r" ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+")

LINES = [
    "The quick brown fox doesn't jump over the lazy dog; it's asleep. THEY'LL SEE! I'D say we've won.",
    "def f(x):\n    return x ** 2  # squared\n\n\tif x:\r\n\t\tpass\n",
    "for (int i = 0; i < 100; ++i) { sum += a[i]; }   // 12345678 3.14159 0xFF",
    "Ça va? Où est l'été, François? Größe, Straße, naïve café, Ünïcödé.",
    "Привет, мир! Как дела? Это — проверка.", "你好，世界！今天天气很好。 こんにちは世界、テスト。 안녕하세요 세계",
    "مرحبا بالعالم ١٢٣ שלום עולם हिन्दी में लिखा हुआ ไทยภาษา",
    "e\u0301 a\u030a o\u0308 \u1e9b\u0323 \u212b \ufb01 \u1100\u1161\u11a8 \u0958 \u2126",
    "👍🏽 👨‍👩‍👧‍👦 🇫🇷🇩🇪 ❤️ ☃ 🤖\u200d\u2640\ufe0f", "x² + y² = z², ½ ⅓ Ⅷ ① ٣ 𝟜 ௧",
    "   leading, trailing   ", "\n\n\n  \n\t \n x", "tabs\t\tand\u00a0no-break\u3000wide\u2028line\u0085next\x0bvt\x0cff\x1cfs",
    "'s 'S 'ſ 'T 'RE 'Ve 'M 'lL 'D 'x ''s don''t O'Reilly's", "http://example.com/a/b?c=d&e=f#g  user@host.org",
    "CamelCaseWords HTTPServer XMLHttpRequest snake_case_words SCREAMING_CASE iPhone ǅungla",
    "a/b/c\n/d //\n\n/// end/\r\n", "!!!??? ... ---\n\n=== ***\r\n\r\n$100,000.00 €50 ¥1,000",
    "1234567 12 345 6789 1,234,567.89 007", "<|im_start|>user\nHi<|im_end|>\n<tool_call>x</tool_call><tool_call>",
    "a<|im_end|><|im_end|> <|im_end|>b e\u0301<café>cafe\u0301<cafe\u0301>", "", " ", "\n", "  ", " a", "\u0301", "\u0000\u0001",
    "zero\u200bwidth\u200dj\ufeffbom \u202eRTL", "ſs ﬀ İi ıI Σσς", "a" * 50, "=" * 70, " " * 40 + "x", "\n" * 20, "ab" * 30,
]
ALPHABET = ("abcdefghij ABCD  019,.!'\"/\\()[]{}=+-*_#\n\n\r\t   éüñßçåøſ пмирДа 你好世界 こテ 안녕 مر١٢ हिन् ไทย "
            "\u0301\u0308\u030a\u0323\u3099\u00a0\u3000\u2028\u200b\u200d\ufe0f👍🏽👨👩❤☃½²Ⅷ①𝟜ǅﬁÅΩ\u1100\u1161\u11a8ÅＡ１")


def of_shape(name, vocabulary):
    split = {"llama3": LLAMA3, "qwen": QWEN, "tekken": TEKKEN}.get(name)
    t = Tokenizer(models.BPE(ignore_merges=name in ("llama3", "tekken")))
    if split is None:
        t.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    else:
        t.pre_tokenizer = pre_tokenizers.Sequence([
            pre_tokenizers.Split(Regex(split), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
    if name == "qwen":
        t.normalizer = normalizers.NFC()
    t.decoder = decoders.ByteLevel()
    t.train_from_iterator(LINES * 2, trainers.BpeTrainer(vocab_size=vocabulary, min_frequency=2, show_progress=False,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), special_tokens=[]))
    t.add_special_tokens(["<|im_start|>", "<|im_end|>"])
    t.add_tokens([AddedToken("<tool_call>", normalized=False), AddedToken("</tool_call>", normalized=False),
        AddedToken("<café>", normalized=True)])
    if name == "llama3":
        t.post_processor = processors.Sequence([processors.ByteLevel(trim_offsets=False), processors.TemplateProcessing(
            single="<|im_start|> $A", special_tokens=[("<|im_start|>", t.token_to_id("<|im_start|>"))])])
    return t


def main():
    folder, count, vocabulary = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    rng = random.Random(7)
    for name in ("gpt2", "llama3", "qwen", "tekken"):
        t = of_shape(name, vocabulary)
        texts = list(LINES)
        for _ in range(count):
            texts.append("".join(rng.choice(ALPHABET) for _ in range(rng.randrange(1, 60))))
        for _ in range(count // 10):  # any character that is assigned
            texts.append("".join(chr(rng.choice([rng.randrange(1, 0xd800), rng.randrange(0xe000, 0x30000)])) for _ in range(20)))
        cases = [[text, t.encode(text, add_special_tokens=False).ids] for text in texts]
        with open(os.path.join(folder, name + ".json"), "w", encoding="ascii") as out:
            out.write('{"tokenizer": ' + json.dumps(json.loads(t.to_str()), separators=(",", ":")) + ',\n"cases": [\n')
            out.write(",\n".join(json.dumps(case) for case in cases) + "\n]}\n")


main()
