#!/usr/bin/env python3
"""How long does a gallery take to write, and Chromium to open it from a disk?

    benchmarks/gallery_open.py build/release/bin [--images 17] [--one-file-mb 40] [--rounds 5]

Of --images photographs, 20 forms of each, 6 cases: 120 maps an image of 28 x 28 cells, made up, beside photographs of 224
pixels. "Open" is from the address to every map on the screen drawn, in a window of 1280 x 900, each time in a new Chromium
that has shown an empty page. Needs Debian's chromium, python3-h5py, python3-pil, python3-pytest, time.
"""

import argparse
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "tests/end_to_end"))
from made_sweep import make_sweep
from browser import Browser

KINDS = ("jpeg", "contrast", "motion-blur", "brightness", "fog", "snow", "frost", "pixelate", "zoom-blur")
DRAWN = "typeof index === 'object' && index && mounted.size > 0 && [...mounted.values()].every(one => one.drawn)"


def seconds_to_open(page, profile):
    browser = Browser("about:blank", profile, 1280, 900)
    try:
        start = time.monotonic()
        browser.ask("Page.navigate", url=page.as_uri())
        while not browser.value(DRAWN):
            time.sleep(0.005)
        drawn = time.monotonic() - start
        start = time.monotonic()
        browser.value("(choose(), layOut(), render())")
        chosen = time.monotonic() - start
        heap = browser.value("performance.memory.usedJSHeapSize") / 2**20
        return drawn, chosen, heap
    finally:
        browser.close()


def main():
    options = argparse.ArgumentParser()
    options.add_argument("bin", type=pathlib.Path)
    options.add_argument("--images", type=int, default=17)
    options.add_argument("--one-file-mb", default="40")
    options.add_argument("--rounds", type=int, default=5)
    asked = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        variants = [f"corruptions/{kind}/{severity}" for kind in KINDS for severity in (3, 5)] + ["corruptions/noise/5"]
        sweep = make_sweep(folder / "sweep", images=[f"photo_{i:04}.jpg" for i in range(asked.images)], variants=variants,
                           cases=("baseline", "adv", "augmix", "sin", "pixmix", "vit"), grid=28, side=224)  # fmt: skip
        start = time.monotonic()
        writing = subprocess.run(
            ["/usr/bin/time", "--format=%M", asked.bin / "wcam-plot", "gallery", sweep.file, "--out", folder / "g.html",
             "--one-file-mb", asked.one_file_mb], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)  # fmt: skip
        wrote = time.monotonic() - start
        memory = int(writing.stderr.split()[-1]) / 1024
        size = sum(path.stat().st_size for path in (folder / "g.html", *(folder / "g_files").glob("*"))) / 1e6
        print(f"{len(sweep.profiles)} maps: written in {wrote:.2f} s, {memory:.0f} MiB; {size:.1f} MB", flush=True)
        rounds = [seconds_to_open(folder / "g.html", folder / f"profile-{i}") for i in range(asked.rounds)]
        for name, values in zip(("open, s", "choose and draw, s", "heap, MiB"), zip(*rounds)):
            print(f"{name}: median {statistics.median(values):.3f}, {min(values):.3f} to {max(values):.3f}")
        print(f"load {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
