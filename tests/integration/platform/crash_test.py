"""croft-node, and both programs, killed in the middle of deployments: those go on, and traffic never notices.

croftd alone, at every step: tests/integration/crash.
"""
from platform_case import PlatformCase, Traffic, main, say, wait_until

PROJECT = """project:
  name: crash
services:
  - hostname: web
    type: nodejs@22
    maxContainers: 2
    enableSubdomainAccess: true
"""


class Crash(PlatformCase):
    project = "crash"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.import_text(PROJECT)
        cls.number = 1
        cls.deploy("web", cls.folder_of_next(), "--setup", "node")
        cls.web = cls.site("web")

    @classmethod
    def folder_of_next(cls):
        folder = cls.app_folder("node", str(cls.number))
        text = (folder / "croft.yml").read_text()
        # No database here: only `/` is asked.
        (folder / "croft.yml").write_text(text.replace("${db_connectionString}", "none"))
        return folder

    def deploy_and_kill(self, step, kill):
        """A deployment during which `kill` happens as soon as it is in `step`; it must finish."""
        Crash.number += 1
        with Traffic(self.web) as traffic:
            started = self.platform.ok("deploy", "crash/web", str(self.folder_of_next()), "--setup", "node",
                                       "--detach")
            seen = wait_until(f"step {step}", 180, lambda: self.reached(started["id"], step), 0.02)
            say(f"in step {seen['step']} ({seen['status']})")
            kill()
            code, process = self.platform.wait_process(started["id"], "5m")
            self.assertEqual((code, process["status"]), (0, "finished"), process)
            self.assertEqual(self.web.json("/")["version"], str(self.number))
        self.no_failures(traffic)
        self.assertEqual(traffic.json_values("version"), {str(self.number - 1), str(self.number)})
        wait_until("one instance, of the new version", 60, self.one_instance)

    def one_instance(self):
        return [i["version"] for i in self.instances("web")] == [self.number]

    def reached(self, process_id, step):
        process = self.platform.process(process_id)
        self.assertNotEqual(process["status"], "failed", process)
        past = [s["name"] for s in process["steps"] if s["status"] == "finished"]
        return process if process["step"] == step or step in past else None

    def kill_croftd(self):
        self.platform.kill("croftd")
        self.platform.start_croftd()

    def kill_node(self):
        self.platform.kill("croft-node")
        self.platform.start_node()

    def test_croft_node_killed_while_instances_start(self):
        self.deploy_and_kill("start", self.kill_node)

    def test_both_killed_while_the_old_version_drains(self):
        def both():
            self.platform.kill("croft-node")
            self.kill_croftd()
            self.platform.start_node()
        self.deploy_and_kill("finish", both)


if __name__ == "__main__":
    main()
