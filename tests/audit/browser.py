"""A real Chromium through chromedriver (WebDriver over loopback), with nothing but Python's own library."""
import base64
import json
import os
import shutil
import subprocess
import tempfile
import urllib.request

FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync", "--hide-scrollbars"]


def missing():
    """Why there is no browser, or None.  SEAL_TEST_INSTALL=1 installs Debian's where that is possible."""
    if shutil.which("chromium") and shutil.which("chromedriver"):
        return None
    if os.environ.get("SEAL_TEST_INSTALL") == "1" and shutil.which("apt-get"):
        done = subprocess.run(["apt-get", "-o", "DPkg::Lock::Timeout=300", "install", "-y", "--no-install-recommends", "chromium", "chromium-driver"],
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
        if done.returncode == 0:
            return None
        return "chromium cannot be installed: " + done.stderr.strip().splitlines()[-1]
    return "chromium and chromedriver are not installed (SEAL_TEST_INSTALL=1 installs Debian's packages)"


class Browser:
    def __init__(self, width, height=900, dark=False):
        self.folder = tempfile.mkdtemp(prefix="seal-browser-")
        self.driver = subprocess.Popen(["chromedriver", "--port=0"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        for line in self.driver.stdout:
            if "started successfully on port" in line:
                self.base = "http://127.0.0.1:" + line.strip().rstrip(".").split()[-1]
                break
        options = {"args": FLAGS + [f"--user-data-dir={self.folder}", f"--window-size={width},{height}"], "binary": shutil.which("chromium")}
        wanted = {"browserName": "chrome", "goog:chromeOptions": options, "goog:loggingPrefs": {"browser": "ALL"}}
        self.session = self.ask("POST", "/session", {"capabilities": {"alwaysMatch": wanted}})["sessionId"]
        # A window of a desktop browser has a least width; a phone is told to the page.
        self.command("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600)
        if dark:
            self.command("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": "dark"}])

    def ask(self, method, path, body=None):
        data = json.dumps(body).encode() if body is not None else None
        request = urllib.request.Request(self.base + path, data, {"Content-Type": "application/json"}, method=method)
        with urllib.request.urlopen(request, timeout=60) as reply:
            return json.load(reply)["value"]

    def command(self, name, **parameters):
        return self.ask("POST", f"/session/{self.session}/goog/cdp/execute", {"cmd": name, "params": parameters})

    def open(self, path):
        self.ask("POST", f"/session/{self.session}/url", {"url": "file://" + path})

    def run(self, script, *arguments):
        return self.ask("POST", f"/session/{self.session}/execute/sync", {"script": script, "args": list(arguments)})

    def complaints(self):
        return [entry["message"] for entry in self.ask("POST", f"/session/{self.session}/se/log", {"type": "browser"})]

    def shot(self, path, whole=False):
        height = self.run("return document.documentElement.scrollHeight") if whole else None
        clip = {"clip": {"x": 0, "y": 0, "width": self.run("return innerWidth"), "height": height, "scale": 1}, "captureBeyondViewport": True} if whole else {}
        with open(path, "wb") as out:
            out.write(base64.b64decode(self.command("Page.captureScreenshot", **clip)["data"]))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        try:
            self.ask("DELETE", f"/session/{self.session}")
        finally:
            self.driver.terminate()
            self.driver.wait(10)
            shutil.rmtree(self.folder, ignore_errors=True)
