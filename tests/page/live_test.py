#!/usr/bin/env python3
"""The dashboard's page on a real run: live_test.py TRAM REPOSITORY.

A short job is watched by `tram dashboard` while it goes on: one of its generators is killed, the
dashboard itself is killed and started again, and what was seen is found again after the end."""
import atexit
import json
import os
import re
import signal
import subprocess
import sys
import time

import browser as b

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "integration"))
import harness as h  # noqa: E402

TEXT = "const e = document.querySelector(arguments[0]); return e ? e.textContent : '';"


class Dashboard:
    def __init__(self, run, home, port=0):
        self.process = h.spawn("dashboard", run, "--json", "--http", f"127.0.0.1:{port}", env=dict(os.environ, TRAM_HOME=home))
        atexit.register(self.process.kill)  # nothing is left of a test that failed
        self.told = json.loads(self.process.stdout.readline())
        self.url = self.told["http"] + "/"
        self.port = int(self.told["http"].rsplit(":", 1)[1])

    def end(self, how=signal.SIGTERM):
        self.process.send_signal(how)
        self.process.communicate(timeout=h.PATIENCE)


def seen(page, dashboard, what, view, script, seconds=60):
    page.go(dashboard.url + "#/" + view)
    page.seen(what, view, script, seconds)


def views_are_seen(page, dashboard, what):
    seen(page, dashboard, what, "now", "return document.querySelectorAll('.chart path').length >= 6")
    seen(page, dashboard, what, "actors", "return ['trainer', 'ledger', 'generator/0'].every(n => document.querySelector('main').textContent.includes(n))")
    seen(page, dashboard, what, "rollouts?step=1", "return document.querySelectorAll('.token').length > 0")
    seen(page, dashboard, what, "batches/0", "return document.querySelectorAll('.groups [data-place]').length > 0")
    seen(page, dashboard, what, "timeline", "return document.querySelectorAll('.timeline rect').length > 3")
    seen(page, dashboard, what, "events", "return [...document.querySelectorAll('.events .kind')].length > 3")
    seen(page, dashboard, what, "metrics?names=%5Escore%24", "return document.querySelectorAll('.chart path').length === 1")


def killed_generator_is_told(page, dashboard):
    seen(page, dashboard, "live", "actors", "return document.querySelectorAll('.flow .line').length >= 5 && [...document.querySelectorAll('.flow .rate')].some(e => /\\d\\/s/.test(e.textContent))")
    page.js("document.querySelector('main details').open = true")
    page.wait("the same as a table", "return [...document.querySelectorAll('main details tbody tr')].some(r => /^generator *ledger/.test(r.textContent))")
    seen(page, dashboard, "live", "actors/generator/0", "return /generator\\/0, pid [0-9]+/.test(document.querySelector('main').textContent)")
    first = int(re.search(r"generator/0, pid (\d+)", page.js(TEXT, "main"))[1])
    with open(f"/proc/{first}/cmdline") as words:
        h.expect("serve-worker\0generator/0" in words.read(), f"process {first} is no generator")
    os.kill(first, signal.SIGKILL)
    page.wait("its exit record", "return document.querySelector('main').textContent.includes('Life 1 ended: killed')", seconds=60)
    page.wait("its successor", f"const found = document.querySelector('main').textContent.match(/generator\\/0, pid ([0-9]+)/); return found && Number(found[1]) !== {first}", seconds=60)
    page.shot("live-killed")
    print("a generator that is killed: its record, its successor", flush=True)


def dashboard_comes_back(page, run, home, dashboard):
    page.go(dashboard.url + "#/now")
    page.wait("the job", "return document.querySelector('.lead') !== null")
    dashboard.end(signal.SIGKILL)
    page.wait("word of the loss", "return !document.querySelector('.banner').hidden", seconds=60)
    again = Dashboard(run, home, dashboard.port)
    page.wait("word that one must log in", "return document.querySelector('.banner').textContent.includes('tram dashboard')", seconds=60)
    page.go(again.told["link"])
    page.wait("the page again", "return document.querySelector('.banner').hidden && document.querySelector('.lead') !== null", seconds=60)
    page.complaints()  # Chromium's own, of a server that was not there.
    print("a dashboard that is killed and comes back", flush=True)
    return again


def main():
    page = b.open_browser()
    with h.Folder() as folder:
        home, run = os.path.join(folder, "home"), os.path.join(folder, "run")
        # It goes on until it is interrupted, in steps large enough that a fast machine takes few.
        graph = h.job(folder, "watched", policy=h.warm_policy(folder), steps=1000000, batch=256, checkpoint_every=10, heldout=6)
        going = subprocess.Popen([h.TRAM, "run", graph, "--run", run, "--isolation", "process", "--plain"], stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
        atexit.register(going.kill)
        while len(h.steps_of(h.metrics(run))) < 3:
            h.expect(going.poll() is None, "the run ended before its third step")
            time.sleep(0.2)
        dashboard = Dashboard(run, home)
        page.size(1440, 900)
        page.go(dashboard.told["link"])
        page.wait("the page", "return document.querySelector('.connection').textContent === 'live'", seconds=60)
        views_are_seen(page, dashboard, "live")
        print("live: every view", flush=True)
        killed_generator_is_told(page, dashboard)
        dashboard = dashboard_comes_back(page, run, home, dashboard)
        going.send_signal(signal.SIGINT)
        going.wait(timeout=h.PATIENCE)
        page.wait("the end", "return document.querySelector('.connection').textContent === 'ended'", seconds=60)
        views_are_seen(page, dashboard, "over")
        seen(page, dashboard, "over", "actors/generator/0", "return document.querySelector('main').textContent.includes('Life 1 ended: killed')")
        page.size(390, 844, dark=True)
        views_are_seen(page, dashboard, "over-phone")
        print("over: the same from its files", flush=True)
        page.go("about:blank")
        dashboard.end()
    print("4 passed, 0 failed", flush=True)


main()
