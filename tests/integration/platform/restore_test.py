"""What croftd keeps, through the worst: the database deleted and a backup put back, a disk without a free byte. What runs is
adopted, no container is restarted, no request fails."""
import errno
import shutil
import subprocess

from platform_case import PlatformCase, Traffic, main, wait_until

PASSPHRASE = "a passphrase for this test"
PROJECT = """project:
  name: restore
services:
  - hostname: web
    type: nodejs@22
    minContainers: 2
    maxContainers: 2
    enableSubdomainAccess: true
"""


class Restore(PlatformCase):
    project = "restore"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.import_text(PROJECT)
        folder = cls.app_folder("node", "1")
        text = (folder / "croft.yml").read_text()
        # No database here: only `/` is asked.
        (folder / "croft.yml").write_text(text.replace("${db_connectionString}", "none"))
        cls.deploy("web", folder, "--setup", "node")
        cls.web = cls.site("web")

    def containers(self):
        """Every container of the installation that runs, with when it was started."""
        install = (self.platform.home / "state" / "install_id").read_text()
        found = {}
        for each in self.platform.engine_get("/containers/json"):
            if each["Labels"].get("croft.install") != install:
                continue
            state = self.platform.engine_get(f"/containers/{each['Id']}/json")["State"]
            found[each["Id"]] = (each["Names"][0], state["StartedAt"])
        return found

    def command(self, *args):
        """`croft platform …` for this installation, with the passphrase; its JSON."""
        home = ["--home", str(self.platform.home), "--passphrase-stdin"]
        return self.platform.ok("platform", *args, *home, stdin=PASSPHRASE + "\n")

    def test_a_deleted_database_comes_back_and_nothing_restarts(self):
        file = self.folder / "croft.backup"
        made = self.command("backup", "--out", str(file))
        self.assertEqual(made["install_id"], (self.platform.home / "state" / "install_id").read_text())
        self.assertNotIn(b"restore", file.read_bytes()[200:])
        before = self.containers()
        self.assertGreaterEqual(len(before), 4, before)  # two instances, the core, the edge
        with Traffic(self.web) as traffic:
            self.platform.kill("croftd")
            for path in list((self.platform.home / "state").glob("croft.db*")):
                path.unlink()
            (self.platform.home / "state" / "master.key").unlink()
            restored = self.command("restore", str(file))
            self.assertEqual(restored["manifest"]["install_id"], made["install_id"])
            self.platform.start_croftd()
            self.platform.wait_ready()
            # Long enough for every reconciler to have run several times.
            wait_until("all components to be well", 90, self.all_well)
            wait_until("two instances in rotation", 60, lambda: len(
                [one for one in self.instances("web") if one["in_rotation"]]) == 2)
        self.no_failures(traffic)
        self.assertEqual(self.containers(), before)
        self.assertEqual(self.platform.croft("audit", "--verify").code, 0)
        # The world it adopted is one it can change.
        self.platform.ok("service", "scale", "restore/web", "1")
        wait_until("one instance", 60, lambda: len(self.instances("web")) == 1)

    def all_well(self):
        parts = self.platform.ok("status")["components"]
        return all(part["status"] == "ok" for part in parts if part["name"].split()[0] in (
            "engine", "edge", "store", "node", "reconciler"))

    def test_a_full_disk_stops_changes_only_until_there_is_room(self):
        state = self.platform.home / "state"
        kept = self.folder / "state"
        self.platform.end("croftd")
        shutil.copytree(state, kept)
        # A small disk, so that it can be filled to its last byte.
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=384m,mode=700", "croft-test-state", state], check=True)
        try:
            shutil.copytree(kept, state, dirs_exist_ok=True)
            self.platform.start_croftd()
            self.platform.wait_ready()
            with Traffic(self.web) as traffic:
                self.fill(state / "filler")
                wait_until("croftd to say that the disk is full", 15, lambda: self.disk_is_full(True))
                status, problem = self.platform.api("POST", "/projects", {"name": "toolate"})
                self.assertEqual(status, 507, problem)
                self.assertIn("free some space", problem["detail"])
                self.exit_code(1, "service", "scale", "restore/web", "1")
                self.assertEqual(self.platform.ok("project", "show", self.project)["name"], self.project)
                self.assertTrue(self.instances("web"))
                # Killed with a full disk it comes back and says the same.
                self.platform.kill("croftd")
                self.platform.start_croftd()
                wait_until("croftd to say it again", 30, lambda: self.disk_is_full(True))
                (state / "filler").unlink()
                wait_until("croftd to take changes again", 15, lambda: self.disk_is_full(False))
            self.no_failures(traffic)
            self.platform.wait_ready()
            self.platform.ok("service", "restart", "restore/web")
            self.platform.end("croftd")
            shutil.rmtree(kept)
            shutil.copytree(state, kept)
        finally:
            subprocess.run(["umount", state], check=True)
        shutil.rmtree(state)
        shutil.copytree(kept, state)
        self.platform.start_croftd()
        self.platform.wait_ready()
        self.assertEqual(self.platform.croft("audit", "--verify").code, 0)

    @staticmethod
    def fill(path):
        """Writes to `path` until not a byte is free."""
        with open(path, "wb", buffering=0) as file:
            for size in (1 << 20, 4096, 1):
                try:
                    while True:
                        file.write(b"x" * size)
                except OSError as full:
                    if full.errno != errno.ENOSPC:
                        raise

    def disk_is_full(self, wanted):
        try:
            _, answer = self.platform.api("GET", "/readyz", prefix="")
        except OSError:
            return False
        return any(c["name"] == "disk" and c["ok"] != wanted for c in answer["checks"])

    def test_restoring_over_a_running_croftd_or_without_confirm_is_refused(self):
        file = self.folder / "second.backup"
        self.command("backup", "--out", str(file))
        home = ["--home", str(self.platform.home), "--passphrase-stdin"]
        answer = self.exit_code(5, "platform", "restore", str(file), *home, stdin=PASSPHRASE + "\n")
        self.assertIn("stop it first", answer.err)
        wrong = self.platform.croft("platform", "restore", str(file), "--home", str(self.folder / "new"),
                                    "--passphrase-stdin", stdin="another passphrase\n")
        self.assertEqual(wrong.code, 3, str(wrong))


if __name__ == "__main__":
    main()
