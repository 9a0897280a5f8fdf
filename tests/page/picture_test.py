#!/usr/bin/env python3
"""The README's picture: the dashboard's first view of the main job, from the files of its run.

  picture_test.py TRAM REPOSITORY [--run RUN] [--keep FILE]

Without --run the main job is run first, which takes a minute on two cores. --keep puts the picture
into a file: tests/page/dashboard.png is what the README shows."""
import argparse
import atexit
import json
import os
import shutil
import sys

import browser as b

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "integration"))
import harness as h  # noqa: E402

parser = argparse.ArgumentParser()
parser.add_argument("tram")
parser.add_argument("repository")
parser.add_argument("--run")
parser.add_argument("--keep")
options = parser.parse_args()
page = b.open_browser()
with h.Folder() as folder:
    run = options.run or os.path.join(folder, "run")
    if not options.run:
        h.tram("run", os.path.join(options.repository, "examples", "arithmetic.yaml"), "--run", run, "--plain")
    dashboard = h.spawn("dashboard", run, "--json", env=dict(os.environ, TRAM_HOME=os.path.join(folder, "home")))
    atexit.register(dashboard.kill)
    told = json.loads(dashboard.stdout.readline())
    page.size(1200, 1088)
    page.go(told["link"])
    page.wait("its curves", "return document.querySelectorAll('.chart path').length >= 8", seconds=60)
    page.check("the main job's first view")
    shown = page.js("return document.querySelector('main').textContent")
    h.expect("Reinforcement" in shown or "reinforcement" in shown, f"what the run was is not told: {shown[:200]}")
    h.expect("This run is finished" in shown, f"its end is not told: {shown[:200]}")
    picture = page.shot("main-job", whole=False)
    if options.keep:
        shutil.copy(picture, options.keep)
    page.go("about:blank")
print("1 passed, 0 failed", flush=True)
