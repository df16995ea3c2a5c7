#!/usr/bin/python3
"""Trains the demo's seven small classifiers and writes CASE.pt, classes.txt and models.json beside this file.

    ./photos.sh PHOTOS && ./train.py --photos PHOTOS [--cases baseline,sin] [--steps N]

All cases share photographs, crops, architecture, optimiser and number of weight updates; only the training regime
differs. The task: which of twelve photographs does this crop come from? One strip of every photograph (HELD_OUT)
is never trained on, and accuracy is measured on crops from there. check.py measures what the README reports.

Seeded and single-threaded: the same machine and library versions give the same weights, whichever cases are asked for,
and the same files.
Needs Debian 12's python3-torch, python3-pil, python3-numpy; nothing else.
"""

import argparse
import hashlib
import json
import math
import os
import sys
import time
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageOps
from torch import nn
from torch.nn import functional as F

HERE = Path(__file__).resolve().parent

# File in python3-skimage's data folder, class name. The order is the order of the logits.
PHOTOGRAPHS = [
    ("chelsea.png", "tabby cat"),
    ("coffee.png", "coffee cup"),
    ("rocket.jpg", "rocket launch pad"),
    ("motorcycle_left.png", "motorcycle"),
    ("astronaut.png", "astronaut"),
    ("hubble_deep_field.jpg", "galaxies"),
    ("ihc.png", "stained tissue"),
    ("camera.png", "cameraman"),
    ("coins.png", "ancient coins"),
    ("brick.png", "brick pavement"),
    ("grass.png", "grass"),
    ("gravel.png", "gravel"),
]
CLASSES = [name for _, name in PHOTOGRAPHS]
CASES = ["baseline", "sin", "augmix", "pixmix", "adv", "adv_free", "fast_adv"]

MEAN, STD = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]  # ImageNet's; applied by the consumer
RESIZE, SIDE = 256, 224     # what the consumer does: shorter side to RESIZE, centre crop SIDE
HELD_OUT = 0.30             # the rightmost share of every photograph's columns: never trained on
CROP_SHARE = (0.10, 1.0)    # area of a training crop, as a share of the allowed area
CROPS_PER_CLASS = 160       # the pool of training crops, made once and shared by all cases
HELD_OUT_PER_CLASS = 20     # test crops
WINDOW = 160                # a training step sees a random WINDOW of each 224 crop: half the cost, more variety
BATCH = 32
STEPS = 1200                # weight updates, the same for every case
LEARNING_RATE = 4e-3
EPSILON = 8 / 255           # L-infinity radius of the three adversarial regimes, in [0,1] pixels


# ---------------------------------------------------------------------------------------------- pictures

def load_photograph(folder, file):
    with Image.open(Path(folder) / file) as image:
        return image.convert("RGB")


def prepare(image):
    """What the sweep's image loader (and torchvision) does: shorter side to 256, centre crop 224. uint8 [224,224,3]."""
    width, height = (int(RESIZE * side / min(image.size)) for side in image.size)
    left, top = round((width - SIDE) / 2), round((height - SIDE) / 2)
    resized = image.resize((width, height), Image.BILINEAR)
    return np.asarray(resized.crop((left, top, left + SIDE, top + SIDE)))


def random_resized_crop(image, share, rng):
    """A box with an area in `share` of the image's and an aspect in 3/4..4/3, resized to 224 x 224."""
    width, height = image.size
    for _ in range(100):
        area = rng.uniform(*share) * width * height
        aspect = math.exp(rng.uniform(math.log(3 / 4), math.log(4 / 3)))
        w, h = round(math.sqrt(area * aspect)), round(math.sqrt(area / aspect))
        if w <= width and h <= height:
            break
    else:  # a very elongated image: the largest centred square
        w = h = min(width, height)
    left, top = rng.integers(0, width - w + 1), rng.integers(0, height - h + 1)
    return image.resize((SIDE, SIDE), Image.BILINEAR, box=(left, top, left + w, top + h))


def split(image):
    """(allowed part, held-out strip): disjoint by whole columns."""
    width, height = image.size
    border = round(width * (1 - HELD_OUT))
    return image.crop((0, 0, border, height)), image.crop((border, 0, width, height))


def make_crops(photos, held_out, per_class, seed):
    """uint8 images [N,3,224,224] and labels [N], class by class."""
    rng = np.random.default_rng(seed)
    pictures, labels = [], []
    for label, (file, _) in enumerate(PHOTOGRAPHS):
        allowed, strip = split(load_photograph(photos, file))
        for _ in range(per_class):
            # The strip is narrow: larger shares of it keep the magnification within what training saw.
            crop = random_resized_crop(strip, (0.25, 0.6), rng) if held_out else random_resized_crop(allowed, CROP_SHARE, rng)
            pictures.append(np.asarray(crop))
            labels.append(label)
    return to_tensor(pictures), torch.tensor(labels)


def to_tensor(pictures):
    return torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2).contiguous()


def normalise(pixels):
    mean, std = (torch.tensor(v).view(1, 3, 1, 1) for v in (MEAN, STD))
    return ((pixels - mean) / std).contiguous(memory_format=torch.channels_last)


# ------------------------------------------------------------------------------------------------- model

def conv(inputs, outputs, kernel, stride=1, groups=1):
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, groups=groups, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(inplace=True))


def separable(inputs, outputs, stride):
    """Depthwise 3 x 3, then pointwise (MobileNet: Howard et al., arXiv 1704.04861)."""
    return nn.Sequential(conv(inputs, inputs, 3, stride, groups=inputs), conv(inputs, outputs, 1))


def make_model():
    """39 thousand parameters; the first layer works at 112 x 112, so the finest scales are there to be used."""
    return nn.Sequential(
        conv(3, 8, 3, stride=2),
        conv(8, 32, 3, stride=2),
        separable(32, 64, 2), separable(64, 64, 1),
        separable(64, 128, 2), separable(128, 128, 1),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(128, len(CLASSES)),
    ).to(memory_format=torch.channels_last)


# ----------------------------------------------------------------------------------- augmentation (Pillow)

def augment_once(image, rng, severity=3):
    """One of AugMix's operations; none of them is among the corruptions the demo tests with."""
    level = rng.uniform(0.1, severity)
    signed = level * rng.choice([-1, 1])
    grey = (128, 128, 128)
    affine = lambda *m: image.transform(image.size, Image.AFFINE, m, Image.BILINEAR, fillcolor=grey)
    choice = rng.integers(9)
    if choice == 0:
        return ImageOps.autocontrast(image)
    if choice == 1:
        return ImageOps.equalize(image)
    if choice == 2:
        return ImageOps.posterize(image, 4 - int(level * 4 / 10))
    if choice == 3:
        return ImageOps.solarize(image, 256 - int(level * 256 / 10))
    if choice == 4:
        return image.rotate(signed * 3, Image.BILINEAR, fillcolor=grey)
    if choice == 5:
        return affine(1, signed * 0.03, 0, 0, 1, 0)
    if choice == 6:
        return affine(1, 0, 0, signed * 0.03, 1, 0)
    if choice == 7:
        return affine(1, 0, signed * image.width / 30, 0, 1, 0)
    return affine(1, 0, 0, 0, 1, signed * image.height / 30)


def augmix_view(image, rng, width=3):
    """AugMix (Hendrycks et al., ICLR 2020, arXiv 1912.02781): a Dirichlet mixture of chains, Beta-mixed with the image."""
    weights, keep = rng.dirichlet([1.0] * width), rng.beta(1.0, 1.0)
    mixture = np.zeros((SIDE, SIDE, 3), np.float32)
    for weight in weights:
        chain = image
        for _ in range(rng.integers(1, 4)):
            chain = augment_once(chain, rng)
        mixture += weight * np.asarray(chain, np.float32)
    return (keep * np.asarray(image, np.float32) + (1 - keep) * mixture).round().astype(np.uint8)


def pool_of(function, pool, rng):
    """function(Pillow image, rng) -> picture, over a pool of crops; uint8 like the pool."""
    images = (Image.fromarray(crop.permute(1, 2, 0).numpy()) for crop in pool)
    return to_tensor([np.asarray(function(image, rng)) for image in images])


# -------------------------------------------------------------------------------------- mixers and styles

def fractal(rng):
    """The attractor of random contracting affine maps (chaos game on many points at once), one colour a map."""
    maps = rng.integers(3, 7)
    a = rng.uniform(-1, 1, (maps, 2, 2))
    a /= np.linalg.norm(a, 2, axis=(1, 2), keepdims=True) / rng.uniform(0.5, 0.85, (maps, 1, 1))
    b = rng.uniform(-1, 1, (maps, 2))
    colours = rng.uniform(0, 1, (maps, 3))
    points, tint = rng.uniform(-1, 1, (40000, 2)), np.zeros((40000, 3))
    picture, hits = np.zeros((SIDE * SIDE, 3)), np.zeros(SIDE * SIDE)
    for step in range(24):
        pick = rng.integers(0, maps, len(points))
        points = np.einsum("nij,nj->ni", a[pick], points) + b[pick]
        tint = 0.5 * tint + 0.5 * colours[pick]
        if step < 12:
            continue
        if step == 12:
            low, high = np.percentile(points, 1, axis=0), np.percentile(points, 99, axis=0)
        cell = np.clip((points - low) / (high - low) * SIDE, 0, SIDE - 1).astype(int)
        index = cell[:, 1] * SIDE + cell[:, 0]
        hits += np.bincount(index, minlength=SIDE * SIDE)
        for channel in range(3):
            picture[:, channel] += np.bincount(index, tint[:, channel], SIDE * SIDE)
    shade = np.minimum(1, hits / max(1, np.percentile(hits[hits > 0], 90)))[:, None] ** 0.5
    background = rng.uniform(0, 1, 3)
    return (shade * picture / np.maximum(hits, 1)[:, None] + (1 - shade) * background).reshape(SIDE, SIDE, 3)


def waves(rng):
    """Coloured noise with a random spectral slope plus a few gratings: stands in for feature visualisations."""
    f = np.hypot(np.fft.fftfreq(SIDE)[:, None], np.fft.rfftfreq(SIDE)[None, :])
    f[0, 0] = 1 / SIDE
    noise = np.fft.rfft2(rng.normal(size=(3, SIDE, SIDE))) / f ** rng.uniform(0.5, 2.0)
    field = np.fft.irfft2(noise, (SIDE, SIDE))
    field /= field.std(axis=(1, 2), keepdims=True)
    y, x = np.mgrid[0:SIDE, 0:SIDE] / SIDE
    for _ in range(rng.integers(1, 4)):
        cycles, angle, phase = rng.uniform(4, 60), rng.uniform(0, math.pi), rng.uniform(0, 2 * math.pi)
        grating = np.sin(2 * math.pi * cycles * (x * math.cos(angle) + y * math.sin(angle)) + phase)
        field += rng.normal(size=(3, 1, 1)) * grating
    return (1 / (1 + np.exp(-field))).transpose(1, 2, 0)


def make_mixers(rng, count=96):
    pictures = [(fractal if i % 3 else waves)(rng) for i in range(count)]
    return to_tensor([(255 * np.clip(p, 0, 1)).astype(np.uint8) for p in pictures])


def stylise(content, style, strength):
    """The content's Fourier phase (edges, shape) with the style's amplitude and the style's colour statistics.

    Geirhos et al. (ICLR 2019, arXiv 1811.12231) made Stylized-ImageNet with AdaIN style transfer through a VGG; there
    is no VGG here, so texture is swapped where it can be written in closed form: amplitude carries texture and phase
    carries shape (Oppenheim and Lim, Proc. IEEE 69(5), 1981; Chen et al., ICCV 2021, arXiv 2108.08487), and channel
    means and deviations are AdaIN's (Huang and Belongie, ICCV 2017, arXiv 1703.06868) on pixels.
    """
    c, s = content.astype(np.float32), style.astype(np.float32)
    fc, fs = np.fft.rfft2(c), np.fft.rfft2(s)
    amplitude = (1 - strength) * np.abs(fc) + strength * np.abs(fs)
    mixed = np.fft.irfft2(amplitude * np.exp(1j * np.angle(fc)), c.shape[-2:])
    moments = lambda p: (p.mean(axis=(1, 2), keepdims=True), p.std(axis=(1, 2), keepdims=True) + 1e-3)
    (m_mean, m_std), (c_mean, c_std), (s_mean, s_std) = moments(mixed), moments(c), moments(s)
    mean, std = (1 - strength) * c_mean + strength * s_mean, (1 - strength) * c_std + strength * s_std
    return np.clip((mixed - m_mean) / m_std * std + mean, 0, 255).astype(np.uint8)


def stylised_pool(pool, labels, rng):
    """Every crop once, in the style of a crop of another class or of a mixer: texture no longer tells the class."""
    styles, pictures = torch.cat([pool, make_mixers(rng)]), []
    style_labels = torch.cat([labels, torch.full((len(styles) - len(pool),), -1)])
    for picture, label in zip(pool, labels):
        pick = rng.integers(len(styles))
        while style_labels[pick] == label:
            pick = rng.integers(len(styles))
        pictures.append(stylise(picture.numpy(), styles[pick].numpy(), rng.uniform(0.5, 1.0)))
    return torch.from_numpy(np.stack(pictures))


# ------------------------------------------------------------------------------------------------ batches

class Batches:
    """Random windows and flips of pool crops, as float32 pixels in [0,1]. Parallel pools are cut alike."""

    def __init__(self, labels, seed):
        self.labels, self.rng = labels, np.random.default_rng(seed)

    def draw(self, *pools):
        picks = self.rng.integers(0, len(self.labels), BATCH)
        corners = self.rng.integers(0, SIDE - WINDOW + 1, (BATCH, 2))
        flips = self.rng.random(BATCH) < 0.5
        cut = lambda pool: self._cut(pool, picks, corners, flips)
        return [cut(pool) for pool in pools] + [self.labels[torch.from_numpy(picks)]]

    @staticmethod
    def _cut(pool, picks, corners, flips):
        windows = [pool[p, :, y:y + WINDOW, x:x + WINDOW] for p, (y, x) in zip(picks, corners)]
        return torch.stack([w.flip(-1) if f else w for w, f in zip(windows, flips)]).float().div_(255)


# ------------------------------------------------------------------------------------------------ regimes
# Each is a generator: given the model and the data it yields one loss an update (already a scalar to minimise).

def baseline(model, pool, labels, seed):
    batches = Batches(labels, seed)
    while True:
        x, y = batches.draw(pool)
        yield F.cross_entropy(model(normalise(x)), y)


def sin(model, pool, labels, seed):
    """Half stylised, half original images, as SIN+IN of Geirhos et al."""
    batches = Batches(labels, seed)
    stylised = stylised_pool(pool, labels, np.random.default_rng(seed + 1))
    while True:
        x, s, y = batches.draw(pool, stylised)
        x[: BATCH // 2] = s[: BATCH // 2]
        yield F.cross_entropy(model(normalise(x)), y)


def augmix(model, pool, labels, seed, views=4, weight=12.0):
    """Cross-entropy on clean images + 12 x Jensen-Shannon divergence among clean and two AugMix views (arXiv 1912.02781)."""
    batches, rng = Batches(labels, seed), np.random.default_rng(seed + 1)
    pools = [pool_of(augmix_view, pool, rng) for _ in range(views)]
    while True:
        first, second = rng.choice(views, 2, replace=False)
        x, a, b, y = batches.draw(pool, pools[first], pools[second])
        logits = model(normalise(torch.cat([x, a, b])))
        yield F.cross_entropy(logits[:BATCH], y) + weight * jensen_shannon(logits.softmax(1).chunk(3))


def jensen_shannon(distributions):
    log_mean = (sum(distributions) / len(distributions)).clamp(1e-7, 1).log()
    return sum(F.kl_div(log_mean, p, reduction="batchmean") for p in distributions) / len(distributions)


def pixmix(model, pool, labels, seed, rounds=4, beta=3.0):
    """PixMix (Hendrycks et al., CVPR 2022, arXiv 2112.05135): up to four rounds of adding or multiplying with a fractal-like
    picture or with an augmented copy of the image itself."""
    batches, rng = Batches(labels, seed), np.random.default_rng(seed + 1)
    mixers, augmented = make_mixers(rng), pool_of(augment_once, pool, rng)
    while True:
        x, a, y = batches.draw(pool, augmented)
        mixed = torch.stack([own if rng.random() < 0.5 else other for own, other in zip(x, a)])
        remaining = rng.integers(0, rounds + 1, BATCH)
        for i in range(BATCH):
            for _ in range(remaining[i]):
                other = a[i] if rng.random() < 0.5 else random_window(mixers, rng)
                mixed[i] = mix(mixed[i], other, rng, beta)
        yield F.cross_entropy(model(normalise(mixed)), y)


def random_window(pictures, rng):
    y, x = rng.integers(0, SIDE - WINDOW + 1, 2)
    return pictures[rng.integers(len(pictures)), :, y:y + WINDOW, x:x + WINDOW].float() / 255


def mix(image, other, rng, beta):
    """PixMix's two operations, with its weights: one near 1 and one near 0, for either picture."""
    a, b = rng.beta(beta, 1), rng.beta(1, beta)
    if rng.random() < 0.5:
        a, b = b, a
    if rng.random() < 0.5:
        return ((a * (2 * image - 1) + b * (2 * other - 1) + 1) / 2).clamp(0, 1)
    return ((2 * image).pow(a) * (2 * other).clamp(min=1e-3).pow(b) / 2).clamp(0, 1)


def attack_gradient(model, x, delta, y):
    """Gradient of the loss with respect to the perturbation; leaves the weights' gradients alone."""
    delta = delta.detach().requires_grad_(True)
    loss = F.cross_entropy(model(normalise(x + delta)), y)
    return torch.autograd.grad(loss, delta)[0]


def project(x, delta):
    """Into the L-infinity ball, and x + delta into [0,1]."""
    return (x + delta.clamp(-EPSILON, EPSILON)).clamp(0, 1) - x


def random_start(x, generator):
    return project(x, (2 * torch.rand(x.shape, generator=generator) - 1) * EPSILON)


def adv(model, pool, labels, seed, attack_steps=4):
    """PGD adversarial training (Madry et al., ICLR 2018, arXiv 1706.06083): random start, several signed steps."""
    batches, generator = Batches(labels, seed), torch.Generator().manual_seed(seed)
    while True:
        x, y = batches.draw(pool)
        delta = random_start(x, generator)
        model.eval()  # the attack sees the running statistics and does not disturb them
        for _ in range(attack_steps):
            delta = project(x, delta + EPSILON / 2 * attack_gradient(model, x, delta, y).sign())
        model.train()
        yield F.cross_entropy(model(normalise(x + delta)), y)


def adv_free(model, pool, labels, seed, replays=4):
    """Free adversarial training (Shafahi et al., NeurIPS 2019, arXiv 1904.12843): each minibatch is replayed, one backward pass
    serves both the weights and the perturbation, which is carried on to the next minibatch."""
    batches, delta = Batches(labels, seed), torch.zeros(BATCH, 3, WINDOW, WINDOW)
    while True:
        x, y = batches.draw(pool)
        for _ in range(replays):
            delta = project(x, delta).detach().requires_grad_(True)
            yield F.cross_entropy(model(normalise(x + delta)), y)  # the caller's backward() fills delta.grad
            delta = delta.detach() + EPSILON * delta.grad.sign()


def fast_adv(model, pool, labels, seed):
    """FGSM with a random start (Wong, Rice and Kolter, ICLR 2020, arXiv 2001.03994), step 1.25 epsilon."""
    batches, generator = Batches(labels, seed), torch.Generator().manual_seed(seed)
    while True:
        x, y = batches.draw(pool)
        delta = random_start(x, generator)
        delta = project(x, delta + 1.25 * EPSILON * attack_gradient(model, x, delta, y).sign())
        yield F.cross_entropy(model(normalise(x + delta)), y)


REGIMES = dict(baseline=baseline, sin=sin, augmix=augmix, pixmix=pixmix, adv=adv, adv_free=adv_free, fast_adv=fast_adv)


# ----------------------------------------------------------------------------------------------- training

def train(case, pool, labels, steps, seed):
    torch.manual_seed(seed)
    model = make_model().train()
    optimiser = torch.optim.AdamW(model.parameters(), lr=LEARNING_RATE, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, LEARNING_RATE, total_steps=steps)
    start = time.monotonic()
    for step, loss in zip(range(steps), REGIMES[case](model, pool, labels, seed)):
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
        if (step + 1) % 200 == 0:
            print(f"{case}: update {step + 1}/{steps}, loss {loss.item():.3f}, {time.monotonic() - start:.0f} s", flush=True)
    return model.eval()


def accuracy(model, images, labels):
    with torch.inference_mode():
        right = [(model(normalise(x.float() / 255)).argmax(1) == y).sum().item()
                 for x, y in zip(images.split(16), labels.split(16))]
    return sum(right) / len(labels)


def export(model, path):
    """TorchScript by scripting: any batch size, no device baked in, and (unlike a trace) no path of this script."""
    torch.jit.script(model.to(memory_format=torch.contiguous_format)).save(str(path))


def write_manifest(folder):
    (folder / "classes.txt").write_text("".join(name + "\n" for name in CLASSES))
    models = [{"name": case, "file": f"{case}.pt", "sha256": hashlib.sha256((folder / f"{case}.pt").read_bytes()).hexdigest(),
               "input_size": SIDE, "resize": RESIZE, "mean": MEAN, "std": STD, "classes": "classes.txt"}
              for case in CASES if (folder / f"{case}.pt").exists()]
    lines = ",\n".join("  " + json.dumps(model) for model in models)
    (folder / "models.json").write_text('{"models": [\n' + lines + "\n]}\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", required=True, help="folder made by photos.sh")
    parser.add_argument("--out", type=Path, default=HERE)
    parser.add_argument("--cases", default=",".join(CASES))
    parser.add_argument("--steps", type=int, default=STEPS)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    torch.set_num_threads(1)

    pool, labels = make_crops(options.photos, False, CROPS_PER_CLASS, options.seed)
    test, test_labels = make_crops(options.photos, True, HELD_OUT_PER_CLASS, options.seed + 1000)
    whole = to_tensor([prepare(load_photograph(options.photos, file)) for file, _ in PHOTOGRAPHS])
    for case in options.cases.split(","):
        start = time.monotonic()
        model = train(case, pool, labels, options.steps, options.seed)
        export(model, options.out / f"{case}.pt")
        print(f"{case}: held-out {accuracy(model, test, test_labels):.3f}, whole photographs "
              f"{accuracy(model, whole, torch.arange(len(CLASSES))):.3f}, {time.monotonic() - start:.0f} s", flush=True)
    write_manifest(options.out)


if __name__ == "__main__":
    if os.environ.get("PYTHONHASHSEED") != "0":  # TorchScript writes members in the order of a Python set
        os.execve(sys.executable, [sys.executable, *sys.argv], {**os.environ, "PYTHONHASHSEED": "0"})
    main()
