"""This machine, for tests: waiting, ports, addresses, processes."""
import json
import pathlib
import socket
import subprocess
import threading
import time


def wait_until(what, seconds, condition, period=0.2, failure=AssertionError):
    """The first true answer of `condition`; raises `failure`, naming `what`, when there is none in time."""
    deadline = time.monotonic() + seconds
    while True:
        answer = condition()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise failure(f"waited {seconds} s in vain for: {what}")
        time.sleep(period)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def host_addresses():
    """Every address of this machine that is not link-local or loopback."""
    devices = json.loads(subprocess.run(["ip", "-j", "address"], check=True, capture_output=True).stdout)
    return sorted({a["local"] for d in devices for a in d.get("addr_info", []) if a["scope"] == "global"})


def start_time(pid):
    """In clock ticks since the machine started; None when there is no such process."""
    try:
        stat = pathlib.Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    fields = stat.rsplit(")", 1)[1].split()
    return None if fields[0] in "ZX" else int(fields[19])


def end_children(children):
    """Kills what subprocess.Popen started, and closes its ends of their pipes."""
    for child in children:
        child.kill()
        child.wait()
        for stream in (child.stdin, child.stdout):
            if stream:
                stream.close()


class Trap:
    """A server of the host on every address, which no container may reach; counts who comes."""

    def __init__(self):
        self.socket = socket.create_server(("::", 0), family=socket.AF_INET6, dualstack_ipv6=True, backlog=64)
        self.port = self.socket.getsockname()[1]
        self.visits = 0
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                self.socket.accept()[0].close()
                self.visits += 1
            except OSError:
                return

    def close(self):
        self.socket.close()
