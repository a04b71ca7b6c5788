"""A web server for croft's integration tests."""
import json
import os
import signal
import socket
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote, urlsplit

import pg8000.native

with open("VERSION", encoding="utf-8") as file:
    VERSION = os.environ.get("APP_VERSION", file.read().strip())
INSTANCE = socket.gethostname()


def rows():
    url = urlsplit(os.environ["DATABASE_URL"])
    database = pg8000.native.Connection(
        unquote(url.username), host=url.hostname, port=url.port, timeout=5,
        password=unquote(url.password or ""), database=url.path.strip("/") or unquote(url.username))
    try:
        database.run("CREATE TABLE IF NOT EXISTS python_rows (id bigserial PRIMARY KEY, text text NOT NULL)")
        database.run("INSERT INTO python_rows (text) VALUES (:text)", text=f"{INSTANCE} {VERSION}")
        found = database.run("SELECT text FROM python_rows ORDER BY id")
        return {"rows": len(found), "last": found[-1][0]}
    finally:
        database.close()


ANSWERS = {
    "/": lambda: {"version": VERSION, "instance": INSTANCE},
    "/db": rows,
    "/env": lambda: {"value": os.environ.get("TEST_VALUE")},
}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        answer = ANSWERS.get(self.path)
        status, body = 404, {"error": "not found"}
        if answer:
            try:
                status, body = 200, answer()
            except Exception as error:
                print(f"{self.path}: {error!r}", file=sys.stderr, flush=True)
                status, body = 500, {"error": str(error)}
        data = json.dumps(body).encode() + b"\n"
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_):
        pass


class Server(ThreadingHTTPServer):
    address_family = socket.AF_INET6
    daemon_threads = True


server = Server(("::", int(os.environ["PORT"])), Handler)
signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
print(f"version {VERSION} is listening", flush=True)
server.serve_forever()
