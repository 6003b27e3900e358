"""A headless Chromium, spoken to over the pipe of its DevTools protocol: nothing but the standard library is needed."""

import base64
import json
import os
import select
import shutil
import subprocess
import tempfile
import time

NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"]


def find():
    """The browser's path, or None."""
    return next((path for path in map(shutil.which, NAMES) if path), None)


class Chromium:
    """One browser with one page."""

    def __init__(self, path):
        self.profile = tempfile.mkdtemp(prefix="browser-")
        read_commands, self.commands = os.pipe()
        self.answers, write_answers = os.pipe()
        # The protocol wants the pipes at these two numbers.
        script = f'exec "$@" 3<&{read_commands} 4>&{write_answers}'
        arguments = [path, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
                     "--disable-background-networking", "--remote-debugging-pipe", f"--user-data-dir={self.profile}"]
        self.process = subprocess.Popen(["sh", "-c", script, "sh", *arguments], pass_fds=[read_commands, write_answers],
                                        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(read_commands)
        os.close(write_answers)
        self.buffer, self.events, self.last, self.session = b"", [], 0, None
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ["Page", "Runtime", "Log", "Network"]:
            self.call(f"{domain}.enable")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()
        shutil.rmtree(self.profile, ignore_errors=True)

    def message(self, timeout):
        """The next message, or None when time is up."""
        end = time.monotonic() + timeout
        while b"\0" not in self.buffer:
            ready, _, _ = select.select([self.answers], [], [], max(0, end - time.monotonic()))
            chunk = os.read(self.answers, 1 << 20) if ready else b""
            if not chunk:
                return None
            self.buffer += chunk
        text, self.buffer = self.buffer.split(b"\0", 1)
        return json.loads(text)

    def call(self, method, **parameters):
        """Has something done; the events that come meanwhile are kept."""
        self.last += 1
        command = {"id": self.last, "method": method, "params": parameters}
        if self.session:
            command["sessionId"] = self.session
        os.write(self.commands, json.dumps(command).encode() + b"\0")
        while (message := self.message(60)) is not None:
            if message.get("id") == self.last:
                if "error" in message:
                    raise RuntimeError(f"{method}: {message['error']}")
                return message["result"]
            self.events.append(message)
        raise TimeoutError(method)

    def evaluate(self, expression):
        """The value of an expression in the page, awaited."""
        answer = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in answer:
            raise RuntimeError(f"{expression}: {answer['exceptionDetails']}")
        return answer["result"].get("value")

    def open(self, path):
        """Loads a file and waits until all of it is drawn; the seconds until its script was done."""
        self.events.clear()
        start = time.monotonic()
        self.call("Page.navigate", url=f"file://{os.path.abspath(path)}")
        while self.evaluate("document.documentElement?.dataset.ready") != "yes":
            if time.monotonic() - start > 60:
                raise TimeoutError(f"{path} is never ready: {self.complaints()}")
            time.sleep(0.02)
        took = time.monotonic() - start
        # Charts are drawn once the page knows how wide they are, which is with its first frame.
        self.settle(0)
        return took

    def settle(self, delay=180):
        """Waits so many milliseconds for timers of the page, and until what was asked for is on the screen."""
        self.evaluate(f"new Promise((done) => setTimeout(() => requestAnimationFrame(() => setTimeout(done, 40)), {delay}))")

    def complaints(self):
        """Errors and warnings of the console since the page was opened."""
        found = []
        for event in self.events:
            method, details = event.get("method"), event.get("params", {})
            if method == "Runtime.exceptionThrown":
                found.append(str(details["exceptionDetails"]))
            elif method == "Runtime.consoleAPICalled":
                found.append(str(details["args"]))
            elif method == "Log.entryAdded":
                found.append(f"{details['entry']['level']}: {details['entry']['text']}")
        return found

    def requests(self):
        """Addresses that were asked for since the page was opened."""
        return [event["params"]["request"]["url"] for event in self.events
                if event.get("method") == "Network.requestWillBeSent"]

    def screenshot(self, path, whole=True):
        """Writes a picture of the page."""
        picture = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        with open(path, "wb") as file:
            file.write(base64.b64decode(picture["data"]))

    def emulate(self, width=1280, height=900, dark=False, media=""):
        """Another window, another taste, another medium."""
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.call("Emulation.setEmulatedMedia", media=media, features=[scheme])

    def pdf(self, path):
        """Prints the page into a file."""
        with open(path, "wb") as file:
            file.write(base64.b64decode(self.call("Page.printToPDF", printBackground=False)["data"]))
