"""Another release of croft under the supervisor: kept when it works, taken back by itself when it does not, left again by
hand. What the services do goes on all the time; no container is replaced."""
import pathlib
import shutil

from platform_case import PlatformCase, Traffic, main, say, wait_until

# Takes the state over in a way that the release of before knows nothing of, and then does not work.
SPOILS = """#!/usr/bin/env python3
import sqlite3, sys
if "--check-store" in sys.argv:
    sys.exit(0)
if "--supervise" not in sys.argv:
    home = sys.argv[sys.argv.index("--home") + 1]
    with sqlite3.connect(home + "/state/croft.db", timeout=30) as store:
        store.execute("INSERT OR IGNORE INTO schema_migrations VALUES (99, 'from the future', 'x', 0)")
sys.exit(3)
"""
DIES = "#!/bin/sh\ncase \"$*\" in *--check-store*) exit 0 ;; esac\nexit 3\n"


class Upgrade(PlatformCase):
    project = "upgrade"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.deploy_page()
        cls.platform.stop()
        cls.platform.start_supervised()
        cls.platform.wait_ready()

    def release(self, name, croftd=None, more=b""):
        """A release as `cmake --install` lays it out. `more`: bytes at the end of its croft-core, which makes it another."""
        folder = self.folder / name
        (folder / "bin").mkdir(parents=True)
        for program in ("croft", "croftd", "croft-node", "croft-core", "croft-init", "croft-keep"):
            if (self.platform.programs / program).exists():
                shutil.copy2(self.platform.programs / program, folder / "bin" / program)
        with open(folder / "bin" / "croft-core", "ab") as core:
            core.write(more)
        if croftd:
            (folder / "bin" / "croftd").write_text(croftd)
        for data in ("catalog", "images", "api"):
            shutil.copytree(self.root / data, folder / "share" / data)
        return str(folder)

    def running(self):
        """The folder of the croftd that runs."""
        found = []
        for process in pathlib.Path("/proc").glob("[0-9]*"):
            try:
                words = (process / "cmdline").read_bytes().decode(errors="replace").split("\0")
            except OSError:
                continue
            if words[0].endswith("/croftd") and str(self.platform.home) in words and "--supervise" not in words:
                found.append(pathlib.Path(words[0]).parent)
        return found[0] if len(found) == 1 else None

    def containers(self):
        """Of this project and the edge: what traffic passes through."""
        labels = [(c["Id"], c["Labels"]) for c in self.platform.engine_get("/containers/json")]
        return {i for i, label in labels
                if label.get("croft.project") == self.project_id or label.get("croft.role") == "edge"}

    def upgrade(self, folder, code):
        return self.exit_code(code, "platform", "upgrade", folder, "--home", str(self.platform.home), "--json")

    def rollback(self, code, *more):
        return self.exit_code(code, "platform", "rollback", "--home", str(self.platform.home), "--json", *more)

    def still_the_same(self, before):
        self.assertEqual(before - self.containers(), set())
        shown = self.platform.ok("project", "show", self.project)
        self.assertEqual(shown["name"], self.project)

    def test_1_there_and_back(self):
        before, given = self.containers(), self.running()
        if not (self.platform.home / "releases").exists():
            self.assertIn("no upgrade", self.rollback(5).err)
        with Traffic(self.web) as traffic:
            answer = self.upgrade(self.release("next"), 0).json()
            self.assertTrue(answer["done"])
            self.assertEqual(self.running(), self.platform.home / "releases" / answer["release"] / "bin")
            self.platform.ok("project", "create", "made-by-the-next")
            self.assertTrue(self.rollback(0).json()["done"])
            self.assertEqual(self.running(), given)
            self.assertEqual(self.platform.ok("project", "show", "made-by-the-next")["name"], "made-by-the-next")
            self.delete_project("made-by-the-next")
        self.no_failures(traffic)
        self.still_the_same(before)

    def cores(self):
        """Container ids of the project's cores, by slot."""
        return {c["Labels"]["croft.slot"]: c["Id"] for c in self.platform.engine_get("/containers/json")
                if c["Labels"].get("croft.role") == "core" and c["Labels"].get("croft.project") == self.project_id}

    def replaced(self, before):
        status = self.platform.croft("status", "--json").json()  # ends with 1 while the edge is looked for
        text = next((c["detail"] for c in status["components"] if c["name"] == f"core {self.project}"), "")
        now = self.cores()
        return len(now) == 2 and not set(now.values()) & set(before.values()) and "active" in text and "standby" in text

    def test_2_a_release_that_does_not_start_is_taken_back(self):
        before, given = self.containers(), self.running()
        with Traffic(self.web) as traffic:
            answer = self.upgrade(self.release("dies", DIES), 1)
            self.assertIn("its programs ended", answer.err)
            self.assertEqual(self.running(), given)
        self.no_failures(traffic)
        self.still_the_same(before)

    def test_3_a_release_that_spoils_the_state_is_taken_back_with_it(self):
        before, given = self.containers(), self.running()
        with Traffic(self.web) as traffic:
            answer = self.upgrade(self.release("spoils", SPOILS), 1)
            self.assertIn("with the state of before the upgrade", answer.err)
            self.assertEqual(self.running(), given)
        self.no_failures(traffic)
        self.still_the_same(before)

    def test_4_what_is_no_release_is_refused_and_nothing_stops(self):
        before = self.running()
        folder = self.release("incomplete")
        (pathlib.Path(folder) / "bin" / "croft-core").unlink()
        self.assertIn("croft-core", self.upgrade(folder, 1).err)
        self.assertEqual(self.running(), before)

    def test_5_the_supervisor_starts_again_what_was_killed(self):
        with Traffic(self.web) as traffic:
            self.platform.kill_supervised("croftd")
            wait_until("croftd to answer again", 30, lambda: self.platform.croft("status").code == 0)
        self.no_failures(traffic)
        say("croftd is back")

    def test_6_its_cores_are_replaced_one_after_the_other(self):
        before = self.cores()
        with Traffic(self.web) as traffic:
            self.upgrade(self.release("other-core", more=b"another"), 0)
            wait_until("two other cores", 300, lambda: self.replaced(before), 0.5)
            between = self.cores()
            self.rollback(0)
            wait_until("two other cores", 300, lambda: self.replaced(between), 0.5)
        self.no_failures(traffic)


if __name__ == "__main__":
    main()
