#!/usr/bin/env python3
"""Puts bugs back on purpose, one at a time, and demands that the simulator or a unit test notices.

mutate.py --root ROOT --build BUILD [--only NAME…] [--apply-only] [--seeds N] [--jobs J] [--record]

Each *.patch here changes one source file. Its head says who must notice: `caught-by: sim`, `caught-by: sim regressions` where
only regressions.txt can, the tests' seeds being too few, or `caught-by: PROGRAM FILTER` for a unit test. Only that file is compiled again, from a copy with the patch; its object goes in front of the libraries when
the program is linked, which then leave their own one out. --apply-only: all patches apply, and README.md lists them.
--record: README.md says which seed or test noticed each.
"""
import argparse
import concurrent.futures
import json
import os
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile
import time

LEAST = 15  # bugs


def head_of(patch):
    head = {}
    for line in patch.read_text().splitlines():
        if line.startswith("--- "):
            break
        match = re.match(r"([a-z-]+): (.*)", line)
        if match:
            head[match[1]] = match[2]
    return head


def source_of(patch):
    names = re.findall(r"^\+\+\+ b/(\S+)", patch.read_text(), re.M)
    if len(names) != 1:
        sys.exit(f"{patch.name}: changes {len(names)} files; it must be one source file")
    return names[0]


def mutated(root, patch, folder):
    """The changed source below `folder`; None when the patch does not apply."""
    name = source_of(patch)
    copy = folder / name
    copy.parent.mkdir(parents=True, exist_ok=True)
    copy.write_text((root / name).read_text())
    done = subprocess.run(["git", "apply", "-p1", str(patch.resolve())], cwd=folder, capture_output=True, text=True)
    if done.returncode != 0:
        print(f"{patch.name}: does not apply to {name}: {done.stderr.strip()}")
        return None
    return copy


def compile_command(build, root, name):
    for entry in json.loads((build / "compile_commands.json").read_text()):
        if pathlib.Path(entry["directory"], entry["file"]).resolve() == (root / name).resolve():
            return shlex.split(entry["command"]), entry["directory"]
    sys.exit(f"{name}: no such source in {build}")


def link_command(build, program):
    listed = subprocess.run(["ninja", "-C", str(build), "-t", "commands", "-s", f"bin/{program}"], check=True,
                            capture_output=True, text=True).stdout.strip().splitlines()[-1]
    return shlex.split(listed.split("&&")[1])  # ninja has ": && command && :" around a link


def make_program(root, build, patch, program, folder):
    source = mutated(root, patch, folder)
    if source is None:
        return None
    command, directory = compile_command(build, root, source_of(patch))
    obj = folder / "mutated.o"
    command[command.index("-o") + 1] = str(obj)
    for flag in ("-MF", "-MT"):
        if flag in command:
            command[command.index(flag) + 1] = str(folder / "deps")
    command[command.index("-c") + 1] = str(source)
    command.append("-w")  # what is left unused is the bug's doing
    done = subprocess.run(command, cwd=directory, capture_output=True, text=True)
    if done.returncode != 0:
        print(f"{patch.name}: does not compile:\n{done.stderr[-3000:]}")
        return None
    link = link_command(build, program)
    target = folder / "program"
    link[link.index("-o") + 1] = str(target)
    # Where the program has the source among its own, that object goes.
    link = [word for word in link if not word.endswith(f"/{source_of(patch)}.o")]
    link.insert(link.index("-o"), str(obj))
    done = subprocess.run(link, cwd=build, capture_output=True, text=True)
    if done.returncode != 0:
        print(f"{patch.name}: does not link:\n{done.stderr[-3000:]}")
        return None
    return target


def notices(root, program, target, words, seeds):
    """Who noticed, and how it was said; two empty texts: nobody."""
    if program == "croft-sim":
        simulate = [str(target), "--data", str(root), "--jobs", "1", "--no-shrink"]
        regressions = ["--regressions", str(root / "tests/sim/regressions.txt")]
        first = [(["--seeds", str(seeds)], "simulator, seed")] if "regressions" not in words else []
        for what, who in (*first, (regressions, "simulator, regression")):
            run = subprocess.run(simulate + what, capture_output=True, text=True, timeout=1800)
            lines = [line for line in run.stdout.splitlines() + run.stderr.splitlines() if line.startswith("seed ")]
            if run.returncode != 0:
                said = (lines or ["seed 0: none was named"])[0]
                return f"{who} {said.split()[1].rstrip(':')}", said
        return "", ""
    run = subprocess.run([str(target), "--gtest_brief=1", "--gtest_filter=" + words[0]], capture_output=True, text=True,
                         timeout=600)
    lines = re.findall(r"\[  FAILED  \] ([\w/.]+)", run.stdout)
    if run.returncode == 0:
        return "", ""
    return f"unit test {(lines or [program])[0]}", "it fails"


def check_list(here, patches):
    """Complaints about the patches' heads and about README.md, which lists what there is."""
    listed = re.findall(r"^\| `(\S+)` \| (.+) \| .+ \|$", (here / "README.md").read_text(), re.M)
    complaints = []
    for patch in patches:
        head = head_of(patch)
        if "caught-by" not in head or "bug" not in head:
            complaints.append(f"{patch.name}: its head lacks bug: or caught-by:")
        elif (patch.stem, head["bug"]) not in listed:
            complaints.append(f"{patch.name}: README.md does not list it with its bug")
    names = [patch.stem for patch in patches]
    complaints += [f"README.md lists {name}, and there is no such patch" for name, _ in listed if name not in names]
    if len(patches) < LEAST:
        complaints.append(f"{len(patches)} patches; there must be at least {LEAST}")
    return complaints


def record(here, found):
    """Writes into README.md who noticed."""
    lines = (here / "README.md").read_text().splitlines(keepends=True)
    for i, line in enumerate(lines):
        entry = re.match(r"\| `(\S+)` \| (.+) \| .+ \|$", line)
        if entry and found.get(entry[1]):
            lines[i] = f"| `{entry[1]}` | {entry[2]} | {found[entry[1]]} |\n"
    (here / "README.md").write_text("".join(lines))


def try_one(args, patch):
    """Who noticed; says so."""
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="croft-mutation-") as folder:
        program, *words = head_of(patch)["caught-by"].split()
        program = "croft-sim" if program == "sim" else program
        target = make_program(args.root, args.build, patch, program, pathlib.Path(folder))
        who, said = notices(args.root, program, target, words, args.seeds) if target else ("", "")
    took = time.monotonic() - started
    print(f"{'caught' if who else 'NOT CAUGHT':10}  {patch.stem:30} {took:5.1f} s  {who}: {said}", flush=True)
    return who


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--root", type=pathlib.Path, required=True)
    parser.add_argument("--build", type=pathlib.Path)
    parser.add_argument("--only", nargs="+", default=[])
    parser.add_argument("--apply-only", action="store_true")
    parser.add_argument("--seeds", type=int, default=2000)  # as in the tests
    parser.add_argument("--record", action="store_true")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    args = parser.parse_args()
    here = args.root / "tests/sim/mutations"
    patches = sorted(here.glob("*.patch"))
    complaints = check_list(here, patches)
    for name in args.only:
        if name not in [patch.stem for patch in patches]:
            complaints.append(f"there is no {name}.patch")
    if complaints:
        sys.exit("\n".join(complaints))
    if args.apply_only:
        with tempfile.TemporaryDirectory(prefix="croft-mutation-") as folder:
            good = [mutated(args.root, patch, pathlib.Path(folder, patch.stem)) is not None for patch in patches]
        print(f"{sum(good)} of {len(good)} patches apply")
        return 0 if all(good) else 1
    args.build = args.build.resolve()
    wanted = [patch for patch in patches if not args.only or patch.stem in args.only]
    with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
        caught = list(pool.map(lambda patch: try_one(args, patch), wanted))
    if args.record:
        record(here, {patch.stem: who for patch, who in zip(wanted, caught)})
    by_simulator = sum(who.startswith("simulator") for who in caught)
    print(f"{sum(map(bool, caught))} of {len(caught)} bugs caught, {by_simulator} by the simulator")
    return 0 if all(caught) else 1


if __name__ == "__main__":
    sys.exit(main())
