#!/usr/bin/env python3
"""Makes corruptions.h5 and corruption_statistics.csv with the published code (README.md says with which versions).

    tests/golden/make_corruptions.py FOLDER     the folder that holds the package imagecorruptions

On the two photographs of wcam.h5 beside itself, which cut.py has written. Takes some minutes.
"""

import csv
import pathlib
import sys

import h5py
import numpy

HERE = pathlib.Path(__file__).resolve().parent
DETERMINISTIC = [
    "defocus_blur", "brightness", "jpeg_compression", "saturate", "pixelate", "contrast", "gaussian_blur", "zoom_blur",
]  # fmt: skip
# Without frost: its overlays are photographs of the package, ours are the user's.
RANDOM = [
    "motion_blur", "spatter", "impulse_noise", "gaussian_noise", "glass_blur", "elastic_transform", "shot_noise", "snow",
    "fog", "speckle_noise",
]  # fmt: skip
DRAWS = 64


def statistics(image, clean):
    difference = image.astype(float) - clean
    return image.mean(), image.std(), 10 * numpy.log10(255**2 / (difference**2).mean())


def row(corrupt, photo, clean, name, severity):
    draws = 1 if name in DETERMINISTIC else DRAWS
    found = []
    for seed in range(draws):
        numpy.random.seed(seed)
        found.append(statistics(corrupt(clean, corruption_name=name, severity=severity), clean))
    average = numpy.mean(found, axis=0)
    spread = numpy.std(found, axis=0, ddof=1) if draws > 1 else numpy.zeros(3)
    values = [f"{value:.3f}" for pair in zip(average, spread) for value in pair]
    return [photo, name, severity, draws, *values]


def make_pixels(corrupt, chelsea):
    """Of a part, to be small: the cat's right eye."""
    clean = chelsea[56:112, 40:96].copy()
    with h5py.File(HERE / "corruptions.h5", "w") as file:
        file.create_dataset("clean", data=clean)
        for name in DETERMINISTIC:
            for severity in range(1, 6):
                corrupted = corrupt(clean, corruption_name=name, severity=severity)
                file.create_dataset(f"{name}/{severity}", data=corrupted, compression="gzip", compression_opts=9)


def make_statistics(corrupt, photographs):
    with (HERE / "corruption_statistics.csv").open("w", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow("photo corruption severity draws mean mean_sd std std_sd psnr_db psnr_sd".split())
        for photo, clean in photographs.items():
            for name in DETERMINISTIC + RANDOM:
                for severity in range(1, 6):
                    out.writerow(row(corrupt, photo, clean, name, severity))


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    sys.path.insert(0, sys.argv[1])
    from imagecorruptions import corrupt

    with h5py.File(HERE / "wcam.h5", "r") as file:
        photographs = dict(zip(("chelsea", "coffee"), file["images/rgb_uint8"][()]))
    make_pixels(corrupt, photographs["chelsea"])
    make_statistics(corrupt, photographs)


if __name__ == "__main__":
    main()
