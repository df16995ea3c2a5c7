#!/usr/bin/env python3
"""How much faster are our corruptions than the same ones written with scikit-image, SciPy and OpenCV?

    benchmarks/corruptions_python.py build/bench/bin/corruptions PHOTO

Times five severities of each, ours and Python's in turn, one thread each, CPU ms (median of --rounds), on PHOTO resized
and cropped to 224 x 224. Needs Debian's python3-skimage, python3-scipy, python3-opencv, python3-pil and python3-numba (for
the loop of glass-blur, which takes seconds without).

What is computed is ImageNet-C's (D. Hendrycks and T. Dietterich, arXiv 1903.12261), in the libraries' own functions.
"""

import os

os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", NUMBA_NUM_THREADS="1")  # before the libraries load

import argparse
import io
import json
import math
import pathlib
import statistics
import subprocess
import tempfile
import time

import cv2
import numba
import numpy
import PIL.Image
import scipy.ndimage
import skimage.color
import skimage.filters
import skimage.util

cv2.setNumThreads(1)
random = numpy.random


def finish(x):
    """[0, 1] to bytes."""
    return (numpy.clip(x, 0, 1) * 255).astype(numpy.uint8)


def gaussian_noise(x, deviation):
    return finish(x / 255.0 + random.normal(size=x.shape, scale=deviation))


def shot_noise(x, photons):
    return finish(random.poisson(x / 255.0 * photons) / photons)


def impulse_noise(x, amount):
    return finish(skimage.util.random_noise(x / 255.0, mode="s&p", amount=amount))


def speckle_noise(x, deviation):
    x = x / 255.0
    return finish(x + x * random.normal(size=x.shape, scale=deviation))


def gaussian_blur(x, sigma):
    return finish(skimage.filters.gaussian(x / 255.0, sigma=sigma, channel_axis=-1))


def defocus_blur(x, radius, softening):
    reach, window = (8, 3) if radius <= 8 else (radius, 5)
    across, down = numpy.meshgrid(*[numpy.arange(-reach, reach + 1)] * 2)
    disk = (across**2 + down**2 <= radius**2).astype(numpy.float32)
    disk = cv2.GaussianBlur(disk / disk.sum(), (window, window), sigmaX=softening)
    return finish(numpy.dstack([cv2.filter2D(x[..., c] / 255.0, -1, disk) for c in range(3)]))


@numba.njit
def copy_neighbours(x, reach, passes):
    for _ in range(passes):
        for row in range(x.shape[0] - reach, reach, -1):
            for col in range(x.shape[1] - reach, reach, -1):
                right, down = numpy.random.randint(-reach, reach), numpy.random.randint(-reach, reach)
                x[row, col] = x[row + down, col + right]


def glass_blur(x, sigma, reach, passes):
    x = finish(skimage.filters.gaussian(x / 255.0, sigma=sigma, channel_axis=-1))
    copy_neighbours(x, reach, passes)
    return finish(skimage.filters.gaussian(x / 255.0, sigma=sigma, channel_axis=-1))


def shifted(x, down, right):
    """Moved by whole pixels, edges repeated."""
    x = numpy.roll(x, (down, right), axis=(0, 1))
    if right > 0:
        x[:, :right] = x[:, right : right + 1]
    elif right < 0:
        x[:, right:] = x[:, right - 1 : right]
    if down > 0:
        x[:down] = x[down : down + 1]
    elif down < 0:
        x[down:] = x[down - 1 : down]
    return x


def line_blur(x, radius, sigma, degrees):
    weights = numpy.exp(-numpy.arange(2 * radius + 1) ** 2 / (2 * sigma**2))
    down, right = math.sin(math.radians(degrees)), math.cos(math.radians(degrees))
    return sum(
        weight * shifted(x, -math.ceil(i * down - 0.5), -math.ceil(i * right - 0.5))
        for i, weight in enumerate(weights / weights.sum())
    )


def motion_blur(x, radius, sigma):
    return finish(line_blur(x, radius, sigma, random.uniform(-45, 45)) / 255)


def clipped_zoom(x, factor):
    sides = [math.ceil(side / factor) for side in x.shape[:2]]
    top, left = ((side - inner) // 2 for side, inner in zip(x.shape, sides))
    centre = x[top : top + sides[0], left : left + sides[1]]
    return scipy.ndimage.zoom(centre, (factor, factor, 1)[: x.ndim], order=1)


def zoom_blur(x, above, step):
    x = (x / 255.0).astype(numpy.float32)
    factors = numpy.arange(1, above, step)
    total = x.copy()
    for factor in factors:
        total += clipped_zoom(x, factor)[: x.shape[0], : x.shape[1]]
    return finish(total / (len(factors) + 1))


def brightness(x, added):
    hsv = skimage.color.rgb2hsv(x / 255.0)
    hsv[..., 2] = numpy.clip(hsv[..., 2] + added, 0, 1)
    return finish(skimage.color.hsv2rgb(hsv))


def saturate(x, factor, added):
    hsv = skimage.color.rgb2hsv(x / 255.0)
    hsv[..., 1] = numpy.clip(hsv[..., 1] * factor + added, 0, 1)
    return finish(skimage.color.hsv2rgb(hsv))


def contrast(x, kept):
    x = x / 255.0
    mean = x.mean(axis=(0, 1), keepdims=True)
    return finish((x - mean) * kept + mean)


def jpeg(x, quality):
    file = io.BytesIO()
    PIL.Image.fromarray(x).save(file, "JPEG", quality=quality)
    return numpy.asarray(PIL.Image.open(file))


def pixelate(x, scale):
    image = PIL.Image.fromarray(x)
    small = image.resize((int(image.width * scale), int(image.height * scale)), PIL.Image.BOX)
    return numpy.asarray(small.resize(image.size, PIL.Image.NEAREST))


def elastic_transformation(x, strength):
    rows, cols, _ = x.shape
    x = (x / 255.0).astype(numpy.float32)

    def displacement():
        noise = random.uniform(-0.005 * rows, 0.005 * rows, size=(rows, cols))
        smooth = skimage.filters.gaussian(noise, (0.01 * rows, 0.01 * cols), mode="reflect", truncate=3)
        return (smooth * strength).astype(numpy.float32)[..., None]

    right, down = displacement(), displacement()
    r, c, k = numpy.meshgrid(numpy.arange(rows), numpy.arange(cols), numpy.arange(3), indexing="ij")
    return finish(scipy.ndimage.map_coordinates(x, [r + down, c + right, k], order=1, mode="reflect"))


def spatter(x, mean, deviation, sigma, threshold, strength, mud):
    x = (x / 255.0).astype(numpy.float32)
    liquid = skimage.filters.gaussian(random.normal(mean, deviation, x.shape[:2]), sigma=sigma)
    liquid[liquid < threshold] = 0
    if mud:
        cover = skimage.filters.gaussian((liquid > threshold).astype(numpy.float32), sigma=strength)
        cover[cover < 0.8] = 0
        return finish(x * (1 - cover[..., None]) + numpy.array([63, 42, 20]) / 255 * cover[..., None])
    liquid = (liquid * 255).astype(numpy.uint8)
    light = cv2.distanceTransform(255 - cv2.Canny(liquid, 50, 150), cv2.DIST_L2, 5)
    light = cv2.threshold(light, 20, 20, cv2.THRESH_TRUNC)[1]
    light = cv2.equalizeHist(cv2.blur(light, (3, 3)).astype(numpy.uint8))
    light = cv2.filter2D(light, cv2.CV_8U, numpy.array([[-2, -1, 0], [-1, 1, 1], [0, 1, 2]]))
    cover = liquid * cv2.blur(light, (3, 3)).astype(numpy.float32)
    cover *= strength / cover.max()
    return finish(x + cover[..., None] * (numpy.array([175, 238, 238]) / 255))


def snow(x, mean, deviation, zoom, threshold, radius, sigma, kept):
    x = (x / 255.0).astype(numpy.float32)
    flakes = clipped_zoom(random.normal(mean, deviation, x.shape[:2]), zoom)
    flakes[flakes < threshold] = 0
    flakes = line_blur(numpy.clip(flakes, 0, 1), radius, sigma, random.uniform(-135, -45))
    flakes = (numpy.round(flakes * 255) / 255)[: x.shape[0], : x.shape[1], None]
    grey = cv2.cvtColor(x, cv2.COLOR_RGB2GRAY)[..., None]
    x = kept * x + (1 - kept) * numpy.maximum(x, grey * 1.5 + 0.5)
    return finish(x + flakes + numpy.rot90(flakes, 2))


def plasma(side, decay):
    heights, step, wibble = numpy.zeros((side, side)), side, 100.0

    def rough_mean(total):
        return total / 4 + wibble * random.uniform(-wibble, wibble, total.shape)

    while step >= 2:
        half = step // 2
        corners = heights[::step, ::step]
        total = corners + numpy.roll(corners, -1, 0)
        heights[half::step, half::step] = rough_mean(total + numpy.roll(total, -1, 1))
        centres = heights[half::step, half::step]
        beside = corners + numpy.roll(corners, -1, 1)
        heights[::step, half::step] = rough_mean(centres + numpy.roll(centres, 1, 0) + beside)
        beside = corners + numpy.roll(corners, -1, 0)
        heights[half::step, ::step] = rough_mean(centres + numpy.roll(centres, 1, 1) + beside)
        step, wibble = half, wibble / decay
    heights -= heights.min()
    return heights / heights.max()


def fog(x, amount, decay):
    x = x / 255.0
    brightest = x.max()
    side = 1 << (max(x.shape) - 1).bit_length()
    x += amount * plasma(side, decay)[: x.shape[0], : x.shape[1], None]
    return finish(x * brightest / (brightest + amount))


# The study's fourteen in its order, then the rest but frost, which needs photographs. Severities 1 to 5.
CORRUPTIONS = {
    "motion-blur": (motion_blur, [(10, 3), (15, 5), (15, 8), (15, 12), (20, 15)]),
    "defocus-blur": (defocus_blur, [(3, 0.1), (4, 0.5), (6, 0.5), (8, 0.5), (10, 0.5)]),
    "brightness": (brightness, [(0.1,), (0.2,), (0.3,), (0.4,), (0.5,)]),
    "spatter": (
        spatter,
        [(0.65, 0.3, 4, 0.69, 0.6, 0), (0.65, 0.3, 3, 0.68, 0.6, 0), (0.65, 0.3, 2, 0.68, 0.5, 0),
         (0.65, 0.3, 1, 0.65, 1.5, 1), (0.67, 0.4, 1, 0.65, 1.5, 1)],
    ),
    "jpeg": (jpeg, [(25,), (18,), (15,), (10,), (7,)]),
    "saturate": (saturate, [(0.3, 0), (0.1, 0), (2, 0), (5, 0.1), (20, 0.2)]),
    "pixelate": (pixelate, [(0.6,), (0.5,), (0.4,), (0.3,), (0.25,)]),
    "impulse-noise": (impulse_noise, [(0.03,), (0.06,), (0.09,), (0.17,), (0.27,)]),
    "gaussian-noise": (gaussian_noise, [(0.08,), (0.12,), (0.18,), (0.26,), (0.38,)]),
    "contrast": (contrast, [(0.4,), (0.3,), (0.2,), (0.1,), (0.05,)]),
    "glass-blur": (glass_blur, [(0.7, 1, 2), (0.9, 2, 1), (1, 2, 3), (1.1, 3, 2), (1.5, 4, 2)]),
    "elastic-transformation": (elastic_transformation, [(12.5,), (16.25,), (21.25,), (25,), (30,)]),
    "shot-noise": (shot_noise, [(60,), (25,), (12,), (5,), (3,)]),
    "gaussian-blur": (gaussian_blur, [(1,), (2,), (3,), (4,), (6,)]),
    "zoom-blur": (zoom_blur, [(1.11, 0.01), (1.16, 0.01), (1.21, 0.02), (1.26, 0.02), (1.31, 0.03)]),
    "snow": (
        snow,
        [(0.1, 0.3, 3, 0.5, 10, 4, 0.8), (0.2, 0.3, 2, 0.5, 12, 4, 0.7), (0.55, 0.3, 4, 0.9, 12, 8, 0.7),
         (0.55, 0.3, 4.5, 0.85, 12, 8, 0.65), (0.55, 0.3, 2.5, 0.85, 12, 12, 0.55)],
    ),
    "fog": (fog, [(1.5, 2), (2, 2), (2.5, 1.7), (2.5, 1.5), (3, 1.4)]),
    "speckle-noise": (speckle_noise, [(0.15,), (0.2,), (0.35,), (0.45,), (0.6,)]),
}  # fmt: skip
STUDY = 14


def prepared(photo):
    image = PIL.Image.open(photo).convert("RGB")
    scale = 256 / min(image.size)
    image = image.resize([int(side * scale) for side in image.size], PIL.Image.BILINEAR)
    left, top = ((side - 224) // 2 for side in image.size)
    return image.crop((left, top, left + 224, top + 224))


def python_ms(name, x):
    corrupt, severities = CORRUPTIONS[name]
    start = time.process_time()
    for parameters in severities:
        corrupt(x, *parameters)
    return (time.process_time() - start) * 1000


def our_ms(program, photo, name):
    words = [program, photo, f"--benchmark_filter=^{name}$", "--benchmark_format=json", "--benchmark_min_time=0.1"]
    report = json.loads(subprocess.run(words, check=True, capture_output=True).stdout)
    return report["benchmarks"][0]["cpu_time"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", type=pathlib.Path)
    parser.add_argument("photo", type=pathlib.Path)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    image = prepared(options.photo)
    x = numpy.asarray(image)
    copy_neighbours(x.copy(), 1, 1)  # compiles it
    totals = []
    print("| corruption | ours, ms | Python, ms | ratio |\n|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        photo = pathlib.Path(folder) / "photo.png"
        image.save(photo)
        for name in CORRUPTIONS:
            pairs = [(our_ms(options.program, photo, name), python_ms(name, x)) for _ in range(options.rounds)]
            ours, python = (statistics.median(side) for side in zip(*pairs))
            totals.append((ours, python))
            print(f"| {name} | {ours:.1f} | {python:.0f} | {python / ours:.1f} |", flush=True)
    for what, count in (("the study's 14 x 5", STUDY), ("18 x 5", len(totals))):
        ours, python = (sum(side) for side in zip(*totals[:count]))
        print(f"| **{what}** | **{ours:.0f}** | **{python:.0f}** | **{python / ours:.1f}** |")


if __name__ == "__main__":
    main()
