# SPDX-License-Identifier: Apache-2.0
"""A headless Chromium, as far as tests of pages need one, spoken to over a pipe in the DevTools
protocol (https://chromedevtools.github.io/devtools-protocol): no driver and no library is
needed."""

import base64
import fcntl
import json
import os
import select
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")


def find_browser():
    return next((path for path in map(shutil.which, NAMES) if path), None)


class Browser:
    """One process with one page. Everything that the page asks the network for, and everything that
    it complains about, is kept in `requests` and `complaints`."""

    def __init__(self, timeout=60):
        self.timeout = timeout
        self.requests, self.complaints, self.events, self.buffer, self.last = [], [], [], b"", 0
        self.folder = tempfile.TemporaryDirectory(
            prefix="sluice-browser-", ignore_cleanup_errors=True
        )
        to_browser, self.write_end = os.pipe()
        self.read_end, from_browser = os.pipe()
        high = [fcntl.fcntl(end, fcntl.F_DUPFD, 10) for end in (to_browser, from_browser)]
        os.close(to_browser)
        os.close(from_browser)

        def at_3_and_4():  # where --remote-debugging-pipe looks for them
            os.dup2(high[0], 3)
            os.dup2(high[1], 4)

        self.process = subprocess.Popen(
            [
                find_browser(),
                "--headless",
                "--remote-debugging-pipe",
                "--no-sandbox",
                "--disable-gpu",
                "--hide-scrollbars",
                "--force-color-profile=srgb",
                f"--user-data-dir={self.folder.name}",
                "about:blank",
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            preexec_fn=at_3_and_4,
            pass_fds=(3, 4),
        )
        for end in high:
            os.close(end)
        self.session = None
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.call("Target.attachToTarget", targetId=target, flatten=True)[
            "sessionId"
        ]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.call(f"{domain}.enable")

    def close(self):
        self.process.terminate()
        self.process.wait(self.timeout)
        os.close(self.write_end)
        os.close(self.read_end)
        self.folder.cleanup()

    # ---- the protocol

    def _message(self, deadline):
        while b"\0" not in self.buffer:
            ready, _, _ = select.select(
                [self.read_end], [], [], max(0, deadline - time.monotonic())
            )
            if not ready:
                raise TimeoutError("the browser does not answer")
            part = os.read(self.read_end, 1 << 20)
            if not part:
                raise RuntimeError("the browser has ended")
            self.buffer += part
        text, self.buffer = self.buffer.split(b"\0", 1)
        message = json.loads(text)
        self._note(message)
        return message

    def _note(self, message):
        method, what = message.get("method"), message.get("params", {})
        if method == "Network.requestWillBeSent":
            self.requests.append(what["request"]["url"])
        elif method == "Runtime.exceptionThrown":
            details = what["exceptionDetails"]
            self.complaints.append(details.get("exception", {}).get("description", details["text"]))
        elif method == "Runtime.consoleAPICalled" and what["type"] in (
            "error",
            "warning",
            "assert",
        ):
            self.complaints.append(str([arg.get("value") for arg in what["args"]]))
        elif method == "Log.entryAdded" and what["entry"]["level"] in ("error", "warning"):
            self.complaints.append(what["entry"]["text"])
        if method:
            self.events.append(method)

    def call(self, method, **params):
        self.last += 1
        message = {"id": self.last, "method": method, "params": params}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.write_end, json.dumps(message).encode() + b"\0")
        deadline = time.monotonic() + self.timeout
        while True:
            answer = self._message(deadline)
            if answer.get("id") == self.last:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']['message']}")
                return answer["result"]

    # ---- what a reader does

    def open(self, path, width=1280, height=900, dark=False, media="screen"):
        self.resize(width, height)
        self.emulate(dark, media)
        self.requests, self.complaints, self.events = [], [], []
        self.call("Page.navigate", url=Path(path).resolve().as_uri())
        deadline = time.monotonic() + self.timeout
        while "Page.loadEventFired" not in self.events:
            self._message(deadline)
        self.settle()

    def resize(self, width, height=900):
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=width < 600,
        )

    def emulate(self, dark=False, media="screen"):
        scheme = "dark" if dark else "light"
        self.call(
            "Emulation.setEmulatedMedia",
            media=media,
            features=[{"name": "prefers-color-scheme", "value": scheme}],
        )

    def settle(self):
        """Two frames: what was asked for is drawn."""
        self.js("new Promise(r => requestAnimationFrame(() => requestAnimationFrame(() => r(1))))")

    def js(self, expression):
        """The value of an expression, or of the promise that it is."""
        answer = self.call(
            "Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True
        )
        if "exceptionDetails" in answer:
            raise RuntimeError(answer["exceptionDetails"]["exception"]["description"])
        return answer["result"].get("value")

    def _mouse(self, kind, x, y, **more):
        self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, **more)

    def click(self, x, y):
        self._mouse("mouseMoved", x, y)
        self._mouse("mousePressed", x, y, button="left", buttons=1, clickCount=1)
        self._mouse("mouseReleased", x, y, button="left", clickCount=1)
        self.settle()

    def drag(self, x1, y1, x2, y2, steps=6):
        self._mouse("mouseMoved", x1, y1)
        self._mouse("mousePressed", x1, y1, button="left", buttons=1, clickCount=1)
        for i in range(1, steps + 1):
            self._mouse(
                "mouseMoved",
                x1 + (x2 - x1) * i / steps,
                y1 + (y2 - y1) * i / steps,
                button="left",
                buttons=1,
            )
        self._mouse("mouseReleased", x2, y2, button="left", clickCount=1)
        self.settle()

    def hover(self, x, y):
        self._mouse("mouseMoved", x, y)
        self.settle()

    def screenshot(self, path, whole=True):
        size = self.call("Page.getLayoutMetrics")["cssContentSize"]
        more = {"captureBeyondViewport": True, "clip": {**size, "scale": 1}} if whole else {}
        data = self.call("Page.captureScreenshot", format="png", **more)["data"]
        Path(path).write_bytes(base64.b64decode(data))
