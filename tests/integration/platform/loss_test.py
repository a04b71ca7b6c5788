"""Operations lose no request: the short form of `./dev bench loss`, ten operations under a part of its load.

Times are not judged here: the programs are a debug build, and other tests may have left the machine busy.
"""
import pathlib
import sys

from platform_case import PlatformCase, main

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "bench"))
from loss import Loss, print_table  # noqa: E402

OPERATIONS = 10
SHARE = 0.1


class OperationsUnderLoad(PlatformCase):
    project = "loss"

    def test_nothing_is_lost(self):
        outcome = Loss(self.platform, self.root, SHARE, steady_seconds=5).measure(OPERATIONS)
        print_table(outcome)
        errors = "\n".join(outcome.errors())
        self.assertEqual(outcome.lost, 0, errors)
        self.assertGreater(outcome.requests["attempts"], 2000, "the load ran while operations happened")
        self.assertGreaterEqual(len(outcome.versions), 4, "several versions answered")
        for name in ("still WebSockets", "still events"):
            self.assertEqual(outcome.ended(name), 0, f"{name} end when another service changes\n{errors}")
        for name in ("own WebSockets", "own events", "own downloads"):
            self.assertEqual(outcome.other_than_accepted(name), 0, f"{name} end in order\n{errors}")
        self.assertEqual(set(outcome.stream("own WebSockets")["sessions"]["close_codes"]), {"1001"})


if __name__ == "__main__":
    main()
