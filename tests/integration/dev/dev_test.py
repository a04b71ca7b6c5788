"""./dev where it refuses to begin. Programs that it must not reach are replaced by ones that fail the test."""
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

DEV = None
# `df` as coreutils prints it for --output=avail -B1.
SMALL = "#!/bin/sh\necho Avail\necho $((1024 * 1024 * 1024))\n"
TRAP = "#!/bin/sh\necho \"$0 $*\" >> \"$TRAPPED\"\nexit 1\n"


class Refusals(unittest.TestCase):
    def run_dev(self, *args):
        with tempfile.TemporaryDirectory(prefix="croft-dev-") as folder:
            programs = pathlib.Path(folder, "bin")
            programs.mkdir()
            for name in ("apt-get", "dpkg", "cmake", "dockerd", "setsid"):
                self.program(programs / name, TRAP)
            self.program(programs / "df", SMALL)
            trapped = pathlib.Path(folder, "trapped")
            env = {**os.environ, "PATH": f"{programs}:{os.environ['PATH']}", "TRAPPED": str(trapped),
                   "CROFT_HOME": f"{folder}/home"}
            done = subprocess.run([DEV, *args], env=env, capture_output=True, text=True, timeout=30)
            return done, trapped.read_text() if trapped.exists() else "", folder

    @staticmethod
    def program(path, text):
        path.write_text(text)
        path.chmod(0o755)

    def test_less_than_2_gib_free(self):
        for command in ("up", "images"):
            done, trapped, folder = self.run_dev(command)
            self.assertEqual(done.returncode, 1, done)
            self.assertIn(f"less than 2 GiB free under {folder}/home", done.stderr)
            self.assertIn("free some disk space, or set CROFT_HOME", done.stderr)
            self.assertEqual(trapped, "", "nothing was installed, built or started")

    def test_unknown_command(self):
        done, trapped, _ = self.run_dev("upp")
        self.assertEqual(done.returncode, 1, done)
        self.assertIn("unknown command: upp", done.stderr)
        self.assertEqual(trapped, "")


if __name__ == "__main__":
    DEV = sys.argv.pop(1)
    unittest.main()
