"""No failpoint without a case, no name in the short run that does not exist."""
import pathlib
import unittest

from scenarios import FAILS_IN, SHORT, TARGETS, all_cases, chosen, read_points

ROOT = pathlib.Path(__file__).resolve().parents[3]


class Scenarios(unittest.TestCase):
    def test_every_failpoint_has_a_case(self):
        points = read_points(ROOT)
        self.assertGreater(len(points), 90)
        self.assertEqual(len(points), len(set(points)))
        self.assertEqual({c.point for c in all_cases(ROOT)}, set(points))

    def test_every_kind_that_must_be_told_to_fail_names_one_of_its_steps(self):
        points = set(read_points(ROOT))
        for kind in TARGETS.keys() - {"deploy"}:
            self.assertIn(f"{kind}/{FAILS_IN[kind]}/after", points)

    def test_the_short_run_reaches_every_kind(self):
        short = chosen(ROOT, False, None)
        self.assertEqual(sorted(str(c) for c in short), sorted(SHORT))
        self.assertEqual({c.kind for c in short}, set(TARGETS))

    def test_failing_comes_before_dying(self):
        case = next(c for c in all_cases(ROOT) if c.point == "activate/undo/after" and c.target == "web")
        self.assertEqual(case.failpoints, "activate/ready/fail,activate/undo/after")
        self.assertTrue(case.fails)


if __name__ == "__main__":
    unittest.main()
