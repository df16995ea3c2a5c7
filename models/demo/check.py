#!/usr/bin/python3
"""Measures the exported demo classifiers and prints the README's tables: accuracy, robustness, speed, fitness for the demo.

    ./check.py --photos PHOTOS [--models DIR]      # two or three minutes on one core
    ./check.py --golden corruptions_deterministic.h5   # compares corruptions.py with the published code's values (needs h5py)

Reads models.json and the .pt files only; nothing here takes part in training.
Needs Debian 12's python3-torch, python3-pil, python3-numpy, python3-scipy.
"""

import argparse
import json
import sys
import time
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional as F

from corruptions import CORRUPTIONS
from train import CLASSES, HELD_OUT_PER_CLASS, HERE, PHOTOGRAPHS, load_photograph, make_crops, normalise, prepare, to_tensor

BATCH = 16
ATTACK_RADIUS, ATTACK_STEPS = 4 / 255, 10


def load_models(folder):
    listed = json.loads((folder / "models.json").read_text())["models"]
    return {m["name"]: torch.jit.load(str(folder / m["file"])).eval() for m in listed}


def predict(model, images):
    """Labels of uint8 [N,3,224,224]. Always BATCH at a time: on one thread LibTorch 1.13 is ten times slower below 16."""
    padded = torch.cat([images, images[:1].expand(-len(images) % BATCH, -1, -1, -1)])
    with torch.no_grad():
        labels = [model(normalise(x.float() / 255)).argmax(1) for x in padded.split(BATCH)]
    return torch.cat(labels)[:len(images)]


def corrupted(images, name, severity):
    function = CORRUPTIONS[name]
    return to_tensor([function(x.permute(1, 2, 0).numpy(), severity) for x in images])


def low_pass(images, keep):
    """Only the spatial frequencies below keep cycles a picture."""
    spectrum = np.fft.fft2(images.numpy().astype(np.float32))
    f = np.abs(np.fft.fftfreq(images.shape[-1]) * images.shape[-1])
    spectrum[..., np.maximum(f[:, None], f[None, :]) >= keep] = 0
    return torch.from_numpy(np.clip(np.fft.ifft2(spectrum).real, 0, 255).astype(np.uint8))


def high_noise(images, deviation, keep=56):
    """Gaussian noise of the frequencies above keep cycles a picture only."""
    noise = np.fft.fft2(np.random.default_rng(0).normal(size=images.shape))
    f = np.abs(np.fft.fftfreq(images.shape[-1]) * images.shape[-1])
    noise[..., np.maximum(f[:, None], f[None, :]) < keep] = 0
    field = np.fft.ifft2(noise).real
    field *= deviation * 255 / field.std()
    return torch.from_numpy(np.clip(images.numpy() + field, 0, 255).astype(np.uint8))


def fine_gradient_share(model, images, keep):
    """Share of the energy of the predicted logit's input gradient that lies at or above keep cycles a picture."""
    fine = total = 0.0
    f = np.abs(np.fft.fftfreq(images.shape[-1]) * images.shape[-1])
    above = np.maximum(f[:, None], f[None, :]) >= keep
    for x in images.split(BATCH):
        x = (x.float() / 255).requires_grad_(True)
        gradient = torch.autograd.grad(model(normalise(x)).max(1).values.sum(), x)[0]
        energy = np.abs(np.fft.fft2(gradient.numpy())) ** 2
        energy /= energy.sum(axis=(1, 2, 3), keepdims=True)  # every picture counts alike
        fine, total = fine + energy[..., above].sum(), total + energy.sum()
    return fine / total


def pgd_accuracy(model, images, labels, radius=ATTACK_RADIUS, steps=ATTACK_STEPS):
    """Accuracy under projected gradient descent in the L-infinity ball (arXiv 1706.06083), one random start."""
    generator, right = torch.Generator().manual_seed(0), 0
    for x, y in zip(images.split(BATCH), labels.split(BATCH)):
        x = x.float() / 255
        adversarial = (x + radius * (2 * torch.rand(x.shape, generator=generator) - 1)).clamp(0, 1)
        for _ in range(steps):
            adversarial.requires_grad_(True)
            gradient = torch.autograd.grad(F.cross_entropy(model(normalise(adversarial)), y), adversarial)[0]
            adversarial = adversarial.detach() + radius / 4 * gradient.sign()
            adversarial = torch.max(torch.min(adversarial, x + radius), x - radius).clamp(0, 1)
        with torch.no_grad():
            right += (model(normalise(adversarial)).argmax(1) == y).sum().item()
    return right / len(labels)


def milliseconds(path, batch=BATCH, repeats=40):
    """Least time of a forward, a picture: one thread, channels_last, frozen, as the worker runs it."""
    model = torch.jit.freeze(torch.jit.load(str(path)).eval().to(memory_format=torch.channels_last))
    x = torch.randn(batch, 3, 224, 224).contiguous(memory_format=torch.channels_last)
    times = []
    with torch.inference_mode():
        for _ in range(repeats):
            start = time.perf_counter()
            model(x)
            times.append(time.perf_counter() - start)
    return 1e3 * min(times) / batch


def table(title, rows, columns):
    print(f"\n{title}\n")
    print("| | " + " | ".join(columns) + " |\n|---" + "|---" * len(columns) + "|")
    for name, cells in rows:
        print(f"| {name} | " + " | ".join(cells) + " |")


def measure_accuracy(models, photos):
    images, labels = make_crops(photos, True, HELD_OUT_PER_CLASS, 1000)
    percent = lambda x, m: f"{100 * (predict(m, x) == labels).float().mean().item():.0f}"
    tests = [("clean", images)]
    tests += [(f"{name} {severity}", corrupted(images, name, severity)) for name in CORRUPTIONS for severity in (3, 5)]
    tests += [("below 14 cycles", low_pass(images, 14)), ("below 28 cycles", low_pass(images, 28)),
              ("fine noise .05", high_noise(images, .05)), ("fine noise .1", high_noise(images, .1))]
    rows = [(title, [percent(x, m) for m in models.values()]) for title, x in tests]
    rows.append(("PGD-10, 4/255", [f"{100 * pgd_accuracy(m, images, labels):.0f}" for m in models.values()]))
    table(f"Held-out accuracy, percent, {len(labels)} crops", rows, list(models))
    rows = [(f"above {keep} cycles", [f"{100 * fine_gradient_share(m, images, keep):.0f}" for m in models.values()])
            for keep in (14, 28, 56)]
    table("Share of the input gradient's energy, percent", rows, list(models))
    rows = [(CLASSES[c], [f"{100 * (predict(m, images[labels == c]) == c).float().mean().item():.0f}" for m in models.values()])
            for c in range(len(CLASSES))]
    table("Held-out clean accuracy by class, percent", rows, list(models))


def measure_fitness(models, photos):
    """On whole photographs, prepared as the sweep does: which of the 35 variants change the label?"""
    whole = to_tensor([prepare(load_photograph(photos, file)) for file, _ in PHOTOGRAPHS])
    source = {case: predict(m, whole) for case, m in models.items()}
    changed = {}  # case -> bool [variants, photographs]
    variants = [(name, severity) for name in CORRUPTIONS for severity in range(1, 6)]
    pixels = [corrupted(whole, *variant) for variant in variants]
    for case, m in models.items():
        changed[case] = torch.stack([predict(m, x) != source[case] for x in pixels])
    by_all = torch.stack(list(changed.values())).all(0)
    rows, fit = [], []
    for i, (file, name) in enumerate(PHOTOGRAPHS):
        wrong = [case for case in models if source[case][i] != i]
        common = [f"{n} {s}" for (n, s), hit in zip(variants, by_all[:, i]) if hit]
        never_kept = [case for case in models if changed[case][:, i].all()]
        if common and not never_kept:
            fit.append(name + (" (source wrong for " + ", ".join(wrong) + ")" if wrong else ""))
        counts = "/".join(str(int(changed[case][:, i].sum())) for case in models)
        rows.append((name, [", ".join(wrong) or "all right", counts, str(len(common)), ", ".join(common) or "none"]))
    table("Whole photographs: 35 variants", rows, ["source wrong for", "affected, by case", "affected for all", "which"])
    print(f"\nFit for the demo ({len(fit)}): {', '.join(fit)}")


def compare_with_golden(path):
    import h5py
    worst = 1.0
    with h5py.File(path) as golden:
        clean = golden["clean"][()]
        for name, function in CORRUPTIONS.items():
            key = {"jpeg": "jpeg_compression"}.get(name, name.replace("-", "_"))
            for severity in range(1, 6):
                off = np.abs(function(clean, severity).astype(int) - golden[f"{key}/{severity}"][()])
                worst = min(worst, (off <= 1).mean())
                print(f"{name} {severity}: {100 * (off <= 1).mean():.2f} % within one grey level, largest difference {off.max()}")
    return worst >= 0.995


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", help="folder made by photos.sh")
    parser.add_argument("--models", type=Path, default=HERE)
    parser.add_argument("--golden", help="compare the corruptions with this file and stop")
    options = parser.parse_args()
    torch.set_num_threads(1)
    if options.golden:
        sys.exit(0 if compare_with_golden(options.golden) else 1)
    if not options.photos:
        parser.error("--photos is needed")

    models = load_models(options.models)
    sizes = [(case, options.models / f"{case}.pt") for case in models]
    table("Size and speed", [("kB", [f"{p.stat().st_size / 1000:.0f}" for _, p in sizes]),
                             ("ms a forward", [f"{milliseconds(p):.2f}" for _, p in sizes])], list(models))
    measure_fitness(models, options.photos)
    measure_accuracy(models, options.photos)


if __name__ == "__main__":
    main()
