"""Reads of the API by many at once: a croftd on one core, 200 followers of its events beside.

The store is the real one, on disk, with 200 services in one project; none of them has code, so nothing of them runs.
Rates and latencies come from wrk on the other core.
"""
import http.client
import os
import pathlib
import re
import selectors
import socket
import statistics
import subprocess
import threading
import time

from croft_platform import say

SERVICES = 200
FOLLOWERS = 200
CONNECTIONS = 16
SECONDS = 5
LISTINGS = 30
PROJECT = "many"


class Followers:
    """Streams of events that somebody reads, as dashboards do; their number is proof that they live."""

    def __init__(self, port, token):
        self.selector, self.received, self.stopping = selectors.DefaultSelector(), 0, False
        request = (f"GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n"
                   "Accept: text/event-stream\r\n\r\n").encode()
        self.sockets = [socket.create_connection(("127.0.0.1", port)) for _ in range(FOLLOWERS)]
        for one in self.sockets:
            one.sendall(request)
            one.setblocking(False)
            self.selector.register(one, selectors.EVENT_READ)
        self.thread = threading.Thread(target=self.read, daemon=True)
        self.thread.start()

    def read(self):
        while not self.stopping:
            for key, _ in self.selector.select(0.2):
                try:
                    data = key.fileobj.recv(65536)
                except OSError:
                    data = b""
                self.received += len(data)
                if not data:
                    self.selector.unregister(key.fileobj)

    def stop(self):
        """How many are still connected."""
        self.stopping = True
        self.thread.join()
        alive = len(self.selector.get_map())
        for one in self.sockets:
            one.close()
        return alive


class ApiBench:
    def __init__(self, platform, report):
        self.platform, self.report = platform, report

    def run(self):
        # One token asks for everybody here.
        usual = self.platform.ok("platform", "limits")["requests_per_token"]
        self.platform.ok("platform", "limits", "--set", "requests_per_token=1000000")
        self.fill()
        daemon, all_cores = self.platform.children["croftd"].pid, os.sched_getaffinity(0)
        pin(daemon, {min(all_cores)})
        try:
            self.measure(max(all_cores))
        finally:
            pin(daemon, all_cores)
        self.platform.ok("platform", "limits", "--set", f"requests_per_token={usual}")
        self.platform.ok("project", "delete", PROJECT, "--confirm", PROJECT)

    def fill(self):
        services = "".join(f"  - hostname: s{number}\n    type: nodejs@22\n" for number in range(SERVICES))
        answer = self.platform.croft("project", "import", "-", stdin=f"project:\n  name: {PROJECT}\nservices:\n{services}")
        if answer.code != 0:
            raise AssertionError(str(answer))
        status, page = self.platform.api("GET", f"/projects/{PROJECT}/services?limit={SERVICES}")
        assert status == 200 and len(page["items"]) == SERVICES, (status, len(page.get("items", [])))

    def measure(self, core):
        followers = Followers(self.platform.api_port, self.platform.token)
        time.sleep(1)
        rows = [self.ask(core, path) for path in
                ("/whoami", f"/projects/{PROJECT}/services/s7", "/processes?limit=20")]
        alive = followers.stop()
        for path, rate, p99 in rows:
            say(f"{path}: {rate:.0f} requests/s, p99 {p99:.1f} ms")
        self.report.add("API reads, the slowest of three kinds", min(r[1] for r in rows), "1/s", at_least=5000)
        self.report.add("  p99 of those", max(r[2] for r in rows), "ms", 10)
        self.report.add("followers of events alive after it", alive, "", at_least=FOLLOWERS)
        self.report.add("a list of 200 services, median of 30", self.listing(), "ms", 50)

    def ask(self, core, path):
        done = subprocess.run(["taskset", "-c", str(core), "wrk", "-t1", f"-c{CONNECTIONS}", f"-d{SECONDS}s", "--latency",
                               "-H", f"Authorization: Bearer {self.platform.token}",
                               f"{self.platform.url}/api/v1{path}"],
                              check=True, capture_output=True, text=True, timeout=SECONDS + 30)
        if "Non-2xx" in done.stdout or "Socket errors" in done.stdout:
            raise SystemExit(f"{path}: not every request was answered well:\n{done.stdout}")
        number, unit = re.search(r"99%\s+([\d.]+)(us|ms|s)", done.stdout).groups()
        rate = float(re.search(r"Requests/sec:\s+([\d.]+)", done.stdout)[1])
        return path, rate, float(number) * {"us": 0.001, "ms": 1, "s": 1000}[unit]

    def listing(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.platform.api_port, timeout=30)
        times = []
        for _ in range(LISTINGS):
            began = time.perf_counter()
            connection.request("GET", f"/api/v1/projects/{PROJECT}/services?limit={SERVICES}",
                               headers={"Authorization": f"Bearer {self.platform.token}"})
            connection.getresponse().read()
            times.append((time.perf_counter() - began) * 1000)
        return statistics.median(times)


def pin(pid, cores):
    """All threads of the process, those of pools too."""
    for thread in pathlib.Path(f"/proc/{pid}/task").iterdir():
        os.sched_setaffinity(int(thread.name), cores)
