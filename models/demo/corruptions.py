"""The seven ImageNet-C corruptions that draw no random number (Hendrycks and Dietterich, ICLR 2019, arXiv 1903.12261),
in NumPy, SciPy and Pillow: for check.py's tables only. The project's own are in worker/corruption.

Every function takes uint8 [H,W,3] and a severity 1..5 and returns the same type; results are clipped and truncated,
as the published code does. `check.py --golden FILE.h5` compares them with values made by that code.
"""

import io

import numpy as np
from PIL import Image
from scipy.ndimage import correlate1d, gaussian_filter
from scipy.signal import fftconvolve


def to_uint8(x):
    return (np.clip(x, 0, 1) * 255).astype(np.uint8)


def gaussian_blur(image, severity):
    sigma = (1, 2, 3, 4, 6)[severity - 1]
    return to_uint8(gaussian_filter(image / 255.0, (sigma, sigma, 0), mode="nearest", truncate=4))


def softened_disk(radius, sigma):
    """A disk, softened by a small Gaussian (support 17 and 3 taps up to radius 8; else 2r+1 and 5)."""
    half, taps = (8, 3) if radius <= 8 else (radius, 5)
    y, x = np.mgrid[-half:half + 1, -half:half + 1]
    disk = (x * x + y * y <= radius * radius).astype(float)
    disk /= disk.sum()
    t = np.arange(taps) - taps // 2
    gaussian = np.exp(-t * t / (2 * sigma * sigma))
    gaussian /= gaussian.sum()
    for axis in (0, 1):
        disk = correlate1d(disk, gaussian, axis=axis, mode="mirror")
    return disk


def defocus_blur(image, severity):
    kernel = softened_disk(*((3, .1), (4, .5), (6, .5), (8, .5), (10, .5))[severity - 1])
    half = len(kernel) // 2
    padded = np.pad(image / 255.0, ((half, half), (half, half), (0, 0)), mode="reflect")
    return to_uint8(np.stack([fftconvolve(padded[..., c], kernel, "valid") for c in range(3)], axis=-1))


def hsv_parts(image):
    """Value, saturation, and each channel's place between value (0) and least channel (1): hue, kept as it is.

    A grey pixel has hue 0, that is red: place (0, 1, 1)."""
    x = image / 255.0
    value, least = x.max(-1, keepdims=True), x.min(-1, keepdims=True)
    spread = value - least
    saturation = np.divide(spread, value, out=np.zeros_like(value), where=value > 0)
    place = np.where(spread > 0, (value - x) / np.where(spread > 0, spread, 1), np.array([0.0, 1.0, 1.0]))
    return value, saturation, place


def brightness(image, severity):
    value, saturation, place = hsv_parts(image)
    value = np.clip(value + (.1, .2, .3, .4, .5)[severity - 1], 0, 1)
    return to_uint8(value * (1 - saturation * place))


def saturate(image, severity):
    a, b = ((.3, 0), (.1, 0), (2, 0), (5, .1), (20, .2))[severity - 1]
    value, saturation, place = hsv_parts(image)
    return to_uint8(value * (1 - np.clip(saturation * a + b, 0, 1) * place))


def contrast(image, severity):
    x, c = image / 255.0, (.4, .3, .2, .1, .05)[severity - 1]
    mean = x.mean(axis=(0, 1), keepdims=True)
    return to_uint8((x - mean) * c + mean)


def jpeg(image, severity):
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "JPEG", quality=(25, 18, 15, 10, 7)[severity - 1])
    with Image.open(buffer) as decoded:
        return np.asarray(decoded)


def pixelate(image, severity):
    height, width = image.shape[:2]
    c = (.6, .5, .4, .3, .25)[severity - 1]
    small = Image.fromarray(image).resize((int(width * c), int(height * c)), Image.BOX)
    return np.asarray(small.resize((width, height), Image.NEAREST))


# In the order of the tables; the names are the sweep's.
CORRUPTIONS = {
    "defocus-blur": defocus_blur, "brightness": brightness, "jpeg": jpeg, "saturate": saturate,
    "pixelate": pixelate, "contrast": contrast, "gaussian-blur": gaussian_blur,
}
