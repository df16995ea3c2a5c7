#!/usr/bin/env python3
"""Plants mistakes in a copy of the tree and shows that check_includes.py names each."""

import pathlib
import shutil
import sys
import tempfile
import unittest

SCRIPTS = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(SCRIPTS))
import check_includes  # noqa: E402


class PlantedMistakes(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.scratch = tempfile.TemporaryDirectory()
        cls.root = pathlib.Path(cls.scratch.name)
        shutil.copy(SCRIPTS.parent / "ARCHITECTURE.md", cls.root)
        for folder in check_includes.FOLDERS:
            shutil.copytree(SCRIPTS.parent / folder, cls.root / folder)

    @classmethod
    def tearDownClass(cls):
        cls.scratch.cleanup()

    def plant(self, file, before, after):
        """What is found when `before` in the file is `after`; a file that is not there is made."""
        path = self.root / file
        sound = path.read_text() if path.exists() else None
        if sound is not None:
            self.assertIn(before, sound)
        path.parent.mkdir(exist_ok=True)
        path.write_text(after if sound is None else sound.replace(before, after, 1))
        try:
            return check_includes.check(self.root)
        finally:
            if sound is None:
                path.unlink()
            else:
                path.write_text(sound)

    def assert_found(self, found, *words):
        self.assertEqual(len(found), 1, found)
        for word in words:
            self.assertIn(word, found[0])

    def test_the_tree_is_sound(self):
        self.assertEqual(check_includes.check(self.root), [])

    def test_an_include_that_runs_upward(self):
        found = self.plant("coordinator/queue/seeded_order.h", "#pragma once\n",
                           '#pragma once\n#include "coordinator/ledger/ledger.h"\n')
        self.assert_found(found, "coordinator/queue/seeded_order.h", "queue is below ledger")

        found = self.plant("analysis/statistics/stated.h", "#pragma once\n",
                           '#pragma once\n#include "analysis/maps/comparison.h"\n')
        self.assert_found(found, "analysis/statistics/stated.h", "statistics is below maps")

    def test_an_include_of_a_neighbour(self):
        found = self.plant("worker/base/faults.h", "#pragma once\n",
                           '#pragma once\n#include "coordinator/queue/seeded_order.h"\n')
        self.assert_found(found, "worker/ may include its own and common/, not coordinator/")

    def test_figures_stand_on_analysis_and_not_the_other_way_round(self):
        self.assertEqual(self.plant("plotting/haar.h", "#pragma once\n",
                                    '#pragma once\n#include "analysis/maps/comparison.h"\n'), [])
        found = self.plant("analysis/maps/comparison.h", "#pragma once\n",
                           '#pragma once\n#include "plotting/haar.h"\n')
        self.assert_found(found, "analysis/ may include its own and common/, not plotting/")
        found = self.plant("plotting/haar.h", "#pragma once\n", '#pragma once\n#include "worker/base/faults.h"\n')
        self.assert_found(found, "plotting/ may include its own and common/, analysis/, not worker/")

    def test_a_foreign_library_outside_its_place(self):
        for file, header, library in [("common/base/error.h", "torch/version.h", "LibTorch"),
                                      ("coordinator/sweep/status.h", "sqlite3.h", "SQLite"),
                                      ("coordinator/serve/web.h", "zmq.hpp", "ZeroMQ"),
                                      ("worker/wcam/summary.h", "opencv2/imgproc.hpp", "OpenCV"),
                                      ("analysis/maps/comparison.h", "boost/math/distributions.hpp", "Boost.Math"),
                                      ("analysis/statistics/stated.h", "lemon/core.h", "LEMON"),
                                      ("cluster/submit.h", "cairo.h", "Cairo")]:
            with self.subTest(library):
                found = self.plant(file, "#pragma once\n", f"#pragma once\n#include <{header}>\n")
                self.assert_found(found, file, library)

    def test_a_library_in_what_is_built_on_libtorch_alone(self):
        found = self.plant("common/base/message_text.h", "#pragma once\n", "#pragma once\n#include <nlohmann/json.hpp>\n")
        self.assert_found(found, "common/base/message_text.h", "LibTorch alone")

    def test_a_file_in_no_room(self):
        self.assert_found(self.plant("coordinator/more.h", "", "#pragma once\n"), "lies in no room")
        self.assert_found(self.plant("common/attic/more.h", "", "#pragma once\n"), "lies in no room")

    def test_a_source_that_does_not_begin_with_its_header(self):
        found = self.plant("coordinator/queue/seeded_order.cc", '#include "coordinator/queue/seeded_order.h"\n', "#include <vector>\n")
        self.assert_found(found, "seeded_order.cc does not include coordinator/queue/seeded_order.h first")

    def test_a_standard_header_that_only_another_brings(self):
        found = self.plant("coordinator/queue/seeded_order.h", "#pragma once\n", "#pragma once\n// std::iota(\n")
        self.assert_found(found, "seeded_order.h uses std::iota( and does not include <numeric>")

    def test_a_room_that_the_map_lacks(self):
        found = self.plant("ARCHITECTURE.md", "| `repair` |", "| `mend` |")
        self.assertTrue(any("coordinator/mend, which is not there" in line for line in found), found)
        self.assertTrue(any("coordinator/repair/rebuild.h lies in no room" in line for line in found), found)


if __name__ == "__main__":
    unittest.main()
