"""Everybody wants the CPU at once: what is served to others stays whole (goal R7).

One project burns four times the machine's cores in its containers while two builds burn more; another project answers
requests, and somebody reads the API. Nothing may be lost, and the platform may not take the slowness for death.
"""
import http.client
import json
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import threading
import time

from croft_platform import say
from loss import place

QUIET, BUSY = "quiet", "busy"
REQUESTS_PER_SECOND = 50
READS_PER_SECOND = 5
IMPORT = """project:
  name: {name}
services:
"""
WEB = """  - hostname: {name}
    type: nodejs@22
    minContainers: {containers}
    maxContainers: 8
    enableSubdomainAccess: true
"""
BURN = "node -e \"for (const end = Date.now() + {seconds}000; Date.now() < end;);\""
# Besides those of tests/apps/load: an application that burns one core for good, and a build that burns two.
SETUPS = """
  - setup: burner
    build:
      base: nodejs@22
      deployFiles: [server.js]
    run:
      base: nodejs@22
      start: {forever}

  - setup: burning
    extends: load
    build:
      buildCommands:
        - {burn} & {burn} & wait
"""


class Overload:
    def __init__(self, platform, root, report, seconds):
        self.platform, self.root, self.report, self.seconds = platform, root, report, seconds
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="croft-overload-"))
        self.cores = os.cpu_count()
        self.latencies, self.refused = [], []

    def run(self):
        try:
            self.prepare()
            before = self.containers()
            say(f"{4 * self.cores} burning containers and two burning builds for {self.seconds} s")
            burning = [threading.Thread(target=self.build, args=(name,)) for name in ("one", "two")]
            reader = threading.Thread(target=self.read)
            load = self.start_load()
            for thread in (*burning, reader):
                thread.start()
            for thread in (*burning, reader):
                thread.join()
            load.send_signal(signal.SIGINT)
            load.wait(60)
            self.judge(before)
        finally:
            shutil.rmtree(self.folder)
            for name in (QUIET, BUSY):
                self.platform.croft("project", "delete", name, "--confirm", name)

    # Before

    def prepare(self):
        code = self.folder / "app"
        shutil.copytree(self.root / "tests/apps/load", code)
        with open(code / "croft.yml", "a", encoding="utf-8") as file:
            file.write(SETUPS.format(forever=BURN.format(seconds=86400), burn=BURN.format(seconds=self.seconds)))
        for number in range(2):
            shutil.copytree(code, self.folder / ("one", "two")[number])
        self.bring(QUIET, {"web": 2})
        self.bring(BUSY, {"burner": 4 * self.cores, "one": 1, "two": 1})
        for target, setup in ((f"{QUIET}/web", "load"), (f"{BUSY}/one", "load"), (f"{BUSY}/two", "load"),
                              (f"{BUSY}/burner", "burner")):
            self.platform.ok("deploy", target, str(code), "--setup", setup)

    def bring(self, project, services):
        path = self.folder / f"{project}.yml"
        path.write_text(IMPORT.format(name=project) + "".join(
            WEB.format(name=name, containers=containers) for name, containers in services.items()))
        self.platform.ok("project", "import", str(path), "--wait")

    def containers(self):
        """Ids of what runs for others than the two that build: what must be the same in the end."""
        built = {self.platform.ok("service", "show", f"{BUSY}/{name}")["id"] for name in ("one", "two")}
        return {c["Id"]: c["Names"][0] for c in self.platform.engine_get("/containers/json")
                if "com.docker.swarm.task.id" in c["Labels"] and c["Labels"].get("croft.service") not in built}

    # Meanwhile

    def start_load(self):
        output = open(self.folder / "load.json", "w", encoding="utf-8")
        stream = (f"keepalive,h1,GET,name=requests,{place(self.platform, QUIET, 'web', 'http')},path=/,"
                  f"rate={REQUESTS_PER_SECOND},conns=20")
        return subprocess.Popen([str(self.platform.programs / "croft-load"), "--duration", "3600s", "--stream", stream],
                                stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.DEVNULL)

    def build(self, name):
        answer = self.platform.croft("deploy", f"{BUSY}/{name}", str(self.folder / name), "--setup", "burning")
        if answer.code != 0:
            self.refused.append(str(answer))

    def read(self):
        """At a fixed pace; a connection of its own each time, as the command line client has. Who reads sits at another
        machine, which is not overloaded."""
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), -10)
        end = time.monotonic() + self.seconds
        while time.monotonic() < end:
            began = time.monotonic()
            try:
                connection = http.client.HTTPConnection("127.0.0.1", self.platform.api_port, timeout=30)
                connection.request("GET", f"/api/v1/projects/{QUIET}/services",
                                   headers={"Authorization": f"Bearer {self.platform.token}"})
                answer = connection.getresponse()
                answer.read()
                connection.close()
                if answer.status != 200:
                    self.refused.append(f"API: {answer.status}")
            except OSError as error:
                self.refused.append(f"API: {error}")
            took = time.monotonic() - began
            self.latencies.append(took * 1000)
            time.sleep(max(0, 1 / READS_PER_SECOND - took))

    # After

    def judge(self, before):
        load = json.loads((self.folder / "load.json").read_text())["requests"]
        after = self.containers()
        replaced = [name for container, name in before.items() if container not in after]
        for line in [*replaced, *self.refused]:
            say(f"  {line}")
        self.latencies.sort()
        p99 = self.latencies[int(len(self.latencies) * 0.99)]
        self.report.add(f"CPU at 4 times overload for {self.seconds} s", 4 * self.cores + 4, "loops")
        self.report.add("  requests to another project", load["attempts"], "")
        self.report.add("  of them failed or unknown", load["failed"] + load["unknown"], "", 0)
        self.report.add("  their p99", load["latency_ms"]["p99"], "ms")
        self.report.add("  containers replaced", len(replaced), "", 0)
        self.report.add("  API reads, p99", p99, "ms", 1000)
        self.report.add("  API reads or builds that failed", len(self.refused), "", 0)
