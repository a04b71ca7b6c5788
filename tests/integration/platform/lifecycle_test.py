"""What people do with services that run: look, change, stop, start, cancel, delete; and what is refused."""
import json
import time
import urllib.parse

from platform_case import PlatformCase, Traffic, main, say, wait_until

PROJECT = """project:
  name: life
services:
  - hostname: db
    type: postgresql@17
    mode: NON_HA
    priority: 10
  - hostname: web
    type: nodejs@22
    maxContainers: 3
    enableSubdomainAccess: true
"""

# Added to the application's configuration.
SETUPS = """
  - setup: slowbuild
    extends: node
    build:
      buildCommands:
        - echo "waiting to be canceled"
        - sleep 300

  - setup: noregistry
    extends: node
    build:
      envVariables: {NPM_CONFIG_REGISTRY: "http://127.0.0.1:9/", NPM_CONFIG_FETCH_RETRIES: "0"}

  - setup: once
    extends: node
    run:
      initCommands:
        - zsc execOnce ${appVersionId} -- touch /tmp/ran-once
"""

AWKWARD = "a$b $$ $(id) \"double\" 'single' back\\slash `tick`\nsecond line\ttab\n\nÜñïcödé 漢字 😀 % {} end"


class Lifecycle(PlatformCase):
    project = "life"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        made = cls.platform.api("POST", "/tokens", {"name": "short", "expires_in_s": 60})
        assert made[0] == 201, made
        cls.short_token, cls.short_made = made[1]["token"], time.monotonic()
        assert cls.platform.croft("whoami", token=cls.short_token).code == 0
        cls.import_text(PROJECT)
        cls.code = cls.app_folder("node", "1")
        with open(cls.code / "croft.yml", "a", encoding="utf-8") as file:
            file.write(SETUPS)
        cls.deployed = cls.deploy("web", cls.code, "--setup", "node")
        cls.web = cls.site("web")

    # Looking

    def test_ps_and_service_show(self):
        found = self.wait_instances("web", 1)[0]
        service = self.platform.ok("service", "show", "life/web")
        self.assertEqual(service["status"], "active")
        self.assertEqual((found["service"], found["state"]), ("web", "ready"))
        self.assertEqual(found["version"], service["active_version"])
        self.assertIn(found["name"], self.exit_code(0, "ps", "life/web").out)
        self.assertEqual(self.web.json("/")["instance"], found["name"])

    def test_logs(self):
        def lines(*args):
            return self.exit_code(0, "logs", "life/web", "--json", *args).lines()
        wait_until("the start line in the log", 20, lambda: lines("--grep", "is listening"))
        self.assertEqual(lines("--grep", "no such text anywhere"), [])
        self.assertEqual(len(lines("-n", "1")), 1)
        self.assertGreater(len(lines("--build")), 2)
        self.assertEqual(lines("--build", "-n", "2"), lines("--build")[-2:])
        self.assertTrue(any("npm ci" in line["line"] for line in lines("--build")), "build commands are shown")
        ids = [line["id"] for line in lines()]
        self.assertEqual(len(ids), len(set(ids)), "a line came twice")

    def test_exec(self):
        for code in (0, 1, 42):
            self.exit_code(code, "exec", "life/web", "--no-stdin", "--", "sh", "-c", f"exit {code}")
        answer = self.exit_code(0, "exec", "life/web", "--", "cat", stdin="tick\ntock\n")
        self.assertEqual(answer.out, "tick\ntock\n")
        answer = self.exit_code(0, "exec", "life/web", "--no-stdin", "--", "sh", "-c", "echo out; echo err >&2")
        self.assertEqual((answer.out, answer.err), ("out\n", "err\n"))

    def test_processes(self):
        listed = self.platform.ok("process", "list", "--service", "life/web")
        self.assertIn(self.deployed["id"], [p["id"] for p in listed])
        shown = self.platform.ok("process", "show", self.deployed["id"])
        self.assertEqual((shown["kind"], shown["status"]), ("deploy", "finished"))
        names = [step["name"] for step in shown["steps"]]
        self.assertEqual(names, ["prepare", "build", "image", "stop_old", "start", "ready", "switch", "finish"])
        self.exit_code(0, "process", "wait", self.deployed["id"])

    # Changing

    def test_environment_arrives_byte_for_byte_after_a_restart(self):
        with Traffic(self.web) as traffic:
            self.platform.ok("service", "env", "set", "life/web", f"TEST_VALUE={AWKWARD}")
            self.assertIsNone(self.web.json("/env")["value"], "running containers keep their values")
            self.platform.ok("service", "restart", "life/web")
            self.assertEqual(self.web.json("/env")["value"], AWKWARD)
        self.no_failures(traffic)
        kept = {v["key"]: v.get("value") for v in self.platform.ok("service", "env", "life/web", "--reveal")}
        self.assertEqual(kept["TEST_VALUE"], AWKWARD)

    def test_stop_keeps_data_and_start_brings_it_back(self):
        rows = self.web.json("/db")["rows"]
        for service in ("web", "db"):
            self.platform.ok("service", "stop", f"life/{service}")
            self.assertEqual(self.instances(service), [])
        self.assertGreaterEqual(self.web.get("/", timeout=20).status, 500)
        for service in ("db", "web"):
            self.platform.ok("service", "start", f"life/{service}")
        self.assertEqual(wait_until("the application to answer", 30, self.rows), rows + 1)

    def rows(self):
        answer = self.web.get("/db")
        return answer.status == 200 and answer.json()["rows"]

    def test_exec_once_runs_in_one_of_two_containers(self):
        self.platform.ok("service", "scale", "life/web", "2")
        self.addCleanup(self.platform.ok, "service", "scale", "life/web", "1")
        self.deploy("web", self.code, "--setup", "once")
        ran = [self.platform.croft("exec", "life/web", "--no-stdin", "-i", i["name"], "--", "test", "-e",
                                   "/tmp/ran-once").code for i in self.wait_instances("web", 2)]
        self.assertEqual(sorted(ran), [0, 1])

    def test_cancel_while_building(self):
        before = self.platform.ok("service", "show", "life/web")["active_version"]
        started = self.platform.ok("deploy", "life/web", str(self.code), "--setup", "slowbuild", "--detach")

        def building():
            log = self.exit_code(0, "logs", "life/web", "--build").out
            return "waiting to be canceled" in log
        wait_until("the build to wait", 120, building)
        self.platform.ok("process", "cancel", started["id"])
        self.exit_code(6, "process", "wait", started["id"], "--timeout", "60s")
        self.assertEqual(self.platform.process(started["id"])["status"], "canceled")
        self.assertEqual(self.platform.ok("service", "show", "life/web")["active_version"], before)
        self.assertEqual(self.web.get("/").status, 200)
        wait_until("the build container to go", 20, lambda: not self.build_containers())

    def build_containers(self):
        return [c for c in self.platform.engine_get("/containers/json?all=1")
                if c["Labels"].get("croft.role") == "build"]

    # Refusals

    def test_importing_twice_is_a_conflict_and_changes_nothing(self):
        before = self.platform.ok("service", "list", "--project", "life")
        path = self.folder / "import.yml"
        answer = self.exit_code(5, "project", "import", str(path), "--wait")
        self.assertIn("life", answer.err)
        after = self.platform.ok("service", "list", "--project", "life")
        self.assertEqual([s["id"] for s in after], [s["id"] for s in before])

    def test_a_registry_that_cannot_be_reached_is_named(self):
        before = self.platform.ok("service", "show", "life/web")["active_version"]
        answer = self.exit_code(6, "deploy", "life/web", str(self.code), "--setup", "noregistry")
        for words in ("buildCommands[0]", "127.0.0.1:9 cannot be reached", "NPM_CONFIG_REGISTRY"):
            self.assertIn(words, answer.err)
        self.assertEqual(self.platform.ok("service", "show", "life/web")["active_version"], before)
        self.assertEqual(self.web.get("/").status, 200)

    def test_unknown_names(self):
        self.exit_code(4, "project", "show", "nosuchproject")
        self.exit_code(4, "service", "show", "life/nosuch")
        self.exit_code(4, "ps", "life/nosuch")
        self.exit_code(4, "logs", "life/nosuch")
        self.exit_code(4, "process", "show", "A" * 22)
        self.exit_code(4, "exec", "life/nosuch", "--", "true")
        self.exit_code(4, "rollback", "life/web", "999")

    def test_deleting_needs_the_name(self):
        for args in (("service", "delete", "life/web"), ("project", "delete", "life"),
                     ("service", "delete", "life/web", "--confirm", "db")):
            self.exit_code(2, *args)
        self.assertEqual(self.web.get("/").status, 200)

    def test_wrong_tokens(self):
        for token in ("wrong", "croft_" + "a" * 40, None):
            self.exit_code(3, "whoami", token=token, config="nobody")
            self.exit_code(3, "service", "list", "--project", "life", token=token, config="nobody")

    # Last, by their names

    def test_y_an_expired_token_is_refused(self):
        left = 60 - (time.monotonic() - self.short_made)
        say(f"waiting {max(left, 0):.0f} s for the token to expire")
        wait_until("the token to expire", max(left, 0) + 5,
                   lambda: self.platform.croft("whoami", token=self.short_token).code == 3, 1)

    def test_z_delete(self):
        service = self.platform.ok("service", "show", "life/web")
        self.platform.ok("service", "delete", "life/web", "--confirm", "web")
        self.exit_code(4, "service", "show", "life/web")
        left = [c["Names"] for c in self.platform.engine_get("/containers/json?all=1")
                if c["Labels"].get("croft.service") == service["id"]]
        self.assertEqual(left, [])
        label = urllib.parse.quote(json.dumps({"label": [f"croft.service={service['id']}"]}))
        self.assertEqual(self.platform.engine_get(f"/images/json?filters={label}"), [], "images and build caches")
        project = self.platform.ok("project", "show", "life")
        self.platform.ok("project", "delete", "life", "--confirm", "life")
        self.exit_code(4, "project", "show", "life")
        wait_until("the project's networks to go", 30, lambda: not self.networks(project["id"]))

    def networks(self, project):
        return [n["Name"] for n in self.platform.engine_get("/networks")
                if (n["Labels"] or {}).get("croft.project") == project]


if __name__ == "__main__":
    main()
