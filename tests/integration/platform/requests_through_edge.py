"""Requests through the edge as a browser would send them, and many of them while something else happens."""
import collections
import http.client
import json
import socket
import ssl
import threading
import time
import urllib.parse


class Response:
    def __init__(self, status, body, headers):
        self.status, self.body, self.headers = status, body, headers

    def json(self):
        return json.loads(self.body)


class Site:
    """One name at the edge of this machine."""

    def __init__(self, url, http_port, https_port):
        self.host = urllib.parse.urlsplit(url).hostname
        self.http_port, self.https_port = http_port, https_port
        self.tls = ssl.create_default_context()
        # The edge signs with a CA of its own, which no machine trusts yet.
        self.tls.check_hostname = False
        self.tls.verify_mode = ssl.CERT_NONE

    def _connect(self, https, timeout):
        port = self.https_port if https else self.http_port
        connection = http.client.HTTPConnection(self.host, port, timeout=timeout)
        plain = socket.create_connection(("127.0.0.1", port), timeout)
        connection.sock = self.tls.wrap_socket(plain, server_hostname=self.host) if https else plain
        return connection

    def get(self, path="/", https=False, method="GET", body=None, timeout=10):
        connection = self._connect(https, timeout)
        try:
            headers = {"Content-Type": "application/json"} if body is not None else {}
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            return Response(answer.status, answer.read().decode(), dict(answer.getheaders()))
        finally:
            connection.close()

    def json(self, path="/", https=False, **more):
        """The JSON body of an answer that must be 200."""
        answer = self.get(path, https, **more)
        if answer.status != 200:
            raise AssertionError(f"{self.host}{path} answered {answer.status}: {answer.body[:500]}")
        return answer.json()


class Traffic:
    """Sends one request after the other from a few threads until the block ends, at most `limit_s`."""

    def __init__(self, site, path="/", threads=2, period_s=0.02, limit_s=600):
        self.site, self.path, self.period_s = site, path, period_s
        self.deadline = time.monotonic() + limit_s
        self.stop = threading.Event()
        self.lock = threading.Lock()
        self.sent = 0
        self.slowest_s = 0.0
        self.failures = []
        self.bodies = collections.Counter()
        self.threads = [threading.Thread(target=self._run, args=(i,)) for i in range(threads)]

    def _run(self, number):
        while not self.stop.is_set() and time.monotonic() < self.deadline:
            failure, body = None, None
            at, began = time.strftime("%H:%M:%S"), time.monotonic()
            try:
                answer = self.site.get(self.path, https=number % 2 == 1)
                body = answer.body
                if answer.status != 200:
                    failure = f"{at} {answer.status} {answer.body[:200]}"
            except OSError as error:
                failure = f"{at} {type(error).__name__}: {error}"
            except http.client.HTTPException as error:
                failure = f"{at} {type(error).__name__}: {error}"
            with self.lock:
                self.sent += 1
                self.slowest_s = max(self.slowest_s, time.monotonic() - began)
                if failure:
                    self.failures.append(failure)
                else:
                    self.bodies[body] += 1
            self.stop.wait(self.period_s)

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.stop.set()
        for thread in self.threads:
            thread.join(30)

    def verdict(self):
        return f"{len(self.failures)} of {self.sent} requests failed: {self.failures[:5]}"

    def json_values(self, key):
        return {json.loads(body)[key] for body in self.bodies}
