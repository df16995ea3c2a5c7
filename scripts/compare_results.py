#!/usr/bin/python3
"""Whether two sweeps of one plan, from machines with other libraries, agree as docs/reproducibility.md says.

    compare_results.py A/results.h5 B/results.h5     exit 0: they do

The pictures must be equal, and so must labels and what was selected; logits may differ by rounding, and indices by what
follows from that.
"""
import sys

import h5py
import numpy as np

# Of the largest logit of the map: 32 units in the last place of float32, as between kernels, batch sizes and threads.
LOGITS = 3.8e-6


def rows(file, group, key):
    """The group's columns, each row under its key."""
    columns = {name: (data.asstr() if h5py.check_string_dtype(data.dtype) else data)[()]
               for name, data in file[group].items()}
    count = len(next(iter(columns.values())))
    table = [{name: column[r] for name, column in columns.items()} for r in range(count)]
    return {tuple(str(row[k]) for k in key): row for row in table}


def main(paths):
    with h5py.File(paths[0]) as a, h5py.File(paths[1]) as b:
        tables = {group: (rows(a, group, key), rows(b, group, key))
                  for group, key in [('profiles', ('job',)), ('images', ('image', 'variant')),
                                     ('predictions', ('image', 'variant', 'case'))]}
    wrong = [f'{group}: {len(x)} rows and {len(y)}, {len(x.keys() ^ y.keys())} of them in one sweep alone'
             for group, (x, y) in tables.items() if x.keys() != y.keys() or not x]
    if wrong:
        sys.exit('\n'.join(wrong))
    pairs = {group: [(x[key], y[key]) for key in x] for group, (x, y) in tables.items()}

    logits = indices = 0.0
    for x, y in pairs['images']:
        if not np.array_equal(x['pixels'], y['pixels']):
            wrong.append(f"{x['image']} {x['variant']}: the pictures differ")
    for x, y in pairs['predictions'] + pairs['profiles']:
        if x['label'] != y['label']:
            wrong.append(f"{x['image']} {x['variant']} {x['case']}: labels {x['label']} and {y['label']}")
    for x, y in pairs['profiles']:
        outputs = x['outputs'].astype(float)
        moved = np.abs(outputs - y['outputs']).max()
        logits = max(logits, moved / np.abs(outputs).max())
        design = len(outputs) // (x['wcam'].size + 1)  # N outputs on A come first (common/store/format.md)
        ratio = moved / outputs[:design].std(ddof=1)
        index = np.abs(x['wcam'].astype(float))
        bound = 3 * (index + np.sqrt(index)) * ratio + 3 * ratio**2
        difference = np.abs(x['wcam'] - y['wcam'])
        indices = max(indices, difference.max())
        if not (difference <= bound + 1e-6).all():
            wrong.append(f"{x['image']} {x['variant']} {x['case']}: indices differ by more than their logits explain")
    if logits > LOGITS:
        wrong.append(f'logits differ by {logits:.1e} of the largest, {LOGITS:.1e} is allowed')
    print(f"{len(pairs['profiles'])} WCAMs, {len(pairs['predictions'])} predictions: pictures and labels equal, logits "
          f'differ by up to {logits:.1e} of the largest, indices by up to {indices:.1e}' if not wrong else '\n'.join(wrong))
    return 1 if wrong else 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
