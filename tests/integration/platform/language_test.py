"""One application of tests/apps through its life: FILE --app node|go|php|python|static."""
import pathlib

import platform_case
from platform_case import PlatformCase, Traffic, main, say, wait_until

TYPES = {"node": "nodejs@22", "go": "go@1", "php": "php-nginx@8.4", "python": "python@3.13", "static": "static"}

# setup → step of the failure, exit code, what its last lines or its message must say
FAILURES = {
    "builderror": ("build", 2, "unexpected token"),
    "initfails": ("init", 1, "migration 7 failed"),
    "neverready": ("readiness", None, "/never"),
    "crashes": ("start", 3, "no configuration"),
    "outofmemory": ("start", 137, "memory"),
}


class Meeting:
    """Runs of this file that wait for each other, by files in one folder."""

    PLACES = ("deployed", "asked")

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)

    def invite(self, apps):
        for app in apps:
            (self.folder / f"{app}.invited").touch()

    def arrive(self, place, app):
        (self.folder / f"{app}.{place}").touch()

    def wait_for_all(self, place):
        wait_until(f"all to be {place}", 900, lambda: all(
            each.with_suffix(f".{place}").exists() for each in self.folder.glob("*.invited")))


class Language(PlatformCase):
    """The cases are steps of one life: they run in the order of their names and build on each other."""

    @classmethod
    def setUpClass(cls):
        cls.app = platform_case.options.app
        cls.project = f"app-{cls.app}"
        super().setUpClass()
        cls.dynamic = cls.app != "static"
        cls.version_path = "/" if cls.dynamic else "/version.json"
        cls.import_text(cls.import_file())
        cls.deploy(cls.app, cls.app_folder(cls.app, "1"))
        cls.web = cls.site(cls.app)
        cls.meet("deployed")

    @classmethod
    def tearDownClass(cls):
        cls.meet("asked")

    @classmethod
    def meet(cls, place):
        if platform_case.options.meeting:
            meeting = Meeting(platform_case.options.meeting)
            meeting.arrive(place, cls.app)
            meeting.wait_for_all(place)

    @classmethod
    def import_file(cls):
        database = "  - hostname: db\n    type: postgresql@17\n    mode: NON_HA\n    priority: 10\n"
        secret = "    envSecrets:\n      TEST_VALUE: plain\n"
        return (f"project:\n  name: {cls.project}\nservices:\n{database if cls.dynamic else ''}"
                f"  - hostname: {cls.app}\n    type: {TYPES[cls.app]}\n    maxContainers: 3\n"
                f"    enableSubdomainAccess: true\n{secret if cls.dynamic else ''}")

    def version(self, https=False):
        return self.web.json(self.version_path, https)["version"]

    def test_1_answers_over_http_and_https(self):
        for https in (False, True):
            self.assertEqual(self.version(https), "1")
        if not self.dynamic:
            self.assertIn("<output id=\"version\">", self.web.get("/", https=True).body)
            self.assertEqual(self.web.json("/env.json")["value"], "from the build")
            return
        self.assertEqual(self.web.json("/env", https=True)["value"], "plain")
        before = self.web.json("/db")
        after = self.web.json("/db", https=True)
        self.assertEqual(after["rows"], before["rows"] + 1)
        self.assertTrue(after["last"].endswith(" 1"), after)

    def test_2_two_instances_alternate(self):
        with Traffic(self.web, self.version_path) as traffic:
            self.platform.ok("service", "scale", f"{self.project}/{self.app}", "2")
            found = self.wait_instances(self.app, 2)
            say(f"instances: {[i['name'] for i in found]}")
        self.no_failures(traffic)
        if self.dynamic:
            def both():
                return len({self.web.json("/")["instance"] for _ in range(20)}) == 2
            wait_until("both instances to answer", 15, both)

    def test_3_a_deployment_loses_no_request(self):
        with Traffic(self.web, self.version_path) as traffic:
            self.deploy(self.app, self.app_folder(self.app, "2"))
            self.assertEqual(self.version(), "2")
        self.no_failures(traffic)
        self.assertEqual(traffic.json_values("version"), {"1", "2"})
        self.wait_instances(self.app, 2)

    def test_4_rollback_brings_the_old_version(self):
        with Traffic(self.web, self.version_path) as traffic:
            process = self.platform.ok("rollback", f"{self.project}/{self.app}")
            self.assertEqual(process["status"], "finished")
            self.assertEqual(self.version(), "1")
        self.no_failures(traffic)
        releases = self.platform.ok("releases", f"{self.project}/{self.app}")
        self.assertEqual([r["number"] for r in releases if r["status"] == "active"], [1])

    def test_5_failed_deployments_leave_the_old_version_alone(self):
        folder = self.app_folder(self.app, "3")
        setups = FAILURES if self.dynamic else {"builderror": FAILURES["builderror"]}
        with Traffic(self.web, self.version_path, period_s=0.1) as traffic:
            for setup, expected in setups.items():
                with self.subTest(setup):
                    self.fails_as(setup, folder, *expected)
        self.no_failures(traffic)
        self.assertEqual(traffic.json_values("version"), {"1"})
        self.wait_instances(self.app, 2)

    def fails_as(self, setup, folder, step, exit_code, words):
        say(f"deploying the setup {setup}, which must fail")
        answer = self.exit_code(6, "deploy", f"{self.project}/{self.app}", str(folder), "--setup", setup, "--json")
        error = self.platform.process(answer.json()["id"])["error"]
        say(f"it failed: {error}")
        self.assertTrue(error["step"].startswith(step), error)
        self.assertEqual(error.get("exit_code"), exit_code, error)
        self.assertTrue(error["last_lines"], error)
        self.assertIn(words, "\n".join([error["message"], *error["last_lines"]]))
        self.assertIn("the old version (1) serves on", answer.err)
        self.assertEqual(self.version(), "1")


if __name__ == "__main__":
    def more_options(parser):
        parser.add_argument("--app", required=True, choices=TYPES)
        parser.add_argument("--meeting", help="the folder by which side_by_side.py makes several runs wait for each other")
    main(more_options)
