#!/usr/bin/env python3
"""Cuts the golden values of this folder from the larger set (README.md says what is in either).

    tests/golden/cut.py REFERENCE_SET SKIMAGE_DATA     the second: scikit-image's folder of photographs

Needs h5py and NumPy. Writes haar.h5, designs.h5, estimators.h5, wcam.h5, tinynet.pt, chelsea.png and coffee.png beside itself;
the same sets give the same bytes.
"""

import pathlib
import shutil
import sys

import h5py
import numpy

HERE = pathlib.Path(__file__).resolve().parent
ESTIMATORS = ["jansen", "homma", "janon", "glen", "saltelli"]
SUMMARIES = ["level_contributions", "spectral_profile_7", "robustness_margin", "spatial_spread"]


class Cut:
    """A file of the larger set and the one that is cut from it."""

    def __init__(self, golden, source, target):
        self.source = h5py.File(golden / source, "r")
        self.target = h5py.File(HERE / target, "w")
        self.target.attrs["versions"] = self.source.attrs["versions"]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.source.close()
        self.target.close()

    def keep(self, *names):
        for name in names:
            self.write(name, self.source[name][()])

    def write(self, name, values):
        small = values.nbytes < 1024
        options = {} if small else {"compression": "gzip", "compression_opts": 9, "shuffle": True}
        self.target.create_dataset(name, data=values, **options)


def cut_haar(golden):
    with Cut(golden, "haar.h5", "haar.h5") as cut:
        cut.keep("size_32/image")
        for level in range(1, 5):
            group = f"size_32/level_{level}/"
            cut.keep(*(group + name for name in ("transform_f32", "transform_f64", "mask", "masked_inverse")))
            for block in ("approximation", "upper_right", "lower_left", "lower_right"):
                cut.keep(f"{group}inverse_only_{block}")
        cut.keep("size_224/image")
        group = "size_224/level_3/"
        cut.keep(group + "mask_grid28", group + "masked_inverse_uint8")
        cut.write(group + "masked_inverse_every_7th_row", cut.source[group + "masked_inverse"][::7])


def cut_designs(golden):
    with Cut(golden, "sobol.h5", "designs.h5") as cut:
        for grid, n in ((4, 4), (4, 8), (8, 4), (8, 8), (28, 4), (28, 8)):
            group = f"grid_{grid}/nb_design_{n}/"
            for sampler in cut.source[group]:
                # What the many dimensions of grid 28 add to the others: the whole runs' design, and large primes.
                wanted = {4: ("sobol", "halton"), 8: ("scrambled",)}[n] if grid == 28 else ("",)
                if not any(word in sampler for word in wanted):
                    continue
                cut.keep(f"{group}{sampler}/A", f"{group}{sampler}/B")
            if grid == 4:
                cut.keep(group + "scipy_sobol_scrambled_seed42/design")


def cut_estimators(golden):
    with Cut(golden, "estimators.h5", "estimators.h5") as cut:
        for function in ("ishigami", "sobol_g", "linear"):
            for n in (4, 8, 64, 1024):
                group = f"{function}/nb_design_{n}/"
                cut.keep(group + "outputs")
                for kind in ("total_reference", "total_corrected", "first"):
                    cut.keep(*(f"{group}{kind}_{estimator}" for estimator in ESTIMATORS))
        cut.keep("degenerate/dead_column_0/outputs")
        cut.keep(*(f"degenerate/dead_column_0/total_reference_{estimator}" for estimator in ESTIMATORS))


def cut_run(cut, run):
    source = cut.source[run]
    for name, value in source.attrs.items():
        cut.target.require_group(run).attrs[name] = value
    cut.keep(f"{run}/label", f"{run}/sti", *(f"{run}/{name}" for name in SUMMARIES))
    cut.keep(*(f"{run}/{name}" for name in source if name.startswith("spatial_maxima_")))
    if run in ("g8_n4_approx", "g28_n4_approx"):
        # Five divides neither a cell's 28 nor its 8 pixels: every place within a cell is there.
        cut.write(f"{run}/wcam_every_5th_row", source["wcam"][:, ::5])
    if run in ("g8_n4_approx", "g8_n8_approx", "g28_n4_approx", "g28_n4_noapprox"):
        cut.write(f"{run}/spatial_every_5th_row", source["spatial"][:, ::5])
    if "perturbed_uint8" in source:
        cut.keep(f"{run}/masks", f"{run}/perturbed_uint8_channel_sum")
        # The last of four: row 0 is A's, this one a C's.
        cut.write(f"{run}/perturbed_index", source["perturbed_index"][-1:])
        cut.write(f"{run}/perturbed_uint8", source["perturbed_uint8"][-1:])
    if "logits" in source and run.startswith("g8_n4"):
        cut.keep(f"{run}/logits")
    elif "logits" in source:
        labels = source["label"][()]
        of_label = [logits[:, label] for logits, label in zip(source["logits"], labels)]
        cut.write(f"{run}/logits_of_label", numpy.stack(of_label))


def cut_wcam(golden):
    with Cut(golden, "wcam.h5", "wcam.h5") as cut:
        cut.keep("images/rgb_uint8", "images/logits")
        for layer in ("conv1", "conv2", "conv3", "fc"):
            cut.keep(f"model/{layer}/weight", f"model/{layer}/bias")
        for run in sorted(cut.source):
            if run.startswith("g"):
                cut_run(cut, run)


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    golden, photographs = pathlib.Path(sys.argv[1]) / "golden", pathlib.Path(sys.argv[2])
    cut_haar(golden)
    cut_designs(golden)
    cut_estimators(golden)
    cut_wcam(golden)
    for file in (golden / "tinynet.pt", photographs / "chelsea.png", photographs / "coffee.png"):
        shutil.copyfile(file, HERE / file.name)


if __name__ == "__main__":
    main()
