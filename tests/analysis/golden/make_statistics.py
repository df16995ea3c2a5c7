#!/usr/bin/env python3
"""Writes statistics.json: inputs, and what SciPy and NumPy say of them, for analysis_tests to compare with.

    tests/analysis/golden/make_statistics.py > tests/analysis/golden/statistics.json

Made with Debian 12's SciPy 1.10.1 and NumPy 1.24.2; seeds are fixed, so the same versions write the same bytes.
Where SciPy has no such function (studentised bootstrap, intraclass correlation, transport on a grid) the formula is
written out here, once more and differently from the code under test.
"""

import json

import numpy as np
import scipy
from scipy import optimize, stats
from scipy.special import gamma

rng = np.random.default_rng(15)


def rounded(value):
    """Inputs with few digits, so that the file is small and they are the same numbers everywhere."""
    return np.round(value, 3)


def paired():
    """Differences, without and with ties and zeros."""
    for n in (8, 9, 12, 14, 16, 25, 50):
        yield rounded(rng.normal(0.4, 1, n) + np.arange(n) * 1e-3)
    for n in (8, 11, 14):
        yield np.round(rng.normal(0.3, 1.2, n))
        yield np.abs(np.round(rng.normal(1, 1, n))) - 0.5 * (np.arange(n) % 3 == 0)
    yield np.round(rng.normal(0.3, 2, 260))


def flipped(differences, statistic):
    return stats.permutation_test((differences,), statistic, permutation_type="samples", n_resamples=np.inf).pvalue


def tests_of(d):
    return {"differences": d.tolist(), "mean": d.mean(), "sign_flip_p": flipped(d, np.mean)}


def effect_of(d):
    n, z = len(d), d.mean() / d.std(ddof=1)
    t = z * np.sqrt(n)

    def noncentrality(p):
        return optimize.brentq(lambda nc: stats.nct.cdf(t, n - 1, nc) - p, t - 5 - abs(t) / 2, t + 5 + abs(t) / 2)

    m = n - 1
    return {"differences": d.tolist(),
            "hedges_g": z * gamma(m / 2) / (np.sqrt(m / 2) * gamma((m - 1) / 2)),
            "low": noncentrality(0.975) / np.sqrt(n), "high": noncentrality(0.025) / np.sqrt(n)}


def correlations(n, levels):
    x, e = rng.normal(0, 1, n), rng.normal(0, 1, n)
    y = 0.6 * x + e
    x, y = (np.round(v * levels) / levels for v in (x, y))
    return {"x": x.tolist(), "y": y.tolist(), "pearson": stats.pearsonr(x, y)[0],
            "spearman": stats.spearmanr(x, y)[0], "cosine": x @ y / np.sqrt(x @ x * (y @ y))}


def bootstrap_t(d, level, statistic, error, resamples=200_000):
    """Of any statistic of rows [n, k] with its standard error."""
    n = len(d)
    centre, spread = statistic(d[None]), error(d[None])
    drawn = d[rng.integers(0, n, (resamples, n))]
    t = (statistic(drawn) - centre) / error(drawn)
    high, low = np.quantile(t, [(1 - level) / 2, (1 + level) / 2])
    return (centre - low * spread)[0], (centre - high * spread)[0], t, centre[0] / spread[0], spread[0]


def mean_interval(d):
    low, high, t, _, spread = bootstrap_t(d[:, None], 0.95, lambda x: x[..., 0].mean(1),
                                          lambda x: x[..., 0].std(1, ddof=1) / np.sqrt(x.shape[1]))
    margin = rounded(abs(d.mean()) + 1.5 * spread)
    p = max(np.mean(t >= (d.mean() + margin) / spread), np.mean(t <= (d.mean() - margin) / spread))
    return {"values": d.tolist(), "low": low, "high": high, "margin": float(margin), "equivalence_p": p}


def ratio_interval(x, y):
    def error(rows):
        a, b = rows[..., 0], rows[..., 1]
        influence = a / a.mean(1, keepdims=True) - b / b.mean(1, keepdims=True)
        return np.sqrt((influence**2).sum(1) / (a.shape[1] - 1) / a.shape[1])

    low, high, *_ = bootstrap_t(np.stack([x, y], 1), 0.95,
                                lambda r: np.log(r[..., 0].mean(1) / r[..., 1].mean(1)), error)
    return {"numerators": x.tolist(), "denominators": y.tolist(), "low": np.exp(low), "high": np.exp(high)}


def proportion(k, n):
    ci = stats.binomtest(k, n).proportion_ci(method="wilson")
    return {"in": k, "images": n, "low": ci.low, "high": ci.high}


def intraclass(values):
    """Balanced groups [images, replicates]: F of the one-way analysis of variance, and what follows from it."""
    n, k = values.shape
    f = stats.f_oneway(*values).statistic
    f_low, f_high = f / stats.f.ppf(0.975, n - 1, n * (k - 1)), f / stats.f.ppf(0.025, n - 1, n * (k - 1))
    icc = [(x - 1) / (x + k - 1) for x in (f, f_low, f_high)]
    return {"values": values.tolist(), "icc": icc[0], "low": icc[1], "high": icc[2],
            "within": values.var(1, ddof=1).mean(),
            "between": values.mean(1).var(ddof=1) - values.var(1, ddof=1).mean() / k}


def transport(grid):
    """Between all pairs of cells, as a linear programme."""
    cells = grid * grid
    maps = [np.float32(rounded(rng.exponential(1, cells) * (rng.random(cells) < 0.7) - 0.05)) for _ in "ab"]
    a, b = (np.maximum(m.astype(float), 0) / np.maximum(m.astype(float), 0).sum() for m in maps)
    y, x = np.divmod(np.arange(cells), grid)
    way = np.abs(y[:, None] - y) + np.abs(x[:, None] - x)
    leaves = np.kron(np.eye(cells), np.ones(cells))
    arrives = np.kron(np.ones(cells), np.eye(cells))
    found = optimize.linprog(way.ravel(), A_eq=np.vstack([leaves, arrives])[:-1], b_eq=np.concatenate([a, b])[:-1])
    return {"grid": grid, "a": [round(float(v), 6) for v in maps[0]], "b": [round(float(v), 6) for v in maps[1]],
            "distance": found.fun}


def main():
    differences = [tests_of(np.asarray(d, float)) for d in paired() if len(d) <= 14]  # of which all signs are tried
    made = {
        "made_with": f"SciPy {scipy.__version__}, NumPy {np.__version__}",
        "paired_tests": differences,
        "effects": [effect_of(rounded(rng.normal(shift, 1, n))) for n, shift in
                    ((8, 0), (8, 2), (12, 0.5), (20, -1), (50, 0.2), (120, 3))],
        "correlations": [correlations(n, levels) for n, levels in ((5, 100), (30, 100), (40, 1), (12, 2))],
        "mean_intervals": [mean_interval(rounded(draw)) for draw in
                           (rng.normal(1, 1, 30), rng.lognormal(0, 0.5, 12), rng.lognormal(0, 1, 25))],
        "ratio_intervals": [ratio_interval(rounded(rng.lognormal(0.5, 0.5, n)), rounded(rng.lognormal(0, 0.5, n)))
                            for n in (10, 40)],
        "proportions": [proportion(k, n) for k, n in ((0, 8), (1, 8), (5, 9), (20, 20), (33, 100))],
        "intraclass": [intraclass(rounded(rng.normal(0, s, (12, 1)) + rng.normal(0, 1, (12, k)))) for s, k in
                       ((1, 2), (0.5, 4), (3, 3))],
        "transport": [transport(grid) for grid in (3, 4, 5, 6, 7)],
    }
    print(json.dumps(made, indent=None, separators=(",", ":")).replace('},{"', '},\n{"').replace('],"', '],\n"'))


if __name__ == "__main__":
    main()
