"""A headless Chromium, driven by chromedriver over WebDriver, for tests of pages.

    browser = open_browser()               # ends the test as skipped, and says why, where there is none
    browser.size(390, 844, dark=True)
    browser.go("file:///…/report.html")
    browser.js("return document.title")
    browser.keys(browser.focus("listbox"), "ArrowDown", "End")
    browser.check("the report")            # names, contrast, focus order, cut text: checks.js
    browser.shot("report-phone-dark")      # into browser.folder
    browser.complaints()                   # what the page wrote to the console as errors

TRAM_SHOTS names a folder to keep the pictures in; else they go with the test.
"""
import atexit
import base64
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

SKIPPED = 77
SIZES = [("phone", 390, 844), ("tablet", 820, 1180), ("desk", 1440, 900)]
KEYS = {"ArrowLeft": "\ue012", "ArrowUp": "\ue013", "ArrowRight": "\ue014", "ArrowDown": "\ue015", "End": "\ue010", "Home": "\ue011",
    "PageUp": "\ue00e", "PageDown": "\ue00f", "Tab": "\ue004", "Escape": "\ue00c", "Enter": "\ue007", "Space": " "}
CHECKS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "checks.js")


def expect(condition, text):
    if not condition:
        sys.exit(f"FAILED: {text}")


def skip(why):
    print(f"skipped: {why}", flush=True)
    sys.exit(SKIPPED)


class Browser:
    def __init__(self, driver, chromium):
        self.folder = os.environ.get("TRAM_SHOTS") or tempfile.mkdtemp(prefix="tram-shots-")
        os.makedirs(self.folder, exist_ok=True)
        self.profile = tempfile.mkdtemp(prefix="tram-browser-")
        self.process = subprocess.Popen([driver, "--port=0"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        atexit.register(self.close)
        self.base = f"http://127.0.0.1:{self.port()}"
        arguments = ["--headless=new", "--disable-gpu", "--hide-scrollbars", "--disable-dev-shm-usage", "--no-first-run",
            "--disable-background-networking", "--disable-component-update", f"--user-data-dir={self.profile}"]
        if os.geteuid() == 0:
            arguments.append("--no-sandbox")  # which Chromium does not have for root
        answer = self.call("POST", "/session", {"capabilities": {"alwaysMatch": {"browserName": "chrome",
            "goog:chromeOptions": {"binary": chromium, "args": arguments}, "goog:loggingPrefs": {"browser": "ALL"}}}})
        self.session = f"/session/{answer['sessionId']}"

    def port(self):
        for line in self.process.stdout:
            found = re.search(r"successfully on port (\d+)", line)
            if found:
                return int(found.group(1))
        skip("chromedriver did not start")

    def close(self):
        try:
            if getattr(self, "session", None):
                self.call("DELETE", self.session)
        except OSError:
            pass
        self.process.terminate()
        self.process.wait()
        self.process.stdout.close()
        shutil.rmtree(self.profile, ignore_errors=True)
        if not os.environ.get("TRAM_SHOTS"):
            shutil.rmtree(self.folder, ignore_errors=True)

    def call(self, method, path, body=None):
        data = None if method != "POST" else json.dumps(body or {}).encode()
        request = urllib.request.Request(self.base + path, data, {"Content-Type": "application/json"}, method=method)
        try:
            with urllib.request.urlopen(request, timeout=120) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as error:
            value = json.load(error)["value"]
            raise AssertionError(f"{method} {path}: {value['error']}: {value['message'][:2000]}") from None

    def on(self, path, body=None):
        return self.call("POST", self.session + path, body)

    def devtools(self, command, **parameters):
        return self.on("/goog/cdp/execute", {"cmd": command, "params": parameters})

    def size(self, width, height, dark=False):
        self.devtools("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600)
        self.devtools("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": "dark" if dark else "light"},
            {"name": "prefers-reduced-motion", "value": "reduce"}])

    def go(self, url):
        self.on("/url", {"url": url})

    def js(self, script, *arguments):
        return self.on("/execute/sync", {"script": script, "args": list(arguments)})

    def wait(self, what, script, *arguments, seconds=45):
        """Until the script returns something true, which it then returns."""
        end = time.time() + seconds
        while time.time() < end:
            found = self.js(script, *arguments)
            if found:
                return found
            time.sleep(0.05)
        seen = self.js("return location.hash + ' ' + document.body.innerText.slice(0, 1500)")
        sys.exit(f"FAILED: {what} did not come within {seconds} s. The page: {seen}")

    def press(self, *names):
        actions = [{"type": kind, "value": KEYS.get(name, name)} for name in names for kind in ("keyDown", "keyUp")]
        self.on("/actions", {"actions": [{"type": "key", "id": "keyboard", "actions": actions}]})

    def focus(self, selector):
        expect(self.js("const e = document.querySelector(arguments[0]); if (e) e.focus(); return e !== null && document.activeElement === e;", selector),
            f"{selector} cannot be focused")

    def focused(self):
        return self.js("const e = document.activeElement; return `${e.tagName.toLowerCase()}.${e.getAttribute('class') || ''} ${e.getAttribute('aria-label') || e.textContent.slice(0, 40)}`;")

    def complaints(self):
        return [entry["message"] for entry in self.call("POST", self.session + "/se/log", {"type": "browser"}) if entry["level"] in ("SEVERE", "WARNING")]

    def check(self, what):
        """The checks of checks.js; ends the test with everything that they found."""
        # In a frame of its own: what measures itself has done so when one is drawn.
        with open(CHECKS, encoding="utf-8") as source:
            found = self.js(source.read() + "\nreturn new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(run_checks()))));")
        expect(not found, f"{what}: " + "; ".join(found[:12]) + (f" and {len(found) - 12} more" if len(found) > 12 else ""))

    def seen(self, what, view, script, seconds=60):
        """A view that is there: what the script looks for is, nothing is wrong with it, and it has its picture."""
        self.wait(f"{what}: {view}", script, seconds=seconds)
        self.check(f"{what}: {view}")
        self.shot(f"{what}-{view.split('?')[0].replace('/', '-')}")
        complaints = self.complaints()
        expect(not complaints, f"{what}: {view}: the console says {complaints}")

    def shot(self, name, whole=True):
        options = {"captureBeyondViewport": True} if whole else {}
        if whole:
            height = self.js("return Math.min(document.documentElement.scrollHeight, 12000)")
            width = self.js("return document.documentElement.clientWidth")
            options["clip"] = {"x": 0, "y": 0, "width": width, "height": height, "scale": 1}
        path = os.path.join(self.folder, name + ".png")
        with open(path, "wb") as out:
            out.write(base64.b64decode(self.devtools("Page.captureScreenshot", format="png", **options)["data"]))
        return path


def open_browser():
    driver, chromium = shutil.which("chromedriver"), shutil.which("chromium")
    if not driver or not chromium:
        skip(f"no {'chromium' if driver else 'chromedriver'} (Debian: chromium, chromium-driver)")
    return Browser(driver, chromium)
