"""The database is deleted and a backup put back: croftd goes on with what runs; no container is restarted, no request fails."""
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
