#!/usr/bin/env python3
"""What the way through a project's core costs, beside the bare path, HAProxy and nginx: ./dev bench network [ROUNDS]. Needs root.

network.py CROFT_CORE CROFT_NODE [ROUNDS]. Two instances of a project in network namespaces, as two containers would be, one asks
the other in four ways: at its own address, at its service's address through the core (`croft-core`'s rules, a pair that tells each
other every connection), and through a HAProxy (TCP mode) and an nginx (stream) that stand on the same segment in a namespace of
their own, as the core does. The ways take turns within a round, and a round is measured anew ROUNDS times: of each number the
median. Exit 1 when a ratio misses its aim: requests over kept connections 0.9 of the bare path, new connections 0.7, and both
ahead of both proxies."""
import os
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/integration/network"))
from lab import ULA, Core, Instance, Lab, Namespace, wait_for  # noqa: E402

SECONDS = 3
CONNECTIONS = 32
WEB4, PORT = "100.64.0.1", 3000
BODY_MIB = 16
NGINX = """daemon off; pid {folder}/{name}.pid; error_log {folder}/{name}.log; worker_processes 1;
load_module /usr/lib/nginx/modules/ngx_stream_module.so;
events {{ worker_connections 4096; }}
"""
SERVER = NGINX + """http {{
  access_log off; keepalive_requests 100000000; sendfile on;
  client_body_temp_path {folder}/b; proxy_temp_path {folder}/p; fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  server {{ listen {port} backlog=4096 reuseport; location = / {{ return 200 "ok"; }} location /large {{ root {folder}; }} }}
}}
"""
STREAM = NGINX + """stream {{ server {{ listen {port} backlog=4096; proxy_pass {target}:{port}; tcp_nodelay on; }} }}
"""
HAPROXY = """global
  nbthread 1
  maxconn 8192
defaults
  mode tcp
  timeout connect 5s
  timeout client 60s
  timeout server 60s
frontend f
  bind :{port} backlog 4096
  default_backend b
backend b
  server s {target}:{port}
"""


class Bench:
    def __init__(self, core, node):
        self.lab = Lab(core, node)
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="croft-network-"))
        self.folder.chmod(0o755)

    def close(self):
        self.lab.close()
        subprocess.run(["rm", "-rf", str(self.folder)], check=True)

    def run_program(self, namespace, *argv):
        log = open(self.folder / "programs.log", "a", encoding="utf-8")
        namespace.start(*argv, stdout=log, stderr=log)

    def config(self, name, text, **values):
        path = self.folder / name
        path.write_text(text.format(folder=self.folder, name=name, port=PORT, **values))
        return path

    def prepare(self):
        lab = self.lab
        lab.publish([lab.core_desired(1, "shop", [])], [1])
        lab.start_node()
        wait_for("segments", lambda: len(lab.observed.get("segments", [])) == 2)
        self.web, self.job = lab.add(Instance(lab, "web", 1, 10)), lab.add(Instance(lab, "job", 1, 12))
        # Only its health is needed; the port is nginx's.
        self.web.program.kill()
        self.web.program.wait()
        self.web.start(sys.executable, ROOT / "tests/integration/network/instance.py", "web", "health", stdin=subprocess.PIPE,
                       stdout=subprocess.PIPE)
        (self.folder / "large").write_bytes(os.urandom(1 << 20) * BODY_MIB)
        self.run_program(self.web, "nginx", "-c", self.config("server", SERVER))
        cores = [lab.add(Core(lab, 1, slot)) for slot in "ab"]
        services = [{"id": "w" * 22, "hostname": "web", "address4": WEB4, "address6": f"{ULA}:3::1", "instances": [self.web.desired()],
                     "ports": [{"port": PORT, "protocol": "tcp", "http": False, "description": ""}]}]
        lab.publish([lab.core_desired(1, "shop", services)], [1])
        wait_for("both cores", lambda: sorted(lab.role(1, core.slot) for core in cores) == ["active", "standby"])
        wait_for("rotation", lambda: lab.rotation(1) == ["web"])
        proxies = {"HAProxy": self.proxy("haproxy", 20, "haproxy", "-db", "-f", self.config("haproxy", HAPROXY, target=self.web.address4)),
                   "nginx stream": self.proxy("stream", 21, "nginx", "-c", self.config("stream", STREAM, target=self.web.address4))}
        self.ways = {"bare path": self.web.address4, "core": WEB4, **proxies}
        for way, address in self.ways.items():
            wait_for(way, lambda: "200" in self.job.run("curl", "-sm", "2", "-o", "/dev/null", "-w", "%{http_code}",
                                                        f"http://{address}:{PORT}/", check=False))

    def proxy(self, name, last, *argv):
        """Where a proxy listens, alone in a namespace on the project's segment."""
        namespace, address = self.lab.add(Namespace(name)), self.lab.segment4(1, 256 + last)
        self.lab.attach(namespace, 1, "eth0", f"{address}/20")
        self.run_program(namespace, *argv)
        return address

    def wrk(self, address, path, *more, connections=CONNECTIONS):
        text = self.job.run("wrk", "-t1", f"-c{connections}", f"-d{SECONDS}s", "--timeout", "10s", *more, f"http://{address}:{PORT}{path}")
        if "Socket errors" in text or "Non-2xx" in text:
            raise AssertionError(text)
        return text

    def kept(self, address):
        return float(re.search(r"Requests/sec: +([\d.]+)", self.wrk(address, "/"))[1])

    def fresh(self, address):
        text = self.wrk(address, "/", "-H", "Connection: close")
        return float(re.search(r"Requests/sec: +([\d.]+)", text)[1])

    def throughput(self, address):
        number, unit = re.search(r"Transfer/sec: +([\d.]+)([KMG])B", self.wrk(address, "/large", connections=4)).groups()
        return float(number) * {"K": 1 / 1024, "M": 1, "G": 1024}[unit]


def main():
    rounds = int(sys.argv[3]) if len(sys.argv) > 3 else 5
    bench = Bench(*(os.path.abspath(path) for path in sys.argv[1:3]))
    kinds = {"requests/s, kept connections": bench.kept, "new connections/s": bench.fresh, "throughput, MiB/s": bench.throughput}
    try:
        bench.prepare()
        found = {kind: {way: [] for way in bench.ways} for kind in kinds}
        for number in range(rounds):
            for kind, measure in kinds.items():
                for way, address in bench.ways.items():
                    found[kind][way].append(measure(address))
            print(f"round {number + 1} of {rounds}", file=sys.stderr, flush=True)
    finally:
        bench.close()
    print(f"{'':32}" + "".join(f"{way:>22}" for way in bench.ways))
    ratios = {}
    for kind, ways in found.items():
        middle = {way: statistics.median(numbers) for way, numbers in ways.items()}
        # Of a round, what was measured side by side.
        ratios[kind] = {way: statistics.median(n / bare for n, bare in zip(numbers, ways["bare path"])) for way, numbers in ways.items()}
        print(f"{kind:32}" + "".join(f"{middle[way]:>14,.0f} ({ratios[kind][way]:.2f})" for way in ways))
    missed = [f"{kind}: {ratios[kind]['core']:.2f} < {aim}"
              for kind, aim in (("requests/s, kept connections", 0.9), ("new connections/s", 0.7)) if ratios[kind]["core"] < aim]
    missed += [f"{kind}: not ahead of {way}" for kind in list(kinds)[:2] for way in ("HAProxy", "nginx stream")
               if ratios[kind]["core"] <= ratios[kind][way]]
    for line in missed:
        print("MISSED " + line)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
