"""Runs test files side by side on one running croft: those that neither stop nor kill its programs.

Each works in projects of its own; what it prints comes at its end, in one piece. --only NAME runs one of them.
"""
import argparse
import concurrent.futures
import pathlib
import subprocess
import sys
import time

from croft_platform import Platform, say

HERE = pathlib.Path(__file__).resolve().parent
LIMIT_S = 900
# Long ones first.
JOBS = {
    "lifecycle": ["lifecycle_test.py"],
    "node": ["language_test.py", "--app", "node"],
    "example": ["example_test.py"],
    "go": ["language_test.py", "--app", "go"],
    "python": ["language_test.py", "--app", "python"],
    "php": ["language_test.py", "--app", "php"],
    "static": ["language_test.py", "--app", "static"],
    "isolation": ["isolation_test.py"],
}


def run(name, options):
    file, *more = JOBS[name]
    began = time.monotonic()
    say(f"{name}: begins")
    try:
        done = subprocess.run([sys.executable, str(HERE / file), "--programs", options.programs, "--root", options.root,
                               "--attach", *more], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=LIMIT_S,
                              check=False)
        output, good = done.stdout, done.returncode == 0
    except subprocess.TimeoutExpired as late:
        output, good = (late.stdout or b"") + f"\nnot done after {LIMIT_S} s\n".encode(), False
    seconds = time.monotonic() - began
    print(f"----- {name}\n{output.decode(errors='replace')}", flush=True)
    say(f"{name}: {'passed' if good else 'FAILED'} in {seconds:.1f} s")
    return good


def main():
    parser = argparse.ArgumentParser(allow_abbrev=False)
    parser.add_argument("--programs", required=True)
    parser.add_argument("--root", required=True)
    parser.add_argument("--at-once", type=int, default=3)
    parser.add_argument("--only", choices=JOBS, action="append")
    options = parser.parse_args()
    names = options.only or list(JOBS)
    platform = Platform(options.programs, options.root)
    try:
        platform.start()
        with concurrent.futures.ThreadPoolExecutor(options.at_once) as pool:
            results = dict(zip(names, pool.map(lambda name: run(name, options), names)))
    finally:
        platform.stop()
    failed = [name for name, good in results.items() if not good]
    say(f"failed: {', '.join(failed)}" if failed else f"all {len(results)} passed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
