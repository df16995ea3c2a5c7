"""The store, seen by someone who is not us: what we write is read with h5py and checked value by value, what h5py
writes by common/store/format.md is read by us, and the format's example runs as it stands.

    store_reader_test.py WRITE_SAMPLE_STORE SOURCE_FOLDER

The formulas are those of tests/common/sample_store.h, written down a second time on purpose.
"""
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
import zlib
from pathlib import Path

SKIP = 77
try:
    import h5py
    import numpy as np
except ImportError as missing:
    print(f"skipped: {missing} (Debian: python3-h5py)")
    sys.exit(SKIP)

PROGRAM, SOURCE = Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve()

G, L, SIDE, F = 5, 3, 24, 11
CASES = ["sin", "baseline", "augmix"]
IMAGES = ["Zürich/été.png", "a.png", "b/c d.jpg", "e.png", "f.png", "猫.png"]
VARIANTS = ["source", "corruptions/motion-blur/3", "corruptions/jpeg/5"]
ROLES = ["source", "altered", "unaffected"]


def ramp(r, shape, first, step):
    """[len(r), *shape]: in each row first[r] + step * (position in row-major order)."""
    k = np.arange(np.prod(shape)).reshape(shape)
    return (np.asarray(first, "f8").reshape((-1,) + (1,) * len(shape)) + step * k).astype("f4")


def profile_columns(r):
    x = r.astype("f8")
    return {
        "job": (2**62 + r).astype("u8"),
        "attempt": np.ones(len(r), "u4"),
        "image": [IMAGES[i // 9 % 6] for i in r],
        "perturbation": ["corruptions"] * len(r),
        "variant": [VARIANTS[i % 3] for i in r],
        "case": [CASES[i // 3 % 3] for i in r],
        "role": [ROLES[i % 3] for i in r],
        "rank": (r // 9).astype("u4"),
        "role_index": (r % 2).astype("u4"),
        "label": (r % 7 - 1).astype("i8"),
        "explained": ["predicted" if i % 3 == 1 else "source,true" for i in r],
        "replicate": (r % 4).astype("u4"),
        "control_of": [VARIANTS[1] if i % 3 == 2 else "" for i in r],
        "severity_difference": np.where(r % 3 == 2, 2, 0).astype("f4"),
        "logit": (x / 4).astype("f4"),
        "wcam": ramp(r, (G, G), 100 * x, 0.5),
        "standard_error": ramp(r, (G, G), 100 * x + 50, 0.25),
        "outputs": ramp(r, (F,), -x, 0.125),
        "level_share": ramp(r, (L + 1,), x, 1),
        "level_contributions": ramp(r, (L + 1,), x, 2),
        "spectral_profile": ramp(r, (3 * L + 1,), x, 3),
        "robustness_margin": (x + 0.25).astype("f4"),
        "spatial_spread": (x + 0.5).astype("f4"),
        "sufficient_cells": (r % 5 - 1).astype("i8"),
        "sufficient_cells_stay": (r % 7 - 1).astype("i8"),
        "forward_equivalents": (F + x).astype("f4"),
        "batch_size": (1 + r % 64).astype("u4"),
        "form": ["plain" if i % 2 == 0 else "optimised" for i in r],
        "seconds": x / 3,
        "device": ["cpu" if i % 2 == 0 else "cuda:0" for i in r],
        "estimator": ["jansen-total"] * len(r),
        "doubts": [("an index above 1, no standard error", "no standard error", "")[i % 3] for i in r],
        "provenance": ["A CPU; LibTorch 1.13.1; OpenBLAS 0.3.21 Zen" if i % 2 == 0 else "A GPU; LibTorch 2.6.0"
                       for i in r],
    }


def prediction_columns(p):
    return {
        "job": (1000 + p // 3).astype("u8"),
        "attempt": np.ones(len(p), "u4"),
        "image": [IMAGES[i // 9 % 6] for i in p],
        "perturbation": ["corruptions"] * len(p),
        "variant": [VARIANTS[i % 3] for i in p],
        "case": [CASES[i // 3 % 3] for i in p],
        "label": (p % 5).astype("i8"),
        "logit": (p / 8).astype("f4"),
        "probability": np.float32(1) / (p + 1).astype("f4"),
        "top_labels": np.stack([p % 5, p, 0 * p + 7, 0 * p + 8, 0 * p - 1], axis=1).astype("i8"),
        "top_probabilities": ramp(p, (5,), 1 / (p + 1), -0.03125),
        "provenance": ["A CPU" if i % 2 == 0 else "" for i in p],
    }


def image_columns(k):
    y, x, c = np.mgrid[0:SIDE, 0:SIDE, 0:3]
    return {
        "image": [IMAGES[i % 6] for i in k],
        "variant": ["source" if i < 6 else VARIANTS[1] for i in k],
        "caution": ["" if i % 2 == 0 else "dark" for i in k],
        "pixels": np.stack([(7 * i + 5 * y + 3 * x + c) % 256 for i in k]).astype("u1"),
    }


COLUMNS = {"profiles": profile_columns, "predictions": prediction_columns, "images": image_columns}


def write_text(group, name, values):
    width = max(len(v.encode()) for v in values)
    group.create_dataset(name, data=[v.encode() for v in values], dtype=h5py.string_dtype("utf-8", width))


def python_blocks(file):
    return re.findall(r"```python\n(.*?)```", (SOURCE / file).read_text(), re.S)


class StoreTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.scratch = tempfile.TemporaryDirectory(prefix="wcam-reader-")
        cls.sweep = Path(cls.scratch.name) / "sweep"
        cls.sweep.mkdir()
        subprocess.run([PROGRAM, "write", cls.sweep], check=True)

    @classmethod
    def tearDownClass(cls):
        cls.scratch.cleanup()

    def check_group(self, file, group, rows):
        if len(rows) == 0:
            self.assertNotIn(group, file)
            return
        expected = COLUMNS[group](rows)
        self.assertEqual(set(file[group]), set(expected))
        for name, values in expected.items():
            with self.subTest(group=group, column=name):
                stored = file[group][name]
                if isinstance(values, list):
                    self.assertEqual(h5py.check_string_dtype(stored.dtype).encoding, "utf-8")
                    self.assertEqual(stored.shape, (len(rows),))
                    self.assertEqual(list(stored.asstr()[:]), values)
                else:
                    self.assertEqual(stored.dtype, values.dtype)
                    self.assertEqual(stored.shape, values.shape)
                    np.testing.assert_array_equal(stored[:], values)

    def check_attributes(self, file):
        plan = json.loads((self.sweep / "plan.json").read_text())
        self.assertEqual(
            set(file.attrs), {"format", "format_version", "sweep_id", "software_version", "grid", "levels"})
        self.assertEqual(file.attrs["format"], b"wcam-store")
        self.assertEqual(file.attrs["format_version"], 1)
        self.assertEqual(file.attrs["format_version"].dtype, np.int64)
        self.assertRegex(file.attrs["sweep_id"].decode(), "^[0-9a-f]{64}$")
        self.assertRegex(file.attrs["software_version"].decode(), r"^\d+\.\d+\.\d+$")
        self.assertEqual(file.attrs["grid"], plan["wcam"]["grid"])
        self.assertEqual(file.attrs["levels"], plan["wcam"]["levels"])

    def test_segments_hold_every_value_where_the_format_says(self):
        for name, profiles, predictions, images in (("a", (0, 20), (0, 9), (0, 4)), ("b", (20, 54), (0, 0), (4, 7))):
            with h5py.File(self.sweep / "segments" / f"{name}.h5", "r") as file:
                self.check_attributes(file)
                self.assertNotIn("plan", file)
                self.check_group(file, "profiles", np.arange(*profiles))
                self.check_group(file, "predictions", np.arange(*predictions))
                self.check_group(file, "images", np.arange(*images))
                self.assertEqual(file["images/pixels"].chunks, (1, SIDE, SIDE, 3))
                self.assertEqual(file["images/pixels"].compression, "gzip")

    def test_every_column_has_its_checksum(self):
        for name in ("segments/a.h5", "segments/b.h5", "results.h5"):
            with h5py.File(self.sweep / name, "r") as file:
                columns = [column for group in file.values() if isinstance(group, h5py.Group) for column in group.values()]
                self.assertGreater(len(columns), 20)
                for column in columns:
                    with self.subTest(column=column.name):
                        self.assertEqual(column.attrs["crc32"].dtype, np.uint32)
                        self.assertEqual(column.attrs["crc32"], zlib.crc32(column[()].tobytes()))

    def test_hdf5_refuses_changed_values_of_results(self):
        path = Path(self.scratch.name) / "changed.h5"
        for name in ("profiles/wcam", "profiles/image", "predictions/label", "images/pixels"):
            shutil.copy(self.sweep / "results.h5", path)
            with h5py.File(path) as file:
                at = file[name].id.get_chunk_info(0).byte_offset
            content = bytearray(path.read_bytes())
            content[at] ^= 1
            path.write_bytes(content)
            with self.subTest(column=name), h5py.File(path) as file, self.assertRaises(OSError):
                file[name][()]

    def test_results_hold_the_segments_the_plan_and_their_names(self):
        with h5py.File(self.sweep / "results.h5", "r") as file:
            self.check_attributes(file)
            self.assertEqual(set(file), {"profiles", "predictions", "images", "plan", "segments"})
            self.check_group(file, "profiles", np.arange(54))
            self.check_group(file, "predictions", np.arange(9))
            self.check_group(file, "images", np.arange(7))
            self.assertEqual(file["plan"].asstr()[()], (self.sweep / "plan.json").read_text())
            self.assertEqual(list(file["segments"].asstr()[:]), ["a.h5", "b.h5"])
            self.assertEqual(file["profiles/wcam"].maxshape, (None, G, G))

    def write_by_the_format(self, path, vary=lambda name, values: values, libver="earliest"):
        with h5py.File(self.sweep / "results.h5", "r") as ours, h5py.File(path, "w", libver=libver) as file:
            file.attrs.update(format=np.bytes_("wcam-store"), format_version=1, sweep_id=np.bytes_(ours.attrs["sweep_id"]),
                              software_version=np.bytes_("h5py"), grid=G, levels=L)
            for group, rows in (("profiles", 54), ("predictions", 9), ("images", 7)):
                for name, values in COLUMNS[group](np.arange(rows)).items():
                    values = vary(name, values)
                    if isinstance(values, list):
                        write_text(file.require_group(group), name, values)
                    else:
                        file.create_dataset(f"{group}/{name}", data=values)

    def run_program(self, verb, path):
        return subprocess.run([PROGRAM, verb, path], capture_output=True, text=True)

    def test_we_read_what_h5py_writes(self):
        path = Path(self.scratch.name) / "python.h5"
        self.write_by_the_format(path)
        done = self.run_program("check", path)
        self.assertEqual((done.returncode, done.stderr), (0, ""))

    def test_we_read_other_widths_and_byte_orders(self):
        path = Path(self.scratch.name) / "wide.h5"
        wider = {"f4": ">f8", "i8": ">i8", "u4": ">u8", "u8": ">u8", "f8": ">f8", "u1": ">u2"}
        self.write_by_the_format(path, lambda name, values: values if isinstance(values, list) else
                                 values.astype(wider[values.dtype.str[1:]]))
        done = self.run_program("check", path)
        self.assertEqual((done.returncode, done.stderr), (0, ""))

    def test_we_read_the_newest_format_of_hdf5(self):
        path = Path(self.scratch.name) / "latest.h5"
        self.write_by_the_format(path, libver="latest")
        done = self.run_program("check", path)
        self.assertEqual((done.returncode, done.stderr), (0, ""))

    def test_the_check_notices_a_transposed_map(self):
        path = Path(self.scratch.name) / "transposed.h5"
        self.write_by_the_format(
            path, lambda name, values: values.transpose(0, 2, 1) if name == "wcam" else values)
        self.assertIn("profiles 4000000000000000 differ", self.run_program("check", path).stderr)

    def test_text_of_variable_length_is_refused_in_words(self):
        path = Path(self.scratch.name) / "variable.h5"
        self.write_by_the_format(path)
        with h5py.File(path, "a") as file:
            del file["profiles/image"]
            file["profiles/image"] = ["x"] * 54
        self.assertEqual(self.run_program("check", path).stderr, f"write_sample_store: {path}: profiles/image is "
                         "neither integers, floats nor text of a fixed width\n")

    def test_attributes_of_variable_length_are_refused_in_words(self):
        path = Path(self.scratch.name) / "variable_attribute.h5"
        self.write_by_the_format(path)
        with h5py.File(path, "a") as file:
            file.attrs["sweep_id"] = "0" * 64
        self.assertIn("attribute sweep_id is text of variable length: write it with a fixed width",
                      self.run_program("check", path).stderr)

    def test_the_formats_worked_example_makes_a_store(self):
        (example,) = python_blocks("common/store/format.md")
        os.chdir(self.scratch.name)
        exec(example, {})
        done = self.run_program("count", "one.h5")
        self.assertEqual((done.stdout, done.stderr), ("1 profiles of 16 values, 0 predictions\n", ""))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=1)
