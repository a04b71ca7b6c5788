"""An HTTP/3 client made of a second Caddy: curl here has no HTTP/3."""
import http.client
import json
import shutil
import tempfile

from caddy import Caddy
from machine import free_port


class Http3Client:
    """Sends requests for `host` over HTTP/3, and over nothing else, to UDP `port` of this machine."""

    def __init__(self, program, host, port):
        self.directory = tempfile.mkdtemp(prefix="croft-h3-")
        self.port = free_port()
        self.caddy = Caddy(program, self.directory)
        self.config = {"apps": {"http": {"servers": {"client": {
            "listen": [f"127.0.0.1:{self.port}"], "automatic_https": {"disable": True}, "routes": [{"handle": [{
                "handler": "reverse_proxy",
                "upstreams": [{"dial": f"127.0.0.1:{port}"}],
                "headers": {"request": {"set": {"Host": [host]}}},
                "transport": {"protocol": "http", "versions": ["3"], "tls": {
                    "server_name": host,
                    # Its HTTP/3 client takes no authority of its own; the tests of HTTP/2 check the chain.
                    "insecure_skip_verify": True}},
            }]}]}}}}}

    def __enter__(self):
        self.caddy.start()
        self.config["admin"] = {"listen": f"unix/{self.caddy.socket}|0600"}
        self.caddy.load(json.dumps(self.config))
        return self

    def __exit__(self, *_):
        self.caddy.kill()
        shutil.rmtree(self.directory, ignore_errors=True)

    def get(self, path):
        """(status, body) of a GET. 502 when the other side does not speak HTTP/3."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()

    def log(self):
        return self.caddy.log()
