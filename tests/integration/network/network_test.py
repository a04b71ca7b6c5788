#!/usr/bin/env python3
"""network_test.py CROFT_CORE CROFT_NODE: what must hold of a project's network. Needs root."""
import collections
import json
import os
import pathlib
import signal
import subprocess
import sys
import time
import unittest

import lab as lab_module
from lab import INSTALL, ULA, Core, Instance, Lab, project_id, wait_for

WEB4, WEB6 = "100.64.0.1", f"{ULA}:3::1"
PORTS = [{"port": 3000, "protocol": "tcp", "http": True, "description": ""},
         {"port": 3001, "protocol": "udp", "http": False, "description": ""}]
lab = None


def service(letter, hostname, index, n, instances, ports=PORTS):
    return {"id": letter * 22, "hostname": hostname, "address4": f"100.64.0.{index}",
            "address6": f"{ULA}:{2 * n + 1}::{index}", "ports": ports, "instances": instances}


def shop(a1="serve", a2="serve"):
    instances = [x.desired(d) for x, d in ((lab.a1, a1), (lab.a2, a2)) if d]
    return lab.core_desired(1, "shop", [service("w", "web", 1, 1, instances),
                                        service("j", "job", 2, 1, [lab.job.desired()], [])])


def other():
    return lab.core_desired(2, "other", [service("o", "secret", 1, 2, [lab.b1.desired()])])


def apply(*cores):
    """Publishes and waits until each core has applied it."""
    cores = cores or (shop(), other())
    generation = lab.publish(cores)
    for core in cores:
        n = int(core["project_id"][0])
        wait_for(f"core {n} at generation {generation}", lambda: lab.report(n).get("generation") == generation)


def setUpModule():
    global lab
    lab = Lab(os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2]))
    unittest.addModuleCleanup(lab.close)
    lab.publish([lab.core_desired(1, "shop", []), lab.core_desired(2, "other", [])])
    lab.start_node()
    wait_for("segments", lambda: len(lab.observed.get("segments", [])) == 3)
    lab.core1, lab.core2 = lab.add(Core(lab, 1)), lab.add(Core(lab, 2))
    lab.a1, lab.a2 = lab.add(Instance(lab, "a1", 1, 10)), lab.add(Instance(lab, "a2", 1, 11))
    lab.job = lab.add(Instance(lab, "job", 1, 12))
    lab.b1 = lab.add(Instance(lab, "b1", 2, 10))
    outside = (sys.executable, lab_module.HERE / "instance.py")
    for namespace, name in ((lab.outside, "outside"), (lab.host, "host")):
        program = namespace.start(*outside, name, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert program.stdout.readline() == "up\n"
    resolver = lab.outside.start(sys.executable, lab_module.HERE / "resolver.py", stdout=subprocess.PIPE)
    assert resolver.stdout.readline() == "up\n"
    apply()
    wait_for("everybody in rotation", lambda: lab.rotation(1) == ["a1", "a2", "job"] and lab.rotation(2) == ["b1"])


def names(output):
    return collections.Counter(line.split()[0] for line in output.splitlines())


class Balancing(unittest.TestCase):
    def test_new_connections_spread_evenly(self):
        for kind, address, port in (("tcp", WEB4, 3000), ("tcp", WEB6, 3000), ("udp", WEB4, 3001), ("udp", WEB6, 3001)):
            with self.subTest(kind=kind, address=address):
                self.assertEqual(names(lab.job.probe(kind, address, port, 40)), {"a1": 20, "a2": 20})

    def test_an_instance_reaches_its_own_service(self):
        for address, gateway in ((WEB4, "10.64.16.1"), (WEB6, f"{ULA}:2::1")):
            output = lab.a1.probe("tcp", address, 3000, 10)
            self.assertEqual(names(output), {"a1": 5, "a2": 5})
            self.assertEqual({line.split()[1] for line in output.splitlines()}, {gateway})

    def test_established_connections_outlive_the_rotation(self):
        held = [lab.job.begin_probe("hold", WEB4, 3000) for _ in range(4)]
        at = [h.stdout.readline().split()[0] for h in held]
        self.assertIn("a2", at)
        apply(shop(a2="drain"), other())
        try:
            self.assertEqual(lab.rotation(1), ["a1", "job"])
            self.assertEqual(names(lab.job.probe("tcp", WEB4, 3000, 20)), {"a1": 20})
            for h in held:
                h.stdin.write("still here\n")
                h.stdin.flush()
                self.assertEqual(h.stdout.readline(), "still here\n")
        finally:
            apply()

    def test_connections_to_an_instance_that_is_gone_end_at_once(self):
        held = [lab.job.begin_probe("hold", WEB4, 3000) for _ in range(2)]
        at = [h.stdout.readline().split()[0] for h in held]
        self.assertEqual(sorted(at), ["a1", "a2"])
        apply(shop(a2=None), other())
        try:
            time.sleep(0.3)
            for h, name in zip(held, at):
                h.stdin.write("still there?\n")
                h.stdin.flush()
                answer = h.stdout.readline()
                self.assertEqual(answer.startswith("no:"), name == "a2", answer)
        finally:
            apply()
            wait_for("rotation", lambda: lab.rotation(1) == ["a1", "a2", "job"])

    def test_what_is_not_offered_is_refused_at_once(self):
        self.assertIn("refused", lab.job.probe("tcp", WEB4, 4000))
        self.assertIn("refused", lab.job.probe("tcp", WEB6, 4000))
        for _ in range(20):
            self.assertIn("refused", lab.job.probe("tcp", "100.64.0.9", 80))

    def test_health_moves_instances_in_and_out(self):
        lab.a2.say("unhealthy")
        wait_for("a2 out", lambda: lab.rotation(1) == ["a1", "job"], 2)
        self.assertEqual(names(lab.job.probe("tcp", WEB6, 3000, 6)), {"a1": 6})
        lab.a1.say("unhealthy")
        time.sleep(0.5)
        self.assertEqual(lab.rotation(1), ["a1", "job"], "the last one that answers stays")
        lab.a1.say("ready")
        lab.a2.say("ready")
        wait_for("a2 back", lambda: lab.rotation(1) == ["a1", "a2", "job"], 2)
        lab.a2.say("mute")
        wait_for("a2 silent", lambda: lab.rotation(1) == ["a1", "job"], 5)
        lab.a2.say("ready")
        wait_for("a2 speaks", lambda: lab.rotation(1) == ["a1", "a2", "job"], 5)


class Edge(unittest.TestCase):
    def test_instances_by_dns_over_the_uplink(self):
        resolver = f"{ULA}::2:1"
        found = json.loads(lab.host.probe("dns", resolver, "web.shop.croft", "AAAA"))
        self.assertEqual(found, {"rcode": 0, "addresses": sorted([lab.a1.address6, lab.a2.address6])})
        self.assertEqual(json.loads(lab.host.probe("dns", resolver, "web.shop.croft", "AAAA", "tcp")), found)
        self.assertEqual(json.loads(lab.host.probe("dns", "10.127.8.1", "web.shop.croft", "AAAA")), found)
        self.assertEqual(json.loads(lab.host.probe("dns", resolver, "example.test"))["rcode"], 5)

    def test_reaches_declared_ports_with_its_own_address(self):
        self.assertEqual(lab.host.probe("tcp", lab.a1.address6, 3000), f"a1 {ULA}::1:1")
        self.assertTrue(lab.host.probe("tcp", lab.a1.address6, 4000).startswith("no:"))
        self.assertTrue(lab.host.probe("tcp", lab.a1.address6, 65442).startswith("no:"))
        self.assertTrue(lab.host.probe("tcp", lab.job.address6, 3000).startswith("no:"), "a worker has no port")
        self.assertTrue(lab.host.probe("tcp", f"{ULA}::2:1", 65443).startswith("no:"))

    def test_a_held_instance_is_not_reachable_a_drained_one_is(self):
        apply(shop(a1="hold", a2="drain"), other())
        try:
            self.assertTrue(lab.host.probe("tcp", lab.a1.address6, 3000).startswith("no:"))
            self.assertEqual(lab.host.probe("tcp", lab.a2.address6, 3000), f"a2 {ULA}::1:1")
            self.assertIn("refused", lab.job.probe("tcp", WEB4, 3000))
        finally:
            apply()
            wait_for("rotation", lambda: lab.rotation(1) == ["a1", "a2", "job"])


class Isolation(unittest.TestCase):
    def assert_unreachable(self, namespace, address, port):
        with self.subTest(address=address, port=port):
            answer = namespace.probe("tcp", address, port)
            self.assertTrue(answer.startswith("no:"), answer)

    def test_a_project_reaches_nothing_of_anybody_else(self):
        for address in ("198.51.100.2", "10.127.0.1", "169.254.169.254", "10.127.8.2", lab.b1.address4, "10.64.33.250",
                        "10.64.32.1", "10.127.16.2", f"{ULA}::1:1", f"{ULA}::2:2", "2001:db8::2", lab.b1.address6,
                        f"{ULA}:5::1", f"{ULA}:4::1", f"{ULA}:0:1::2"):
            self.assert_unreachable(lab.job, address, 3000)

    def test_of_the_machine_it_reaches_the_edge_only(self):
        for address in ("198.51.100.2", "2001:db8::2"):
            # By an address of the core: the machine answers the same way back.
            seen = lab.job.probe("tcp", address, 4000)
            self.assertIn(seen, ("host 10.127.8.1", f"host {ULA}::2:1"))
        for address in ("169.254.169.254", "fd00:ec2::254", "10.127.0.1", f"{ULA}::1:1"):
            self.assertTrue(lab.host.probe("tcp", address, 4000).startswith("host "), "somebody listens")
            self.assert_unreachable(lab.job, address, 4000)
        for address in ("10.127.8.2", lab.core2.uplink4, f"{ULA}::2:2", lab.b1.address4, lab.b1.address6):
            self.assert_unreachable(lab.job, address, 4000)
        # The machine's own rules say the same, should the core's not.
        rules = lab.host.run("nft", "list", "chain", "inet", f"croft_{INSTALL}", "to_machine")
        self.assertNotIn("169.254", rules)

    def test_of_its_core_it_reaches_dns_and_exec_once_only(self):
        listener = lab.core1.start(sys.executable, lab_module.HERE / "instance.py", "core", stdin=subprocess.PIPE,
                                   stdout=subprocess.PIPE)
        self.assertEqual(listener.stdout.readline(), "up\n")
        for address in ("10.64.16.1", "10.64.17.250", "10.127.8.1", "10.127.16.1", f"{ULA}:2::1", f"{ULA}:2:1::250"):
            self.assert_unreachable(lab.job, address, 3000)
        self.assert_unreachable(lab.host, f"{ULA}::2:1", 3000)
        self.assert_unreachable(lab.host, "10.127.8.1", 3000)
        listener.kill()

    def test_spoofed_sources_are_dropped(self):
        def arrived():
            return int(lab.outside.run("nft", "list", "counter", "inet", "count", "arrived").split("packets")[1].split()[0])
        lab.outside.run("nft", "add table inet count; add counter inet count arrived; add chain inet count in "
                        "{ type filter hook input priority 0; }; add rule inet count in udp dport 3999 counter name arrived")
        for source, to in (("10.64.33.10", "198.51.100.1"), ("10.64.16.1", "198.51.100.1"), ("10.127.0.1", "198.51.100.1"),
                           ("100.64.0.1", "198.51.100.1"), ("203.0.113.5", "198.51.100.1"),
                           (f"{ULA}:2::1", "2001:db8::1"), (lab.b1.address6, "2001:db8::1"), ("2001:db8::7", "2001:db8::1")):
            lab.job.ip("address", "add", source, "dev", "lo", *(["nodad"] if ":" in source else []))
            self.assertEqual(lab.job.probe("send_from", source, to, 3999), "")
            lab.job.ip("address", "del", source, "dev", "lo")
        lab.job.probe("udp", "198.51.100.1", 3001)  # later than all of them, on the same way
        self.assertEqual(arrived(), 0)
        lab.job.probe("send_from", lab.job.address4, "198.51.100.1", 3999)
        lab.job.probe("send_from", lab.job.address6, "2001:db8::1", 3999)
        wait_for("true sources arrive", lambda: arrived() == 2, 2)

    def test_outside_cannot_come_in_by_the_machine(self):
        lab.outside.ip("route", "add", f"{ULA}::/48", "via", "2001:db8::2")
        lab.outside.ip("route", "add", "10.127.0.0/16", "via", "198.51.100.2")
        self.assert_unreachable(lab.outside, lab.a1.address6, 3000)
        self.assert_unreachable(lab.outside, "10.127.8.1", 53)
        self.assert_unreachable(lab.outside, f"{ULA}::2:1", 53)

    def test_a_claim_of_the_gateway_is_answered(self):
        lab.b1.probe("tcp", "198.51.100.1", 3000)
        before = lab.b1.ip("neigh", "show", "10.64.32.1").split()[4]
        intruder = lab.add(Instance(lab, "intruder", 2, 66))
        intruder.probe("spoof_arp", "eth0", "10.64.32.1", 3)
        wait_for("the true address again", lambda: lab.b1.ip("neigh", "show", "10.64.32.1").split()[4] == before, 3)


class Outside(unittest.TestCase):
    def test_egress_has_the_address_of_the_machine(self):
        self.assertEqual(lab.job.probe("tcp", "198.51.100.1", 3000), "outside 198.51.100.2")
        self.assertEqual(lab.job.probe("tcp", "2001:db8::1", 3000), "outside 2001:db8::2")
        self.assertEqual(lab.job.probe("udp", "198.51.100.1", 3001), "outside 198.51.100.2")

    def test_names(self):
        for gateway in ("10.64.16.1", f"{ULA}:2::1"):
            for name in ("web", "WEB", "web.croft", "web.zerops"):
                self.assertEqual(json.loads(lab.job.probe("dns", gateway, name)), {"rcode": 0, "addresses": [WEB4]})
            self.assertEqual(json.loads(lab.job.probe("dns", gateway, "web", "AAAA"))["addresses"], [WEB6])
            for name in ("secret", "secret.croft", "web.other.croft"):
                self.assertEqual(json.loads(lab.job.probe("dns", gateway, name))["rcode"], 3)
            for transport in ("udp", "tcp"):
                self.assertEqual(json.loads(lab.job.probe("dns", gateway, "example.test", "A", transport)),
                                 {"rcode": 0, "addresses": ["203.0.113.80"]})
            self.assertEqual(json.loads(lab.job.probe("dns", gateway, "missing.test"))["rcode"], 3)


class Once(unittest.TestCase):
    def test_one_runs_the_others_share_its_result(self):
        askers = [x.begin_probe("once", "10.64.16.1", "migrate", 3, 0.5) for x in (lab.a1, lab.a2, lab.a2)]
        heard = sorted(json.loads(a.stdout.readline()) for a in askers)
        self.assertEqual(heard, [["run", 3], ["wait", 3], ["wait", 3]])
        os.kill(lab.core1.worker(), signal.SIGKILL)
        time.sleep(0.5)
        again = lab.a1.probe("once", f"{ULA}:2::1", "migrate", 0, 0)
        self.assertEqual(json.loads(again), [3], "also after the core was killed")
        self.assertEqual(json.loads(lab.b1.probe("once", "10.64.32.1", "migrate", 0, 0)), ["run", 0])


class Crashes(unittest.TestCase):
    def test_killing_croft_core_loses_nothing(self):
        held = lab.job.begin_probe("hold", WEB6, 3000)
        held.stdout.readline()
        hammer = lab.job.begin_probe("hammer", WEB4, 3000, 6)
        for _ in range(5):
            before = lab.core1.worker()
            os.kill(before, signal.SIGKILL)
            wait_for("another croft-core", lambda: lab.core1.worker() not in (0, before), 3)
            time.sleep(0.8)
        held.stdin.write("still here\n")
        held.stdin.flush()
        self.assertEqual(held.stdout.readline(), "still here\n")
        count = json.loads(hammer.stdout.readline())
        self.assertEqual(count["bad"], {})
        self.assertGreater(count["good"], 100)
        wait_for("its report", lambda: lab.rotation(1) == ["a1", "a2", "job"])

    def test_killing_croft_core_is_unnoticed_by_dns(self):
        askers = [lab.job.begin_probe("ask", "10.64.16.1", "web", "A", 6),
                  lab.job.begin_probe("ask", f"{ULA}:2::1", "example.test", "A", 6),
                  lab.job.begin_probe("ask", "10.64.16.1", "web", "A", 6, "tcp"),
                  lab.host.begin_probe("ask", f"{ULA}::2:1", "web.shop.croft", "AAAA", 6)]
        for _ in range(5):
            before = lab.core1.worker()
            os.kill(before, signal.SIGKILL)
            wait_for("another croft-core", lambda: lab.core1.worker() not in (0, before), 3)
            time.sleep(0.8)
        for asker in askers:
            count = json.loads(asker.stdout.readline())
            with self.subTest(asked=asker.args[-5:]):
                print(count, file=sys.stderr)
                self.assertEqual(count["bad"], {})
                self.assertGreater(count["good"], 100)
                # A question that the killed program had taken in hand is gone with it: at most one a kill.
                self.assertLessEqual(count["again"], 5)

    def test_killing_croft_node_changes_nothing(self):
        for round in range(5):
            lab.publish((shop(), other()))
            time.sleep(0.02 * round)
            lab.node.kill()
            lab.node.wait()
            self.assertEqual(lab.host.probe("tcp", lab.a1.address6, 3000), f"a1 {ULA}::1:1")
            lab.start_node()
        apply()
        self.assertEqual(lab.observed["error"], "")

    def test_memory_at_rest(self):
        if b"Sanitizer" in pathlib.Path(sys.argv[1]).read_bytes():
            self.skipTest("a program built with sanitizers needs their memory too")
        def rss_mib(pid):
            fields = pathlib.Path(f"/proc/{pid}/status").read_text().split()
            return int(fields[fields.index("VmRSS:") + 1]) / 1024
        core, node = rss_mib(lab.core1.worker()), rss_mib(lab.node.pid)
        print(f"croft-core {core:.1f} MiB, croft-node {node:.1f} MiB", file=sys.stderr)
        self.assertLess(core, 25)
        self.assertLess(node, 25)


class ZzPurge(unittest.TestCase):
    """Last by name: afterwards nothing is left to test."""

    def test_a_project_that_goes_and_then_everything(self):
        before = lab.host.ip("-o", "link", "show")
        self.assertIn(f"c{INSTALL}v2", before)
        lab.publish((shop(),), [1])
        wait_for("project 2 gone", lambda: f"c{INSTALL}v2" not in lab.host.ip("-o", "link", "show"))
        directory = lab.home / "cores" / project_id(2)
        wait_for("its directory gone", lambda: not directory.exists())
        self.assertEqual(names(lab.job.probe("tcp", WEB4, 3000, 4)), {"a1": 2, "a2": 2})
        lab.node.terminate()
        lab.node.wait()
        lab.purge()
        lab.purge()
        self.assertNotIn(f"c{INSTALL}", lab.host.ip("-o", "link", "show"))
        self.assertEqual(lab.host.run("nft", "list", "ruleset"), "")
        self.assertEqual(lab.host.ip("-6", "route", "show", "proto", "201"), "")
        self.assertEqual(lab.host.run("sysctl", "-n", "net.ipv4.ip_forward"), "0")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[3:], verbosity=2)
