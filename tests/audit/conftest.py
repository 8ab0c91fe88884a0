"""A small world, and a Chromium to open pages with: driven over its debugging pipe, no library, port or network."""

import fcntl
import json
import os
import re
import select
import shutil
import subprocess
import time
from itertools import count

import pytest

import idgraph as ig
from idgraph.datasets import saas_world

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
FLAGS = (
    "--headless=new",
    "--no-sandbox",  # which needs rights that a container seldom has; the pages are our own
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--no-first-run",
    "--remote-debugging-pipe",
)
PATIENCE = 60  # seconds for an answer, after which something hangs

# The colours of each text and of what is behind it, once each.
COLOURS = """
(texts) => {
    const ground = (one) => getComputedStyle(one).backgroundColor;
    const behind = (one) => (ground(one) === 'rgba(0, 0, 0, 0)' ? behind(one.parentElement) : ground(one));
    const colours = (one) => `${getComputedStyle(one).color}|${behind(one)}`;
    return [...new Set([...document.querySelectorAll(texts)].map(colours))];
}
"""
HOSTILE = [
    "</script><script>window.broken = 1</script>",
    "<img src=x onerror='window.broken = 1'>",
    "\"'><svg onload=window.broken=1>",
    "<!--<script>",
    "]]>{{ 7 * 7 }}{% raw %}",
    "javascript:window.broken=1//",
    "\u202egnp.exe\u2028 & &lt;b&gt;",
]


def luminance(colour):
    """Relative luminance of `rgb(…)` (WCAG 2.2)."""
    parts = [int(part) / 255 for part in re.findall(r"\d+", colour)[:3]]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


class Pipe:
    """Messages to and from a browser: JSON, each with a zero byte at its end."""

    def __init__(self, send, receive):
        self.numbers = count(1)
        self._send, self._receive, self._rest = send, receive, b""

    def put(self, message):
        os.write(self._send, json.dumps(message).encode() + b"\0")

    def get(self):
        latest = time.monotonic() + PATIENCE
        while b"\0" not in self._rest:
            ready, _, _ = select.select([self._receive], [], [], max(latest - time.monotonic(), 0))
            assert ready, "the browser does not answer"
            got = os.read(self._receive, 1 << 20)
            assert got, "the browser has ended"
            self._rest += got
        message, _, self._rest = self._rest.partition(b"\0")
        return json.loads(message)


class Page:
    """One tab, without network, and what happened in it since it was opened.

    Attributes:
        faults: what the console and the browser's log complain of, and uncaught exceptions.
        requests: every address that was asked for.
    """

    def __init__(self, pipe):
        self._pipe = pipe
        self._session = {}
        self._loaded = False
        self.faults, self.requests = [], []
        self.target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = {
            "sessionId": self.call("Target.attachToTarget", targetId=self.target, flatten=True)["sessionId"]
        }
        for part in ("Runtime", "Log", "Network", "Page", "Accessibility"):
            self.call(f"{part}.enable")
        nothing = {"latency": 0, "downloadThroughput": 0, "uploadThroughput": 0}
        self.call("Network.emulateNetworkConditions", offline=True, **nothing)

    def call(self, method, **params):
        """Ask the browser for something, and wait for the answer."""
        number = next(self._pipe.numbers)
        self._pipe.put({"id": number, "method": method, "params": params, **self._session})
        while (said := self._next()).get("id") != number:
            pass
        assert "error" not in said, said
        return said["result"]

    def open(self, path):
        """Load a file, and wait until it is there."""
        self._loaded = False
        self.call("Page.navigate", url=path.resolve().as_uri())
        while not self._loaded:
            self._next()

    def run(self, script):
        """Run a script in the page, and give its value."""
        done = self.call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in done, done
        return done["result"].get("value")

    def type(self, text):
        """Type where the focus is."""
        self.call("Input.insertText", text=text)

    def press(self, key, code):
        """Press a key."""
        for kind in ("rawKeyDown", "char", "keyUp"):
            text = {"text": "\r"} if key == "Enter" and kind == "char" else {}
            self.call("Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode=code, **text)

    def show(self, scheme, width=1200):
        """Prefer light or dark, in a window of some width."""
        self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=False)

    def contrasts(self, texts):
        """How well texts can be read (WCAG 2.2): by colour and ground, the ratio of their luminances."""
        found = {}
        for pair in self.run(f"({COLOURS})({json.dumps(texts)})"):
            low, high = sorted(luminance(colour) for colour in pair.split("|"))
            found[pair] = (high + 0.05) / (low + 0.05)
        assert found
        return found

    def is_light(self):
        """Whether the ground of the page is."""
        return luminance(self.run("getComputedStyle(document.body).backgroundColor")) > 0.5

    def roles(self):
        """What a screen reader is told: (role, name) of everything that is not passed over."""
        nodes = self.call("Accessibility.getFullAXTree")["nodes"]
        return [
            (node["role"]["value"], node.get("name", {}).get("value", "")) for node in nodes if not node.get("ignored")
        ]

    def _next(self):
        """Wait for one message, and note what it says of the page."""
        said = self._pipe.get()
        if said.get("sessionId") == self._session.get("sessionId"):
            self._note(said.get("method"), said.get("params", {}))
        return said

    def _note(self, method, params):
        if method == "Page.loadEventFired":
            self._loaded = True
        elif method == "Network.requestWillBeSent":
            self.requests.append(params["request"]["url"])
        elif method == "Log.entryAdded":
            self.faults.append(params["entry"]["text"])
        elif method == "Runtime.exceptionThrown" or (method == "Runtime.consoleAPICalled" and params["type"] != "log"):
            self.faults.append(json.dumps(params))


@pytest.fixture(scope="session")
def hostile_names():
    """Names that would do something if they were not taken as text."""
    return HOSTILE


@pytest.fixture(scope="session")
def chromium():
    """The path of a Chromium or Chrome; tests that need one are skipped where there is none."""
    found = next((path for name in NAMES if (path := shutil.which(name))), None)
    if found is None:
        pytest.skip("no Chromium or Chrome is on the path: the page is not opened in a browser")
    return found


@pytest.fixture(scope="session")
def pipe(chromium, tmp_path_factory):
    """A browser that runs, and the pipe to it."""
    to_read, send = os.pipe()
    receive, to_write = os.pipe()
    high = [fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 10) for end in (to_read, to_write)]

    def ends():  # Chromium reads from descriptor 3 and writes to 4
        os.dup2(high[0], 3)
        os.dup2(high[1], 4)

    command = [chromium, *FLAGS, f"--user-data-dir={tmp_path_factory.mktemp('profile')}"]
    silent = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.DEVNULL)
    process = subprocess.Popen(command, close_fds=False, preexec_fn=ends, **silent)  # noqa: PLW1509 - two system calls
    for end in (to_read, to_write, *high):
        os.close(end)
    try:
        yield Pipe(send, receive)
    finally:
        process.terminate()
        process.wait()
        os.close(send)
        os.close(receive)


@pytest.fixture
def browser(pipe):
    """A new tab."""
    page = Page(pipe)
    yield page
    page.call("Target.closeTarget", targetId=page.target)


@pytest.fixture(scope="session")
def sources(tmp_path_factory):
    """The exports of a small world, for all who ask only what is so of any."""
    folder = tmp_path_factory.mktemp("world")
    saas_world(60).write(folder)
    return list(ig.discover(folder))


@pytest.fixture(scope="session")
def graph(sources):
    """What that world resolves to: to be asked, not changed."""
    return ig.resolve(*sources)
