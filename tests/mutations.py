"""The mutations of a C++ text: one operator, comparison, constant or boolean that is another, or a
statement left out. Comments, strings, includes, logging and assertions stay.

  for begin, end, other in mutations.of(text): …      # `other` stands in place of text[begin:end]
"""
import re

TEXT = re.compile(r'//[^\n]*|/\*.*?\*/|R"(\w*)\(.*?\)\1"|"(?:\\.|[^"\\\n])*"|(?<!\w)\'(?:\\.|[^\'\\\n])+\'|^[ \t]*#(?:\\\n|[^\n])*', re.S | re.M)
# Formatted code has spaces about its binary operators, and none about what looks like them.
BINARY = {
    "<": ["<=", ">"], "<=": ["<", ">="], ">": [">=", "<"], ">=": [">", "<="], "==": ["!="], "!=": ["=="],
    "&&": ["||"], "||": ["&&"], "+": ["-"], "-": ["+"], "*": ["/"], "/": ["*"], "%": ["*"], "&": ["|"], "|": ["&"], "^": ["|"],
    "<<": [">>"], ">>": ["<<"], "+=": ["-=", "="], "-=": ["+=", "="], "*=": ["="], "/=": ["="], "|=": ["&=", "="], "&=": ["|=", "="],
}
SITES = [  # a pattern, and from its match what may stand there instead
    (r"(?<= )(?:[<>=!]=|&&|\|\||<<|>>|[-+*/|&]=|[-<>+*/%&|^])(?=\s)", lambda m: BINARY.get(m.group(), [])),
    (r"\+\+|--", lambda m: ["--" if m.group() == "++" else "++"]),
    (r"(?<![\w!)\]])!(?=[\w(])", lambda m: [""]),
    (r"\b(?:true|false)\b", lambda m: ["false" if m.group() == "true" else "true"]),
    (r"(?<![\w.'])\d+(?![\w.'])", lambda m: [str(int(m.group()) + 1)] + ([str(int(m.group()) - 1)] if int(m.group()) else [])),
    (r"(?<![\w.])\d+\.\d*(?:[eE][-+]?\d+)?f?(?![\w.])", lambda m: ["0.5" if not float(m.group().rstrip("f")) else "0.0", f"(2 * {m.group()})"]),
    (r"\b(?:break|continue)(?=;)", lambda m: ["", "continue" if m.group() == "break" else "break"]),
]
# What may be left out: calls, assignments, returns of nothing. A declaration would not compile.
STATEMENT = re.compile(r"(?:(?:co_await|\(void\))\s+)?(?:[*]|\+\+|--)?[A-Za-z_][\w:]*(?:(?:\.|->)\w+|\[[^;{}]*?\]|\((?:[^;{}]*)\))*(?:\s*(?:[-+*/|&^%]|<<|>>)?=\s[^;]*|\+\+|--)?;|(?:co_)?return;", re.S)
NOT_LEFT_OUT = re.compile(r"[^;]*=\s*(?:delete|default);|(?:using|namespace|static_assert|friend|default|public|private|return|goto|throw|TRAM_\w+)\b|[\w.>:-]+(?:\.|->)reserve\(")
LEFT_ALONE = re.compile(r"\b(?:TRAM_\w+|static_assert|log|fprintf|str)\(")  # assertions and texts: up to the closing bracket


def blank(text, pattern=TEXT):
    """The text with spaces for what is not code, of the same length and lines."""
    return pattern.sub(lambda m: re.sub(r"[^\n]", " ", m.group()), text)


def closing(code, at):
    """The position behind the bracket that closes the one at `at`."""
    depth = 0
    for i in range(at, len(code)):
        depth += (code[i] in "([{") - (code[i] in ")]}")
        if depth == 0:
            return i + 1
    return len(code)


def without_assertions(code):
    for match in list(LEFT_ALONE.finditer(code)):
        end = closing(code, match.end() - 1)
        code = code[:match.start()] + re.sub(r"[^\n]", " ", code[match.start():end]) + code[end:]
    return code


def statements(code):
    """Begin and end of each statement that may be left out."""
    brackets, begin = [], 0
    for i, c in enumerate(code):
        if c in "([{":
            brackets.append(c)
        elif c in ")]}" and brackets:
            brackets.pop()
        if c in "{}" or (c == ";" and brackets[-1:] != ["("]):
            at = begin + len(code[begin:i]) - len(code[begin:i].lstrip())
            begin = i + 1
            while c == ";" and (head := re.match(r"(?:else\s+)?(?:if|while|for)(?: constexpr)?\s*\(|else\s+|[A-Za-z_]\w*:(?!:)\s*|case [^;:]+:\s*", code[at:i])):
                at = closing(code, at + head.end() - 1) if head.group().endswith("(") else at + head.end()
                at += len(code[at:i]) - len(code[at:i].lstrip())
            if c == ";" and STATEMENT.fullmatch(code, at, i + 1) and not NOT_LEFT_OUT.match(code, at):
                yield at, i + 1


def of(text):
    """Every (begin, end, what stands there instead) of the text, in its order."""
    code = without_assertions(blank(text))
    found = {(m.start(), m.end(), other) for pattern, others in SITES for m in re.finditer(pattern, code) for other in others(m)}
    return sorted(found | {(begin, end, ";") for begin, end in statements(code)})


def difference(name, text, mutation):
    """file:line, and the lines of a mutation as a diff shows them."""
    begin, end, other = mutation
    first, last = text.rfind("\n", 0, begin) + 1, text.find("\n", end)
    old, new = text[first:last].split("\n"), (text[first:begin] + other + text[end:last]).split("\n")
    return f"{name}:{text.count(chr(10), 0, begin) + 1}", [f"  - {line}" for line in old] + [f"  + {line}" for line in new]
