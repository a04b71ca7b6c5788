#!/usr/bin/env python3
"""two_installations_test.py CROFT_CORE CROFT_NODE CHOOSE_ADDRESSES: two installations on one machine. Needs root."""
import os
import subprocess
import sys
import unittest

import lab as lab_module
from lab import Core, Instance, Lab, wait_for

CORE, NODE, CHOOSE = (os.path.abspath(path) for path in sys.argv[1:4])
FIRST, SECOND = ("ab12cd", "fd12:3456:789a"), ("ef34gh", "fd98:7654:3210")
labs = []


def install(identity, beside=None):
    """With the ranges that croftd would choose now, on this machine."""
    name, ula = identity
    if beside:
        pool, uplink = beside.host.run(CHOOSE, name).split()
    else:
        pool, uplink = "10.64.0.0/10", "10.127.0.0/16"  # as made by a croft that did not choose
    made = Lab(CORE, NODE, name, ula, pool, uplink, beside)
    labs.append(made)
    unittest.addModuleCleanup(made.close)
    made.publish([made.core_desired(1, "shop", [])], [1])
    made.start_node()
    wait_for("segments", lambda: len(made.observed.get("segments", [])) == 2)
    made.core = made.add(Core(made, 1))
    made.job = made.add(Instance(made, f"job-{name}", 1, 10))
    wait_for("its core", lambda: made.report(1).get("active"))
    return made


def setUpModule():
    first = install(FIRST)
    second = install(SECOND, first)
    for namespace, name in ((second.outside, "outside"), (second.host, "host")):
        program = namespace.start(sys.executable, lab_module.HERE / "instance.py", name, stdin=subprocess.PIPE,
                                  stdout=subprocess.PIPE)
        assert program.stdout.readline() == "up\n"


class TwoInstallations(unittest.TestCase):
    def test_they_have_different_ranges(self):
        first, second = labs
        self.assertFalse(first.uplink.overlaps(second.uplink))
        self.assertFalse(first.pool.overlaps(second.uplink))

    def test_egress_of_both(self):
        for _ in range(3):
            for made in labs:
                with self.subTest(install=made.install):
                    self.assertEqual(made.job.probe("tcp", "198.51.100.1", 3000), "outside 198.51.100.2")
                    self.assertEqual(made.job.probe("udp", "198.51.100.1", 3001), "outside 198.51.100.2")
                    self.assertEqual(made.job.probe("tcp", "2001:db8::1", 3000), "outside 2001:db8::2")

    def test_the_machine_reaches_the_cores_of_both(self):
        for made in labs:
            for address in (made.uplink4(0x801), f"{made.ula}::2:1"):
                self.assertIn('"rcode": 5', made.host.probe("dns", address, "example.test"))

    def test_neither_sees_the_other(self):
        for made, other in (labs, reversed(labs)):
            for address in (other.job.address4, other.job.address6, other.segment4(1, 1), f"{other.ula}:2::1",
                            other.uplink4(1), f"{other.ula}::1:1", other.uplink4(0x801), f"{other.ula}::2:1",
                            other.core.uplink4):
                for port in (3000, 4000, 65442):
                    with self.subTest(install=made.install, address=address, port=port):
                        answer = made.job.probe("tcp", address, port)
                        self.assertTrue(answer.startswith("no:"), answer)

class ZzPurge(unittest.TestCase):
    """Last by name."""

    def test_one_goes_the_other_stays(self):
        first, second = labs
        second.node.terminate()
        second.node.wait()
        second.purge()
        self.assertNotIn(second.install, first.host.ip("-o", "link", "show"))
        self.assertEqual(first.job.probe("tcp", "198.51.100.1", 3000), "outside 198.51.100.2")
        self.assertEqual(first.job.probe("tcp", "2001:db8::1", 3000), "outside 2001:db8::2")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[4:], verbosity=2)
