"""A croft of its own on the engine of CROFT_TEST_ENGINE: its programs, its command line, its edge.

The files of this folder share a home, one after the other, so that images are built once. Each starts the
programs, works in projects of its own names and stops the programs; the last one (purge_test.py) removes the
installation and proves that nothing is left.
"""
import hashlib
import http.client
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.parse

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "support"))
from machine import free_port, wait_until  # noqa: E402

OWNER = "owner"
PASSWORD = "correct horse battery staple"


def say(text):
    print(f"[{time.strftime('%H:%M:%S')}] {text}", flush=True)


class Answer:
    """What a croft command ended with."""

    def __init__(self, args, code, out, err):
        self.args, self.code, self.out, self.err = args, code, out, err

    def json(self):
        """The last line of standard output: with --json the result of every command."""
        lines = self.out.strip().splitlines()
        if not lines:
            raise AssertionError(f"no output; {self}")
        return json.loads(lines[-1])

    def lines(self):
        """Every line of standard output as JSON: logs."""
        return [json.loads(line) for line in self.out.splitlines() if line.strip()]

    def __str__(self):
        return (f"croft {' '.join(self.args)} ended with {self.code}\n"
                f"--- output\n{self.out[-3000:]}\n--- errors\n{self.err[-3000:]}")


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost", timeout=60)
        self.path = str(path)

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(60)
        self.sock.connect(self.path)


class Platform:
    def __init__(self, programs, root):
        self.engine = os.environ.get("CROFT_TEST_ENGINE")
        if not self.engine:
            raise SystemExit("CROFT_TEST_ENGINE is not set: it names the socket of a container engine for "
                             "tests; ./dev test integration starts one")
        self.programs = pathlib.Path(programs).resolve()
        self.root = pathlib.Path(root).resolve()
        # Short: sockets lie deep below it, and their paths have 107 characters at most.
        mark = hashlib.sha256(self.engine.encode()).hexdigest()[:6]
        # Two lines of tests have an installation each, and the engine in common.
        mark += os.environ.get("CROFT_TEST_INSTALLATION", "")
        self.home = pathlib.Path(f"/tmp/cp-{mark}")
        self.children = {}
        self.token = ""

    # Start and stop

    def start(self):
        for folder in ("run", "logs", "state", "cli"):
            (self.home / folder).mkdir(parents=True, exist_ok=True)
        self._choose_ports()
        self.start_croftd()
        self.start_node()
        self._ensure_owner()
        self.wait_ready()
        return self

    def attach(self):
        """To the programs that another process has started in this home."""
        self._choose_ports()
        self.token = (self.home / "owner-token").read_text()
        return self

    def _choose_ports(self):
        """Kept for the installation: the edge service has them in its name space for as long as it lives."""
        kept = self.home / "ports.json"
        if not kept.exists():
            kept.write_text(json.dumps({n: free_port() for n in ("api", "http", "https")}))
        ports = json.loads(kept.read_text())
        self.api_port, self.http_port, self.https_port = ports["api"], ports["http"], ports["https"]
        self.url = f"http://127.0.0.1:{self.api_port}"

    def _spawn(self, name, args, env=None):
        log = open(self.home / "logs" / f"{name}.log", "ab")
        child = subprocess.Popen([str(self.programs / name), *args], stdin=subprocess.DEVNULL, stdout=log,
                                 stderr=log, start_new_session=True, env={**os.environ, **(env or {})})
        log.close()
        self.children[name] = child
        say(f"started {name} as {child.pid}")

    def start_croftd(self, *more, env=None):
        """`more`: words of its command line. `env`: beside this process's own."""
        self._spawn("croftd", ["--home", str(self.home), "--engine", self.engine, "--programs",
                               str(self.programs), "--data", str(self.root), "--api-port", str(self.api_port),
                               "--http-port", str(self.http_port), "--https-port", str(self.https_port), *more], env)
        wait_until("croftd to answer /healthz", 60, lambda: self._probe("croftd", "/healthz"))

    def start_supervised(self):
        """croftd and croft-node as children of a supervisor, which stop() ends like a croftd."""
        self.start_croftd("--supervise")

    def kill_supervised(self, name):
        supervisor = self.children["croftd"].pid
        for pid in map(int, read_text(pathlib.Path(f"/proc/{supervisor}/task/{supervisor}/children")).split()):
            if read_text(pathlib.Path(f"/proc/{pid}/comm")) == name:
                os.kill(pid, signal.SIGKILL)
                say(f"killed {name}, a child of the supervisor")

    def start_node(self):
        run = self.home / "run"
        node = wait_until("run/node-id", 30, lambda: read_text(run / "node-id"))
        install = wait_until("state/install_id", 30, lambda: read_text(self.home / "state" / "install_id"))
        self._spawn("croft-node", ["--home", str(self.home), "--node-id", node, "--install-id", install,
                                   "--engine", self.engine])

    def wait_ready(self):
        # The first start makes the images of the cores and of the edge.
        wait_until("croftd to answer /readyz", 900, lambda: self._probe("croftd", "/readyz"), 0.5)

    def _probe(self, name, path):
        if self.children[name].poll() is not None:
            raise AssertionError(f"{name} ended with {self.children[name].returncode}\n{self.tail(name)}")
        try:
            return self.api("GET", path, prefix="")[0] == 200
        except OSError:
            return False

    def _ensure_owner(self):
        kept = self.home / "owner-token"
        if not kept.exists():
            setup = wait_until("run/setup-token", 30, lambda: read_text(self.home / "run" / "setup-token"))
            answer = self.croft("login", self.url, "--setup-token", setup, "--user", OWNER, "--password-stdin",
                                "--name", "test", token=None, stdin=PASSWORD + "\n")
            if answer.code != 0:
                raise AssertionError(str(answer))
            contexts = json.loads((self.home / "cli" / "croft" / "contexts.json").read_text())
            kept.write_text(contexts["contexts"][0]["token"])
        self.token = kept.read_text()

    def kill(self, name):
        """SIGKILL: as if the machine had cut it off."""
        child = self.children.pop(name)
        child.send_signal(signal.SIGKILL)
        child.wait()
        say(f"killed {name}")

    def end(self, name):
        """SIGTERM: it closes what it has open."""
        child = self.children.pop(name)
        child.terminate()
        child.wait(timeout=30)
        say(f"ended {name}")

    def stop(self):
        for name in ("croft-node", "croftd"):
            child = self.children.pop(name, None)
            if child is None:
                continue
            child.terminate()
            try:
                child.wait(30)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
                raise AssertionError(f"{name} did not stop within 30 s of SIGTERM") from None

    def purge(self):
        """Removes what this installation made in the engine and on the host; its programs must be stopped."""
        install, node = (read_text(self.home / name) for name in ("state/install_id", "run/node-id"))
        for name, args in (("croftd", ["--engine", self.engine, "--programs", str(self.programs), "--data",
                                       str(self.root)]),
                           ("croft-node", ["--node-id", node, "--install-id", install])):
            done = subprocess.run([str(self.programs / name), "--home", str(self.home), *args, "--purge"],
                                  capture_output=True, text=True, timeout=300, check=False)
            if done.returncode != 0:
                raise AssertionError(f"{name} --purge ended with {done.returncode}\n{done.stderr[-3000:]}")
        shutil.rmtree(self.home)

    # Talking to it

    def load_place(self, url, scheme):
        """Where croft-load finds a site of this platform, as words of one of its streams."""
        port = self.https_port if scheme == "https" else self.http_port
        return f"url={scheme}://{urllib.parse.urlsplit(url).hostname}:{port}/,connect=127.0.0.1:{port}"

    def croft(self, *args, token="", config="cli", stdin=None, timeout=900):
        """Runs the command line client. `token` None: none in the environment; default: the owner's.
        `config`: folder of its own files in the home."""
        env = {"PATH": os.environ["PATH"], "HOME": str(self.home / config), "NO_COLOR": "1",
               "XDG_CONFIG_HOME": str(self.home / config), "CROFT_URL": self.url}
        if token is not None:
            env["CROFT_TOKEN"] = token or self.token
        done = subprocess.run([str(self.programs / "croft"), *args], env=env, input=stdin,
                              stdin=subprocess.DEVNULL if stdin is None else None, capture_output=True,
                              text=True, timeout=timeout, check=False)
        return Answer(args, done.returncode, done.stdout, done.stderr)

    def ok(self, *args, **more):
        """The JSON result of a command that must succeed."""
        answer = self.croft(*args, "--json", **more)
        if answer.code != 0:
            raise AssertionError(str(answer))
        return answer.json() if answer.out.strip() else None

    def api(self, method, path, body=None, prefix="/api/v1", token=""):
        """(status, decoded body) of one call of the REST API."""
        connection = http.client.HTTPConnection("127.0.0.1", self.api_port, timeout=30)
        headers = {"Content-Type": "application/json"}
        if token or self.token:
            headers["Authorization"] = f"Bearer {token or self.token}"
        try:
            connection.request(method, prefix + path, json.dumps(body) if body is not None else None, headers)
            answer = connection.getresponse()
            data = answer.read()
        finally:
            connection.close()
        try:
            return answer.status, json.loads(data)
        except ValueError:
            return answer.status, data

    def process(self, process_id):
        return self.api("GET", f"/processes/{process_id}")[1]

    def wait_process(self, process_id, timeout="15m"):
        """(exit code, process) once it has ended."""
        answer = self.croft("process", "wait", process_id, "--timeout", timeout, "--json")
        return answer.code, self.process(process_id)

    def metrics(self, where="run/metrics.sock"):
        """Of croftd, or of the edge behind its admin socket, as text."""
        connection = _UnixConnection(self.home / where)
        try:
            connection.request("GET", "/metrics")
            return connection.getresponse().read().decode()
        finally:
            connection.close()

    def engine_get(self, path):
        return self.engine_call("GET", path)

    def engine_call(self, method, path, body=None):
        """The decoded answer of the engine, None for an empty one."""
        connection = _UnixConnection(self.engine)
        try:
            headers = {"Content-Type": "application/json"}
            connection.request(method, path, json.dumps(body) if body is not None else None, headers)
            answer = connection.getresponse()
            data = answer.read()
        finally:
            connection.close()
        if answer.status >= 400:
            raise AssertionError(f"the engine answered {method} {path} with {answer.status}: {data[:500]}")
        return json.loads(data) if data else None

    # What a failed test leaves behind for the reader

    def tail(self, name, lines=60):
        path = self.home / "logs" / f"{name}.log"
        text = path.read_text(errors="replace") if path.exists() else ""
        told = [line for line in text.splitlines() if '"msg":"image"' not in line]  # a build's own output
        return "\n".join(told[-lines:])

    def dump(self):
        for name in ("croftd", "croft-node"):
            print(f"----- end of {name}.log\n{self.tail(name)}", flush=True)
        try:
            print(self.croft("process", "list", "--all", "-n", "10").out, flush=True)
            failed = self.ok("process", "list", "--all", "--status", "failed", "-n", "1")
            for process in failed or []:
                print(self.croft("process", "show", process["id"]).out, flush=True)
            containers = self.engine_get("/containers/json?all=1")
            for each in containers:
                print(f"{each['Names'][0]:60} {each['Status']}", flush=True)
        except (AssertionError, OSError, ValueError, subprocess.TimeoutExpired) as error:
            print(f"(no more to show: {error})", flush=True)


def read_text(path):
    try:
        return path.read_text().strip()
    except OSError:
        return ""
