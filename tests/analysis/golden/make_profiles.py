#!/usr/bin/env python3
"""Writes profiles.h5: what `wcam explain` of a build stores for a photograph, under settings of every kind.

    tests/analysis/golden/make_profiles.py BUILD/bin/wcam

Each group has the name that analysis_tests knows its settings by, with the columns outputs, wcam, standard_error and
level_share of one profile (common/store/format.md). Made at 6078be6 with Debian 12's LibTorch.
"""

import pathlib
import subprocess
import sys
import tempfile

import h5py

ROOT = pathlib.Path(__file__).resolve().parents[3]
PROFILES = {
    "published": "--grid 14 --nb-design 4",
    "eight_points": "--grid 10 --nb-design 8",
    "glen_drop": "--grid 10 --nb-design 4 --estimator glen --approximation drop",
    "janon_keep": "--grid 9 --nb-design 4 --estimator janon --approximation keep --levels 2",
    "saltelli_corrected": "--grid 8 --nb-design 8 --estimator saltelli --mode corrected",
    "homma_corrected_first_keep": "--grid 10 --nb-design 8 --estimator homma --mode corrected --order first "
                                  "--approximation keep",
    "jansen_corrected_first": "--grid 7 --nb-design 4 --levels 4 --mode corrected --order first",
}


def main():
    wcam = sys.argv[1]
    with tempfile.TemporaryDirectory() as scratch, h5py.File(ROOT / "tests/analysis/golden/profiles.h5", "w") as made:
        for name, options in PROFILES.items():
            out = f"{scratch}/{name}.h5"
            subprocess.run([wcam, "explain", ROOT / "tests/golden/chelsea.png", "--model", ROOT / "models/demo/baseline.pt",
                            "--out", out, *options.split()], check=True, stdout=subprocess.DEVNULL)
            with h5py.File(out) as explained:
                for column in ("outputs", "wcam", "standard_error", "level_share"):
                    made[f"{name}/{column}"] = explained[f"profiles/{column}"][0]


if __name__ == "__main__":
    main()
