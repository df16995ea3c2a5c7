"""What cmake/commit.cmake takes for the commit of a tree, and that it leaves a file alone that is right already.

Run as: commit_test.py CMAKE SOURCE_DIR
"""

import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

CMAKE, SOURCE_DIR = sys.argv[1], pathlib.Path(sys.argv[2])


class Commit(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.tree = pathlib.Path(folder.name) / "tree"
        self.out = pathlib.Path(folder.name) / "commit.cc"
        (self.tree / "part").mkdir(parents=True)

    def git(self, *words):
        command = ["git", "-C", self.tree, "-c", "user.name=A", "-c", "user.email=a@example.com", *words]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    def commit(self):
        self.git("init", "--quiet")
        (self.tree / "file").write_text("one")
        self.git("add", "file")
        self.git("commit", "--quiet", "--message", "one")
        self.git("tag", "v1")
        return self.git("rev-parse", "HEAD")

    def written(self, tree):
        script = SOURCE_DIR / "cmake/commit.cmake"
        done = subprocess.run(
            [CMAKE, f"-DSOURCE={tree}", f"-DOUT={self.out}", "-P", script], capture_output=True, text=True
        )
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return re.search(r'kCommit = "(.*)";', self.out.read_text())[1]

    def test_a_commit_is_named_by_its_first_digits(self):
        commit = self.commit()
        self.assertEqual(self.written(self.tree), commit[:7])

    def test_changes_to_its_files_show_and_other_files_do_not(self):
        commit = self.commit()
        (self.tree / "new").touch()
        self.assertEqual(self.written(self.tree), commit[:7])
        (self.tree / "file").write_text("two")
        self.assertEqual(self.written(self.tree), commit[:7] + "-dirty")

    def test_what_is_no_repository_has_none_and_neither_has_a_folder_within_one(self):
        self.assertEqual(self.written(self.tree), "")
        self.commit()
        self.assertEqual(self.written(self.tree / "part"), "")

    def test_the_file_is_written_only_when_it_would_differ(self):
        self.commit()
        self.written(self.tree)
        first = self.out.stat().st_mtime_ns
        self.written(self.tree)
        self.assertEqual(self.out.stat().st_mtime_ns, first)
        (self.tree / "file").write_text("two")
        self.written(self.tree)
        self.assertNotEqual(self.out.stat().st_mtime_ns, first)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
