"""croftd killed before and after every step of every process, on a real engine, while requests come in.

For each case: croftd is started with CROFT_FAILPOINT and dies at that point of an operation; started again without it,
the operation must have ended 30 s later; then what exists is read from outside (outside.py). Nothing may be lost on the
way. `--full` runs all cases, `--only REGEX` some; without either, a run of a few minutes.
"""
import contextlib
import http.client
import pathlib
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "platform"))
import platform_case  # noqa: E402
from load import Load, request_streams  # noqa: E402
from outside import Outside, Wanted  # noqa: E402
from platform_case import PlatformCase, say, wait_until  # noqa: E402
from scenarios import chosen  # noqa: E402

PROJECT, SECOND = "matrix", "matrix2"
IMPORT = f"""project:
  name: {PROJECT}
services:
  - hostname: web
    type: nodejs@22
    maxContainers: 2
    enableSubdomainAccess: true
  - hostname: solo
    type: nodejs@22
    enableSubdomainAccess: true
  - hostname: job
    type: nodejs@22
    enableSubdomainAccess: true
"""
IMPORT_SECOND = f"""project:
  name: {SECOND}
services:
  - hostname: cache
    type: valkey@8
    mode: NON_HA
"""
SETUPS = """
  - setup: solo
    extends: load
    deploy:
      temporaryShutdown: true

  - setup: soloneverready
    extends: neverready
    deploy:
      temporaryShutdown: true
"""
RESUME_LIMIT_S = 30
SETTLE_LIMIT_S = 40  # Swarm lets go of secrets and networks some seconds after their last container
RATE = 30


class Matrix:
    """The services that operations are done to, and what they should look like."""

    def __init__(self, case_class):
        self.case = case_class
        self.platform = case_class.platform
        self.folder = case_class.app_folder("load", "matrix")
        with open(self.folder / "croft.yml", "a", encoding="utf-8") as file:
            file.write(SETUPS)
        self.outside = Outside(self.platform)
        self.built = 0

    def prepare(self):
        self.case.import_text(IMPORT)
        self.platform.project_names = {self.project_id(PROJECT): PROJECT}
        for service in ("web", "solo", "job"):
            for _ in range(1 if service == "job" else 2):  # one to roll back to
                self.finished(self.deploy(service))
        self.urls = {s: self.platform.ok("service", "show", f"{PROJECT}/{s}")["urls"][0] for s in ("web", "job")}
        self.wanted = {"web": 1, "solo": 1, "job": 1}
        self.second = None  # services of the other project

    def project_id(self, name):
        return self.platform.ok("project", "show", name)["id"]

    def service_id(self, project, name):
        return self.platform.ok("service", "show", f"{project}/{name}")["id"]

    def finished(self, answer):
        if answer.code != 0:
            raise AssertionError(str(answer))

    # Operations: each gives the command and is told afterwards how it ended

    def deploy(self, service, *more, setup=None):
        self.built += 1
        with open(self.folder / "server.js", "a", encoding="utf-8") as file:
            file.write(f"// build {self.built}\n")
        setup = setup or ("solo" if service == "solo" else "load")
        return self.platform.croft("deploy", f"{PROJECT}/{service}", str(self.folder), "--setup", setup, *more)

    def act(self, *args):
        return self.platform.croft(*args)

    def make_ready(self, case):
        """What must be there before the operation."""
        if case.kind == "service.start" and self.wanted["job"]:
            self.finished(self.act("service", "stop", f"{PROJECT}/job"))
            self.wanted["job"] = 0
        if case.kind == "service.stop" and not self.wanted["job"]:
            self.finished(self.act("service", "start", f"{PROJECT}/job"))
            self.wanted["job"] = 1
        if case.kind == "service.create" and "cache" in self.wanted:
            self.finished(self.act("service", "delete", f"{PROJECT}/cache", "--confirm", "cache"))
            del self.wanted["cache"]
        if case.kind == "service.delete" and "cache" not in self.wanted:
            self.finished(self.act("service", "create", f"{PROJECT}/cache", "--type", "valkey@8"))
            self.wanted["cache"] = 1
        # What a deletion that failed has left can be deleted.
        if self.second == {} or case.kind == "project.import" and self.second is not None:
            self.finished(self.act("project", "delete", SECOND, "--confirm", SECOND))
            self.second = None
        if case.kind == "project.delete" and self.second is None:
            self.finished(self.act("project", "import", self.file(IMPORT_SECOND), "--wait"))
            self.second = {"cache": 1}

    def file(self, text):
        path = self.case.folder / "import-matrix.yml"
        path.write_text(text)
        return str(path)

    def begin(self, case):
        """Starts the operation; croftd may die before it answers."""
        where = f"{PROJECT}/{case.target}"
        if case.kind == "deploy":
            broken = "soloneverready" if case.target == "solo" else "neverready"
            return self.deploy(case.target, "--detach", setup=broken if case.fails else None)
        if case.kind == "service.scale":
            return self.act("service", "scale", where, str(3 - self.wanted["web"]), "--detach")
        if case.kind == "service.create":
            return self.act("service", "create", where, "--type", "valkey@8", "--detach")
        if case.kind == "project.import":
            return self.act("project", "import", self.file(IMPORT_SECOND))
        if case.kind == "project.delete":
            return self.act("project", "delete", SECOND, "--confirm", SECOND, "--detach")
        if case.kind == "service.delete":
            return self.act("service", "delete", where, "--confirm", case.target, "--detach")
        if case.kind == "activate":
            return self.act("rollback", where, "--detach")
        return self.act("service", case.kind.removeprefix("service."), where, "--detach")

    def ended(self, case):
        """Notes what should exist now."""
        if case.kind == "service.scale" and not case.fails:
            self.wanted["web"] = 3 - self.wanted["web"]
        if case.kind in ("service.start", "service.stop"):
            # A start that fails leaves it stopped; a stop that fails after its containers went has stopped it.
            self.wanted["job"] = int(case.kind == "service.start" and not case.fails)
        if case.kind == "service.create":
            self.wanted["cache"] = 1
        if case.kind == "service.delete":
            self.wanted.pop("cache")
        if case.kind == "project.import":
            self.second = {"cache": 1}
        if case.kind == "project.delete":
            # It fails after its services went.
            self.second = {} if case.fails else None

    # What should exist

    def should(self):
        ids = {PROJECT: self.project_id(PROJECT)}
        services = {name: Wanted(self.service_id(PROJECT, name), count, routed=name != "cache")
                    for name, count in self.wanted.items()}
        wanted = {ids[PROJECT]: services}
        names = {ids[PROJECT]: PROJECT}
        if self.second is not None:
            ids[SECOND] = self.project_id(SECOND)
            names[ids[SECOND]] = SECOND
            wanted[ids[SECOND]] = {name: Wanted(self.service_id(SECOND, name), count) for name, count in self.second.items()}
        self.platform.project_names = names
        return wanted

    def versions(self):
        found = set()
        for name in self.wanted:
            status, page = self.platform.api("GET", f"/projects/{PROJECT}/services/{name}/versions?limit=200")
            if status != 200:
                raise AssertionError(f"versions of {name}: {status} {page}")
            found |= {v["id"] for v in page["items"]}
        return found

    def answering(self, service):
        site = self.case.site(service)
        answer = site.get("/")
        if answer.status != 200:
            raise AssertionError(f"{service} answers {answer.status}: {answer.body[:300]}")
        return {k.lower(): v for k, v in answer.headers.items()}["x-app-version"]


class CrashMatrix(PlatformCase):
    project = PROJECT

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.delete_project(SECOND)
        cls.addClassCleanup(cls.delete_project, SECOND)
        cls.matrix = Matrix(cls)
        cls.matrix.prepare()

    @classmethod
    def add(cls, case):
        def run(self):
            self.go_through(case)
        name = "test_" + str(case).replace("/", "_").replace(".", "_").replace(":", "_")
        run.__name__ = name
        setattr(cls, name, run)

    def go_through(self, case):
        matrix = self.matrix
        matrix.make_ready(case)
        before = {s: matrix.answering(s) for s in ("web", "solo")}
        last = self.newest_process()
        # The service that is taken away first may not be asked meanwhile.
        with Load(self.platform, request_streams(self.platform, "web", matrix.urls["web"], RATE)) as load:
            self.die_at(case, lambda: matrix.begin(case))
            began = time.monotonic()
            self.platform.start_croftd()
            process = self.wait_terminal(case, last, began)
            took = time.monotonic() - began
            matrix.ended(case)
            complaints = self.settle()
            time.sleep(0.5)
        say(f"{case}: {process['status']} {took:.1f} s after the start, settled {time.monotonic() - began:.1f} s after it, "
            f"{load.attempts} requests, {load.lost} lost, slowest {load.slowest_ms():.0f} ms")
        self.assertEqual(complaints, [], "what exists outside")
        self.assertEqual(load.lost, 0, "\n".join(load.errors()))
        self.assertGreater(load.attempts, 20, "hardly any request was sent: this proves nothing")
        self.assertLessEqual(took, RESUME_LIMIT_S)
        self.check_versions(case, process, before)

    def die_at(self, case, operation):
        self.platform.kill("croftd")
        self.platform.start_croftd(env={"CROFT_FAILPOINT": case.failpoints})
        doomed = self.platform.children["croftd"]
        answer = operation()
        code = wait_until(f"croftd to die at {case.point} (croft said: {answer.code} {answer.err[-300:]})", 120,
                          lambda: doomed.poll() is not None and [doomed.returncode], 0.05)
        self.assertEqual(code, [-9], f"croftd did not die of the failpoint\n{self.platform.tail('croftd')}")
        self.platform.children.pop("croftd")

    def newest_process(self):
        return max((p["number"] for p in self.processes()), default=0)

    def processes(self):
        status, page = self.platform.api("GET", "/processes?limit=10")
        self.assertEqual(status, 200, page)
        return page["items"]

    def wait_terminal(self, case, last, began):
        """The process of the operation once it has ended; later than the limit is told by the caller."""
        def over():
            with contextlib.suppress(OSError, http.client.HTTPException):
                for process in self.processes():
                    if process["number"] > last and process["kind"] == case.kind and process["finished_at"]:
                        return process
            return None
        limit = RESUME_LIMIT_S + 60 - (time.monotonic() - began)
        process = wait_until(f"the {case.kind} to end", limit, over, 0.1)
        self.assertEqual(process["status"], "failed" if case.fails else "finished", process)
        return process

    def settle(self):
        """[] as soon as nothing is wrong outside; what still is at the end."""
        deadline = time.monotonic() + SETTLE_LIMIT_S
        while True:
            try:
                wrong = self.matrix.outside.complaints(self.matrix.should(), self.matrix.versions())
            except AssertionError as error:  # a container that went while it was looked at
                wrong = [str(error)]
            if not wrong or time.monotonic() > deadline:
                return wrong
            time.sleep(0.3)

    def check_versions(self, case, process, before):
        changes = case.kind in ("deploy", "activate") and not case.fails
        for service, old in before.items():
            now = self.matrix.answering(service)
            if changes and case.target == service:
                self.assertEqual(now, process["result"]["version"], f"{service} answers with another version")
                self.assertNotEqual(now, old)
            else:
                self.assertEqual(now, old, f"{service} answers with another version than before")


def extra(parser):
    parser.add_argument("--full", action="store_true", help="every case")
    parser.add_argument("--only", help="cases whose name matches this regular expression")


def load_tests(loader, _tests, _pattern):
    suite = unittest.TestSuite()
    for case in chosen(platform_case.options.root, platform_case.options.full, platform_case.options.only):
        CrashMatrix.add(case)
        name = "test_" + str(case).replace("/", "_").replace(".", "_").replace(":", "_")
        suite.addTest(CrashMatrix(name))
    return suite


if __name__ == "__main__":
    platform_case.main(extra)
