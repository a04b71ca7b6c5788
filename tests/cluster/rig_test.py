"""The rig itself: every fault does what it says and nothing else, and nothing stays behind. Needs root.

One rig of three nodes for all cases, in a folder below /tmp that belongs to this checkout: what a killed run of this
test left there is removed first.
"""
import contextlib
import hashlib
import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import tarfile
import tempfile
import threading
import time
import unittest

from processes import CGROUPS, Process, RigError, run, start_time, wait_until
from machine import end_children
from rig import Rig
from switch import host_link

HERE = pathlib.Path(__file__).resolve().parent
PORT, OTHER_PORT = 7001, 7002
IMAGE = "croft-rig/busybox:test"
rig = None
up_seconds = 0.0
before = None


def say(text):
    print(f"[{time.strftime('%H:%M:%S')}] {text}", flush=True)


def home(name):
    """Two checkouts may be seen at the same path, from mount namespaces of their own."""
    root = os.stat(HERE.parent.parent)
    mark = hashlib.sha256(f"{root.st_dev} {root.st_ino}".encode()).hexdigest()[:6]
    return pathlib.Path(f"/tmp/rig-{mark}-{name}")


def machine():
    """What rigs have on the machine outside of their namespaces, by the names that rigs give."""
    tables = json.loads(run(["nft", "-j", "list", "tables"]).stdout)["nftables"]
    routes = run(["ip", "route"]).stdout + run(["ip", "-6", "route"]).stdout
    mounts = [line.split(" ")[4] for line in pathlib.Path("/proc/self/mountinfo").read_text().splitlines()]
    return {"links": {link["ifname"] for link in json.loads(run(["ip", "-j", "link", "show"]).stdout)
                      if link["ifname"].startswith("rig")},
            "routes": {line for line in routes.splitlines() if " dev rig" in line},
            "tables": {(one["table"]["family"], one["table"]["name"]) for one in tables
                       if one.get("table", {}).get("name", "").startswith("croft_rig_")},
            "mounts": {path for path in mounts if path.startswith(str(home("")))},
            "groups": {str(path) for path in CGROUPS.glob("**/croft-rig-*")}}


def namespaces_of_processes():
    """Of every process on the machine: {"net:[4026…]": pid}."""
    found = {}
    for folder in pathlib.Path("/proc").glob("[0-9]*"):
        if start_time(folder.name) is None:
            continue  # ended, and not yet fetched by its parent
        for kind in ("net", "mnt", "pid", "uts"):
            with contextlib.suppress(OSError):
                found[os.readlink(folder / "ns" / kind)] = int(folder.name)
    return found


def own_namespaces(a_rig):
    """Those of the rig that this process has not."""
    found = set()
    for keeper in kept_keepers(a_rig.state):
        for kind in ("net", "mnt", "pid", "uts"):
            name = os.readlink(f"/proc/{keeper['pid']}/ns/{kind}")
            if name != os.readlink(f"/proc/self/ns/{kind}"):
                found.add(name)
    return found


def probe(node, *words, **options):
    return node.run(sys.executable, HERE / "probe.py", *words, **options).stdout.strip()


def serve(node, port=PORT):
    child = node.popen(sys.executable, HERE / "probe.py", "serve", port, stdout=subprocess.PIPE, text=True)
    assert child.stdout.readline() == "up\n"
    return child


def setUpModule():
    global rig, up_seconds, before
    for name in ("main", "other"):
        Rig(home(name)).down()
    before = machine()
    rig = Rig(home("main"))
    unittest.addModuleCleanup(lambda: rig.down())
    began = time.monotonic()
    rig.up(nodes=3, zones=2)
    up_seconds = time.monotonic() - began
    say(f"3 nodes after {up_seconds:.1f} s")


class Case(unittest.TestCase):
    def setUp(self):
        self.one, self.two, self.three = rig.nodes()
        self.children = []
        self.addCleanup(end_children, self.children)
        self.addCleanup(rig.heal)

    def serve(self, *nodes, port=PORT):
        """On these nodes, until the case ends."""
        for node in nodes:
            self.children.append(serve(node, port))
            self.addCleanup(self.end_probes, node)

    @staticmethod
    def end_probes(node):
        for process in node.programs("python3"):
            process.signal(signal.SIGKILL)

    def hold(self, node, address):
        child = node.popen(sys.executable, HERE / "probe.py", "hold", address, PORT, stdin=subprocess.PIPE,
                           stdout=subprocess.PIPE, text=True)
        self.children.append(child)
        self.assertEqual(child.stdout.readline(), "up\n")
        return child

    @staticmethod
    def ask(held, word):
        held.stdin.write(word + "\n")
        held.stdin.flush()
        return held.stdout.readline().strip()

    def connects(self, asking, address, port=PORT):
        return probe(asking, "tcp", address, port) == "ok"

    def both_families(self, asking, asked):
        return [self.connects(asking, address) for address in (asked.address4, asked.address6)]

    def received(self, sender, receiver, address, count, port=OTHER_PORT):
        """Datagrams that arrive of so many sent; nothing has to come back."""
        seconds = 2 + count / 1000
        child = receiver.popen(sys.executable, HERE / "probe.py", "receive", port, seconds, stdout=subprocess.PIPE, text=True)
        self.children.append(child)
        self.assertEqual(child.stdout.readline(), "up\n")
        probe(sender, "send", address, port, count)
        return int(child.stdout.readline())


class AWholeRig(Case):
    def test_is_up_within_a_minute(self):
        self.assertLess(up_seconds, 60)

    def test_a_swarm_with_zones(self):
        told = self.one.docker("node", "ls", "--format", "{{.Hostname}} {{.Status}} {{.ManagerStatus}}").splitlines()
        self.assertEqual(sorted(line.strip() for line in told), ["node1 Ready Leader", "node2 Ready", "node3 Ready"])
        zones = [self.one.docker("node", "inspect", "--format", "{{.Spec.Labels.zone}}", node.name) for node in rig.nodes()]
        self.assertEqual(zones, ["a", "b", "a"])
        self.assertIn("Heartbeat Period: 20 seconds", self.one.docker("info"))

    def test_nodes_reach_each_other(self):
        self.serve(*rig.nodes())
        for asking in rig.nodes():
            for asked in rig.nodes():
                with self.subTest(asking=asking.name, asked=asked.name):
                    self.assertEqual(self.both_families(asking, asked), [True, True])
                    for address in (asked.address4, asked.address6):
                        self.assertTrue(probe(asking, "udp", address, PORT, 3).startswith("3 "))

    def test_the_machine_reaches_the_nodes(self):
        self.serve(self.two)
        for address in (self.two.address4, self.two.address6):
            with socket.create_connection((address, PORT), 2):
                pass

    def test_each_has_its_own(self):
        self.assertEqual(self.two.run("hostname").stdout.strip(), "node2")
        interfaces = self.two.run("ls", "/sys/class/net").stdout.split()
        self.assertIn("eth0", interfaces)
        self.assertNotIn(host_link(rig.state["id"]), interfaces)
        self.two.run("touch", "/run/a-mark", rig.croft_home / "a-mark")
        for path in ("/run/a-mark", rig.croft_home / "a-mark"):
            self.assertNotEqual(self.one.run("test", "-e", path, check=False).returncode, 0)
            self.assertFalse(os.path.exists(path))
        self.assertEqual(self.two.run("readlink", "/proc/1/exe").stdout.strip(), os.path.realpath("/usr/bin/sleep"))

    def test_names_are_resolved_as_on_the_machine(self):
        servers = [line.split()[1] for line in pathlib.Path("/etc/resolv.conf").read_text().splitlines()
                   if line.startswith("nameserver ")]
        here = run([sys.executable, HERE / "probe.py", "dns", servers[0]]).stdout.strip() if servers else "no"
        if here != "ok":
            self.skipTest("this machine has no resolver that answers")
        for node in rig.nodes():
            self.assertEqual(probe(node, "dns", servers[0]), "ok")

    def test_images_and_containers(self):
        make_image(self.one)
        rig.share_image(IMAGE)
        for node in rig.nodes():
            with self.subTest(node=node.name):
                self.assertEqual(node.docker("run", "--rm", "--network", "host", IMAGE, "/bin/busybox", "hostname"), node.name)

    def test_a_second_up_is_refused(self):
        with self.assertRaisesRegex(RigError, "a rig is up in .*cluster down"):
            Rig(rig.home).up(nodes=1)


def make_image(node):
    """A container's smallest: one static program."""
    if node.docker("images", "--quiet", IMAGE):
        return
    with tempfile.NamedTemporaryFile(suffix=".tar") as file:
        with tarfile.open(fileobj=file, mode="w") as archive:
            archive.add("/bin/busybox", "bin/busybox")
        file.flush()
        node.docker("import", file.name, IMAGE)


class Links(Case):
    def test_cut(self):
        self.serve(*rig.nodes())
        rig.cut(2)
        self.assertEqual(self.both_families(self.one, self.two), [False, False])
        self.assertEqual(self.both_families(self.two, self.three), [False, False])
        self.assertEqual(self.both_families(self.one, self.three), [True, True], "the others go on")
        rig.heal(2)
        self.assertEqual(self.both_families(self.one, self.two), [True, True])

    def test_cut_one_way(self):
        for direction, arrive, leave in (("out", 100, 0), ("in", 0, 100)):
            with self.subTest(direction=direction):
                rig.cut(2, direction)
                for sender, receiver, count in ((self.one, self.two, arrive), (self.two, self.one, leave)):
                    # Without an answer to "who has this address?" nothing would be sent at all.
                    for a, b in ((sender, receiver), (receiver, sender)):
                        hardware = json.loads(b.run("ip", "-j", "link", "show", "eth0").stdout)[0]["address"]
                        a.run("ip", "neigh", "replace", b.address4, "lladdr", hardware, "dev", "eth0")
                        self.addCleanup(a.run, "ip", "neigh", "del", b.address4, "dev", "eth0", check=False)
                    self.assertEqual(self.received(sender, receiver, receiver.address4, 100), count)
                rig.heal(2)

    def test_cut_between_two(self):
        self.serve(*rig.nodes())
        rig.cut(2, peers=[1])
        self.assertFalse(self.connects(self.one, self.two.address4))
        self.assertFalse(self.connects(self.two, self.one.address6))
        self.assertTrue(self.connects(self.two, self.three.address4))
        rig.heal()
        self.assertTrue(self.connects(self.one, self.two.address4))
        rig.cut_between([1], [2, 3])
        self.assertFalse(self.connects(self.one, self.three.address4))
        self.assertTrue(self.connects(self.two, self.three.address4))

    def test_cut_of_one_port(self):
        self.serve(self.two)
        self.serve(self.two, port=OTHER_PORT)
        rig.cut(2, only=[f"tcp:{PORT}"])
        self.assertFalse(self.connects(self.one, self.two.address4))
        self.assertTrue(self.connects(self.one, self.two.address4, OTHER_PORT))
        self.assertTrue(probe(self.one, "udp", self.two.address4, PORT, 3).startswith("3 "))

    def test_drop(self):
        self.serve(self.two)
        rig.drop(2, 30, "in")
        came = self.received(self.one, self.two, self.two.address4, 3000)
        say(f"30 % lost: {came} of 3000 came")
        self.assertTrue(1950 <= came <= 2250, came)  # six standard deviations around 2100
        self.assertEqual(self.received(self.two, self.one, self.one.address4, 500), 500, "the other way none is lost")

    def test_delay(self):
        self.serve(*rig.nodes())
        for address in (self.two.address4, self.two.address6):
            self.assertLess(self.round_trip(self.one, address), 10)
        rig.delay(2, 40)
        for address in (self.two.address4, self.two.address6):
            with self.subTest(address=address):
                self.assertTrue(80 <= self.round_trip(self.one, address) < 160)
        self.assertLess(self.round_trip(self.one, self.three.address4), 10, "the others go on")
        self.assertTrue(self.connects(self.one, self.two.address4))
        rig.delay(2, 60, "out")
        self.assertTrue(60 <= self.round_trip(self.one, self.two.address4) < 115)
        rig.heal(2)
        self.assertLess(self.round_trip(self.one, self.two.address4), 10)

    @staticmethod
    def round_trip(asking, address):
        answered, milliseconds = probe(asking, "udp", address, PORT, 20).split()
        assert int(answered) == 20, answered
        return float(milliseconds)

    def test_unplug(self):
        self.serve(self.two)
        rig.unplug(2)
        wait_until("no carrier", 2, lambda: "NO-CARRIER" in self.two.run("ip", "link", "show", "eth0").stdout)
        self.assertFalse(self.connects(self.one, self.two.address4))
        rig.heal(2)
        wait_until("the link", 5, lambda: self.connects(self.one, self.two.address4))

    def test_faults_of_one_node_add_up(self):
        self.serve(*rig.nodes())
        rig.cut(2, peers=[1])
        rig.cut(2, peers=[3])
        self.assertFalse(self.connects(self.one, self.two.address4))
        self.assertFalse(self.connects(self.three, self.two.address4))


class Programs(Case):
    def test_freeze(self):
        make_image(self.two)
        self.serve(self.two)
        container = self.two.docker("run", "--detach", IMAGE, "/bin/busybox", "sleep", "600")
        self.addCleanup(self.two.docker, "rm", "--force", container)
        held = self.hold(self.one, self.two.address4)
        self.assertEqual(self.ask(held, "before"), "before")
        rig.freeze(2)
        self.assertTrue(self.two.frozen())
        self.assertEqual(self.ask(held, "frozen"), "nothing")
        self.assertFalse(self.two.engine_answers())
        self.assertEqual(len(self.two.programs("busybox")), 1, "what is in containers is frozen, not ended")
        with self.assertRaisesRegex(RigError, "frozen.*thaw"):
            self.two.run("true")
        rig.thaw(2)
        self.assertEqual(self.ask(held, "after"), "frozen", "nothing of the connection is lost")
        wait_until("the engine", 10, self.two.engine_answers)

    def test_kill_a_program(self):
        self.serve(self.two)
        self.assertTrue(self.connects(self.one, self.two.address4))
        self.serve(self.three)
        self.assertGreaterEqual(self.two.kill_program("python3"), 1)
        self.assertIn("refused", probe(self.one, "tcp", self.two.address4, PORT))
        self.assertTrue(self.connects(self.one, self.three.address4), "the same program elsewhere goes on")
        with self.assertRaisesRegex(RigError, "no program python3 runs on node2"):
            wait_until("none left", 5, lambda: self.two.kill_program("python3") == 0)

    def test_kill_a_container(self):
        make_image(self.three)
        container = self.three.docker("run", "--detach", IMAGE, "/bin/busybox", "sleep", "600")
        self.addCleanup(self.three.docker, "rm", "--force", container)
        self.three.kill_container(container)
        self.assertEqual(self.three.docker("wait", container), "137")
        with self.assertRaisesRegex(RigError, "does not run on node3"):
            self.three.kill_container(container)


class APowerCut(Case):
    def test_kill_a_node_and_bring_it_back(self):
        make_image(self.three)
        self.serve(self.three)
        self.three.docker("run", "--detach", "--name", "lost", IMAGE, "/bin/busybox", "sleep", "600")
        self.addCleanup(self.three.docker, "rm", "--force", "lost", check=False)
        identity = self.three.docker("info", "--format", "{{.Swarm.NodeID}}")
        held = self.hold(self.one, self.three.address4)
        self.assertEqual(self.ask(held, "before"), "before")
        namespaces = [os.readlink(f"/proc/{self.three.space.keeper.pid}/ns/{kind}") for kind in ("net", "mnt", "pid")]
        self.three.run("touch", "/run/forgotten", rig.croft_home / "kept")

        began = time.monotonic()
        rig.kill_node(3)
        say(f"node 3 was dead after {time.monotonic() - began:.2f} s")
        self.assertEqual(self.ask(held, "dead"), "nothing", "no end of the connection was sent")
        self.assertEqual(self.three.group.pids(), [])
        self.assertFalse(set(namespaces) & set(namespaces_of_processes()))
        with self.assertRaisesRegex(RigError, "node3 is down"):
            self.three.run("true")

        began = time.monotonic()
        rig.heal()
        say(f"node 3 was back after {time.monotonic() - began:.1f} s")
        self.serve(self.three)
        self.assertEqual(self.both_families(self.one, self.three), [True, True])
        # A machine that starts anew knows nothing of the connection, and says so when it is asked.
        wait_until("the connection to end", 60, lambda: self.ask(held, "returned") == "ended")
        self.assertEqual(self.three.docker("info", "--format", "{{.Swarm.NodeID}}"), identity)
        self.assertEqual(self.three.docker("inspect", "--format", "{{.State.Running}}", "lost"), "false")
        self.assertNotEqual(self.three.run("test", "-e", "/run/forgotten", check=False).returncode, 0)
        self.three.run("test", "-e", rig.croft_home / "kept")
        wait_until("the swarm to see it", 60, lambda: self.one.docker(
            "node", "inspect", "--format", "{{.Status.State}}", "node3") == "ready")

    def test_a_frozen_node_dies_too(self):
        rig.freeze(2)
        rig.kill_node(2)
        self.assertEqual(self.two.group.pids(), [])


class ZzLeavesNothing(unittest.TestCase):
    """Last by name: takes the rig down."""

    def nothing_left(self, name, namespaces=()):
        with self.subTest(rig=name):
            now = machine()
            for kind, was in before.items():
                self.assertEqual(now[kind] - was, set(), kind)
            self.assertFalse(home(name).exists())
            left = {name: pid for name, pid in namespaces_of_processes().items() if name in namespaces}
            self.assertEqual(left, {})

    def test_1_down(self):
        namespaces = own_namespaces(rig)
        self.assertEqual(len(namespaces), 1 + 3 * 4)
        now = machine()
        self.assertEqual({kind for kind in before if now[kind] - before[kind]}, {"links", "routes", "tables", "groups"})
        rig.freeze(2)
        rig.cut(1)
        rig.delay(3, 100)
        began = time.monotonic()
        rig.down()
        say(f"down after {time.monotonic() - began:.1f} s")
        self.nothing_left("main", namespaces)
        rig.down()  # again is nothing

    def test_2_killed_at_any_instant(self):
        ended = []
        for delay in (0.15, 0.5, 1.0, 2.0, 4.0):
            child = self.begin_up("other", "--nodes", "2")
            time.sleep(delay)
            child.kill()
            child.wait()
            state = Rig(home("other")).state
            ended.append(f"{delay} s: {len(kept_keepers(state))} namespaces")
            keepers = [Process.from_kept(kept) for kept in kept_keepers(state)]
            done = subprocess.run([*COMMAND, "--home", home("other"), "down"], capture_output=True, text=True, timeout=60,
                                  check=False)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertFalse(any(keeper.alive() for keeper in keepers))
            self.nothing_left("other")
        say("killed after " + ", ".join(ended))

    def test_3_up_after_a_killed_one(self):
        child = self.begin_up("other", "--nodes", "1", "--no-swarm")
        wait_until("a node", 20, lambda: len(kept_keepers(Rig(home("other")).state)) >= 2)
        child.kill()
        child.wait()
        keepers = [Process.from_kept(kept) for kept in kept_keepers(Rig(home("other")).state)]
        self.assertTrue(keepers and all(keeper.alive() for keeper in keepers))
        again = Rig(home("other"))
        self.addCleanup(again.down)
        again.up(nodes=1, swarm=False)
        self.assertFalse(any(keeper.alive() for keeper in keepers), "of the first nothing is left")
        self.assertTrue(again.node(1).engine_answers())
        again.down()
        self.nothing_left("other")

    def test_4_two_rigs(self):
        first, second = Rig(home("main")), Rig(home("other"))
        for made in (first, second):
            self.addCleanup(made.down)
        with_threads = [threading.Thread(target=made.up, kwargs={"nodes": 1, "swarm": False}) for made in (first, second)]
        for thread in with_threads:
            thread.start()
        for thread in with_threads:
            thread.join()
        self.assertTrue(first.whole() and second.whole())
        self.assertNotEqual(first.state["number"], second.state["number"])
        first.down()
        self.assertTrue(second.node(1).engine_answers())
        with serve(second.node(1)) as child:
            socket.create_connection((second.node(1).address4, PORT), 2).close()
            child.kill()
        second.down()
        self.nothing_left("main")
        self.nothing_left("other")

    def test_5_ended_by_a_signal_it_cleans_up_itself(self):
        child = self.begin_up("other", "--nodes", "2")
        wait_until("a node", 20, lambda: len(kept_keepers(Rig(home("other")).state)) >= 2)
        child.terminate()
        self.assertEqual(child.wait(timeout=60), 128 + signal.SIGTERM)
        Rig(home("other")).down()  # the folder itself
        self.nothing_left("other")

    @staticmethod
    def begin_up(name, *words):
        return subprocess.Popen([*COMMAND, "--home", home(name), "up", *words], stdin=subprocess.DEVNULL,
                                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


COMMAND = [sys.executable, HERE / "cluster.py"]


def kept_keepers(state):
    """Of what an `up` wrote down before it was killed."""
    return [kept for kept in (state.get("switch"), *(node.get("keeper") for node in state.get("nodes", {}).values())) if kept]


if __name__ == "__main__":
    unittest.main(verbosity=2)
