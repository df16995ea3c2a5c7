"""A real browser on a page, and what is seen in it."""

import base64
import json
import os
import shutil
import subprocess

import pytest

from conftest import end, wait_for


class Browser:
    """Chromium on one page, asked over its DevTools' pipe."""

    def __init__(self, url, profile, width, height):
        chromium = shutil.which("chromium")
        if chromium is None:
            pytest.skip("chromium is not installed (scripts/packages-test.txt)")
        to_browser, from_us = os.pipe()
        from_browser, to_us = os.pipe()
        self.complaints = (profile.parent / f"{profile.name}.log").open("w+")
        # DevTools' pipe is file descriptors 3 and 4.
        flags = ["--headless", "--no-sandbox", "--disable-gpu", "--remote-debugging-pipe", "--enable-logging=stderr",
                 "--lang=en", f"--user-data-dir={profile}", f"--window-size={width},{height}", url]  # fmt: skip
        self.process = subprocess.Popen(
            ["bash", "-c", f'exec "$@" 3<&{to_browser} 4>&{to_us}', "bash", chromium, *flags],
            pass_fds=(to_browser, to_us), stdout=subprocess.DEVNULL, stderr=self.complaints,
        )  # fmt: skip
        os.close(to_browser)
        os.close(to_us)
        self.send, self.receive = open(from_us, "wb", buffering=0), open(from_browser, "rb")
        self.asked, self.session = 0, None
        try:
            self.attach(width, height)
        except BaseException:
            self.close()
            raise

    def attach(self, width, height):
        target = wait_for("a page", lambda: next(
            (one["targetId"] for one in self.ask("Target.getTargets")["targetInfos"] if one["type"] == "page"), None))
        self.session = self.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        self.ask("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)

    def ask(self, method, **parameters):
        self.asked += 1
        words = {"id": self.asked, "method": method, "params": parameters}
        if self.session:
            words["sessionId"] = self.session
        self.send.write(json.dumps(words).encode() + b"\0")
        while (said := self.next_message()).get("id") != self.asked:
            pass
        assert "result" in said, said
        return said["result"]

    def next_message(self):
        text = bytearray()
        while (byte := self.receive.read(1)) != b"\0":
            assert byte, "chromium has ended"
            text += byte
        return json.loads(text)

    def value(self, expression):
        return self.ask("Runtime.evaluate", expression=expression, returnByValue=True)["result"].get("value")

    def screenshot(self):
        """The whole page as a PNG, however long it is."""
        size = self.value("[document.documentElement.clientWidth, document.documentElement.scrollHeight]")
        clip = {"x": 0, "y": 0, "width": size[0], "height": size[1], "scale": 1}
        shot = self.ask("Page.captureScreenshot", captureBeyondViewport=True, clip=clip)
        return base64.b64decode(shot["data"])

    def close(self):
        end(self.process)
        self.send.close()
        self.receive.close()


# The text of an element as it is seen, and where; nothing of what is not.
SEEN = """(selector => [...document.querySelectorAll(selector)].map(element => {
    const {left, right, top, bottom, width, height} = element.getBoundingClientRect();
    return {text: (element.innerText ?? "").replace(/\\s+/g, " "), left, right, top, bottom, width, height};
}))"""
