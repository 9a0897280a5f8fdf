#!/usr/bin/env python3
"""The page on a real head: cluster_test.py TRAM REPOSITORY.

Its jobs and nodes, each job's own views, links that are shared; the process that serves the page is
killed, and so is the head, and the browser stays logged in."""
import json
import os
import signal
import sys
import time

import browser as b

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "integration"))
import harness as h  # noqa: E402
from cluster import Cluster  # noqa: E402

WORD = "serve-cluster-dashboard"
LIVE = "return document.querySelector('.connection').textContent === 'live'"
TEXT = "const e = document.querySelector(arguments[0]); return e ? e.textContent : '';"


def seen(page, base, what, view, script):
    page.go("about:blank")
    page.go(base + "/#/" + view)
    page.seen(what, view, script)


def cluster_is_seen(page, base, what):
    seen(page, base, what, "jobs", "return document.querySelectorAll('.jobs [data-place]').length === 2 && document.querySelector('.detail table') !== null")
    seen(page, base, what, "nodes", "return document.querySelectorAll('.nodes [data-place]').length === 2 && document.querySelector('.detail h2') !== null")
    seen(page, base, what, "events", "return document.querySelectorAll('.events [data-place]').length > 2")


def job_is_seen(page, base, what):
    seen(page, base, what, "now?job=1", "return document.querySelectorAll('.chart path').length >= 4")
    seen(page, base, what, "actors?job=1", "return ['trainer', 'ledger', 'generator/0', 'generator/1'].every(n => document.querySelector('main').textContent.includes(n))")
    seen(page, base, what, "actors/generator/1?job=1", "return document.querySelector('h1').textContent === 'generator/1'")
    seen(page, base, what, "rollouts?step=1&job=1", "return document.querySelectorAll('.token').length > 0")
    seen(page, base, what, "batches/0?job=1", "return document.querySelectorAll('.groups [data-place]').length > 0")
    seen(page, base, what, "events?job=1", "return [...document.querySelectorAll('.events .kind')].length > 3")
    seen(page, base, what, "metrics?job=1", "return document.querySelectorAll('.chart path').length >= 10")


def is_gone_through(page, base, cluster):
    """by pointer and keyboard, from the cluster to a job and back; what is chosen is in the address"""
    page.go("about:blank")
    page.go(base + "/")
    page.wait("jobs, where nothing is asked for", "return document.querySelector('h1').textContent === 'Jobs' && document.querySelector('.jobs [data-place]') !== null")
    page.js("window.same = true")
    page.focus(".jobs [role=grid]")
    page.press("End")
    page.wait("the oldest job", "return location.hash === '#/jobs/1' && document.querySelector('.detail h2').textContent.startsWith('Job 1:')")
    page.wait("its reason and workers", "return document.querySelector('.detail').textContent.includes('generator/1')")
    page.js("document.querySelector('.detail a').click()")
    page.wait("what it does", "return location.hash === '#/now?job=1' && document.querySelector('.lead') !== null && document.querySelector('h1').textContent === 'watched'")
    page.js("[...document.querySelectorAll('nav a')].find(a => a.textContent === 'Actors').click()")
    page.wait("its actors", "return location.hash === '#/actors?job=1' && document.querySelectorAll('.actors .state').length > 3")
    page.js("[...document.querySelectorAll('nav a')].find(a => a.textContent === 'All jobs').click()")
    page.wait("the jobs again", "return document.querySelectorAll('.jobs [data-place]').length === 2")
    why = page.js("return [...document.querySelectorAll('.jobs [data-place]')].map(r => r.textContent).join('|')")
    h.expect("queued" in why and "find no place" in why, f"the job that waits does not say why: {why}")
    cluster.tram("drain", "b")
    page.js("[...document.querySelectorAll('nav a')].find(a => a.textContent === 'Nodes').click()")
    page.wait("a node that is drained", "return [...document.querySelectorAll('.nodes [data-place]')].some(r => r.textContent.startsWith('b') && /drain(ing|ed)/.test(r.textContent))")
    cluster.tram("drain", "b", "--undo")
    page.wait("a node that is used again", "return ![...document.querySelectorAll('.nodes [data-place]')].some(r => /drain(ing|ed)/.test(r.textContent))")
    h.expect("1/" not in page.js(TEXT, ".detail") and "job 1" in page.js(TEXT, ".detail"), "what is placed on a node has no link to its job")
    h.expect(page.js("return window.same === true"), "the page was loaded anew")
    complaints = page.complaints()
    h.expect(not complaints, f"the console says {complaints}")
    page.go("about:blank")
    page.go(base + "/#/jobs?state=queued")
    page.wait("the filter of a shared link", "return document.querySelectorAll('.jobs [data-place]').length === 1 && document.querySelector('.filters select').value === 'queued'")


def acts(page, base, cluster):
    """a node is drained and used again, a job is stopped: by keyboard, and only when it was said twice"""
    # What came of it stands beside the button until the list tells the same, and another takes its place.
    press = "const b = [...document.querySelectorAll('.detail .action button')].find(b => b.textContent === arguments[0]); if (!b) return false; b.focus(); b.click(); return true;"
    asked = "return document.querySelector('.detail .asked') !== null && document.activeElement.textContent === 'No'"
    said = "return new RegExp(arguments[0]).test((document.querySelector('.detail') || {}).textContent || '')"
    page.go("about:blank")
    page.go(base + "/#/nodes/b")
    page.wait("the node", "return (document.querySelector('.detail h2') || {}).textContent === 'b'")
    h.expect(page.js(press, "Drain this node"), "nothing drains a node")
    page.wait("the question", asked)
    page.press("Escape")
    page.wait("the button again", "return document.activeElement.textContent === 'Drain this node'")
    time.sleep(1)
    h.expect([n["state"] for n in cluster.ask("nodes")["nodes"] if n["name"] == "b"] == ["ready"], "a node was drained though the answer was no")
    page.js(press, "Drain this node")
    page.wait("the question", asked)
    page.shot("cluster-asks")
    h.expect(page.js(press, "Drain this node"), "nothing says yes")
    page.wait("what came of it", said, "it is drain(ing|ed)|Use this node again")
    cluster.wait_for("a node that is drained", lambda: any(n["name"] == "b" and n["state"] in ("draining", "drained") for n in cluster.ask("nodes")["nodes"]))
    page.js("document.activeElement.blur()")
    page.wait("the way back", "return [...document.querySelectorAll('.detail .action button')].some(b => b.textContent === 'Use this node again')")
    page.js(press, "Use this node again")
    page.wait("the question", asked)
    page.js(press, "Use this node again")
    page.wait("what came of it", said, "it is ready|Drain this node")
    cluster.wait_for("a node that is used again", lambda: any(n["name"] == "b" and n["state"] == "ready" for n in cluster.ask("nodes")["nodes"]))
    page.go(base + "/#/jobs/2")
    page.wait("the job that waits", "return (document.querySelector('.detail h2') || {textContent: ''}).textContent.startsWith('Job 2:')")
    page.js(press, "Stop this job")
    page.wait("the question", asked)
    page.js(press, "Stop this job")
    cluster.wait_for("a job that is stopped", lambda: any(j["id"] == 2 and j["state"] == "stopped" for j in cluster.ask("jobs")["jobs"]))
    page.js("document.activeElement.blur()")
    page.wait("no button", "return document.querySelectorAll('.detail .action').length === 0")
    complaints = page.complaints()
    h.expect(not complaints, f"the console says {complaints}")


def survives(page, base, cluster):
    """the process that serves the page dies, then the head; the browser goes on without logging in again"""
    page.go("about:blank")
    page.go(base + "/#/jobs")
    page.wait("the page", LIVE, seconds=60)
    page.js("window.same = true")
    [(pid, _)] = cluster.found(WORD)
    os.kill(pid, signal.SIGKILL)
    cluster.wait_for("another in its place", lambda: [p for p, _ in cluster.found(WORD)] not in ([], [pid]))
    cluster.tram("drain", "b")
    page.js("location.hash = '#/nodes'")
    page.wait("what happened since", "return [...document.querySelectorAll('.nodes [data-place]')].some(r => /drain(ing|ed)/.test(r.textContent))", seconds=60)
    cluster.tram("drain", "b", "--undo")
    cluster.kill("head")
    page.wait("word of the loss", "return !document.querySelector('.banner').hidden", seconds=60)
    page.shot("head-gone")
    cluster.start("head")  # on the port that it had
    page.wait("the connection", LIVE + " && document.querySelector('.banner').hidden", seconds=60)
    page.wait("nodes that are back", "return [...document.querySelectorAll('.nodes [data-place]')].filter(r => r.textContent.includes('ready')).length === 2", seconds=60)
    h.expect(page.js("return window.same === true"), "the page was loaded anew")
    page.complaints()  # Chromium's own, of a server that was not there.


def main():
    page = b.open_browser()
    with h.Folder() as folder:
        policy = h.warm_policy(folder)
        cluster = Cluster(folder)
        try:
            for who in ("head", "a", "b"):
                cluster.start(who)
            cluster.wait_for_nodes("a", "b")
            job = cluster.ask("submit", h.job(folder, "watched", policy=policy, steps=1000000, batch=256, generators=2, heldout=6))
            cluster.ask("submit", h.job(folder, "waits", policy=policy, steps=5, generators=40))
            cluster.wait_for("three steps", lambda: len(h.steps_of(h.metrics(job["run"]))) > 2)
            told = json.loads(cluster.tram("dashboard", "--json").out)
            base = told["http"]
            page.size(1440, 900)
            page.go(told["link"])
            page.wait("the page", LIVE, seconds=60)
            for size, width, height in b.SIZES:
                for dark in (False, True):
                    page.size(width, height, dark=dark)
                    cluster_is_seen(page, base, f"cluster-{size}-{'dark' if dark else 'light'}")
            page.size(1440, 900)
            job_is_seen(page, base, "cluster-job")
            print("every view of the cluster, three widths, two themes; every view of a job", flush=True)
            is_gone_through(page, base, cluster)
            print("from the cluster to a job and back, by keyboard; links are shared", flush=True)
            survives(page, base, cluster)
            print("the page's process and the head die and come back: nobody logs in again", flush=True)
            acts(page, base, cluster)
            print("a node is drained and used again, a job is stopped, each when it was said twice", flush=True)
            page.go("about:blank")
        finally:
            cluster.end()
    print("4 passed, 0 failed", flush=True)


main()
