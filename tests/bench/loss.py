"""Does changing a service lose a request? Load on one service while operations change it, beside quiet sessions to another.

`Loss` drives a platform that runs (tests/integration/platform/croft_platform.py) and the load client (tests/load). A steady
run comes first, for comparison; then the same load goes on while the operations happen one after the other.
"""
import json
import pathlib
import shutil
import signal
import subprocess
import tempfile
import time

from croft_platform import say

PROJECT = "loss"
IMPORT = f"""project:
  name: {PROJECT}
services:
  - hostname: web
    type: nodejs@22
    minContainers: 2
    maxContainers: 4
    enableSubdomainAccess: true
  - hostname: still
    type: nodejs@22
    enableSubdomainAccess: true
"""
# Requests per second at share 1: 300 over kept connections, 50 over fresh ones. (mode, protocol, method, scheme, rate)
REQUESTS = (
    ("keepalive", "h1", "GET", "http", 100), ("keepalive", "h1", "POST", "https", 50),
    ("keepalive", "h2", "GET", "https", 100), ("keepalive", "h2", "POST", "https", 50),
    ("fresh", "h1", "GET", "http", 20), ("fresh", "h1", "POST", "http", 10),
    ("fresh", "h2", "GET", "https", 10), ("fresh", "h2", "POST", "https", 10),
)
CONNECTIONS = {("keepalive", "h1"): 50, ("keepalive", "h2"): 2, ("fresh", "h1"): 500, ("fresh", "h2"): 500}
OPERATIONS = ("deploy", "configure", "env", "scale_up", "rollback", "restart", "scale_down", "failing_deploy")


class Outcome:
    """What was measured: `steady` and `during` are summaries of croft-load."""

    def __init__(self, steady, during, operations):
        self.steady, self.during, self.operations = steady, during, operations

    def stream(self, name):
        return next(s for s in self.during["streams"] if s["name"] == name)

    @property
    def requests(self):
        return self.during["requests"]

    @property
    def lost(self):
        return self.requests["failed"] + self.requests["unknown"]

    @property
    def ratio(self):
        return self.requests["latency_ms"]["p99"] / self.steady["requests"]["latency_ms"]["p99"]

    @property
    def versions(self):
        return {v for s in self.during["streams"] for v in s["versions"] if not s["name"].startswith("still")}

    def ended(self, name):
        """Sessions of a stream that did not live until the end."""
        stream = self.stream(name)
        return stream["attempts"] - stream["sessions"]["alive_at_end"]

    def other_than_accepted(self, name):
        stream = self.stream(name)
        return stream["failed"] + stream["unknown"]

    def errors(self):
        return [f"{s['name']}: {e['count']} {e['outcome']} {e['kind']}, first {e['examples'][0]['at']} {e['examples'][0]['detail']}"
                for s in self.during["streams"] for e in s["errors"]]


class Loss:
    """`share`: of the full rate. `root`: of the checkout. Leaves the project in the platform."""

    def __init__(self, platform, root, share=1.0, steady_seconds=30):
        self.platform, self.root = platform, root
        self.share, self.steady_seconds = share, steady_seconds
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="croft-loss-"))
        self.code = self.folder / "app"
        shutil.copytree(root / "tests/apps/load", self.code)
        self.built = 0

    def measure(self, operations):
        try:
            self.prepare()
            say(f"steady load for {self.steady_seconds} s")
            steady = self.wait(self.start_load(self.steady_seconds), self.steady_seconds + 60)
            check_steady(steady)
            say(f"load while {operations} operations happen")
            load = self.start_load(3 * 3600)
            done = []
            try:
                time.sleep(3)
                for number in range(operations):
                    done.append(self.operate(number))
                time.sleep(3)
            except BaseException:
                # What the load saw until then says more than the operation that failed.
                print_table(self.outcome(load, steady, done))
                raise
            return self.outcome(load, steady, done)
        finally:
            shutil.rmtree(self.folder)

    def outcome(self, load, steady, done):
        load.send_signal(signal.SIGINT)
        return Outcome(steady, self.wait(load, 60), done)

    def prepare(self):
        path = self.folder / "import.yml"
        path.write_text(IMPORT)
        self.platform.ok("project", "import", str(path), "--wait")
        for service in ("still", "web"):
            self.platform.ok("service", "env", "set", f"{PROJECT}/{service}", "DRAIN_SECONDS=5")
            self.must(self.build_and_deploy("load", service))

    # Load

    def start_load(self, seconds):
        command = [str(self.platform.programs / "croft-load"), "--duration", f"{seconds}s"]
        for stream in self.streams():
            command += ["--stream", stream]
        output = open(self.folder / "load.json", "w", encoding="utf-8")
        return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.DEVNULL)

    def wait(self, load, seconds):
        if load.wait(seconds) == 2:
            raise SystemExit("croft-load did not understand what it was asked to do")
        return json.loads((self.folder / "load.json").read_text())

    def streams(self):
        for mode, protocol, method, scheme, rate in REQUESTS:
            path = "/echo" if method == "POST" else "/"
            yield (f"{mode},{protocol},{method},name={mode} {protocol} {method},{self.place('web', scheme)},path={path},"
                   f"rate={rate * self.share:g},conns={CONNECTIONS[mode, protocol]},body=200")
        few = max(1, round(20 * self.share))
        many = max(1, round(200 * self.share))
        yield f"download,h1,GET,name=own downloads,{self.place('web', 'https')},path=/download?bytes=2097152&seconds=2,rate={0.5 * self.share:g},timeout=30s"
        yield f"ws,name=own WebSockets,{self.place('web', 'https')},rate=2,conns={few},accept=1001,body=60"
        yield f"sse,name=own events,{self.place('web', 'https')},path=/events,conns={few},accept=end"
        yield f"ws,name=still WebSockets,{self.place('still', 'https')},rate=0.5,conns={many},body=60"
        yield f"sse,name=still events,{self.place('still', 'https')},path=/events,conns={few}"

    def place(self, service, scheme):
        return place(self.platform, PROJECT, service, scheme)

    # Operations

    def operate(self, number):
        name = OPERATIONS[number % len(OPERATIONS)]
        began = time.monotonic()
        getattr(self, name)()
        seconds = time.monotonic() - began
        say(f"operation {number + 1}, {name}: {seconds:.1f} s")
        return {"name": name, "seconds": round(seconds, 2), "at": time.strftime("%H:%M:%S")}

    def deploy(self):
        self.must(self.build_and_deploy("load"))

    def build_and_deploy(self, setup, service="web"):
        self.built += 1
        with open(self.code / "server.js", "a", encoding="utf-8") as file:
            file.write(f"// build {self.built}\n")
        return self.platform.croft("deploy", f"{PROJECT}/{service}", str(self.code), "--setup", setup, "--json")

    def must(self, answer, code=0):
        if answer.code != code:
            raise AssertionError(f"expected exit code {code}: {answer}")

    def configure(self):
        self.must(self.build_and_deploy("configured"))

    def env(self):
        self.platform.ok("service", "env", "set", f"{PROJECT}/web", f"CHANGED=at {time.time():.0f}")
        self.platform.ok("service", "restart", f"{PROJECT}/web")

    def restart(self):
        self.platform.ok("service", "restart", f"{PROJECT}/web")

    def scale_up(self):
        self.platform.ok("service", "scale", f"{PROJECT}/web", "4")

    def scale_down(self):
        self.platform.ok("service", "scale", f"{PROJECT}/web", "2")

    def rollback(self):
        self.platform.ok("rollback", f"{PROJECT}/web")

    def failing_deploy(self):
        self.must(self.build_and_deploy("neverready"), 6)


def place(platform, project, service, scheme):
    """Where croft-load finds a service: through the edge of this platform."""
    return platform.load_place(platform.ok("service", "show", f"{project}/{service}")["urls"][0], scheme)


def check_steady(steady):
    """A machine that cannot serve the load while nothing happens says nothing about operations."""
    requests = steady["requests"]
    lost = requests["failed"] + requests["unknown"]
    p50 = (requests["latency_ms"] or {"p50": float("inf")})["p50"]
    if lost > 0 or p50 > 500:
        raise AssertionError(f"this machine is too busy to measure on: with nothing happening, {lost} of {requests['attempts']} requests "
                             f"were lost and half of them took more than {p50:.0f} ms. Wait until it is quiet, or lower the share")


def print_table(outcome):
    print(f"\n{'stream':22} {'attempts':>9} {'ok':>9} {'failed':>7} {'unknown':>8} {'p50 ms':>8} {'p99 ms':>8} {'p99 steady':>11}")
    steady = {s["name"]: s for s in outcome.steady["streams"]}

    def ms(summary, name):
        return f"{summary[name]:.1f}" if summary else ""

    def row(name, now, before):
        latency = now["latency_ms"]
        print(f"{name:22} {now['attempts']:>9} {now['ok']:>9} {now['failed']:>7} {now['unknown']:>8} "
              f"{ms(latency, 'p50'):>8} {ms(latency, 'p99'):>8} {ms(before['latency_ms'], 'p99'):>11}")

    for stream in outcome.during["streams"]:
        row(stream["name"], stream, steady[stream["name"]])
    row("all requests", outcome.requests, outcome.steady["requests"])
    print(f"\n{len(outcome.operations)} operations, {outcome.during['duration_s']:.0f} s, {len(outcome.versions)} versions answered")
    for name in ("own WebSockets", "own events", "still WebSockets", "still events"):
        sessions = outcome.stream(name)["sessions"]
        print(f"{name:22} {sessions['alive_at_end']} alive at the end, {sessions['ended_by_server']} ended by the server, "
              f"close codes {sessions['close_codes']}, {sessions['beats']} beats")
    for error in outcome.errors():
        print(error)
