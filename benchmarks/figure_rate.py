#!/usr/bin/env python3
"""How much faster is a figure drawn than matplotlib draws the same arrays?

    benchmarks/figure_rate.py build/bench/bin/figure_rate [--figures 50] [--cases 6] [--layout none] [--rounds 3]

Draws figure 5 of the sweep that figure_rate makes, as PDF, one thread, in turn with it, and compares CPU time: the photograph and a map a case,
source above and altered below, with titles, the lines between subbands and a colour bar a row. Both read the store (ours
with the pale cells, which matplotlib is spared). Needs Debian's python3-matplotlib and python3-h5py.
"""

import argparse
import pathlib
import re
import statistics
import subprocess
import tempfile
import time

import h5py
import matplotlib

matplotlib.use("pdf")
matplotlib.rcParams["pdf.fonttype"] = 42  # TrueType, as ours
import matplotlib.pyplot


def draw(store, image, cases, layout, path):
    profiles, images = store["profiles"], store["images"]
    figure, axes = matplotlib.pyplot.subplots(2, 1 + cases, figsize=(5.5, 2.2))
    for row in range(2):
        axes[row, 0].imshow(images["pixels"][2 * image + row])
        axes[row, 0].set_title("Image", fontsize=7.5)
        maps = [profiles["wcam"][2 * (image * cases + case) + row] for case in range(cases)]
        low, high = min(m.min() for m in maps), max(m.max() for m in maps)
        for case in range(cases):
            axis = axes[row, 1 + case]
            shown = axis.imshow(maps[case], cmap="viridis", vmin=low, vmax=high, extent=(0, 224, 224, 0))
            for edge in (112, 56, 28):
                axis.plot([edge, edge], [0, 2 * edge], "w", [0, 2 * edge], [edge, edge], "w", lw=0.5)
            axis.set_title(f"case_{case}", fontsize=7.5)
            axis.set_xlabel("281", fontsize=6.5)
        figure.colorbar(shown, ax=axes[row, :]).ax.tick_params(labelsize=6)
    for axis in axes.flat:
        axis.set_xticks([])
        axis.set_yticks([])
    if layout == "tight":
        figure.tight_layout()
    figure.savefig(path)
    matplotlib.pyplot.close(figure)




def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("figure_rate", type=pathlib.Path)
    parser.add_argument("--figures", type=int, default=50)
    parser.add_argument("--cases", type=int, default=6)
    parser.add_argument("--layout", choices=("tight", "none"), default="tight", help="tight: as the published helper")
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    ours, theirs = [], []
    with tempfile.TemporaryDirectory() as folder:
        sweep = pathlib.Path(folder) / "sweep"
        for _ in range(asked.rounds):
            said = subprocess.run([asked.figure_rate, sweep, str(asked.figures), str(asked.cases)], check=True,
                                  capture_output=True, text=True).stdout  # fmt: skip
            ours.append(float(re.match(r"[\d.]+", said)[0]))
            with h5py.File(sweep / "segments/segment-0.h5") as store:
                draw(store, 0, asked.cases, asked.layout, sweep / "drawn.pdf")  # fonts are found and cached once
                begin = time.process_time()
                for image in range(asked.figures):  # its images come again
                    draw(store, image % min(asked.figures, 20), asked.cases, asked.layout, sweep / "drawn.pdf")
                theirs.append(1000 * (time.process_time() - begin) / asked.figures)
            print(f"{said.strip()}; matplotlib {matplotlib.__version__}: {theirs[-1]:.1f} ms CPU", flush=True)
    ratios = [b / a for a, b in zip(ours, theirs)]
    print(f"median: ours {statistics.median(ours):.2f} ms, matplotlib {statistics.median(theirs):.1f} ms, "
          f"{statistics.median(ratios):.1f} times as fast")  # fmt: skip


if __name__ == "__main__":
    main()
