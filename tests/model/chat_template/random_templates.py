"""Small random chat templates, each with names of every type: what they render is compared with
Jinja2. Most of them are errors for both; those that are not visit corners that nobody writes."""

MESSAGES = [{"role": "user", "content": "Hi ÄÖ\n"}, {"role": "assistant", "content": " x ", "n": 3, "items": [1, 2]}]
NAMES = ["messages", "m", "x", "y", "s", "n", "f", "l", "d", "t", "u", "none", "true", "false", "ns", "ns.a", "loop", "loop.index",
    "loop.last", "loop.previtem", "loop.nextitem", "loop.revindex0", "empty", "big", "nested", "k"]
VARIABLES = {"s": " aB c\td'é\"\n ", "n": 7, "f": 2.5, "l": [3, "b", None, 1.0, True], "d": {"b": 1, "a": [1, {"c": "ü"}], "items": 2},
    "t": "true", "empty": "", "big": 1e22, "nested": [[1, 2], [3, [4]], {"role": "user"}], "k": ["b", "a", "C", "a"]}
CONSTANTS = ["0", "1", "-1", "2", "3", "10", "0.5", "1.0", "1e16", "1e-7", "123456789.125", "'a'", "\"b\"", "''", "' '", "'ab c'", "'%s-%d'",
    "'{}|{0!r}'", "'é\\n'", "'\\x41\\''", "[]", "{}", "()", "(1,)", "[1, 'a', none]", "{'a': 1, 'b': [2]}", "'a,b,c'", "'user'", "'1_0'", "' 12 '", "'3.7'"]
BINARY = ["+", "-", "*", "/", "//", "%", "~", "==", "!=", "<", ">", "<=", ">=", "and", "or", "in", "not in"]
FILTERS = ["abs", "batch(2)", "batch(2, 'f')", "capitalize", "center(9)", "count", "default('z')", "default('z', true)", "dictsort", "dictsort(true, 'value')",
    "first", "float", "indent", "indent(2, true)", "indent(1, blank=true)", "int", "int(5)", "items", "join", "join(', ')", "last", "length", "list", "lower",
    "map('upper')", "map(attribute='role')", "map(attribute='a', default='q')", "max", "min", "reject('none')", "rejectattr('role', 'equalto', 'user')",
    "replace('a', 'Q')", "replace('', '-')", "replace('b', '', 1)", "reverse", "round", "round(1)", "round(2, 'floor')", "round(0, 'ceil')", "select", "select('string')",
    "select('gt', 1)", "selectattr('role')", "selectattr('role', '==', 'user')", "selectattr('n', 'defined')", "slice(2)", "slice(3, 'f')", "sort", "sort(reverse=true)", "sort(attribute='role')",
    "sort(case_sensitive=true)", "string", "sum", "sum(start=1)", "title", "tojson", "tojson(indent=2)", "tojson(ensure_ascii=true)",
    "tojson(separators=(',', ':'), sort_keys=true)", "trim", "trim('a ')", "truncate(5)", "truncate(4, true, '.', 0)", "unique", "upper", "wordcount",
    "e", "safe", "format(1, 2)", "list|join('|')", "list|length"]
TESTS = ["defined", "undefined", "none", "string", "number", "mapping", "iterable", "sequence", "boolean", "true", "false", "integer", "float", "callable",
    "odd", "even", "divisibleby 3", "in l", "eq 1", "ne 'a'", "lt 3", "gt(2)", "equalto 'user'", "upper", "lower", "sameas none", "escaped"]
METHODS = [".strip()", ".strip('a ')", ".lstrip()", ".rstrip('\\n')", ".split()", ".split(' ')", ".split(' ', 1)", ".rsplit(' ', 1)", ".rsplit(none, 1)", ".startswith('a')", ".endswith(('c', ' '))",
    ".upper()", ".lower()", ".title()", ".capitalize()", ".replace('a', 'b')", ".find('c')", ".rfind('a')", ".count('a')", ".index('a')", ".splitlines()", ".join(['p', 'q'])",
    ".format(1, 'z')", ".items()", ".keys()", ".values()", ".get('a')", ".get('q', 5)", ".copy()", ".append(1)", ".pop()", ".content", ".role", ".n", ".items", ".a", ".b", ".zz",
    ".isdigit()", ".isalpha()", ".isspace()", ".isupper()", ".islower()", ".istitle()", ".zfill(5)", ".center(7, '*')", ".ljust(4)", ".partition(' ')", ".removeprefix(' a')", ".swapcase()",
    "[0]", "[-1]", "[1:]", "[:-1]", "[::-1]", "[::2]", "[5:1:-2]", "['a']", "['content']", "[n]", "[99]", "['items']", ".0", ".startswith('B', 2)", ".count('a', 1, 3)"]


class Writer:
    def __init__(self, r):
        self.r = r
        self.depth = 0

    def pick(self, *choices):
        return self.r.choice(choices)

    def expression(self, deep=2):
        r = self.r
        if deep == 0 or r.random() < 0.2:
            return r.choice(NAMES) if r.random() < 0.65 else r.choice(CONSTANTS)
        one = lambda: self.expression(deep - 1)
        kind = r.randrange(13)
        if kind == 0:
            return f"({one()} {r.choice(BINARY)} {one()})"
        if kind == 1:
            return f"{one()} {r.choice(BINARY)} {one()}"
        if kind in (2, 3):
            return f"{one()}|{r.choice(FILTERS)}"
        if kind in (4, 5):
            return f"{r.choice(NAMES)}{r.choice(METHODS)}"
        if kind == 6:
            return f"({one()}){r.choice(METHODS)}"
        if kind == 7:
            return f"{one()} is {self.pick('', 'not ')}{r.choice(TESTS)}"
        if kind == 8:
            return f"({one()} if {one()}{self.pick('', ' else ' + one())})"
        if kind == 9:
            return self.pick(f"[{one()}, {one()}]", f"({one()}, {one()})", f"{{'a': {one()}, {r.choice(CONSTANTS)}: {one()}}}", f"[{one()}][0]")
        if kind == 10:
            return self.pick(f"not {one()}", f"-{one()}", f"({one()} < {one()} <= {one()})", f"{one()} ** 2", f"'%s %r' % ({one()}, {one()})")
        if kind == 11:
            return self.pick(f"f1({one()})", f"f1({one()}, b={one()})", f"range({self.pick('3', '1, 5', '5, 0, -2', 'n')})", f"dict(a={one()})", f"loop.cycle({one()}, {one()})",
                f"loop.changed({one()})", f"namespace(a={one()}).a", f"dict({one()})", "f1()", "caller()", "varargs", "kwargs")
        return one()

    def space(self):
        return self.pick("", " ", "\n", "  \n", "\n  ", "t ", "\t", "a\n\n")

    def tag(self, text):
        return "{%" + self.pick("", "", "-", "+") + " " + text + " " + self.pick("", "", "-", "+") + "%}"

    def body(self, deep):
        return "".join(self.statement(deep) for _ in range(self.r.randint(1, 3)))

    def target(self):
        return self.pick("x", "y", "x", "ns.a", "s", "x, y", "m", "n")

    def statement(self, deep):
        r, one = self.r, self.expression
        kind = r.randrange(20)
        out = self.space()
        if deep == 0 or kind < 7:
            return out + "{{" + self.pick("", "", "-", "+") + " " + one() + " " + self.pick("", "-") + "}}" + self.space()
        body = lambda: self.body(deep - 1)
        if kind < 10:
            return out + self.tag(f"set {self.target()} = {one()}") + self.space()
        if kind == 10:
            return out + self.tag(f"set {self.pick('x', 'ns.a')}{self.pick('', '|upper', '|trim|length')}") + body() + self.tag("endset")
        if kind < 13:
            middle = self.pick("", self.tag("else") + body(), self.tag(f"elif {one()}") + body())
            return out + self.tag(f"if {one()}") + body() + middle + self.tag("endif") + self.space()
        if kind < 16:
            over = self.pick("messages", "l", "d", "d.items()", "range(3)", "nested", one(), one())
            leave = self.pick("", "", self.tag(f"if {one()}") + self.tag(self.pick("break", "continue")) + self.tag("endif"))
            return (out + self.tag(f"for {self.pick('m', 'm', 'x', 'x, y')} in {over}{self.pick('', '', ' if ' + one())}") + body() + leave + self.space()
                + self.pick("", self.tag("else") + body()) + self.tag("endfor") + self.space())
        if kind == 16:
            return (out + self.tag(f"macro f1({self.pick('a', 'x', 'a, b=' + one(), 'x=1, y=x', '')})") + body() + self.tag("endmacro")
                + self.pick("", "{{ f1(" + one() + ") }}"))
        if kind == 17:
            return out + self.tag(f"call{self.pick('', '(x)')} f1({self.pick('', one())})") + body() + self.tag("endcall")
        if kind == 18:
            return out + self.tag(f"with x = {one()}, k = {one()}") + body() + self.tag("endwith")
        return out + self.pick(
            self.tag(f"filter {r.choice(FILTERS)}") + body() + self.tag("endfilter"),
            self.tag("generation") + body() + self.tag("endgeneration"),
            "{#" + self.pick("", "-") + " c {{ }} " + self.pick("", "-", "+") + "#}",
            self.tag("raw").replace("+%}", "%}") + " {{ x }}\n" + self.tag("endraw"),
            "{%- for x in nested recursive %}" + "{{ x if x is number else loop(x) }}" + body() + "{% endfor %}")


def random_case(r):
    writer = Writer(r)
    begin = "{% set ns = namespace(a=1) %}" if r.random() < 0.5 else ""
    if r.random() < 0.3:
        begin += "{% macro f1(a, b=2) %}[{{ a }}{{ b }}{{ x }}]{% endmacro %}"
    return {"template": begin + writer.body(2), "messages": MESSAGES, "variables": VARIABLES}
