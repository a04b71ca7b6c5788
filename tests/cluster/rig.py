"""Several machines on one: container engines as nodes, joined to a swarm, and the means to break what is between them.

    rig = Rig(home)
    rig.up(nodes=3, zones=2)
    rig.node(1).docker("node", "ls")
    rig.cut(2, direction="in")      # drop, delay, unplug, freeze, kill_node, and on a node kill_program, kill_container
    rig.heal()
    rig.down()

A node is a network, mount, host name and process namespace with its own /run, engine and data; killing its first process
is a power cut. Everything is in `home`: `state.json` says what there is, so that any later process can go on with the
rig or remove it, also after this one was killed at any instant. The home of a croft is `home`/croft on every node, a
folder of the node's own.
"""
import concurrent.futures
import contextlib
import fcntl
import http.client
import json
import os
import pathlib
import secrets
import shutil
import signal
import socket
import string
import subprocess

import switch as switches
from processes import Group, Process, RigError, Space, run, start_time, wait_until
from switch import Faults, Switch

MAX_NODES = 9
HEARTBEAT = "20s"  # of the swarm's dispatcher: the default of 5 s fires when the processor is busy
NODE_KINDS = ("net", "mount", "uts", "pid")
# $1 folder of the node, $2 where its croft lives on every node, $3 host name, $4 resolvers. In namespaces of its own.
NODE_SET_UP = r"""
hostname "$3"
mount --bind "$1/run" /run
mkdir -p /run/lock /run/cgroup
# The interfaces that /sys shows are those of the namespace it was mounted in; the control groups stay.
mount --rbind /sys/fs/cgroup /run/cgroup
umount --recursive --lazy /sys/fs/cgroup
mount -t sysfs sysfs /sys
mount --move /run/cgroup /sys/fs/cgroup
conf=$(readlink -m /etc/resolv.conf)
[ -e "$conf" ] || { mkdir -p "${conf%/*}"; : > "$conf"; }
mount --bind "$4" "$conf"
mount --bind "$1/croft" "$2"
"""


class Node:
    """One machine of a rig."""

    def __init__(self, rig, index):
        self.rig, self.index = rig, index
        self.name = f"node{index}"
        self.folder = rig.home / f"n{index}"
        self.socket = self.folder / "run/docker.sock"
        self.log = self.folder / "engine.log"
        self.group = Group(f"{rig.group_name}/n{index}")

    @property
    def kept(self):
        return self.rig.state["nodes"][str(self.index)]

    @property
    def zone(self):
        return self.kept["zone"]

    @property
    def address4(self):
        return switches.address4(self.rig.state["number"], self.index)

    @property
    def address6(self):
        return switches.address6(self.rig.state["number"], self.index)

    @property
    def space(self):
        keeper = Process.from_kept(self.kept.get("keeper"))
        if keeper is None:
            raise RigError(f"{self.name} is down")
        return Space(self.group, keeper, NODE_KINDS)

    def alive(self):
        keeper = Process.from_kept(self.kept.get("keeper"))
        return keeper is not None and keeper.alive()

    def frozen(self):
        return self.alive() and self.group.frozen()

    # Programs

    def run(self, *argv, folder=None, check=True, **options):
        """A program on the node, to its end, with its output."""
        return self.space.run(argv, folder, check=check, **options)

    def popen(self, *argv, folder=None, **options):
        """A program on the node as a child of this process. Killing the child kills not the program: kill_program."""
        return subprocess.Popen(self.space.command(argv, folder), **options)

    def start(self, *argv, log=None, folder=None):
        """Leaves a program running on the node."""
        self.space.start(argv, log or self.folder / "programs.log", folder)

    def programs(self, name):
        """The node's processes of this name, those in containers too."""
        found = []
        for pid in self.group.pids():
            started = start_time(pid)
            try:
                words = pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
                names = [pathlib.Path(f"/proc/{pid}/comm").read_text().strip(), os.path.basename(words[0].decode())]
            except (OSError, UnicodeDecodeError):
                continue
            if name in names and started is not None:
                found.append(Process(pid, started))
        return found

    def kill_program(self, name, number=signal.SIGKILL):
        """Signals every process of this name; how many there were. None is an error."""
        found = self.programs(name)
        if not found:
            raise RigError(f"no program {name} runs on {self.name}")
        for process in found:
            process.signal(number)
        return len(found)

    # Engine

    def docker(self, *words, check=True, timeout=120, **options):
        return run(["docker", "-H", f"unix://{self.socket}", *words], check=check, timeout=timeout, **options).stdout.strip()

    def engine_answers(self):
        connection = http.client.HTTPConnection("engine", timeout=5)
        connection.sock = socket.socket(socket.AF_UNIX)
        try:
            with contextlib.closing(connection):
                connection.sock.settimeout(5)
                connection.sock.connect(str(self.socket))
                connection.request("GET", "/_ping")
                return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False

    def kill_container(self, container):
        """SIGKILL to its first process, past the engine."""
        pid = self.docker("inspect", "--format", "{{.State.Pid}}", container)
        if pid == "0":
            raise RigError(f"the container {container} does not run on {self.name}")
        self.run("kill", "-KILL", pid)

    def boot(self):
        """Namespaces, cable and engine; what is in the engine's data comes back."""
        for folder in ("run", "data", "croft"):
            (self.folder / folder).mkdir(parents=True, exist_ok=True)
        for entry in (self.folder / "run").iterdir():  # what a machine forgets
            shutil.rmtree(entry) if entry.is_dir() and not entry.is_symlink() else entry.unlink()
        space = Space.make(self.group, NODE_KINDS, NODE_SET_UP, str(self.folder), str(self.rig.croft_home), self.name,
                           str(self.rig.home / "resolv.conf"))
        self.kept["keeper"] = space.keeper.kept()
        self.rig.save()
        self.rig.switch.plug_in(self.index, space)
        space.start(["dockerd", "--data-root", self.folder / "data", "--exec-root", "/run/docker",
                     "-H", "unix:///run/docker.sock", "--pidfile", "/run/docker.pid",
                     "--exec-opt", "native.cgroupdriver=cgroupfs", "--cgroup-parent", f"/{self.group.name}/containers",
                     "--log-driver", "json-file", "--log-opt", "max-size=16m", "--log-opt", "max-file=3"], self.log)

    def wait_engine(self):
        ended = 0  # looks at which no engine ran: one is not enough, it may be about to start

        def answers():
            nonlocal ended
            if self.engine_answers():
                return True
            ended = 0 if self.programs("dockerd") else ended + 1
            if ended > 10:
                raise RigError(f"the engine of {self.name} ended; the last lines of {self.log}:\n{last_lines(self.log)}")
            return False
        wait_until(f"the engine of {self.name} (log: {self.log})", 60, answers, 0.2)

    def wait_swarm(self):
        """Until its engine says that it takes part in the swarm again."""
        wait_until(f"{self.name} to be in the swarm", 60, lambda: self.docker(
            "info", "--format", "{{.Swarm.LocalNodeState}}", check=False) == "active", 0.2)


class Rig:
    def __init__(self, home):
        self.home = pathlib.Path(home).resolve()
        self.state = {}
        self._read()

    # State

    @property
    def group_name(self):
        return f"croft-rig-{self.state['id']}"

    @property
    def croft_home(self):
        return self.home / "croft"

    @property
    def switch(self):
        keeper = Process.from_kept(self.state.get("switch"))
        if keeper is None or not keeper.alive():
            raise RigError(f"no rig is up in {self.home}: ./dev cluster up")
        return Switch(Space(Group(f"{self.group_name}/switch"), keeper, ("net",)), self.state["id"],
                      self.state["number"], Group(f"{self.group_name}/delay"), self.home / "delay.log")

    @property
    def faults(self):
        return Faults(self.state.get("faults"))

    def nodes(self):
        return [Node(self, int(index)) for index in sorted(self.state.get("nodes", {}), key=int)]

    def node(self, index):
        there = self.state.get("nodes", {})
        if not there:
            raise RigError(f"no rig is up in {self.home}: ./dev cluster up")
        if str(index) not in there:
            raise RigError(f"no node {index}: this rig has {', '.join(there)}")
        return Node(self, int(index))

    def whole(self):
        """Was made completely, and its network is there. Nodes may have been killed."""
        keeper = Process.from_kept(self.state.get("switch"))
        return bool(self.state.get("whole")) and keeper is not None and keeper.alive()

    def _read(self):
        try:
            self.state = json.loads((self.home / "state.json").read_text())
        except FileNotFoundError:
            self.state = {}
        except ValueError as error:
            raise RigError(f"{self.home}/state.json cannot be read: {error}") from error

    def save(self):
        new = self.home / "state.json.new"
        with open(new, "w") as file:
            json.dump(self.state, file, indent=1)
            file.flush()
            os.fsync(file.fileno())
        new.rename(self.home / "state.json")

    @contextlib.contextmanager
    def changing(self):
        """One at a time, with what the one before left."""
        while True:
            if not self.home.exists():
                raise RigError(f"no rig is up in {self.home}: ./dev cluster up")
            lock = os.open(self.home / "lock", os.O_RDWR | os.O_CREAT, 0o600)
            fcntl.flock(lock, fcntl.LOCK_EX)
            with contextlib.suppress(FileNotFoundError):
                if os.path.samestat(os.stat(self.home / "lock"), os.fstat(lock)):
                    break
            os.close(lock)  # whoever had it removed the home
        try:
            self._read()
            yield
        finally:
            os.close(lock)

    # Up and down

    def up(self, nodes=3, zones=1, managers=1, swarm=True):
        """Removes what a rig that was killed left here, and makes a new one. A whole one is an error."""
        if not 1 <= nodes <= MAX_NODES or not 1 <= zones <= nodes or not 1 <= managers <= nodes:
            raise RigError(f"{nodes} nodes, {zones} zones, {managers} managers: 1 to {MAX_NODES} nodes, and not more "
                           "zones or managers than nodes")
        if len(os.fsencode(self.home / "n1/run/docker.sock")) > 107:
            raise RigError(f"the path {self.home} is too long for sockets below it: set CROFT_RIG_HOME to a shorter one")
        self.home.mkdir(parents=True, exist_ok=True)
        with self.changing():
            if self.whole():
                raise RigError(f"a rig is up in {self.home}: use it (./dev cluster status), or remove it "
                               "(./dev cluster down)")
            self._remove()
            try:
                self._make(nodes, zones, managers, swarm)
            except BaseException:
                self._remove()
                raise

    def _make(self, nodes, zones, managers, swarm):
        # Written down before anything of that name exists.
        self.state = {"id": "".join(secrets.choice(string.ascii_lowercase + string.digits) for _ in range(6)),
                      "nodes": {str(i): {"zone": "abcdefghi"[(i - 1) % zones]} for i in range(1, nodes + 1)}}
        self.save()
        self.croft_home.mkdir(exist_ok=True)
        (self.home / "resolv.conf").write_text(resolvers())
        space = Space.make(Group(f"{self.group_name}/switch"), ("net",), ":")
        with switches.free_number() as number:
            self.state.update(switch=space.keeper.kept(), number=number)
            self.save()
            self.switch.connect_machine()
        for node in self.nodes():
            node.boot()
        for node in self.nodes():
            node.wait_engine()
        if swarm:
            self._make_swarm(managers)
        self.state.update(whole=True, swarm=swarm)
        self.save()

    def _make_swarm(self, managers):
        first, *others = self.nodes()
        first.docker("swarm", "init", "--advertise-addr", first.address4, "--listen-addr", f"{first.address4}:2377",
                     "--dispatcher-heartbeat", HEARTBEAT, "--task-history-limit", "10")
        tokens = {role: first.docker("swarm", "join-token", "--quiet", role) for role in ("manager", "worker")}

        def join(node):
            role = "manager" if node.index <= managers else "worker"
            node.docker("swarm", "join", "--token", tokens[role], "--advertise-addr", node.address4,
                        "--listen-addr", f"{node.address4}:2377", f"{first.address4}:2377")
        for node in others[:managers - 1]:
            join(node)  # one manager after the other: each changes the quorum
        with concurrent.futures.ThreadPoolExecutor() as pool:
            list(pool.map(join, others[managers - 1:]))
        for node in self.nodes():
            first.docker("node", "update", "--label-add", f"zone={node.zone}", node.name)

    def down(self):
        """Removes everything, also what a rig that was killed left. Idempotent."""
        if not self.home.exists():
            return
        with self.changing():
            self._remove()
            shutil.rmtree(self.home)

    def _remove(self):
        if "id" in self.state:
            for kept in (self.state.get("switch"), *(node.get("keeper") for node in self.state["nodes"].values())):
                if kept:
                    Process.from_kept(kept).signal(signal.SIGKILL)
            group = Group(self.group_name)
            group.kill()
            switches.remove_from_machine(self.state["id"])
            group.remove()
        for entry in self.home.iterdir():
            if entry.name not in ("lock", "state.json"):
                shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
        (self.home / "state.json").unlink(missing_ok=True)
        self.state = {}

    # Faults

    def cut(self, node, direction="both", peers=(), only=()):
        """Nothing passes. `direction`: in, out or both, as the node sees it. `peers`: between these alone. `only`:
        ports, as "tcp:2377"."""
        self.drop(node, 100, direction, peers, only)

    def drop(self, node, percent, direction="both", peers=(), only=()):
        """This share of the packets is lost."""
        with self._breaking(node, *peers) as faults:
            faults.lose(node, percent, direction, peers, only)

    def cut_between(self, some, others):
        """No packet between these nodes and those: a partition, as between two zones."""
        for node in some:
            self.cut(node, peers=tuple(others))

    def delay(self, node, milliseconds, direction="both"):
        """Packets (IPv4 and IPv6; between nodes in both directions, with the outside only what the node sends)
        arrive that much later."""
        if not 0 < milliseconds <= 10_000 or direction not in switches.DIRECTIONS:
            raise RigError(f"a delay of {milliseconds} ms {direction}: more than 0, at most 10000; "
                           f"{', '.join(switches.DIRECTIONS)}")
        with self._breaking(node) as faults:
            faults.delays[str(node)] = {"ms": milliseconds, "direction": direction}

    def unplug(self, node):
        """The node sees that its cable is out."""
        with self._breaking(node) as faults:
            faults.unplugged = sorted({*faults.unplugged, node})

    @contextlib.contextmanager
    def _breaking(self, *nodes):
        with self.changing():
            for index in nodes:
                self.node(index)
            faults = self.faults
            yield faults
            self._apply(faults)

    def _apply(self, faults):
        # Written down first: what a killed process did not apply, the next one does.
        self.state["faults"] = faults.kept()
        self.save()
        self.switch.apply(faults, [node.index for node in self.nodes() if node.alive()])

    def freeze(self, node):
        """Its programs stop, those in containers too; its kernel goes on: it answers pings and takes connections."""
        with self.changing():
            found = self.node(node)
            if not found.alive():
                raise RigError(f"{found.name} is down")
            found.group.freeze()

    def thaw(self, node):
        with self.changing():
            self.node(node).group.thaw()

    def kill_node(self, node):
        """A power cut: no process says goodbye, and no packet leaves."""
        with self.changing():
            found = self.node(node)
            self.switch.disconnect(node)
            found.space.keeper.signal(signal.SIGKILL)
            found.group.kill()
            self.switch.pull_out(node)
            found.kept["keeper"] = None
            self.save()

    def start_node(self, node):
        """Brings a killed node back, with its disk and its addresses; returns when it is in the swarm again."""
        with self.changing():
            found = self.node(node)
            if found.alive():
                return
            found.group.kill()
            found.boot()
            self._apply(self.faults)
            found.wait_engine()
        if self.state.get("swarm"):
            found.wait_swarm()

    def heal(self, node=None):
        """Takes all faults back, of one node or of all: links, freezes, killed nodes."""
        chosen = [self.node(node)] if node else self.nodes()
        with self.changing():
            faults = self.faults
            for one in chosen:
                faults.heal(one.index)
                if one.alive():
                    one.group.thaw()
            self._apply(faults)
        for one in chosen:
            self.start_node(one.index)

    # For tests

    def share_image(self, image, source=1, targets=None):
        """Copies an image from one node's engine to others'. Made once, an image costs a node a second."""
        archive = self.home / f"image-{secrets.token_hex(4)}.tar"
        try:
            self.node(source).docker("save", "--output", str(archive), image, timeout=600)
            for node in self.nodes():
                if node.index != source and (targets is None or node.index in targets):
                    node.docker("load", "--quiet", "--input", str(archive), timeout=600)
        finally:
            archive.unlink(missing_ok=True)


def resolvers():
    """resolv.conf for the nodes. A resolver on the machine's loopback cannot be theirs."""
    text = ""
    for path in ("/etc/resolv.conf", "/run/systemd/resolve/resolv.conf"):
        with contextlib.suppress(OSError):
            text = pathlib.Path(path).read_text()
            if any(line.startswith("nameserver") and line.split()[1] != "::1" and not line.split()[1].startswith("127.")
                   for line in text.splitlines() if len(line.split()) > 1):
                break
    return text


def last_lines(path, count=15):
    try:
        return "\n".join(path.read_text(errors="replace").splitlines()[-count:])
    except OSError:
        return ""
