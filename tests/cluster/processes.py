"""Processes of a rig: control groups that find, freeze and kill them, and namespaces that a keeper holds.

A pid alone may have been given to somebody else since: what is kept of a process is its pid and its start time.
What was never written down is found by the control group, which every process enters before it becomes a program.
"""
import os
import pathlib
import signal
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import machine  # noqa: E402
from machine import start_time  # noqa: E402

CGROUPS = pathlib.Path("/sys/fs/cgroup")


class RigError(Exception):
    """Says what was attempted and what came instead."""


def wait_until(what, seconds, condition, period=0.05):
    return machine.wait_until(what, seconds, condition, period, RigError)


def run(argv, check=True, timeout=60, shown=None, **options):
    """A finished program with its output as text. `shown`: what errors say instead of `argv`."""
    words = " ".join(map(str, shown or argv))
    try:
        done = subprocess.run([str(word) for word in argv], capture_output=True, text=True, timeout=timeout,
                              check=False, **options)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise RigError(f"{words}: {error}") from error
    if check and done.returncode != 0:
        raise RigError(f"{words} ended with {done.returncode}: {(done.stderr or done.stdout).strip()[-1000:]}")
    return done


class Process:
    """One process, never another one that has got its pid."""

    def __init__(self, pid, started=None):
        self.pid = pid
        self.started = start_time(pid) if started is None else started

    def alive(self):
        return self.started is not None and start_time(self.pid) == self.started

    def signal(self, number):
        if not self.alive():
            return
        try:
            os.kill(self.pid, number)
        except ProcessLookupError:
            pass

    def kept(self):
        return {"pid": self.pid, "started": self.started}

    @staticmethod
    def from_kept(kept):
        return Process(kept["pid"], kept["started"]) if kept else None


class Group:
    """A control group by its name, as in "croft-rig-ab12/n1". On cgroup v1 the one of the freezer hierarchy."""

    def __init__(self, name):
        self.name = name
        self.unified = (CGROUPS / "cgroup.controllers").exists()
        self.folder = (CGROUPS if self.unified else CGROUPS / "freezer") / name
        # In a leaf: cgroup v2 allows processes nowhere else once containers have groups beside it.
        self.entry = self.folder / "own/cgroup.procs"

    def make(self):
        try:
            self.entry.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise RigError(f"cannot make the control group {self.folder}: {error}; is the machine's cgroup "
                           "hierarchy mounted, and are you root?") from error
        return self

    def entering(self, argv):
        """`argv` as a member of the group."""
        return ["sh", "-c", 'echo 0 > "$0" && exec "$@"', str(self.entry), *map(str, argv)]

    def pids(self):
        found = set()
        for folder, _, _ in os.walk(self.folder):
            try:
                found.update(map(int, pathlib.Path(folder, "cgroup.procs").read_text().split()))
            except OSError:
                pass  # went away meanwhile
        return sorted(found)

    def freeze(self):
        """Stops all at one instant; returns when they have stopped."""
        self._set_frozen(True)
        wait_until(f"the processes of {self.name} to freeze", 10, self.frozen)

    def thaw(self):
        self._set_frozen(False)

    def frozen(self):
        try:
            if self.unified:
                return "frozen 1" in (self.folder / "cgroup.events").read_text()
            return (self.folder / "freezer.state").read_text().strip() == "FROZEN"
        except OSError:
            return False

    def _set_frozen(self, frozen, folder=None):
        folder = folder or self.folder
        if self.unified:
            (folder / "cgroup.freeze").write_text("1" if frozen else "0")
        else:
            (folder / "freezer.state").write_text("FROZEN" if frozen else "THAWED")

    def kill(self):
        """SIGKILL to all; returns when none is left."""
        def none_left():
            pids = self.pids()
            for pid in pids:
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass
            # A frozen process dies when it thaws; groups below may have been frozen on their own.
            for folder, _, _ in os.walk(self.folder):
                try:
                    self._set_frozen(False, pathlib.Path(folder))
                except OSError:
                    pass  # went away meanwhile
            return not pids
        wait_until(f"the processes of {self.name} to end", 30, none_left)

    def remove(self):
        """The group and those below it, in every hierarchy; none has a process any more."""
        for top in [CGROUPS, *CGROUPS.glob("*/")]:
            # A process that has just ended keeps its group busy for a moment.
            wait_until(f"{top / self.name} to be removable", 10, lambda at=top / self.name: _remove_tree(at))


def _remove_tree(folder):
    try:
        for at, _, _ in os.walk(folder, topdown=False):
            os.rmdir(at)
    except OSError:
        return False
    return True


def _start_detached(group, argv):
    """Starts `argv` in the group, as nobody's child; its pid, once it has said "ready"."""
    # Enters the group first: there is no moment at which a program of the rig is outside of it.
    shell = subprocess.Popen(["sh", "-c", 'echo 0 > "$0" && { "$@" & echo $!; }', str(group.entry), *map(str, argv)],
                             stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                             start_new_session=True)
    with shell.stdout, shell.stderr:
        said = {shell.stdout.readline(), shell.stdout.readline()}
        shell.wait(timeout=60)
        if "ready\n" not in said:
            raise RigError(f"cannot make namespaces: {shell.stderr.read().strip()}")
    return int(min(said))


class Space:
    """Namespaces, held by a process that does nothing else (the keeper): they end when it is killed."""

    def __init__(self, group, keeper, kinds):
        self.group, self.keeper, self.kinds = group, keeper, kinds

    @staticmethod
    def make(group, kinds, set_up, *arguments):
        """`kinds`: long options of unshare and nsenter. `set_up`: a shell script that runs inside with `arguments`.

        With a pid namespace the keeper is its first process: killing it kills all others, at once."""
        group.make()
        # It ignores SIGCHLD, so that the kernel reaps what is handed to it.
        script = f"set -e; {set_up}\ntrap '' CHLD; echo ready; exec sleep infinity"
        options = [f"--{kind}" for kind in kinds] + ["--kill-child=KILL"]
        if "pid" in kinds:
            options.append("--mount-proc")
        if "mount" in kinds:
            options += ["--propagation", "private"]
        said = _start_detached(group, ["unshare", *options, "sh", "-c", script, "sh", *arguments])
        children = pathlib.Path(f"/proc/{said}/task/{said}/children").read_text().split()
        return Space(group, Process(int(children[0])), kinds)

    def alive(self):
        return self.keeper.alive()

    def command(self, argv, folder=None):
        """`argv` as it runs inside. `folder`: where it starts, as seen from inside."""
        if not self.alive():
            raise RigError(f"{self.group.name} is not running")
        if self.group.frozen():
            raise RigError(f"{self.group.name} is frozen, and so would be what is started there: thaw it first")
        inside = ["env", "-C", str(folder), *argv] if folder else argv
        return self.group.entering(["nsenter", "-t", self.keeper.pid, *(f"--{kind}" for kind in self.kinds), "--", *inside])

    def run(self, argv, folder=None, **options):
        return run(self.command(argv, folder), shown=[f"{self.group.name}:", *argv], **options)

    def ip(self, *words, check=True):
        return self.run(["ip", *words], check=check).stdout

    def start(self, argv, log, folder=None):
        """Leaves `argv` running inside, its output in the file `log`."""
        with open(log, "ab") as output:
            # Its parent is a process of the namespace, which ends: the keeper takes the program over.
            subprocess.run(self.command(["setsid", "--fork", *map(str, argv)], folder), stdin=subprocess.DEVNULL,
                           stdout=output, stderr=output, check=True, timeout=60)
