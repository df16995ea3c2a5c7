"""The indices in worker/wcam/known_wcam.cc, computed again without a line of ours: numpy, scipy's Sobol sequence and PyTorch's
layers, in the order of operations of the published WCAM (arXiv 2305.14979). Prints the grid, one row a line."""

import numpy as np
import scipy.stats
import torch

SIDE, GRID, N, LEVELS, LABEL = 64, 8, 4, 3, 3
MEAN, STD = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])


def picture():
    y, x, c = np.mgrid[0:SIDE, 0:SIDE, 0:3].astype(float)
    return np.floor(127.5 * (1 + np.sin(0.35 * x + c) * np.cos(0.22 * y - 0.5 * c))).astype(np.uint8)


def weights(phase, scale, *shape):
    i = np.arange(np.prod(shape), dtype=float)
    return torch.tensor((scale * np.sin(0.7 * i * i + phase)).astype(np.float32).reshape(shape))


def logits(batch):
    f = torch.nn.functional
    x = torch.relu(f.conv2d(batch, weights(1, 0.2, 8, 3, 5, 5), stride=2, padding=2))
    x = torch.relu(f.conv2d(x, weights(2, 0.2, 16, 8, 3, 3), stride=2, padding=1))
    return f.linear(x.mean((2, 3)), weights(3, 1, 10, 16))


def join(z):
    h = len(z) // 2
    a, b, c, d = z[:h, :h], z[:h, h:], z[h:, :h], z[h:, h:]
    x = np.empty_like(z)
    x[0::2, 0::2], x[0::2, 1::2] = (a + b + c + d) / 2, (a - b + c - d) / 2
    x[1::2, 0::2], x[1::2, 1::2] = (a + b - c - d) / 2, (a - b - c + d) / 2
    return x


def transform(x):
    z = np.array(x)
    for level in range(LEVELS):
        side = SIDE >> level
        z[:side, :side] = np.block(blocks(z[:side, :side]))
    return z


def blocks(x):
    p, q, r, s = x[0::2, 0::2], x[0::2, 1::2], x[1::2, 0::2], x[1::2, 1::2]
    return [[(p + q + r + s) / 2, (p - q + r - s) / 2], [(p + q - r - s) / 2, (p - q - r + s) / 2]]


def inverse(z):
    x = np.array(z)
    for level in reversed(range(LEVELS)):
        side = SIDE >> level
        x[:side, :side] = join(x[:side, :side])
    return x


def normalised(rgb):
    return ((rgb / 255 - MEAN) / STD).astype(np.float32)


def forward(row, coefficients):
    mask = np.kron(row.reshape(GRID, GRID), np.ones((SIDE // GRID, SIDE // GRID)))
    z = np.stack([inverse(coefficients[..., c] * mask) for c in range(3)], axis=-1)
    eight_bits = ((z - z.min()) / (z.max() - z.min()) * 255).astype(np.uint8)
    batch = torch.tensor(normalised(eight_bits)).permute(2, 0, 1)[None]
    return float(logits(batch)[0, LABEL])


def indices():
    start = normalised(picture())
    coefficients = np.stack([transform(start[..., c].astype(float)) for c in range(3)], axis=-1)
    points = scipy.stats.qmc.Sobol(2 * GRID * GRID, scramble=True, seed=42).random(N)
    a, b = points[:, : GRID * GRID], points[:, GRID * GRID :]
    at_a = np.array([forward(row, coefficients) for row in a])
    total = []
    for i in range(GRID * GRID):
        c = a.copy()
        c[:, i] = b[:, i]
        at_c = np.array([forward(row, coefficients) for row in c])
        total.append(((at_a - at_c) ** 2).mean() / (2 * at_a.var(ddof=1)))  # M. J. W. Jansen 1999
    return np.array(total)


if __name__ == "__main__":
    torch.set_num_threads(1)
    for row in indices().reshape(GRID, GRID):
        print(" ".join(f"{value:.6f}" for value in row))
