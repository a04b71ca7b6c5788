"""Requests through the edge by croft-load while something is killed: every attempt is accounted for."""
import json
import os
import signal
import subprocess
import tempfile


class Load:
    """A block during which streams of requests run. `streams`: (name, words of croft-load, site URL or tcp URL)."""

    def __init__(self, platform, streams, series=False):
        self.platform = platform
        self.command = [str(platform.programs / "croft-load"), "--duration", "1h"]
        if series:
            self.command.append("--series")
        for name, words, place in streams:
            self.command += ["--stream", f"{words},name={name},{place}"]
        self.summary = None

    def __enter__(self):
        handle, self.path = tempfile.mkstemp(prefix="croft-load-")
        with os.fdopen(handle, "w", encoding="utf-8") as output:
            self.child = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.DEVNULL)
        return self

    def __exit__(self, *_):
        self.child.send_signal(signal.SIGINT)
        try:
            code = self.child.wait(60)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait()
            raise
        with open(self.path, encoding="utf-8") as file:
            text = file.read()
        os.unlink(self.path)
        if code == 2:
            raise AssertionError(f"croft-load refused {self.command}")
        self.summary = json.loads(text)

    # Afterwards

    def stream(self, name):
        return next(s for s in self.summary["streams"] if s["name"] == name)

    @property
    def attempts(self):
        return sum(s["attempts"] for s in self.summary["streams"])

    @property
    def lost(self):
        return sum(s["failed"] + s["unknown"] for s in self.summary["streams"])

    def errors(self):
        return [f"{s['name']}: {e['count']} {e['outcome']} {e['kind']}, first {e['examples'][0]['at']} "
                f"{e['examples'][0]['detail']}" for s in self.summary["streams"] for e in s["errors"]]

    def slowest_ms(self):
        """Of requests; downloads take their time by intention."""
        return max((s["latency_ms"]["max"] for s in self.summary["streams"]
                    if s.get("latency_ms") and s["name"] != "downloads"), default=0)


def request_streams(platform, name, url, rate):
    """`rate` requests per second in four ways: kept and fresh connections, GET and POST, HTTP/1.1 and HTTP/2."""
    ways = (("keepalive,h1,GET", "http", 0.4, 4), ("keepalive,h2,POST,path=/echo,body=200", "https", 0.3, 2),
            ("fresh,h1,GET", "http", 0.2, 200), ("fresh,h1,POST,path=/echo,body=200", "https", 0.1, 200))
    for words, scheme, share, connections in ways:
        kind = words.split(",path")[0].replace(",", " ")
        yield f"{name} {kind}", f"{words},rate={rate * share:g},conns={connections}", platform.load_place(url, scheme)
