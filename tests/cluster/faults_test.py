"""Faults as rules and in words, and what a rig refuses. Needs no root."""
import json
import tempfile
import unittest

import switch as switches
from processes import RigError
from rig import Rig
from switch import Faults


class Rules(unittest.TestCase):
    def test_none(self):
        self.assertEqual(Faults().rules(), "table bridge faults\ndelete table bridge faults\n")

    def test_one_way_with_peers_and_ports(self):
        faults = Faults()
        faults.lose(2, 12.5, "out", peers=[3, 1], only=["tcp:2377"])
        self.assertIn('iifname "n2" oifname { "n1", "n3" } meta l4proto tcp th dport 2377 numgen random mod 1000 < 125 drop',
                      faults.rules())
        self.assertNotIn('oifname "n2"', faults.rules())
        self.assertEqual(Faults(json.loads(json.dumps(faults.kept()))).rules(), faults.rules())
        self.assertEqual(faults.describe(2), "loses 12.5 % out with node 1, node 3 (tcp:2377)")
        faults.heal(1)
        self.assertNotEqual(faults.losses, [])
        faults.heal(2)
        self.assertEqual(faults.losses, [])

    def test_bad_faults(self):
        for words in ({"percent": 0}, {"percent": 101}, {"direction": "up"}, {"only": ["2377"]}, {"only": ["icmp:1"]},
                      {"only": ["tcp:70000"]}):
            with self.subTest(**words), self.assertRaises(RigError):
                Faults().lose(1, **words)

    def test_bad_rigs(self):
        with tempfile.TemporaryDirectory() as folder:
            for words in ({"nodes": 0}, {"nodes": 10}, {"nodes": 2, "zones": 3}, {"nodes": 2, "managers": 3}):
                with self.subTest(**words), self.assertRaisesRegex(RigError, "1 to 9 nodes"):
                    Rig(folder).up(**words)
            with self.assertRaisesRegex(RigError, "too long.*CROFT_RIG_HOME"):
                Rig(folder + "/" + "x" * 90).up()
            with self.assertRaisesRegex(RigError, "no rig is up in .*cluster up"):
                Rig(folder).cut(1)

    def test_addresses_of_two_rigs_do_not_overlap(self):
        self.assertFalse(switches.network4(1).overlaps(switches.network4(2)))
        self.assertNotEqual(switches.address6(1, 1), switches.address6(2, 1))


if __name__ == "__main__":
    unittest.main()
