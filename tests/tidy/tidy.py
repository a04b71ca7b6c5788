#!/usr/bin/env python3
"""Checks what a compiler does not: the include graph, sizes, READMEs, words that must not be committed.

Sizes ratchet: tests/tidy/sizes.txt lists the files that are over a limit, with their size; a listed file may not
grow, and nothing new goes over. `tidy.py ROOT --update` rewrites the list after a file shrank.
"""
import pathlib
import re
import subprocess
import sys

# A folder of src/ may include itself and these. Programs (bottom rows) may include everything above them.
ALLOWED = {
    "base": [],
    "task": ["base"],
    "trust": ["base"],
    "net": ["base", "task"],
    "supervise": ["base", "task", "net"],
    "model": ["base"],
    "spec": ["base", "model"],
    "catalog": ["base", "model", "spec"],
    "plan": ["base", "model", "spec", "catalog"],
    "store": ["base", "task", "model"],
    "engine": ["base", "task", "net", "model"],
    "network": ["base", "task", "net", "model", "plan"],
    "edge": ["base", "task", "net", "model", "plan", "engine"],
    "build": ["base", "task", "net", "model", "spec", "catalog", "engine"],
    # store for its SQL port (store/sql.h) only.
    "logs": ["base", "task", "model", "store"],
}
ALLOWED["app"] = ["base", "task", "net", "model", "spec", "catalog", "plan", "store", "logs", "build", "engine"]
ALLOWED["reconcile"] = ALLOWED["app"] + ["edge", "network", "app"]
ALLOWED["api"] = ["base", "task", "net", "model", "spec", "catalog", "store", "app", "logs", "engine"]
EVERYTHING = sorted(ALLOWED)
for program in ("daemon", "node", "core", "cli"):
    ALLOWED[program] = EVERYTHING
ALLOWED["init"] = ["base", "model"]
ALLOWED["keep"] = []

LIMITS = {".h": 150, ".cpp": 400}
HARD = {".h": 400, ".cpp": 800}
# Shell starters; the one child-process function is in base/spawn.cpp.
FORBIDDEN = [(r"\b(std::)?system\s*\(", "system()"), (r"\bpopen\s*\(", "popen()"), (r"#include <regex>", "<regex>")]


def sources(root):
    listed = subprocess.run(["git", "-C", str(root), "ls-files", "-co", "--exclude-standard"], check=True,
                            capture_output=True, text=True).stdout.split("\n")
    return [p for p in (pathlib.PurePath(line) for line in listed if line) if (root / p).is_file()]


def include_graph(root, files, complain):
    for path in files:
        if path.parts[0] != "src" or path.suffix not in (".h", ".cpp") or len(path.parts) < 3:
            continue
        here = path.parts[1]
        if here not in ALLOWED:
            complain(f"{path}: src/{here} is not in the table of tests/tidy/tidy.py")
            continue
        test = path.name.endswith("_test.cpp")
        for number, line in enumerate((root / path).read_text().splitlines(), 1):
            match = re.match(r'#include "([a-z_]+)/', line)
            if match and match[1] != here and match[1] in ALLOWED and match[1] not in ALLOWED[here] and not test:
                complain(f"{path}:{number}: src/{here} may not include {match[1]}/")
            if not test and "boost/beast" in line and here != "net":
                complain(f"{path}:{number}: Beast stays inside src/net")
            for pattern, name in FORBIDDEN:
                if re.search(pattern, line) and not line.lstrip().startswith("//"):
                    complain(f"{path}:{number}: {name} is not used in croft")


def sizes(root, files, complain, update):
    listing = root / "tests/tidy/sizes.txt"
    known = {}
    if listing.exists():
        for line in listing.read_text().splitlines():
            count, name = line.split(" ", 1)
            known[name] = int(count)
    over = {}
    for path in files:
        if path.parts[0] != "src" or path.suffix not in LIMITS:
            continue
        count = len((root / path).read_text().splitlines())
        if count > LIMITS[path.suffix]:
            over[str(path)] = count
        if count > HARD[path.suffix]:
            complain(f"{path}: {count} lines, never more than {HARD[path.suffix]}")
    if update:
        listing.write_text("".join(f"{over[name]} {name}\n" for name in sorted(over)))
        return
    for name, count in over.items():
        if count > known.get(name, 0):
            complain(f"{name}: {count} lines, the limit is {known.get(name) or LIMITS[pathlib.PurePath(name).suffix]}")


def readmes(root, files, complain):
    for folder in sorted({p.parts[1] for p in files if p.parts[0] == "src" and len(p.parts) > 2}):
        if not (root / "src" / folder / "README.md").exists():
            complain(f"src/{folder} has no README.md")


def long_lines(root, files, complain):
    for path in files:
        if path.parts[0] != "src" or path.suffix not in (".h", ".cpp"):
            continue
        for number, line in enumerate((root / path).read_text().splitlines(), 1):
            if len(line) > 100 and "http" not in line and 'R"' not in line and '"' not in line:
                complain(f"{path}:{number}: {len(line)} columns")


def has_test(text, name):
    """A gtest `Suite.Name` or a method of a Python case."""
    if "." not in name:
        return re.search(rf"def {re.escape(name)}\(", text) is not None
    suite, case = name.split(".", 1)
    return re.search(rf"\bTEST(_[FP])?\({re.escape(suite)},\s*{re.escape(case)}\)", text) is not None


# Pages with a table whose last column names tests, how many columns it has, and the heads of its first column.
TEST_TABLES = [("docs/bad-input.md", 3, "| input"), ("tests/abuse/README.md", 5, "| class")]


def named_tests(root, complain):
    """Each row of those tables (what may go wrong, what a hostile user tries) has some tests, and all of them exist."""
    for page, columns, head in TEST_TABLES:
        for number, line in enumerate((root / page).read_text().splitlines(), 1):
            cells = line.split(" | ")
            if not line.startswith("| ") or len(cells) != columns or cells[0] in (head, "| ---"):
                continue
            named = 0
            for part in cells[-1].split(" · "):
                path, *names = re.findall(r"`([^`]+)`", part)
                file = root / path
                text = file.read_text() if file.is_file() else ""
                for name in names:
                    named += 1
                    if not has_test(text, name):
                        complain(f"{page}:{number}: there is no test {name} in {path}")
            if named == 0:
                complain(f"{page}:{number}: no test is named")


def abuse_classes(root, complain):
    page = "tests/abuse/README.md"
    rows = re.findall(r"^\| A(\d+) ", (root / page).read_text(), re.MULTILINE)
    if rows != [str(n) for n in range(1, 26)]:
        complain(f"{page}: the table has the classes {rows}, not each of A1 to A25 once")


def main():
    root = pathlib.Path(sys.argv[1]).resolve()
    complaints = []
    files = sources(root)
    include_graph(root, files, complaints.append)
    sizes(root, files, complaints.append, "--update" in sys.argv)
    readmes(root, files, complaints.append)
    long_lines(root, files, complaints.append)
    named_tests(root, complaints.append)
    abuse_classes(root, complaints.append)
    for complaint in complaints:
        print(complaint)
    print(f"tidy: {len(files)} files, {len(complaints)} complaints")
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
