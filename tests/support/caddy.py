"""A real Caddy for tests, driven over its unix admin socket."""
import http.client
import os
import socket
import subprocess
import time


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost", timeout=30)
        self._path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(30)
        self.sock.connect(self._path)


class Caddy:
    """`directory` holds the admin socket, the saved configuration and the log of this Caddy."""

    def __init__(self, program, directory):
        self._program = program
        self._directory = directory
        self.socket = os.path.join(directory, "admin.sock")
        self.process = None

    def start(self):
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": self._directory,
            "XDG_CONFIG_HOME": os.path.join(self._directory, "config"),
            "XDG_DATA_HOME": os.path.join(self._directory, "data"),
            "CADDY_ADMIN": f"unix/{self.socket}|0600",
            # Caddy must not use it for the way to the services.
            "HTTP_PROXY": "http://127.0.0.1:1",
        }
        with open(os.path.join(self._directory, "caddy.log"), "ab") as log:
            self.process = subprocess.Popen(
                [self._program, "run", "--resume"], env=environment, stdout=log, stderr=log,
                cwd=self._directory,
            )
        deadline = time.monotonic() + 20
        while True:
            try:
                self.request("GET", "/config/")
                return
            except OSError:
                if self.process.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError("Caddy did not start:\n" + self.log()) from None
                time.sleep(0.05)

    def request(self, method, path, body=None):
        connection = UnixConnection(self.socket)
        connection.request(method, path, body, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()
        return answer.status, text

    def load(self, config):
        status, text = self.request("POST", "/load", config)
        if status != 200:
            raise RuntimeError(f"Caddy refused the configuration: {status} {text}")

    def kill(self):
        self.process.kill()
        self.process.wait()

    def log(self):
        with open(os.path.join(self._directory, "caddy.log"), encoding="utf-8") as file:
            return file.read()

    def resident_bytes(self):
        with open(f"/proc/{self.process.pid}/statm", encoding="ascii") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
