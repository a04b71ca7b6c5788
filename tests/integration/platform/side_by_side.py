"""Takes the applications of tests/apps through their lives side by side on one running croft.

They wait for each other twice: until all of them are imported and deployed, and until all have been asked for the last time. In
between none of them takes the CPU from another's measurements by coming or going.
What one prints comes at its end, in one piece. --only APP runs one of them.
"""
import argparse
import concurrent.futures
import pathlib
import subprocess
import sys
import tempfile
import time

from croft_platform import Platform, say
from language_test import TYPES, Meeting

HERE = pathlib.Path(__file__).resolve().parent
LIMIT_S = 1200


def run(app, options, meeting):
    began = time.monotonic()
    try:
        done = subprocess.run([sys.executable, str(HERE / "language_test.py"), "--programs", options.programs, "--root",
                               options.root, "--attach", "--app", app, "--meeting", str(meeting.folder)],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=LIMIT_S, check=False)
        output, good = done.stdout, done.returncode == 0
    except subprocess.TimeoutExpired as late:
        output, good = (late.stdout or b"") + f"\nnot done after {LIMIT_S} s\n".encode(), False
    # Nobody waits for one that has failed before it was there.
    for place in Meeting.PLACES:
        meeting.arrive(place, app)
    print(f"----- {app}\n{output.decode(errors='replace')}", flush=True)
    say(f"{app}: {'passed' if good else 'FAILED'} in {time.monotonic() - began:.1f} s")
    return good


def main():
    parser = argparse.ArgumentParser(allow_abbrev=False)
    parser.add_argument("--programs", required=True)
    parser.add_argument("--root", required=True)
    parser.add_argument("--only", choices=TYPES, action="append")
    options = parser.parse_args()
    apps = options.only or list(TYPES)
    platform = Platform(options.programs, options.root)
    with tempfile.TemporaryDirectory(prefix="croft-meeting-") as folder:
        meeting = Meeting(folder)
        meeting.invite(apps)
        try:
            platform.start()
            with concurrent.futures.ThreadPoolExecutor(len(apps)) as pool:
                results = dict(zip(apps, pool.map(lambda app: run(app, options, meeting), apps)))
        finally:
            platform.stop()
    failed = [app for app, good in results.items() if not good]
    say(f"failed: {', '.join(failed)}" if failed else f"all {len(results)} passed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
