#!/usr/bin/env python3
"""Measurements of one run on this machine, as ratios where machines differ: ./dev bench [NAME…].

Names: start (the command line client), idle (memory of the programs), deploy (against a bare Swarm service),
requests (through edge and core, through the core alone, straight to the container), api (reads). Without a name: all of these.
loss: 300 requests/s over kept and 50 over fresh connections while 50 operations change the service; only when named.
overload: one project and two builds burn four times the cores while another one is served; only when named.
Exit 1 when a limit is exceeded. Every load is bounded; traffic stays on this machine.
"""
import argparse
import datetime
import json
import os
import pathlib
import re
import statistics
import subprocess
import sys
import time
import urllib.parse

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "integration" / "platform"))
from croft_platform import Platform, say, wait_until  # noqa: E402
from api import ApiBench  # noqa: E402
from loss import Loss, print_table  # noqa: E402
from overload import Overload  # noqa: E402

PROJECT = "bench"
IMPORT = f"""project:
  name: {PROJECT}
services:
  - hostname: web
    type: static
    enableSubdomainAccess: true
  - hostname: client
    type: static
"""
ROUNDS = 3
LOAD_SECONDS = 4
CONNECTIONS = 16


class Report:
    def __init__(self):
        self.rows = []

    def add(self, name, value, unit, limit=None, note="", at_least=None):
        over = (limit is not None and value > limit) or (at_least is not None and value < at_least)
        bound = "" if limit is None else f"<= {limit}"
        if at_least is not None:
            bound = f">= {at_least}"
        self.rows.append({"name": name, "value": round(value, 3), "unit": unit, "limit": bound, "over": over,
                          "note": note})
        say(f"{name}: {value:.2f} {unit} {bound}{'  MISSED' if over else ''} {note}")

    def print(self):
        print(f"\n{'measurement':44} {'value':>10} unit   limit")
        for row in self.rows:
            limit = f"{row['limit']}{'  MISSED' if row['over'] else ''}"
            print(f"{row['name']:44} {row['value']:>10.2f} {row['unit']:6} {limit} {row['note']}")


class Bench:
    def __init__(self, platform, root, report, options):
        self.platform, self.root, self.report, self.options = platform, root, report, options

    # The command line client

    def start(self):
        times = []
        for _ in range(30):
            began = time.perf_counter()
            subprocess.run([str(self.platform.programs / "croft"), "--version"], check=True, capture_output=True)
            times.append((time.perf_counter() - began) * 1000)
        self.report.add("croft --version, median of 30", statistics.median(times), "ms", 30)

    # Memory of the programs when nothing happens

    def idle(self):
        say("idle for 15 s")
        time.sleep(15)
        for name, limit in (("croftd", 40), ("croft-node", 25)):
            pid = self.platform.children[name].pid
            status = pathlib.Path(f"/proc/{pid}/status").read_text()
            kib = int(re.search(r"VmRSS:\s+(\d+) kB", status)[1])
            self.report.add(f"{name}, resident when idle", kib / 1024, "MiB", limit)

    # A deployment against what the engine alone needs to start the same image

    def deploy(self):
        self.prepare()
        bare = [self.bare_service(number) for number in range(ROUNDS)]
        totals, steps, to_traffic = [], {}, []
        for _ in range(ROUNDS):
            began = time.monotonic()
            process = self.deploy_site("web")
            totals.append(time.monotonic() - began)
            done = {s["name"]: s for s in self.platform.process(process["id"])["steps"] if s.get("finished_at")}
            for name, step in done.items():
                steps.setdefault(name, []).append(seconds_between(step["started_at"], step["finished_at"]))
            to_traffic.append(seconds_between(done["build"]["finished_at"], done["switch"]["finished_at"]))
        base, total = statistics.median(bare), statistics.median(totals)
        self.report.add("bare Swarm service: create to running", base, "s")
        self.report.add("croft deploy, all of it", total, "s")
        for name, values in steps.items():
            self.report.add(f"  step {name}", statistics.median(values), "s")
        # The page is ready some 50 ms after its server started: nothing is subtracted for that.
        self.report.add("build done to all traffic on the new version", statistics.median(to_traffic), "s", 1.5)
        until_ready = sum(statistics.median(steps.get(name, [0])) for name in ("start", "ready"))
        self.report.add("start and ready / bare service", until_ready / base, "x")
        self.report.add("whole deployment / bare service", total / base, "x")

    def bare_service(self, number):
        """Seconds from the creation of a service with the image of `web` to its running container."""
        image = self.inspect("web")["Config"]["Image"]
        name = f"croft-bench-{os.getpid()}-{number}"
        spec = {"Name": name, "TaskTemplate": {"ContainerSpec": {"Image": image, "Command": ["sleep", "60"]},
                                               "RestartPolicy": {"Condition": "none"}},
                "Mode": {"Replicated": {"Replicas": 1}}, "EndpointSpec": {"Mode": "dnsrr"}}
        wanted = urllib.parse.quote(json.dumps({"service": [name]}))
        began = time.monotonic()
        self.platform.engine_call("POST", "/services/create", spec)
        try:
            wait_until("the bare service to run", 60, lambda: any(
                t["Status"]["State"] == "running"
                for t in self.platform.engine_get(f"/tasks?filters={wanted}")), 0.01)
            return time.monotonic() - began
        finally:
            self.platform.engine_call("DELETE", f"/services/{name}")

    def api(self):
        ApiBench(self.platform, self.report).run()

    # Everybody wants the CPU

    def overload(self):
        Overload(self.platform, self.root, self.report, self.options.seconds).run()

    # Requests

    def requests(self):
        self.prepare()
        client = self.inspect("client")["State"]["Pid"]
        web = self.platform.ok("ps", f"{PROJECT}/web")[0]
        service = self.platform.ok("service", "show", f"{PROJECT}/web")
        port = service["ports"][0]["port"]
        host = urllib.parse.urlsplit(service["urls"][0]).hostname
        inside = ["nsenter", "-t", str(client), "-n"]
        # The core does not answer the host: who asks stands in a container of the project.
        core_address = self.platform.croft("exec", f"{PROJECT}/client", "--no-stdin", "--", "getent", "ahostsv4",
                                           "web").out.split()[0]
        ways = {"straight": (inside, f"http://{web['address4']}:{port}/", host),
                "core": (inside, f"http://{core_address}:{port}/", host),
                "edge and core": ([], f"http://127.0.0.1:{self.platform.http_port}/", host)}
        rates = {name: [] for name in ways}
        latencies = {name: [] for name in ways}
        for _ in range(ROUNDS):
            for name, (prefix, url, header) in ways.items():
                rate, p99 = load(prefix, url, header)
                rates[name].append(rate)
                latencies[name].append(p99)
        medians = {name: statistics.median(values) for name, values in rates.items()}
        for name, rate in medians.items():
            self.report.add(f"requests, {name}", rate, "1/s",
                            note=f"p99 {statistics.median(latencies[name]):.2f} ms")
        for name in ("core", "edge and core"):
            self.report.add(f"{name} / straight", medians[name] / medians["straight"], "x")

    # Requests lost by operations

    def loss(self):
        outcome = Loss(self.platform, self.root, self.options.share).measure(self.options.deploys)
        print_table(outcome)
        self.report.add("requests while operations happen", outcome.requests["attempts"], "")
        self.report.add("failed or unknown", outcome.lost, "", 0)
        self.report.add("p99 then / p99 steady", outcome.ratio, "x", 2)
        for name in ("still WebSockets", "still events"):
            self.report.add(f"{name} that ended", outcome.ended(name), "", 0)
        for name in ("own WebSockets", "own events"):
            self.report.add(f"{name} not ended in order", outcome.other_than_accepted(name), "", 0)

    # Parts

    def prepare(self):
        if self.platform.croft("project", "show", PROJECT).code == 0:
            return
        path = self.platform.home / "bench.yml"
        path.write_text(IMPORT)
        self.platform.ok("project", "import", str(path), "--wait")
        for service in ("client", "web"):
            self.deploy_site(service)

    def deploy_site(self, service):
        return self.platform.ok("deploy", f"{PROJECT}/{service}", str(self.root / "tests/bench/site"), "--setup", "web")

    def inspect(self, hostname):
        service = self.platform.ok("service", "show", f"{PROJECT}/{hostname}")["id"]
        for each in self.platform.engine_get("/containers/json"):
            if each["Labels"].get("croft.service") == service:
                return self.platform.engine_get(f"/containers/{each['Id']}/json")
        raise SystemExit(f"no container of {hostname} runs")


def seconds_between(first, last):
    def seconds(text):
        return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()
    return seconds(last) - seconds(first)


def load(prefix, url, host):
    """(requests per second, p99 in ms) of wrk; every answer must be good."""
    done = subprocess.run([*prefix, "wrk", "-t1", f"-c{CONNECTIONS}", f"-d{LOAD_SECONDS}s", "--latency", "-H",
                           f"Host: {host}", url], check=True, capture_output=True, text=True,
                          timeout=LOAD_SECONDS + 30)
    if "Non-2xx" in done.stdout or "Socket errors" in done.stdout:
        raise SystemExit(f"{url}: not every request was answered well:\n{done.stdout}")
    number, unit = re.search(r"99%\s+([\d.]+)(us|ms|s)", done.stdout).groups()
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", done.stdout)[1])
    return rate, float(number) * {"us": 0.001, "ms": 1, "s": 1000}[unit]


def main():
    names = ("start", "api", "idle", "deploy", "requests", "loss", "overload")
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--root", required=True, type=pathlib.Path)
    parser.add_argument("--programs", type=pathlib.Path, help="default: build/release/bin of the root")
    parser.add_argument("--json", type=pathlib.Path, help="also write the numbers there")
    parser.add_argument("--deploys", type=int, default=50, help="operations of loss")
    parser.add_argument("--share", type=float, default=1.0, help="of the rates of loss")
    parser.add_argument("--seconds", type=int, default=300, help="of overload")
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(names))
    options = parser.parse_args()
    unknown = set(options.names) - set(names)
    if unknown:
        parser.error(f"no measurement {', '.join(sorted(unknown))}; there are {', '.join(names)}")
    report = Report()
    platform = Platform(options.programs or options.root / "build/release/bin", options.root)
    bench = Bench(platform, options.root, report, options)
    wanted = [name for name in names if name in (options.names or names[:-2])]
    try:
        if wanted != ["start"]:
            platform.start()
        for name in wanted:
            say(f"=== {name}")
            getattr(bench, name)()
    except BaseException:
        platform.dump()
        raise
    finally:
        if platform.children:
            platform.stop()
            platform.purge()
    report.print()
    if options.json:
        options.json.write_text(json.dumps(report.rows, indent=2) + "\n")
    return 1 if any(row["over"] for row in report.rows) else 0


if __name__ == "__main__":
    sys.exit(main())
