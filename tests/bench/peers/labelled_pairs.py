"""Pairs of a gold answer and an answer, labelled by how they were made, by kind.

Each rule draws its numbers, writes a gold answer, the same in other spellings, which are right, and
other answers, which are not. `pairs()` is the same list every time. Run by itself, it counts them.
"""
import random
from math import gcd

DRAWS = 8  # of each rule

RULES = {}


def rule(kind):
    def add(function):
        RULES.setdefault(kind, []).append(function)
        return function
    return add


def two(r, low=2, high=30):
    """Two different numbers, in order."""
    return sorted(r.sample(range(low, high), 2))


@rule("integers")
def integers(r):
    n = r.randrange(3, 999)
    return str(n), [f"{n}.0", f"+{n}", f"0{n}", rf"\boxed{{{n}}}", f"x = {n}", rf"\frac{{{2 * n}}}{{2}}", f"{n}."], [
        str(n + 1), f"-{n}", f"{n}0", f"{n}.0001", f"{n}, {n + 1}", f"{n}!", rf"{n} \text{{ or }} {n + 1}", rf"\frac{{{n}}}{{10}}"]


@rule("integers")
def thousands(r):
    a, b = r.randrange(2, 99), r.randrange(101, 999)
    return f"{a},{b}", [str(1000 * a + b), rf"{a},\!{b}", rf"{a}\,{b}", f"{a}{{,}}{b}", rf"\${1000 * a + b}"], [
        rf"\{{{a}, {b}\}}", f"({a}, {b})", str(1000 * a + b + 1), f"{a}.{b}"]


@rule("integers")
def large(r):
    n, k = 2 * r.randrange(20, 45), r.randrange(2, 9)
    return f"{k}^{{{n}}}", [str(k ** n), rf"{k}\cdot {k}^{{{n - 1}}}", f"{k ** 2}^{{{n // 2}}}"], [
        str(k ** n + 1), f"{k}^{{{n - 1}}}", f"{k}^{{{n}}} - 1", f"-{k}^{{{n}}}"]


@rule("decimals")
def decimals(r):
    n = r.randrange(1001, 9997, 2)
    shown = f"{n // 1000}.{n % 1000:03d}"
    return shown, [shown + "0", rf"\frac{{{n}}}{{1000}}", f"+{shown}", rf"{n} \cdot 10^{{-3}}", rf"{n}\times 10^{{-3}}"], [
        f"{(n + 2) // 1000}.{(n + 2) % 1000:03d}", f"-{shown}", str(n), f"{n // 1000 + 1}.{n % 1000:03d}", rf"\frac{{{n}}}{{100}}"]


@rule("decimals")
def small(r):
    n, k = r.randrange(2, 9), r.randrange(20, 60)
    return rf"{n}\times 10^{{-{k}}}", [rf"\frac{{{n}}}{{10^{{{k}}}}}", rf"{n * 10}\times 10^{{-{k + 1}}}"], [
        rf"{n}\times 10^{{-{k + 1}}}", rf"{n + 1}\times 10^{{-{k}}}", "0", rf"-{n}\times 10^{{-{k}}}"]


@rule("decimals")
def rounded(r):
    n = r.choice([2, 3, 5, 6, 7, 10, 11, 13])
    value = n ** 0.5
    return rf"\sqrt{{{n}}}", [f"{value:.6f}", f"{value:.5f}"], [f"{value + 0.001:.5f}", f"{value:.1f}", f"{-value:.6f}"]


@rule("fractions")
def fractions(r):
    a, b = two(r)
    while gcd(a, b) > 1:
        a, b = two(r)
    return rf"\frac{{{a}}}{{{b}}}", [f"{a}/{b}", rf"\dfrac{{{3 * a}}}{{{3 * b}}}", rf"\tfrac{{{a}}}{{{b}}}", rf"1-\frac{{{b - a}}}{{{b}}}",
        rf"\frac{{-{a}}}{{-{b}}}", rf"\left(\frac{{{a}}}{{{b}}}\right)", rf"{a} \div {b}"], [
        rf"\frac{{{b}}}{{{a}}}", rf"-\frac{{{a}}}{{{b}}}", rf"\frac{{{a}}}{{{b + 1}}}", rf"\frac{{{a}}}{{{b}}}, \frac{{{b}}}{{{a}}}", f"({a},{b})", str(a)]


@rule("fractions")
def mixed(r):
    w, (a, b) = r.randrange(2, 9), two(r, 2, 9)
    return rf"\frac{{{w * b + a}}}{{{b}}}", [rf"{w}\frac{{{a}}}{{{b}}}", f"{w} {a}/{b}", rf"{w}+\frac{{{a}}}{{{b}}}"], [
        rf"{w}\cdot\frac{{{a}}}{{{b}}}", rf"{w + 1}\frac{{{a}}}{{{b}}}", rf"{w}-\frac{{{a}}}{{{b}}}"]


@rule("fractions")
def huge_fractions(r):
    n = r.randrange(1500, 2500)
    return rf"\frac{{1}}{{{n}!}}", [rf"\frac{{{n + 1}}}{{{n + 1}!}}"], [rf"\frac{{1}}{{{n + 2}!}}", "0", rf"\frac{{1}}{{{n - 1}!}}"]


@rule("percents and money")
def percents(r):
    n = r.randrange(11, 99)
    return rf"{n}\%", [f"{n}%", rf"{n} \text{{ percent}}", rf"\frac{{{n}}}{{100}}", f"0.{n}"], [
        rf"{n + 1}\%", rf"0.{n}\%", str(100 * n), rf"-{n}\%", rf"{n}.5\%"]


@rule("percents and money")
def money(r):
    n, c = r.randrange(11, 99), r.randrange(11, 99)
    return rf"\${n}.{c}", [f"{n}.{c}", rf"{n}.{c} \text{{ dollars}}"], [rf"\${n}.{c - 1}", rf"\${n}", rf"-\${n}.{c}", rf"\${n}{c}"]


@rule("roots and constants")
def roots(r):
    a, b = r.randrange(2, 9), r.choice([2, 3, 5, 7])
    return rf"{a}\sqrt{{{b}}}", [rf"\sqrt{{{a * a * b}}}", rf"\frac{{{a * b}}}{{\sqrt{{{b}}}}}", rf"\sqrt{{{b}}}\cdot {a}", rf"{a}\cdot {b}^{{1/2}}",
        rf"\frac{{{2 * a}\sqrt{{{b}}}}}{{2}}"], [
        rf"{a + 1}\sqrt{{{b}}}", rf"{a}\sqrt{{{b + 1}}}", rf"-{a}\sqrt{{{b}}}", rf"\sqrt{{{a * b}}}", rf"{a}+\sqrt{{{b}}}", rf"{a}\sqrt[3]{{{b}}}"]


@rule("roots and constants")
def nested(r):
    a, b = r.choice([(1, 2), (1, 3), (2, 3), (2, 5), (1, 5), (3, 5)])
    return rf"{a}+\sqrt{{{b}}}", [rf"\sqrt{{{a * a + b}+{2 * a}\sqrt{{{b}}}}}", rf"\sqrt{{{b}}}+{a}"], [
        rf"\sqrt{{{a * a + b}-{2 * a}\sqrt{{{b}}}}}", rf"{a}-\sqrt{{{b}}}", rf"\sqrt{{{a + b}}}"]


@rule("roots and constants")
def constants(r):
    a, b = two(r, 2, 12)
    return rf"\frac{{{a}\pi}}{{{b}}}", [rf"\frac{{{a}}}{{{b}}}\pi", rf"\pi\cdot\frac{{{a}}}{{{b}}}", rf"\frac{{{2 * a}\pi}}{{{2 * b}}}"], [
        rf"\frac{{{b}\pi}}{{{a}}}", rf"\frac{{{a}}}{{{b}}}", rf"-\frac{{{a}\pi}}{{{b}}}", rf"\frac{{{a}\pi}}{{{b + 1}}}", rf"\frac{{{a}e}}{{{b}}}"]


@rule("roots and constants")
def logarithms(r):
    b, k = r.choice([2, 3, 5, 7]), r.randrange(2, 7)
    return str(k), [rf"\log_{{{b}}} {b ** k}", rf"\frac{{\ln {b ** k}}}{{\ln {b}}}", rf"\ln e^{{{k}}}"], [
        rf"\log_{{{b}}} {b ** k + 1}", rf"\ln {b ** k}", rf"\log_{{{b ** k}}} {b}"]


@rule("roots and constants")
def complex_numbers(r):
    a, b = two(r, 2, 9)
    return f"{a}+{b}i", [f"{b}i+{a}", f"{a} + {b}i", rf"\frac{{{2 * a}+{2 * b}i}}{{2}}"], [f"{a}-{b}i", f"{b}+{a}i", f"-{a}+{b}i", str(a + b), f"{a}+{b}"]


@rule("expressions")
def polynomials(r):
    a, b = two(r, 1, 9)
    return f"(x+{a})(x+{b})", [f"x^2+{a + b}x+{a * b}", f"(x+{b})(x+{a})", f"x^2 + {a * b} + {a + b} x", f"x(x+{a + b})+{a * b}"], [
        f"x^2+{a + b}x+{a * b + 1}", f"(x-{a})(x-{b})", f"x^2+{a + b + 1}x+{a * b}", f"(y+{a})(y+{b})", f"x+{a}", f"x+{a}, x+{b}"]


@rule("expressions")
def rationals(r):
    a, b = two(r, 2, 9)
    return rf"\frac{{1}}{{x+{a}}}-\frac{{1}}{{x+{b}}}", [rf"\frac{{{b - a}}}{{(x+{a})(x+{b})}}", rf"\frac{{{b - a}}}{{x^2+{a + b}x+{a * b}}}"], [
        rf"\frac{{{b - a}}}{{(x-{a})(x-{b})}}", rf"\frac{{{b - a + 1}}}{{(x+{a})(x+{b})}}", rf"\frac{{{a - b}}}{{(x+{a})(x+{b})}}"]


@rule("expressions")
def functions(r):
    k = r.randrange(2, 9)
    return rf"\sin({2 * k}x)", [rf"2\sin({k}x)\cos({k}x)", rf"\sin {2 * k}x", rf"-\sin(-{2 * k}x)"], [
        rf"\sin({k}x)", rf"2\sin({k}x)", rf"\cos({2 * k}x)", rf"\sin({2 * k}x)+1", rf"\sin({2 * k + 1}x)"]


@rule("expressions")
def absolute(r):
    k = r.randrange(4, 40)
    return f"|x-{k}|", [f"|{k}-x|", rf"\sqrt{{(x-{k})^2}}", rf"\left|x-{k}\right|"], [f"x-{k}", f"{k}-x", f"|x+{k}|", f"|x|-{k}", f"|x-{k + 1}|"]


@rule("expressions")
def exponents(r):
    k = r.randrange(2, 9)
    return f"x^{{{k + 1}}}", [f"x^{{{k}}} x", rf"x\cdot x^{{{k}}}", rf"\frac{{x^{{{k + 3}}}}}{{x^2}}"], [
        f"x^{{{k}}}", f"{k + 1}x", f"x_{{{k + 1}}}", f"y^{{{k + 1}}}", f"x^{{{k + 1}}}+1"]


@rule("expressions")
def sequences(r):
    k = r.randrange(2, 9)
    return rf"\frac{{n(n+1)}}{{2}}+{k}", [rf"\frac{{n^2+n+{2 * k}}}{{2}}", rf"{k}+\binom{{n+1}}{{2}}"], [
        rf"\frac{{n(n-1)}}{{2}}+{k}", r"\frac{n(n+1)}{2}", rf"\frac{{n(n+1)}}{{2}}-{k}", rf"\frac{{m(n+1)}}{{2}}+{k}"]


@rule("tuples")
def tuples(r):
    a, b, c = r.sample(range(2, 30), 3)
    return f"({a},{b},{c})", [f"({a}, {b}, {c})", rf"\left({a},{b},{c}\right)", rf"(\frac{{{2 * a}}}{{2}},{b},{c})", f"(x,y,z)=({a},{b},{c})"], [
        f"({a},{c},{b})", f"({a},{b})", f"({a},{b},{c},0)", f"({a},{b},-{c})", f"[{a},{b},{c}]", str(a), f"({a},{b},{c + 1})"]


@rule("tuples")
def points(r):
    a, b = r.sample(range(2, 30), 2)
    return rf"\left({a}, \frac{{\pi}}{{{b}}}\right)", [rf"({a}, \pi/{b})", rf"({a},\frac{{1}}{{{b}}}\pi)"], [
        rf"(\frac{{\pi}}{{{b}}}, {a})", rf"({a}, \frac{{{b}}}{{\pi}})", rf"({a}, \frac{{\pi}}{{{b + 1}}})", rf"(-{a}, \frac{{\pi}}{{{b}}})"]


@rule("sets and lists")
def sets(r):
    a, b, c = r.sample(range(2, 40), 3)
    return rf"\{{{a},{b},{c}\}}", [rf"\{{{c},{a},{b}\}}", rf"\left\{{{b},{a},{c}\right\}}", rf"\{{{a},{b},{c},{a}\}}", rf"\{{{a},{b}\}}\cup\{{{c}\}}"], [
        rf"\{{{a},{b}\}}", rf"\{{{a},{b},{c + 41}\}}", rf"\{{{a},{b},{c},{c + 41}\}}", rf"\{{{a},{b},-{c}\}}", rf"\{{{a},{b}\}}\cap\{{{c}\}}"]


@rule("sets and lists")
def lists(r):
    a, b = two(r)
    return f"{a}, {b}", [f"{b}, {a}", rf"x={a} \text{{ or }} x={b}", rf"{a} \text{{ and }} {b}", rf"{b},{a}"], [
        str(a), f"{a}, -{b}", f"{a}, {b}, {b + 1}", f"{a}, {b + 1}", f"({b},{a})", f"{a}{b}"]


@rule("sets and lists")
def plus_minus(r):
    a, b = r.randrange(2, 9), r.choice([2, 3, 5, 7])
    return rf"{a}\pm\sqrt{{{b}}}", [rf"{a}+\sqrt{{{b}}}, {a}-\sqrt{{{b}}}", rf"{a}-\sqrt{{{b}}}, {a}+\sqrt{{{b}}}"], [
        rf"{a}+\sqrt{{{b}}}", rf"{a}\pm\sqrt{{{b + 1}}}", rf"-{a}\pm\sqrt{{{b}}}", rf"{a}+\sqrt{{{b}}}, {a}+\sqrt{{{b}}}"]


@rule("sets and lists")
def families(r):
    a = r.randrange(3, 9)
    return rf"\frac{{\pi}}{{{a}}}+2k\pi, k\in\mathbb{{Z}}", [rf"\frac{{\pi}}{{{a}}}+2n\pi, n\in\mathbb{{Z}}", rf"2k\pi+\frac{{\pi}}{{{a}}}, k\in\mathbb{{Z}}"], [
        rf"\frac{{\pi}}{{{a}}}+k\pi, k\in\mathbb{{Z}}", rf"\frac{{\pi}}{{{a}}}", rf"-\frac{{\pi}}{{{a}}}+2k\pi, k\in\mathbb{{Z}}", rf"\frac{{\pi}}{{{a + 1}}}+2k\pi, k\in\mathbb{{Z}}"]


@rule("intervals")
def intervals(r):
    a, b = two(r)
    return f"({a},{b}]", [f"({a}, {b}]", rf"\left({a},{b}\right]", rf"{a}<x\le {b}", rf"x\in({a},{b}]", rf"{b}\ge x>{a}"], [
        f"[{a},{b}]", f"({a},{b})", f"[{a},{b})", f"({a},{b + 1}]", rf"{a}\le x\le {b}", rf"\{{{a},{b}\}}", str(b), rf"x>{a}"]


@rule("intervals")
def rays(r):
    a = r.randrange(2, 30)
    return rf"({a},\infty)", [f"x>{a}", rf"{a}<x", rf"({a}, +\infty)", rf"x \in ({a},\infty)", f"t>{a}"], [
        rf"[{a},\infty)", rf"(-\infty,{a})", rf"x\ge {a}", f"x<{a}", rf"(-{a},\infty)", f"3x-1>{3 * a - 1}", str(a)]


@rule("intervals")
def unions(r):
    a, b, c = sorted(r.sample(range(2, 30), 3))
    return rf"(-\infty,{a})\cup({b},{c})", [rf"({b},{c})\cup(-\infty,{a})", rf"x<{a} \text{{ or }} {b}<x<{c}", rf"(-\infty,{a}) \cup ({b}, {c})"], [
        rf"(-\infty,{a}]\cup({b},{c})", rf"(-\infty,{a})", rf"(-\infty,{a})\cap({b},{c})", rf"(-\infty,{c})", rf"({b},{c})", rf"(-\infty,{a})\cup({b},{c + 1})"]


@rule("intervals")
def computed_sets(r):
    a, b = two(r, 2, 20)
    return rf"(-\infty,{a})\cup({a},\infty)", [rf"\mathbb{{R}}\setminus\{{{a}\}}", rf"x\ne {a}"], [
        rf"\mathbb{{R}}\setminus\{{{b}\}}", r"\mathbb{R}", f"x>{a}", rf"x={a}", rf"(-\infty,{a}]\cup[{a},\infty)"]


def array(name, *rows):
    return rf"\begin{{{name}}}" + r" \\ ".join(" & ".join(map(str, row)) for row in rows) + rf"\end{{{name}}}"


@rule("matrices")
def matrices(r):
    a, b, c, d = r.sample(range(2, 30), 4)
    half = array("pmatrix", (f"{a}/2", f"{b}/2"), (f"{c}/2", f"{d}/2"))
    return array("pmatrix", (a, b), (c, d)), [array("bmatrix", (a, b), (c, d)), array("pmatrix", (rf"\frac{{{2 * a}}}{{2}}", b), (c, d)), f"2{half}"], [
        array("pmatrix", (a, c), (b, d)), array("pmatrix", (a, b), (c, d + 1)), array("pmatrix", (a, b)), array("vmatrix", (a, b), (c, d)), array("pmatrix", (c, d), (a, b)), half]


@rule("matrices")
def vectors(r):
    a, b = r.sample(range(2, 30), 2)
    return array("pmatrix", (a,), (b,)), [array("pmatrix", (f"{a}.0",), (b,)), array("bmatrix", (a,), (b,)), array("pmatrix", (rf"\frac{{{a * 3}}}{{3}}",), (b,))], [
        array("pmatrix", (b,), (a,)), array("pmatrix", (a,), (-b,)), array("pmatrix", (a,), (b + 1,)), str(a), array("pmatrix", (a, b), (b, a))]


@rule("units")
def units(r):
    n = r.randrange(2, 30)
    return rf"{n}\text{{ m}}", [rf"{n} \text{{ meters}}", rf"{100 * n}\text{{ cm}}", rf"{n}\,\mathrm{{m}}", str(n)], [
        rf"{n}\text{{ cm}}", rf"{n + 1}\text{{ m}}", rf"{n}\text{{ kg}}", rf"{n}\text{{ m}}^2", rf"-{n}\text{{ m}}", rf"{n}\text{{ km}}"]


@rule("units")
def degrees(r):
    n = r.choice([30, 36, 40, 45, 60, 72, 75, 80])
    return rf"{n}^\circ", [rf"{n}^{{\circ}}", f"{n}°", rf"{n}\text{{ degrees}}", rf"\frac{{{n}\pi}}{{180}}", str(n)], [
        rf"{n + 1}^\circ", rf"-{n}^\circ", rf"{180 - n}^\circ", rf"{n}\pi"]


@rule("units")
def speeds(r):
    n = r.randrange(2, 30)
    return rf"{n}\text{{ m/s}}", [rf"{n}\ \mathrm{{m/s}}", rf"{n}\text{{ meters per second}}", str(n)], [
        rf"{n}\text{{ km/h}}", rf"{n + 1}\text{{ m/s}}", rf"{n}\text{{ s}}", rf"{n}\text{{ s/m}}"]


@rule("equations")
def lines(r):
    a, b = two(r, 2, 9)
    return f"y={a}x+{b}", [f"y = {b}+{a}x", f"{a}x+{b}=y", f"y-{a}x={b}", f"2y={2 * a}x+{2 * b}", f"{a}x-y+{b}=0"], [
        f"y={a}x-{b}", f"y={a + 1}x+{b}", f"y={b}x+{a}", f"x={a}y+{b}", f"y>{a}x+{b}", str(a)]


@rule("equations")
def implicit(r):
    a, b, c = r.sample(range(2, 20), 3)
    return f"{a}x-{b}y+{c}=0", [f"{2 * a}x-{2 * b}y+{2 * c}=0", f"{b}y={a}x+{c}", f"{a}x+{c}={b}y"], [
        f"{a}x+{b}y+{c}=0", f"{a}x-{b}y+{c + 1}=0", "0=0", "x=0", f"{b}x-{a}y+{c}=0", "0"]


@rule("equations")
def solved(r):
    a = r.randrange(2, 30)
    return f"x={a}", [str(a), f"x = {a}", f"{a} = x"], [f"2x={2 * a}", f"x={a + 1}", f"x+1={a + 1}", f"x^2={a * a}", f"x=-{a}", f"x>{a}", f"x={a}, x={a + 1}"]


@rule("equations")
def circles(r):
    a, b, k = r.randrange(2, 9), r.randrange(2, 9), r.randrange(3, 9)
    return f"(x-{a})^2+(y-{b})^2={k * k}", [f"(y-{b})^2+(x-{a})^2={k * k}", f"({a}-x)^2+(y-{b})^2={k}^2", f"x^2+y^2-{2 * a}x-{2 * b}y+{a * a + b * b}={k * k}"], [
        f"(x+{a})^2+(y+{b})^2={k * k}", f"(x-{a})^2+(y-{b})^2={k}", f"(x-{a})^2-(y-{b})^2={k * k}", str(k * k)]


@rule("words")
def words(r):
    a, b = r.sample(["east", "Monday", "odd", "yes", "Alice", "parabola", "green", "never"], 2)
    return rf"\text{{{a}}}", [a, rf"\text{{ {a} }}", rf"\mathrm{{{a}}}", rf"\textbf{{{a}}}", a.upper()], [
        rf"\text{{{b}}}", rf"\text{{{a} and {b}}}", rf"\text{{not {a}}}", "", "0", a[0]]


@rule("words")
def choices(r):
    a, b = r.sample("ABCDE", 2)
    return rf"\text{{({a})}}", [a, f"({a})", rf"\text{{{a}}}", rf"\mathbf{{({a})}}", rf"\textbf{{({a})}}"], [b, f"({b})", rf"\text{{({b})}}", f"{a}, {b}", "", a + b]


@rule("words")
def letters(r):
    a = r.sample("HTKW", 3)
    word = "".join(a)
    return word, [rf"\text{{{word}}}", rf"\mathrm{{{word}}}"], [word[1:] + word[0], word[::-1], word[:2], word + word[0]]


@rule("words")
def based(r):
    n = r.randrange(65, 400)
    octal = f"{n:o}"
    return f"{octal}_8", [f"{octal}_{{8}}", rf"{octal}_{{\text{{8}}}}"], [f"{octal}_9", str(n), f"{n + 1:o}_8", f"{octal}_{{16}}"]


GOLDS = ["42", r"\frac{3}{7}", r"5\sqrt{2}", "x^2+3", "(2,9)", r"\{1,2,3\}", "[3,8]", r"\begin{pmatrix}1\\2\end{pmatrix}", r"35\text{ cm}", "y=2x+1",
    r"\text{east}", r"\text{(C)}", "2.5", r"\sin x", "x>3"]
CHEATS = ["", " ", "x", "?", r"\text{any}", "x+9^{9^9}-9^{9^9}", r"\frac{x}{x-x}", r"\frac{1}{0}", r"\infty-\infty", "0^0", r"\emptyset", r"\mathbb{R}", "0=0", "x=x",
    r"\boxed{}", "1,2,3,4,5,6,7,8,9,10", r"\text{east or west}", "A, B, C, D, E", r"\ln(0)", r"5^{5^{5^{5}}}", r"\ldots", r"\{\}", "(,)", "gold", r"\sqrt{-1}\cdot 0^{-1}"]


@rule("cheats")
def fixed_strings(r):
    return r.choice(GOLDS), [], r.sample(CHEATS, 12)


@rule("cheats")
def several_values(r):
    n = r.randrange(2, 99)
    tower = r.choice(["9^{9^9}", "e^{e^{e^9}}", "(10^9)!"])
    return str(n), [], [f"x+{tower}-{tower}", rf"{n - 1} \text{{ or }} {n}", f"{n - 1}, {n}", rf"\{{{n - 1},{n}\}}", rf"{n} \pm 1", rf"{n - 1} \le x \le {n + 1}", f"{n}={n + 1}", f"{n + 1}={n}", rf"\boxed{{{n + 1}}} \boxed{{{n + 2}}}"]


@rule("cheats")
def nearly(r):
    k = r.randrange(3, 30)
    root = rf"\sqrt{{{k * k + 1}}}"
    return root, [], [root + "+10^{-30}", root + r"\cdot(1+10^{-50})", rf"{k}+\frac{{1}}{{{2 * k}}}", str(k)]


def pairs():
    """(kind, gold, answer, whether they are equal), each once."""
    r = random.Random(20250101)
    out = {}
    for kind, rules in RULES.items():
        for make in rules:
            for _ in range(DRAWS):
                gold, right, wrong = make(r)
                for answer in [gold, *right]:
                    out.setdefault((gold, answer), (kind, gold, answer, True))
                for answer in wrong:
                    out.setdefault((gold, answer), (kind, gold, answer, False))
    return list(out.values())


if __name__ == "__main__":
    counts = {}
    for kind, _, _, equal in pairs():
        counts.setdefault(kind, [0, 0])[equal] += 1
    for kind, (wrong, right) in counts.items():
        print(f"{kind:<22}{right:>6} right {wrong:>6} wrong")
