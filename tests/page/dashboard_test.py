#!/usr/bin/env python3
"""The dashboard's page in a browser, over a stand-in for its server: dashboard_test.py FOLDER...

FOLDER... hold the page's files (built, and as they are). Every view at three widths and two themes,
what happens while it is open, the keyboard, links that are shared, a server that goes away and comes
back, a run that is over, and a run of 1,000 actors, 1,000,000 rollouts and 10,000 steps."""
import sys
import time

import browser as b
from browser import expect
from stand_in import StandIn

TEXT = "const e = document.querySelector(arguments[0]); return e ? e.textContent : '';"
VIEWS = {"now": "#/now", "actors": "#/actors", "actor": "#/actors/generator/0", "rollouts": "#/rollouts/100", "batch": "#/batches/12", "events": "#/events", "timeline": "#/timeline", "metrics": "#/metrics",
    "rollouts-by-log-prob": "#/rollouts/100?by=log-prob&min_score=0.5"}
READY = {"now": "return document.querySelectorAll('.chart path').length >= 7", "actors": "return document.querySelectorAll('[role=row] .state').length > 3",
    "actor": "return document.querySelector('main').textContent.includes('Past lives')", "rollouts": "return document.querySelector('.token') !== null && document.querySelectorAll('.list [data-place]').length > 5",
    "batch": "return document.querySelectorAll('.groups [data-place]').length > 5", "events": "return document.querySelectorAll('.events [data-place]').length > 5", "timeline": "return document.querySelectorAll('.timeline rect').length > 5",
    "metrics": "return document.querySelectorAll('.chart path').length >= 10", "rollouts-by-log-prob": "return document.querySelector('.token') !== null"}


def open_view(page, server, view):
    page.go("about:blank")
    page.go(server.url + VIEWS[view])
    page.wait(f"the view {view}", READY[view])
    page.wait("the stream", "return document.querySelector('.connection').textContent.trim() !== 'connecting' && document.querySelector('.connection').textContent !== ''")


def quiet(page, what):
    complaints = page.complaints()
    expect(not complaints, f"{what}: the console says {complaints}")


def renders_everywhere(page, server, what):
    for view in VIEWS:
        for size, width, height in b.SIZES:
            for theme in ("light", "dark"):
                page.size(width, height, dark=theme == "dark")
                open_view(page, server, view)
                page.check(f"{what}: {view}, {size}, {theme}")
                page.shot(f"{what}-{view}-{size}-{theme}")
                quiet(page, f"{what}: {view}, {size}, {theme}")
    print(f"{what}: {len(VIEWS)} views, three widths, two themes", flush=True)


def grows_without_reload(page, server):
    page.size(1440, 900)
    open_view(page, server, "now")
    page.js("window.same = true; document.querySelector('.chart svg').focus()")
    page.press("End")
    page.wait("what went wrong", "return document.querySelector('section[aria-label=\"What went wrong\"] .callout') !== null")
    places = "return [...document.querySelectorAll('.tile, .chart, h2')].map(e => e.getBoundingClientRect().top + scrollY).join()"
    before, at_first = server.steps, page.js(places)
    for _ in range(3):
        server.step()
    page.wait("a later step", f"return document.querySelector('.lead').textContent.includes('step {before + 3} of')")
    page.press("End")
    page.wait("the curve's later end", f"""const s = document.querySelector('.chart svg'); s.dispatchEvent(new KeyboardEvent('keydown', {{ key: 'End' }}));
        return document.querySelector('.chart .unit').textContent === 'step {before + 3}'""")
    expect(page.js(places) == at_first, "the view jumps as it grows")
    expect(page.js("return window.same === true"), "the page was loaded anew")
    expect(page.focused().startswith("svg"), "the focus is lost as curves grow")
    server.kill("generator/1")
    page.wait("word of a death", "return document.querySelector('main').textContent.includes('generator/1 was killed by signal 9')")
    alarm = page.js("return document.querySelector('section[aria-label=Alarms]').textContent")
    expect("generator/1: it has written nothing for 1:04" in alarm and "Look at its wait reason" in alarm, f"an alarm that stands is told as {alarm!r}")
    page.press("Enter")
    page.wait("the step's batch", "return location.hash.startsWith('#/batches/')")
    quiet(page, "a run that goes on")
    print("grows without a reload; a death is told in words; Enter on a curve opens its batch", flush=True)


def actors_by_keyboard(page, server):
    open_view(page, server, "actors")
    page.press("Tab", "Enter")
    expect("main" in page.focused(), f"the first stop is no way to the content, but {page.focused()}")
    page.focus("[role=treegrid]")
    page.press("End")
    name = page.js("return document.querySelector('[aria-selected=true] .what').textContent")
    expect(name == "generator/1", f"End leads to {name}")
    page.press("Enter")
    page.wait("the actor", "return document.querySelector('h1').textContent === 'generator/1'")
    expect("main" in page.focused(), "the focus does not follow to another view")
    page.wait("its lives", "return document.querySelector('main').textContent.includes('Life 1 ended: killed')")
    page.js("history.back()")
    page.wait("the list again", "return document.querySelector('h1').textContent === 'Actors'")
    page.wait("rows", "return document.querySelectorAll('.state').length > 3")
    page.focus("[role=treegrid]")
    page.press("Home", "Enter")
    page.wait("a closed machine", "return document.querySelectorAll('[aria-expanded=false]').length === 1 && document.querySelectorAll('.state').length === 0")
    page.press("Enter")
    page.wait("an open machine", "return document.querySelectorAll('.state').length > 3")
    print("actors: one stop, Enter opens, machines close and open", flush=True)


def timeline_is_moved(page, server):
    open_view(page, server, "timeline")
    page.wait("who waited, and rollouts", "const lanes = [...document.querySelectorAll('.timeline .lane')].map(l => l.textContent); return lanes.includes('verifier/0 waits') && lanes.includes('rollouts 1') && lanes.includes('rollouts 2')")
    page.focus(".timeline")
    page.press("+", "ArrowLeft")
    shared = page.js("return location.href")
    expect("from=" in shared and "to=" in shared, f"the stretch of time is not in the address: {shared}")
    said = page.js(TEXT, "[role=status].unseen")
    expect(said.endswith(" s") and " to " in said, f"moving says {said!r}")
    page.go("about:blank")
    page.go(shared)
    page.wait("the same stretch", "return document.querySelector('.matches').textContent === arguments[0]", said)
    expect(page.js("return [...document.querySelectorAll('td')].some(d => d.textContent.includes('%'))"), "the timeline is not told in words")
    print("timeline: moved and zoomed by keyboard, told in words, shared", flush=True)


def links_are_shared(page, server):
    open_view(page, server, "events")
    page.js("const box = [...document.querySelectorAll('.kinds label')].find(l => l.textContent === 'death'); box.querySelector('input').click()")
    page.wait("the filter in the address", "return location.hash.includes('kind=exit')")
    page.wait("deaths alone", "const rows = [...document.querySelectorAll('.events [data-place] .kind')]; return rows.length > 0 && rows.every(r => r.textContent === 'death')")
    shared = page.js("return location.href")
    page.go("about:blank")
    page.go(shared)
    page.wait("the same again", "const rows = [...document.querySelectorAll('.events [data-place] .kind')]; return rows.length > 0 && rows.every(r => r.textContent === 'death')")
    expect(page.js("return [...document.querySelectorAll('.kinds label')].find(l => l.textContent === 'death').querySelector('input').checked"), "a shared filter is not ticked")
    page.go(server.url + "#/metrics?names=%5Eheldout")
    page.wait("two curves", "return document.querySelectorAll('.chart').length === 2")
    page.js("document.querySelector('.chart .helped').dispatchEvent(new PointerEvent('pointermove', { bubbles: true, clientX: 90, clientY: 300 }))")
    expect("held-out problems" in page.js(TEXT, ".tip"), "pointing at a metric does not tell how it is computed")
    page.go(server.url + "#/metrics?names=(")
    page.wait("a word on a bad expression", "return document.querySelector('main').textContent.includes('not a regular expression')")
    page.go(server.url + "#/rollouts/101?spanning=true&by=advantage")
    page.wait("the overlay", "const s = document.querySelector('.detail select'); return s && s.value === 'advantage' && document.querySelector('.detail h2').textContent.includes('101')")
    known = "return [...document.querySelectorAll('.detail select option')].map(o => o.value).join(' ')"
    expect(page.js(known) == "version log-prob advantage", f"a rollout that was not audited can be coloured by {page.js(known)}")
    page.go(server.url + "#/rollouts/100?by=clipping")
    page.wait("an audited rollout", "const s = document.querySelector('.detail select'); return s && s.value === 'clipping' && document.querySelector('.detail h2').textContent.includes('100')")
    expect(page.js(known) == "version log-prob advantage entropy clipping gap", f"an audited rollout can be coloured by {page.js(known)}")
    legend = page.js(TEXT, ".detail .legend")
    expect("clipped above: 2" in legend and "clipped below: 1" in legend and "masked: 1" in legend, f"what became of tokens is told as {legend}")
    page.focus(".detail .text")
    page.press("Home")
    expect("entropy" in page.js(TEXT, ".tip") and "trained / recorded" in page.js(TEXT, ".tip"), "a token of an audited rollout does not say what the trainer saw")
    page.check("an audited rollout")
    page.go(server.url + "#/rollouts/101?spanning=true&by=advantage")
    page.wait("the overlay", "return document.querySelector('.detail h2').textContent.includes('101')")
    page.js("[...document.querySelectorAll('.panel a')].find(a => a.textContent === '6').click()")
    page.wait("its sibling", "return document.querySelector('.detail h2').textContent.includes('102') && location.hash.includes('/102?')")
    page.js("[...document.querySelectorAll('button')].find(b => b.textContent === 'texts side by side').click()")
    page.wait("the group", "return document.querySelectorAll('.side-by-side .one').length === 8")
    page.check("a group side by side")
    quiet(page, "shared links")
    print("links: filters, overlays and regular expressions are in the address", flush=True)


def survives_a_restart(page, server):
    open_view(page, server, "now")
    server.down()
    page.wait("word of the loss", "const e = document.querySelector('.banner'); return !e.hidden && e.textContent.startsWith('No connection since')")
    page.shot("no-connection", whole=False)
    expect("arithmetic" in page.js(TEXT, "h1"), "what was known is gone")
    while_away = server.steps + 1
    server.step()
    server.up()
    page.wait("the connection", "return document.querySelector('.banner').hidden && document.querySelector('.connection').textContent === 'live'")
    page.wait("what happened meanwhile", f"return document.querySelector('.lead').textContent.includes('step {while_away} of')")
    server.step()
    page.wait("what happens now", f"return document.querySelector('.lead').textContent.includes('step {while_away + 1} of')")
    page.complaints()  # Chromium itself complains of a server that is not there.
    print("a server that goes away and comes back", flush=True)


def large_runs_stay_fluid(page, folders):
    with StandIn(folders, actors=1000, rollouts=1_000_000, steps=10_000) as server:
        page.size(1440, 900)
        watch = """window.longest = 0; new PerformanceObserver(list => { for (const e of list.getEntries()) window.longest = Math.max(window.longest, e.duration); }).observe({ type: "longtask", buffered: true });"""
        took = {}
        for view, script in [("now", "document.querySelector('.chart svg').focus()"), ("actors", "document.querySelector('.rows').scrollTop = 1e5"), ("timeline", "document.querySelector('.timeline').focus()"), ("rollouts", "document.querySelector('.rows').scrollTop = 1e5")]:
            began = time.time()
            open_view(page, server, view)
            took[view] = [time.time() - began]
            page.js(watch)
            for _ in range(4):
                page.js(script)
                if view == "now":
                    page.press("ArrowLeft", "ArrowLeft", "ArrowLeft")
                server.step()
                time.sleep(0.4)
            took[view].append(page.js("return window.longest") / 1000)
            rows = page.js("return document.querySelectorAll('[data-place]').length")
            expect(rows < 90, f"{view}: {rows} rows are elements")
            page.check(f"large: {view}")
            page.shot(f"large-{view}", whole=False)
        expect(page.js("return Number(document.querySelector('.matches').textContent.match(/[0-9,]+/)[0].replace(',', ''))") >= 400, "scrolling does not fetch more rollouts")
        points = max(page.js("return [...document.querySelectorAll('path')].map(p => (p.getAttribute('d') || '').length)") or [0])
        quiet(page, "a large run")
        for view, (seconds, longest) in took.items():
            print(f"  {view}: ready after {seconds:.1f} s, longest task {1000 * longest:.0f} ms", flush=True)
            expect(longest < 1.5, f"{view}: a task of {longest:.1f} s")
        expect(points < 60_000, "curves are not decimated")
    print("1,000 actors, 1,000,000 rollouts, 10,000 steps", flush=True)


def main():
    folders = sys.argv[1:]
    page = b.open_browser()
    with StandIn(folders) as server:
        server.kill("generator/0")
        renders_everywhere(page, server, "live")
        grows_without_reload(page, server)
        actors_by_keyboard(page, server)
        timeline_is_moved(page, server)
        links_are_shared(page, server)
        survives_a_restart(page, server)
        server.end()
        page.wait("the end", "return document.querySelector('.connection').textContent === 'ended' && document.querySelector('.lead').textContent.includes('finished')")
        page.go("about:blank")
    page.complaints()
    with StandIn(folders, live=False) as server:
        renders_everywhere(page, server, "over")
        page.go("about:blank")
    large_runs_stay_fluid(page, folders)
    print("8 passed, 0 failed", flush=True)


main()
