"""kill -9 of every program under load: what is lost, and for how long nobody answers.

`--repeat N`: kills of each program (3; the full run is 30). The numbers are printed as one table at the end.
"""
import json
import os
import pathlib
import random
import signal
import socket
import subprocess
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "platform"))
import platform_case  # noqa: E402
from croft_platform import read_text  # noqa: E402
from machine import start_time  # noqa: E402
from load import Load, request_streams  # noqa: E402
from outside import Outside, Wanted, label  # noqa: E402
from platform_case import PlatformCase, say, wait_until  # noqa: E402

PROJECT = """project:
  name: kills
services:
  - hostname: web
    type: nodejs@22
    minContainers: 2
    maxContainers: 2
    enableSubdomainAccess: true
  - hostname: client
    type: nodejs@22
"""
RATE = 100
HELD = 20
CADDY_REFUSES_AT_MOST_S = 1.0
ENGINE_BACK_WITHIN_S = 120


class Knocker:
    """Asks the edge over a fresh connection every 10 ms; `gaps`: (from, seconds) in which nobody answered."""

    def __init__(self, site):
        self.site = site
        self.stop = threading.Event()
        self.asked, self.failures, self.gaps, self.kinds = 0, 0, [], {}
        self.thread = threading.Thread(target=self._run)

    def _run(self):
        since = None
        while not self.stop.is_set():
            began = time.monotonic()
            self.asked += 1
            try:
                answer = self.site.get("/", timeout=10)
                good = answer.status == 200
                kind = str(answer.status)
            except Exception as error:  # noqa: BLE001 - whatever happened, nobody answered
                good, kind = False, type(error).__name__
            if not good:
                self.failures += 1
                self.kinds[kind] = self.kinds.get(kind, 0) + 1
                since = since or began
            elif since:
                self.gaps.append((since, time.monotonic() - since))
                since = None
            self.stop.wait(0.01)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.stop.set()
        self.thread.join(30)

    @property
    def longest(self):
        return max((seconds for _, seconds in self.gaps), default=0.0)


def core_of(supervisor):
    """Process id of `croft-core run`; 0 while there is none. keepalived and conntrackd are children, too."""
    for pid in children_of(supervisor):
        if read_text(pathlib.Path(f"/proc/{pid}/cmdline")).split("\0")[1:2] == ["run"]:
            return pid
    return 0


def children_of(pid):
    return [int(p) for p in read_text(pathlib.Path(f"/proc/{pid}/task/{pid}/children")).split()]


class KillCase(PlatformCase):
    """Two instances of a service and a client, and what must be there after each kill."""

    project = "kills"
    table = None

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.table = []
        cls.import_text(PROJECT)
        folder = cls.app_folder("load", "1")
        for service in ("web", "client"):
            cls.deploy(service, folder, "--setup", "load")
        cls.url = cls.platform.ok("service", "show", "kills/web")["urls"][0]
        cls.outside = Outside(cls.platform)
        cls.addClassCleanup(cls.print_table)

    @classmethod
    def print_table(cls):
        print(f"\n{'killed':32} {'kills':>6} {'attempts':>9} {'lost':>5} {'slowest ms':>11}  remarks")
        for row in cls.table:
            print("{:32} {:>6} {:>9} {:>5} {:>11.0f}  {}".format(*row), flush=True)

    def setUp(self):
        self.repeat = platform_case.options.repeat
        self.wait_instances("web", 2)

    def project_id(self):
        return self.platform.ok("project", "show", "kills")["id"]

    def service_id(self, name):
        return self.platform.ok("service", "show", f"kills/{name}")["id"]

    def edge_answers(self):
        try:
            return self.site("web").get("/", timeout=2).status == 200
        except OSError:
            return False

    def everything_is_there(self, limit=40):
        project = self.project_id()
        self.platform.project_names = {project: "kills"}
        wanted = {project: {"web": Wanted(self.service_id("web"), 2, routed=True),
                            "client": Wanted(self.service_id("client"), 1)}}
        wrong = []

        def nothing_wrong():
            nonlocal wrong
            try:
                wrong = self.outside.complaints(wanted, None)
            except (AssertionError, OSError) as error:
                wrong = [str(error)]
            # The swarm keeps a few of the containers that ended.
            wrong = [w for w in wrong if not w.endswith("is exited")]
            return not wrong
        try:
            wait_until("everything to be as it should", limit, nothing_wrong, 0.3)
        except AssertionError:
            self.fail(wrong)
        wait_until("the instances in rotation", 60, lambda: self.wait_instances("web", 2))


class Kills(KillCase):
    def under_load(self, name, kill, pause=(0.3, 1.2)):
        """`kill` again and again while requests come; gives the Load."""
        with Load(self.platform, self.streams()) as load:
            time.sleep(1)
            for _ in range(self.repeat):
                kill()
                time.sleep(random.uniform(*pause))
            time.sleep(1)
        self.table.append((name, self.repeat, load.attempts, load.lost, load.slowest_ms(), ""))
        say(f"{name}: {load.attempts} attempts, {load.lost} lost, slowest {load.slowest_ms():.0f} ms")
        return load

    def streams(self):
        yield from request_streams(self.platform, "web", self.url, RATE)
        yield "WebSockets", f"ws,rate=10,conns={HELD},body=60", self.platform.load_place(self.url, "https")
        yield "downloads", "download,h1,GET,path=/download?bytes=1048576&seconds=1,rate=1,timeout=30s", \
            self.platform.load_place(self.url, "http")

    def nothing_lost(self, load):
        self.assertEqual(load.lost, 0, "\n".join(load.errors()))
        self.assertGreater(load.attempts, RATE, "hardly any request was sent: this proves nothing")

    def test_a_nothing(self):
        """For comparison: how slow this machine is by itself."""
        with Load(self.platform, self.streams()) as load:
            time.sleep(2 + self.repeat)
        self.table.append(("nothing", 0, load.attempts, load.lost, load.slowest_ms(), ""))
        self.nothing_lost(load)

    # The programs of the control plane: nobody notices

    def test_croftd(self):
        def kill():
            self.platform.kill("croftd")
            time.sleep(random.uniform(0, 0.5))
            self.platform.start_croftd()
        self.nothing_lost(self.under_load("croftd", kill))
        self.everything_is_there()

    def test_croft_node(self):
        def kill():
            self.platform.kill("croft-node")
            time.sleep(random.uniform(0, 1.5))
            self.platform.start_node()
        self.nothing_lost(self.under_load("croft-node", kill))
        self.everything_is_there()

    # The core: what is established goes on in the kernel, what is new waits for the next one

    def test_croft_core(self):
        supervisor = self.outside.pid_of("core", self.project_id())

        def kill():
            child = wait_until("a croft-core", 10, lambda: core_of(supervisor), 0.02)
            os.kill(child, signal.SIGKILL)
            wait_until("the next croft-core", 10, lambda: core_of(supervisor) not in (0, child), 0.02)

        seconds = self.repeat * 2.5 + 5
        held = self.hold_connections(seconds)
        load = self.under_load("croft-core", kill, (1.0, 2.0))
        told = self.told_by(held)
        self.table.append(("croft-core, held TCP inside", self.repeat, told["beats"], told["lost"], told["longest_ms"],
                           f"{told['connections']} connections"))
        self.assertEqual(told["connections"], HELD)
        self.assertEqual(told["lost"], 0, told)
        self.assertGreater(told["beats"], HELD * 20)
        self.nothing_lost(load)
        self.assertEqual(self.outside.pid_of("core", self.project_id()), supervisor, "the container was not restarted")
        self.everything_is_there()

    def hold_connections(self, seconds):
        """From another service of the project, to the service's own address: translated by the core."""
        script = (pathlib.Path(__file__).parent / "hold_tcp.js").read_text()
        env = {**os.environ, "CROFT_URL": self.platform.url, "CROFT_TOKEN": self.platform.token,
               "HOME": str(self.platform.home / "cli"), "XDG_CONFIG_HOME": str(self.platform.home / "cli")}
        command = [str(self.platform.programs / "croft"), "exec", "kills/client", "--no-stdin", "--", "node", "-e", script,
                   "--", "web", "4000", str(HELD), f"{seconds:.0f}"]
        child = subprocess.Popen(command, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                 text=True)
        time.sleep(1)
        return child

    def told_by(self, child):
        out, err = child.communicate(timeout=self.repeat * 3 + 60)
        self.assertEqual(child.returncode, 0, err)
        return json.loads(out.strip().splitlines()[-1])

    # The edge

    def test_caddy(self):
        with Knocker(self.site("web")) as knocker:
            time.sleep(1)
            for _ in range(self.repeat):
                pid = self.caddy()
                os.kill(pid, signal.SIGKILL)
                wait_until("the next Caddy", 30, lambda: self.caddy() not in (None, pid), 0.05)
                wait_until("an answer of the edge", 30, self.edge_answers, 0.05)
                time.sleep(random.uniform(1.0, 1.5))
        self.table.append(("Caddy", self.repeat, knocker.asked, knocker.failures, knocker.longest * 1000,
                           f"refuses for {knocker.longest:.2f} s at most, {knocker.kinds}"))
        self.assertLessEqual(knocker.longest, CADDY_REFUSES_AT_MOST_S, knocker.gaps)
        self.everything_is_there()

    def test_edge_resolver(self):
        def resolver():
            children = children_of(self.outside.pid_of("edge"))
            return [pid for pid in children if read_text(pathlib.Path(f"/proc/{pid}/comm")) != "caddy"]

        def kill():
            killed = wait_until("the edge's resolver", 10, resolver, 0.02)[0]
            os.kill(killed, signal.SIGKILL)
            wait_until("the next resolver", 10, lambda: resolver() not in ([], [killed]), 0.02)

        self.nothing_lost(self.under_load("the edge's resolver", kill))

    def caddy(self):
        """The process named caddy in the edge's container, wherever it is in its tree."""
        try:
            pids = [self.outside.pid_of("edge")]
        except AssertionError:
            return None
        while pids:
            pid = pids.pop()
            if read_text(pathlib.Path(f"/proc/{pid}/comm")) == "caddy":
                return pid
            pids += children_of(pid)
        return None

    # An instance, without a drain

    def test_instance(self):
        def kill():
            before = self.wait_instances("web", 2)
            victim = next(c for c in self.outside.containers() if label(c, "croft.service") == self.service_id("web")
                          and c["State"] == "running")
            os.kill(self.platform.engine_get(f"/containers/{victim['Id']}/json")["State"]["Pid"], signal.SIGKILL)
            wait_until("another instance", 60, lambda: {i["name"] for i in self.wait_instances("web", 2)}
                       != {i["name"] for i in before}, 0.1)
        with Load(self.platform, request_streams(self.platform, "web", self.url, RATE)) as load:
            time.sleep(1)
            for _ in range(self.repeat):
                kill()
            time.sleep(1)
        self.table.append(("an instance of two", self.repeat, load.attempts, load.lost, load.slowest_ms(),
                           "; ".join(load.errors())[:300]))
        # What was being answered by the one that was killed cannot be saved: at most what is in flight.
        self.assertLessEqual(load.lost, 3 * self.repeat, "\n".join(load.errors()))


class EngineKilled(KillCase):
    def test_engine(self):
        engine = Engine(self.platform.engine)
        with Knocker(self.site("web")) as knocker:
            time.sleep(1)
            engine.kill()
            away = time.monotonic()
            time.sleep(1)
            # A croftd that starts now, as after a boot, says what is missing.
            self.platform.kill("croftd")
            self.platform.start_croftd()
            wait_until("croftd to say that the engine is away", 20, self.engine_is_missed)
            time.sleep(1)
            self.assertEqual(knocker.failures, 0, "without an engine, what runs goes on")
            engine.start()
            back = time.monotonic()
            self.everything_is_there(ENGINE_BACK_WITHIN_S)
            healthy = time.monotonic()
            wait_until("an answer of the edge", 30, self.edge_answers, 0.05)
            time.sleep(1)
        total = sum(seconds for _, seconds in knocker.gaps)
        self.table.append(("the engine", 1, knocker.asked, knocker.failures, knocker.longest * 1000,
                           f"away {back - away:.1f} s; all healthy {healthy - back:.1f} s after its start; "
                           f"nobody answered for {total:.1f} s"))

    def engine_is_missed(self):
        try:
            status, answer = self.platform.api("GET", "/readyz", prefix="")
        except OSError:
            return False
        return status == 503 and any(c["name"] == "engine" and not c["ok"] for c in answer["checks"])


class Engine:
    """The engine that ./dev test started, as a process: killed, and started again as it was."""

    def __init__(self, endpoint):
        self.socket = pathlib.Path(endpoint)
        self.pid_file = self.socket.parent / "docker.pid"
        self.pid = int(self.pid_file.read_text())
        self.command = pathlib.Path(f"/proc/{self.pid}/cmdline").read_bytes().decode().split("\0")[:-1]
        if str(self.socket) not in " ".join(self.command):
            raise AssertionError(f"{self.pid} is not the engine of {endpoint}: {self.command}")

    def kill(self):
        os.kill(self.pid, signal.SIGKILL)
        wait_until("the engine to be gone", 10, lambda: not pathlib.Path(f"/proc/{self.pid}/cmdline").exists()
                   or not pathlib.Path(f"/proc/{self.pid}/cmdline").read_bytes(), 0.05)
        say("killed the engine")

    def start(self):
        home = self.socket.parent.parent
        with open(home / "logs" / "engine.log", "ab") as log:
            child = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
        # Whoever started the first one stops this one: ./dev knows it by pid and start time.
        (home / "run" / "engine.pid").write_text(f"{child.pid} {start_time(child.pid)}\n")
        wait_until("the engine to answer", 60, self.answers, 0.05)
        say(f"the engine runs again as {child.pid}")

    def answers(self):
        with socket.socket(socket.AF_UNIX) as probe:
            probe.settimeout(2)
            try:
                probe.connect(str(self.socket))
                probe.sendall(b"GET /_ping HTTP/1.0\r\n\r\n")
                return b"200" in probe.recv(64)
            except OSError:
                return False


def extra(parser):
    parser.add_argument("--repeat", type=int, default=3, help="kills of each program")


if __name__ == "__main__":
    platform_case.main(extra)
