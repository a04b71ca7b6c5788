"""A machine with two projects, in network namespaces. See README.md."""
import http.server
import ipaddress
import json
import os
import pathlib
import shutil
import signal
import socketserver
import subprocess
import sys
import tempfile
import threading

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.resolve().parents[1] / "support"))
from machine import end_children, wait_until  # noqa: E402

ULA = "fd12:3456:789a"
INSTALL = "ab12cd"
NODE = "n" * 22
# Of the machine, on port 4000: what stands for its edge.
EDGE = {"addresses4": ["198.51.100.2", "169.254.169.254"], "addresses6": ["2001:db8::2", "fd00:ec2::254"],
        "tcp_ports": [4000], "udp_ports": []}


def wait_for(what, question, limit_s=15.0):
    return wait_until(what, limit_s, question, 0.05)


class Namespace:
    def __init__(self, name):
        self.name = name
        self.children = []
        self.keeper = subprocess.Popen(["unshare", "--net", "sleep", "infinity"])
        own = os.stat("/proc/self/ns/net").st_ino
        wait_for(f"namespace {name}",
                 lambda: os.stat(f"/proc/{self.keeper.pid}/ns/net").st_ino != own)
        self.ip("link", "set", "lo", "up")

    def command(self, *argv):
        return ["nsenter", "-t", str(self.keeper.pid), "-n", *map(str, argv)]

    def run(self, *argv, check=True):
        done = subprocess.run(self.command(*argv), capture_output=True, text=True, timeout=60)
        if check and done.returncode != 0:
            raise AssertionError(f"{self.name}: {argv}: {done.stderr or done.stdout}")
        return done.stdout.strip()

    def ip(self, *argv):
        return self.run("ip", *argv)

    def sysctl(self, **values):
        self.run("sysctl", "-qw", *[f"{k.replace('__', '.')}={v}" for k, v in values.items()])

    def start(self, *argv, **options):
        child = subprocess.Popen(self.command(*argv), text=True, **options)
        self.children.append(child)
        return child

    def probe(self, *argv):
        return self.run(sys.executable, HERE / "probe.py", *argv)

    def begin_probe(self, *argv):
        return self.start(sys.executable, HERE / "probe.py", *argv, stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE)

    def close(self):
        end_children(self.children)
        self.keeper.kill()
        self.keeper.wait()


class Instance(Namespace):
    """On the segment of project `n`, with the address `last` of node 1's slice."""

    def __init__(self, lab, name, n, last):
        super().__init__(name)
        self.lab, self.n, self.last = lab, n, last
        self.address4, self.address6 = lab.segment4(n, 256 + last), f"{lab.ula}:{2 * n}:1::{last}"
        lab.attach(self, n, "eth0", f"{self.address4}/20", f"{self.address6}/64")
        self.ip("route", "add", "default", "via", lab.segment4(n, 1))
        self.ip("route", "add", "default", "via", f"{lab.ula}:{2 * n}::1")
        self.program = self.start(sys.executable, HERE / "instance.py", name, stdin=subprocess.PIPE,
                                  stdout=subprocess.PIPE)
        assert self.program.stdout.readline() == "up\n"

    def say(self, state):
        self.program.stdin.write(state + "\n")
        self.program.stdin.flush()

    def desired(self, duty="serve"):
        return {"id": self.name, "set_id": "s" * 22, "address4": self.address4,
                "address6": self.address6, "duty": duty}


class Core(Namespace):
    """One of a project's two cores: what a container is, a namespace and all processes in it."""

    def __init__(self, lab, n, slot="a"):
        super().__init__(f"core{n}{slot}")
        self.slot = slot
        self.directory = lab.home / "cores" / project_id(n)
        self.run_dir = lab.home / f"run-{self.name}-{self.keeper.pid}"
        # Another address at each start, and the MAC that Docker derives from it.
        last = {"a": 250, "b": 251}[slot] - 2 * lab.core_starts.get((n, slot), 0)
        lab.core_starts[n, slot] = lab.core_starts.get((n, slot), 0) + 1
        self.address4, self.uplink4 = lab.segment4(n, 256 + last), lab.uplink4(0x1000 + 256 * (250 - last) % 4096 + n)
        lab.attach(self, n, "eth0", f"{self.address4}/20", f"{lab.ula}:{2 * n}:1::{last}/64")
        lab.attach(self, 0, "eth1", f"{self.uplink4}/16", f"{lab.ula}:0:1:{last:x}::{n}/64")
        self.sysctl(net__ipv4__ip_forward=1, net__ipv6__conf__all__forwarding=1, net__ipv4__ip_nonlocal_bind=1,
                    net__ipv6__ip_nonlocal_bind=1)
        self.run("sysctl", "-qw", "net.netfilter.nf_conntrack_tcp_be_liberal=1")
        # As Docker leaves it: a default route to what will be our own address.
        self.ip("route", "add", "default", "via", lab.segment4(n, 1))
        self.log = open(lab.home / f"{self.name}.log", "a")
        # In a container the host name is its id.
        self.program = self.start("unshare", "--uts", "sh", "-c", 'hostname "$0" && exec "$@"', self.name,
                                  lab.core_program, "supervise", "--slot", slot, "--revision", "lab", "--state",
                                  self.directory, "--run", self.run_dir, stdout=self.log, stderr=self.log)

    def programs(self, name):
        """Process ids of the supervisor's children of that name, and of theirs."""
        found, left = [], [self.program.pid]
        while left:
            try:
                children = pathlib.Path(f"/proc/{left[0]}/task/{left[0]}/children").read_text().split()
            except OSError:
                children = []
            left = left[1:] + [int(child) for child in children]
            found += [int(child) for child in children]
        return [pid for pid in found if name_of(pid) == name]

    def worker(self):
        """Process id of `croft-core run`; 0 while there is none."""
        return (self.programs("croft-core") or [0])[0]

    def holds(self, address):
        return f" {address}/" in self.ip("-o", "address", "show")

    def everything(self):
        """Every process in its namespace."""
        own, found = os.stat(f"/proc/{self.keeper.pid}/ns/net").st_ino, []
        for entry in os.listdir("/proc"):
            try:
                if entry.isdigit() and os.stat(f"/proc/{entry}/ns/net").st_ino == own:
                    found.append(int(entry))
            except OSError:
                pass
        return found

    def signal_all(self, number):
        for pid in self.everything():
            if pid != self.keeper.pid:
                os.kill(pid, number)

    def die(self):
        """As a container is killed: all processes at once, then the engine takes its interfaces away."""
        self.signal_all(signal.SIGKILL)
        self.unplug()
        self.keeper.kill()
        self.keeper.wait()

    def unplug(self):
        subprocess.run(self.command("ip", "-batch", "-"), input="link del eth0\nlink del eth1\n", text=True,
                       capture_output=True)

    def close(self):
        if self.keeper.poll() is None:
            self.signal_all(signal.SIGKILL)
        super().close()
        self.log.close()


def name_of(pid):
    try:
        words = pathlib.Path(f"/proc/{pid}/cmdline").read_text().split("\0")
    except OSError:
        return ""
    return "croft-core" if words[1:2] == ["run"] else os.path.basename(words[0])


def project_id(n):
    return str(n) * 22


class Control(http.server.BaseHTTPRequestHandler):
    """The control plane's side of the agent protocol; its server has the lab."""
    @property
    def lab(self):
        return self.server.lab

    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        if self.path.startswith("/agent/v1/cursors"):
            self.wfile.write(b"[]")
            return
        sent = -1
        try:
            while True:
                line = b"\n"
                if self.lab.generation != sent:
                    sent, line = self.lab.generation, json.dumps(self.lab.desired).encode() + b"\n"
                self.wfile.write(line)
                with self.lab.changed:
                    self.lab.changed.wait(2.0)
        except OSError:
            pass

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path.startswith("/agent/v1/observed"):
            self.lab.observed = json.loads(body)
        self.send_response(204 if self.path.startswith("/agent/v1/observed") else 200)
        self.end_headers()

    def log_message(self, *_):
        pass

    def address_string(self):
        return "agent"


class ControlServer(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True


class Lab:
    """One installation. `beside`: another one, on whose machine this one is too."""

    def __init__(self, core_program, node_program, install=INSTALL, ula=ULA, pool="10.64.0.0/10",
                 uplink="10.127.0.0/16", beside=None):
        self.core_program, self.node_program = core_program, node_program
        self.install, self.ula = install, ula
        self.pool, self.uplink = ipaddress.ip_network(pool), ipaddress.ip_network(uplink)
        self.home = pathlib.Path(tempfile.mkdtemp(prefix="croft-lab-"))
        self.namespaces, self.core_starts = [], {}
        self.changed = threading.Condition()
        self.desired, self.observed, self.generation, self.interfaces = {}, {}, 0, 0
        if beside:
            self.host, self.outside = beside.host, beside.outside
        else:
            self.host, self.outside = self.add(Namespace("host")), self.add(Namespace("outside"))
            self.wire_host()
        (self.home / "run").mkdir()
        self.control = ControlServer(str(self.home / "run/agent.sock"), Control)
        self.control.lab = self
        threading.Thread(target=self.control.serve_forever, daemon=True).start()

    def segment4(self, n, offset):
        return str(self.pool[0x1000 * n + offset])

    def uplink4(self, offset):
        return str(self.uplink[offset])

    def add(self, namespace):
        self.namespaces.append(namespace)
        return namespace

    def wire_host(self):
        self.host.ip("link", "add", "eth0", "type", "veth", "peer", "name", "wan", "netns",
                     str(self.outside.keeper.pid))
        for namespace, device, last in ((self.host, "eth0", 2), (self.outside, "wan", 1)):
            namespace.ip("address", "add", f"198.51.100.{last}/24", "dev", device)
            namespace.ip("address", "add", f"2001:db8::{last}/64", "dev", device, "nodad")
            namespace.ip("link", "set", device, "up")
        self.host.ip("route", "add", "default", "via", "198.51.100.1")
        self.host.ip("route", "add", "default", "via", "2001:db8::1")
        self.host.sysctl(net__ipv4__ip_forward=0, net__ipv6__conf__all__forwarding=0)
        # What a tenant must not reach, with somebody listening.
        self.host.ip("address", "add", "169.254.169.254/32", "dev", "lo")
        self.host.ip("address", "add", "fd00:ec2::254/128", "dev", "lo")

    def attach(self, namespace, n, name, *addresses):
        """As Docker's macvlan driver does it."""
        self.interfaces += 1
        device = f"m{self.install}{self.interfaces}"
        self.host.ip("link", "add", device, "link", f"c{self.install}v{n}", "mtu", "1450", "netns",
                     str(namespace.keeper.pid), "type", "macvlan", "mode", "bridge")
        mac = ":".join(f"{byte:02x}" for byte in ipaddress.ip_address(addresses[0].split("/")[0]).packed)
        namespace.ip("link", "set", device, "name", name, "address", f"02:42:{mac}")
        for address in addresses:
            namespace.ip("address", "add", address, "dev", name, *(["nodad"] if ":" in address else []))
        namespace.ip("link", "set", name, "up")

    def start_node(self):
        self.node = self.host.start(self.node_program, "--home", self.home, "--node-id", NODE,
                                    "--install-id", self.install, "--engine", self.home / "no-engine")

    def purge(self):
        return self.host.run(self.node_program, "--home", self.home, "--node-id", NODE,
                             "--install-id", self.install, "--purge")

    def segment(self, n):
        vni = sum(self.install.encode()) * 10 + n  # apart for the ids that tests use
        return {"device": f"c{self.install}v{n}", "vni": vni, "local_address": "198.51.100.2",
                "peers": [], "mtu": 1450}

    def core_desired(self, n, name, services):
        return {
            "project_id": project_id(n), "project_name": name,
            "segment4": self.segment4(n, 0) + "/20", "gateway4": self.segment4(n, 1),
            "segment6": f"{self.ula}:{2 * n}::/64", "gateway6": f"{self.ula}:{2 * n}::1",
            "service_range4": "100.64.0.0/16", "service_range6": f"{self.ula}:{2 * n + 1}::/64",
            "uplink4": str(self.uplink), "uplink_address4": self.uplink4(0x800 + n),
            "uplink6": f"{self.ula}::/64", "uplink_address6": f"{self.ula}::2:{n}",
            "uplink_node4": self.uplink4(1), "uplink_node6": f"{self.ula}::1:1",
            "pair4": [self.uplink4(0x400 + n), self.uplink4(0xc00 + n)],
            "edge_range4": self.uplink4(0) + "/28", "edge_range6": f"{self.ula}::1:0/112",
            "resolvers": ["198.51.100.1"],
            "denied4": [str(self.pool), "198.51.100.2"],
            "denied6": [f"{self.ula}::/48", "2001:db8::2"], "edge": EDGE, "services": services}

    def publish(self, cores, segments=None):
        """New desired state for the agent; the generation it has."""
        with self.changed:
            self.generation += 1
            numbers = segments if segments is not None else [1, 2]
            self.desired = {
                "generation": self.generation,
                "uplink": {"segment": self.segment(0), "child_device": f"c{self.install}u",
                           "node_address4": self.uplink4(1) + "/16", "node_address6": f"{self.ula}::1:1/64",
                           "routes": [{"destination": f"{self.ula}:{2 * n}::/63",
                                       "via": f"{self.ula}::2:{n}"} for n in numbers]},
                "edge": EDGE,
                "segments": [self.segment(n) for n in numbers],
                "cores": [dict(c, generation=self.generation) for c in cores]}
            self.changed.notify_all()
        return self.generation

    def report(self, n):
        """What the active core of project n said last; {} before."""
        found = [c for c in self.observed.get("cores", []) if c["project_id"] == project_id(n) and c["active"]]
        return max(found, key=lambda core: core["active_since_ms"], default={})

    def role(self, n, slot):
        """What the core of that slot says that it is; "" while it says nothing."""
        for core in self.observed.get("cores", []):
            if core["project_id"] == project_id(n) and core["slot"] == slot:
                return core["role"]
        return ""

    def rotation(self, n):
        return sorted(i["id"] for i in self.report(n).get("instances", []) if i["in_rotation"])

    def close(self):
        self.control.shutdown()
        self.control.server_close()
        for namespace in reversed(self.namespaces):
            namespace.close()
        shutil.rmtree(self.home, ignore_errors=True)
