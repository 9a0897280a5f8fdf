#!/usr/bin/env python3
"""Trains the model of the reward `language`, on the documentation packages of Debian.

  train.py LANGUAGE_TRAIN FOLDER [--again]

writes FOLDER/lid.ftz, and FOLDER/sources.json, which names the packages and their SHA-256 and the version. Packages
are downloaded by apt and read; nothing is installed. The model depends on their bytes alone.

Without apt, or without a network, it says so and exits with 3. It then does not try again for a
day, unless told to.
"""
import hashlib
import html
import json
import os
import re
import shutil
import struct
import subprocess
import sys
import tarfile
import tempfile
import time
import zlib

HELP = {"en": ["en-us"], "fr": ["fr"], "es": ["es"], "de": ["de"], "it": ["it"], "pt": ["pt", "pt-br"], "ru": ["ru"],
    "zh": ["zh-cn", "zh-tw"], "ja": ["ja"], "ko": ["ko"], "nl": ["nl"]}
GNOME = {"C": "en", "fr": "fr", "es": "es", "de": "de", "it": "it", "pt": "pt", "pt_BR": "pt", "ru": "ru",
    "zh_CN": "zh", "ja": "ja", "ko": "ko", "nl": "nl", "ca": "ca", "cs": "cs", "da": "da", "fa": "fa", "fi": "fi",
    "hi": "hi", "hu": "hu", "id": "id", "mr": "mr", "pl": "pl", "ro": "ro", "sv": "sv", "tr": "tr",
    "uk": "uk", "vi": "vi", "hr": "und", "lt": "und", "lv": "und", "sl": "und", "sr@latin": "und"}
REFERENCE = {"en": "en", "fr": "fr", "es": "es", "de": "de", "it": "it", "pt": "pt", "zh-cn": "zh", "ja": "ja"}
FAQ = {"fr": "fr", "de": "de", "it": "it", "pt": "pt", "ru": "ru", "zh-cn": "zh", "ja": "ja", "ko": "ko", "nl": "nl"}

# Languages with little or no documentation: the text of LibreOffice's user interface. Those of the second list are one
# class together, for text that is in no language that the model knows.
INTERFACE = ["ar", "ca", "cs", "da", "fa", "fi", "hi", "hu", "id", "mr", "nb", "ne", "pl", "ro", "sv", "tr", "uk", "vi"]
INTERFACE_OTHER = ["af", "br", "cy", "eo", "et", "eu", "ga", "hr", "is", "kmr", "lt", "om", "rw", "sk", "st", "tn", "ts",
    "uz", "xh", "zu"]

# Of LibreOffice's help, one page in so many: there is more of it than is needed.
HELP_PAGES = 4

DROPPED = re.compile(r"<(script|style|head|pre|code|nav|footer|credit|mal:credit|screen|cmd|file|info)\b.*?</\1>", re.S)
BLOCK = re.compile(r"</?(p|h\d|li|td|th|dt|dd|div|title|item|desc|br|tr|table|note|section|page|ul|ol)\b[^>]*>")
TAG = re.compile(r"<[^>]*>")


# Of what the model is made and how. A model of another version is trained anew.
VERSION = 2

# How long after a failure it is not tried again.
PATIENCE_S = 86400


class Unavailable(Exception):
    pass


def packages():
    """(package, language of a member's path or None) for each."""
    def gnome(path):
        m = re.match(r"\./usr/share/help/([\w@]+)/gnome-help/.*\.page$", path)
        return GNOME.get(m.group(1)) if m else None

    def always(language, pattern):
        return lambda path: language if re.match(pattern, path) else None

    def help_of(language):
        def match(path):
            page = re.search(r"/text/.*\.html$", path)  # the same pages of every language
            return language if page and zlib.crc32(page.group().encode()) % HELP_PAGES == 0 else None
        return match

    yield "gnome-user-docs", gnome
    for language, names in HELP.items():
        for name in names:
            yield f"libreoffice-help-{name}", help_of(language)
    for name, language in REFERENCE.items():
        yield f"debian-reference-{name}", always(language, rf".*/debian-reference/\w+\.{name}\.html$")
    yield "debian-faq", always("en", r".*/FAQ/[\w-]+\.en\.html$")
    for name, language in FAQ.items():
        yield f"debian-faq-{name}", always(language, r".*/FAQ/.*\.html$")
    for language in INTERFACE:
        yield f"libreoffice-l10n-{language}", always(language, r".*\.mo$")
    for language in INTERFACE_OTHER:
        yield f"libreoffice-l10n-{language}", always("und", r".*\.mo$")


def download(names, folder):
    """The packages' files, by name."""
    if not shutil.which("apt-get") or not shutil.which("dpkg-deb"):
        raise Unavailable("no apt-get here, which would fetch Debian's manuals")
    known = subprocess.run(["apt-cache", "--no-all-versions", "show", *names], capture_output=True, text=True).stdout
    there = [n for n in names if re.search(rf"^Package: {re.escape(n)}$", known, re.M)]
    if "gnome-user-docs" not in there:
        raise Unavailable("apt knows no package gnome-user-docs; apt-get update may help")
    result = subprocess.run(["apt-get", "download", "-q", *there], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if result.returncode:
        raise Unavailable("Debian's manuals cannot be downloaded: " + (result.stdout.strip() or "?").split("\n")[-1])
    return {f.split("_")[0]: os.path.join(folder, f) for f in sorted(os.listdir(folder)) if f.endswith(".deb")}


def page_text(page):
    """The text of an HTML or Mallard page, a paragraph a line."""
    begin = page.find('id="DisplayArea"')
    if begin >= 0:  # LibreOffice's help, in its frame
        page = "<" + page[begin:page.find('id="SearchFrame"')]
    page = DROPPED.sub(" ", page)
    page = re.sub(r"\s+", " ", page)
    return html.unescape(TAG.sub("", BLOCK.sub("\n", page)))


def catalogue_text(raw):
    """The translations in a GNU .mo file that are no copies of the original."""
    magic, _, count, originals, translations = struct.unpack_from("<5I", raw)
    if magic != 0x950412de:
        return ""

    def texts(table):
        for i in range(count):
            length, at = struct.unpack_from("<2I", raw, table + 8 * i)
            yield raw[at:at + length].decode("utf-8", "replace")
    pairs = zip(texts(originals), texts(translations))
    return "\n".join(re.sub(r"[~_]|<[^>]*>|%\S+", "", b).replace("\0", "\n") for a, b in pairs if a and a != b)


def texts(path, language_of):
    """(language, text) for each page of a package, in its own order."""
    with subprocess.Popen(["dpkg-deb", "--fsys-tarfile", path], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as unpack:
        with tarfile.open(fileobj=unpack.stdout, mode="r|") as archive:
            for member in archive:
                language = member.isfile() and language_of(member.name)
                if not language:
                    continue
                raw = archive.extractfile(member).read()
                yield language, catalogue_text(raw) if member.name.endswith(".mo") else page_text(raw.decode("utf-8", "replace"))


def gather(folder, corpus_path):
    """Writes the corpus, a line LANGUAGE<TAB>text for each paragraph; returns the packages' hashes."""
    wanted = list(packages())
    files = download([name for name, _ in wanted], folder)
    hashes = {}
    with open(corpus_path, "w", encoding="utf-8", newline="\n") as corpus:
        for name, language_of in wanted:
            if name not in files:
                continue
            with open(files[name], "rb") as f:
                hashes[os.path.basename(files[name])] = hashlib.sha256(f.read()).hexdigest()
            for language, text in texts(files[name], language_of):
                for line in text.splitlines():
                    line = " ".join(line.split())
                    if len(line) > 3:
                        corpus.write(f"{language}\t{line}\n")
    return hashes


def train(program, folder):
    with tempfile.TemporaryDirectory(dir=folder) as temporary:
        corpus = os.path.join(temporary, "corpus.tsv")
        hashes = gather(temporary, corpus)
        result = subprocess.run([program, corpus, os.path.join(temporary, "lid.ftz")], capture_output=True, text=True)
        if result.returncode:
            raise Unavailable(result.stderr.strip() or f"{program} failed")
        with open(os.path.join(folder, "sources.json"), "w") as f:
            json.dump({"version": VERSION, "packages": hashes, "languages": result.stdout.splitlines()}, f, indent=1)
            f.write("\n")
        os.replace(os.path.join(temporary, "lid.ftz"), os.path.join(folder, "lid.ftz"))


def main():
    program, folder = sys.argv[1:3]
    failed = os.path.join(folder, "failed")
    os.makedirs(folder, exist_ok=True)
    older = os.path.exists(os.path.join(folder, "lid.ftz"))
    without = "that of an older version is used" if older else "the tests of the reward `language` are skipped, and jobs with it need TRAM_LANGUAGE_MODEL, until ./dev setup"
    if os.path.exists(failed) and time.time() - os.path.getmtime(failed) < PATIENCE_S and "--again" not in sys.argv:
        print(f"dev: no {'new ' * older}language model: {without}")
        return 3
    print("dev: training the language model on Debian's manuals (90 MB to download, two minutes) …", flush=True)
    start = time.time()
    try:
        train(program, folder)
    except Unavailable as reason:
        open(failed, "w").close()
        print(f"dev: no {'new ' * older}language model: {reason}; {without}")
        return 3
    print(f"dev: training the language model: {time.time() - start:.1f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
