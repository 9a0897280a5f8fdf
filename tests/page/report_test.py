#!/usr/bin/env python3
"""The report in a browser: report_test.py REPORT_DEMO. Renders a whole run, one cut off and one that
has not begun at three widths and two themes, goes through it by keyboard, and checks what checks.js
checks. Pictures: see browser.py."""
import os
import subprocess
import sys
import tempfile

import browser as b
from browser import expect

HELD = "const e = document.querySelector(arguments[0]); return e ? e.textContent : '';"


def renders_everywhere(page, name, url):
    for size, width, height in b.SIZES:
        for theme in ("light", "dark"):
            page.size(width, height, dark=theme == "dark")
            page.go(url)
            page.wait(f"{name} at {size}", "return document.querySelector('footer').textContent.length > 0")
            page.check(f"{name}, {size}, {theme}")
            page.shot(f"report-{name}-{size}-{theme}")
            complaints = page.complaints()
            expect(not complaints, f"{name}: the console says {complaints}")
    print(f"{name}: three widths, two themes", flush=True)


def gain_is_told_in_points(page, url):
    page.size(390, 844)
    page.go(url)
    text = page.js(HELD, ".gain")
    expect("+" in text and "points" in text and "before reinforcement" in text, f"the gain says {text!r}")
    expect("percentage points" in page.js(HELD, ".lead"), "the split of the gain is not in points")
    cut = page.js("""return [...document.querySelectorAll(".gain b")].filter(e => {
        const box = e.getBoundingClientRect(); return box.left < 0 || box.right > innerWidth || e.scrollWidth > e.clientWidth + 1 && getComputedStyle(e).display !== "inline"; }).length""")
    expect(cut == 0, "a figure of the gain is cut")
    print("the gain: figures whole at phone width, in points", flush=True)


def list_is_one_stop(page):
    chosen = "return document.querySelector('[role=option][aria-selected=true]').dataset.place"
    page.focus("[role=listbox]")
    first = page.js("document.querySelector('[role=option]').click(); return Number(" + chosen[7:] + ")")
    heading = page.js(HELD, ".detail h3")
    page.focus("[role=listbox]")
    page.press("ArrowDown")
    expect(int(page.js(chosen)) == first + 1, "an arrow key does not move the choice")
    expect(page.js(HELD, ".detail h3") != heading, "an arrow key does not show the next rollout")
    page.press("End")
    size = int(page.js("return document.querySelector('[role=option]').getAttribute('aria-setsize')"))
    expect(int(page.js(chosen)) == size - 1, "End does not lead to the end")
    expect(page.js("return document.querySelectorAll('[role=option]').length") < 60, "every row is an element")
    active = page.js("return document.querySelector('[role=listbox]').getAttribute('aria-activedescendant')")
    expect(page.js("return document.getElementById(arguments[0]).getAttribute('aria-selected')", active) == "true", "the active row is not the chosen one")
    page.press("Home", "Tab")
    expect("listbox" not in page.js("return document.activeElement.getAttribute('role') || ''"), "Tab does not leave the list")
    expect(page.js("return document.activeElement.closest('.list') === null"), "the list has more than one stop")
    page.focus(".detail .text")
    page.press("ArrowRight", "ArrowRight")
    expect(page.js("return document.querySelector('.token.here').dataset.place") == "1", "arrow keys do not go from token to token")
    expect("log-prob" in page.js(HELD, "[role=status].unseen"), "the token is not announced")
    print(f"{size} rollouts: one stop, arrow keys, tokens read", flush=True)


def curves_are_read(page):
    page.focus("#curves .chart svg")
    page.press("ArrowLeft", "ArrowLeft")
    said = page.js(HELD, "[role=status].unseen")
    expect(said.startswith("step 199:") and "held-out" in said, f"the reading says {said!r}")
    expect(page.js(HELD, "#curves .chart .unit") == "step 199", "the chart does not show what is read")
    expect(page.js("return document.querySelectorAll('#curves .chart .unit')[1].textContent") == "step 199", "other charts do not follow")
    page.press("Home")
    expect(page.js(HELD, "[role=status].unseen").startswith("step "), "Home is not read")
    page.press("Escape")
    expect(page.js(HELD, "#curves .chart .unit") == "share of completions", "Escape does not end the reading")
    print("curves: read by arrow keys", flush=True)


def cut_tables_say_so(page, url):
    page.size(390, 844)
    page.go(url)
    page.wait("a cut table", "return [...document.querySelectorAll('.cut')].some(e => !e.hidden && e.textContent.includes('→'))")
    place = "document.querySelector('#evaluations .scroll')"
    expect(page.js(f"return {place}.classList.contains('cut-right')"), "the table of evaluations does not fade")
    page.js(f"{place}.scrollLeft = 1e4")
    page.wait("the other side", f"return {place}.classList.contains('cut-left') && !{place}.classList.contains('cut-right')")
    expect("←" in page.js(HELD, "#evaluations .cut"), "a table scrolled to its end does not say what is before")
    print("cut tables say so", flush=True)


def main():
    demo = os.path.abspath(sys.argv[1])
    page = b.open_browser()
    with tempfile.TemporaryDirectory(prefix="tram-report-") as folder:
        urls = {}
        for name in ("full", "cut", "empty"):
            subprocess.run([demo, os.path.join(folder, name), name], check=True, stdout=subprocess.DEVNULL)
            urls[name] = f"file://{folder}/{name}/report.html"
            renders_everywhere(page, name, urls[name])
        gain_is_told_in_points(page, urls["full"])
        list_is_one_stop(page)
        curves_are_read(page)
        cut_tables_say_so(page, urls["full"])
        complaints = page.complaints()
        expect(not complaints, f"the console says {complaints}")
    print("7 passed, 0 failed", flush=True)


main()
