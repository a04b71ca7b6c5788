"""An HTTP upstream for tests: says who it is, echoes headers and WebSocket frames, streams events."""
import base64
import hashlib
import json
import socket
import struct
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

WEBSOCKET_GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def _send(self, body, status=200, kind="application/json"):
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.send_header("X-Request-Id", "from-the-service")
        self.end_headers()
        self.wfile.write(data)

    def do_GET(self):
        if self.path == "/headers":
            self._send({"name": self.server.name, "headers": self.headers.items()})
        elif self.path == "/events":
            self._events()
        elif self.path == "/ws":
            self._echo_frames()
        elif self.path == "/missing":
            self._send({"mine": True}, 404)
        elif self.path == "/break":
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
        else:
            self._send({"name": self.server.name, "path": self.path})

    def do_POST(self):
        total, digest = 0, hashlib.sha256()
        for piece in self._body():
            total += len(piece)
            digest.update(piece)
            self.server.received += len(piece)
        self._send({"name": self.server.name, "bytes": total, "sha256": digest.hexdigest()})

    def _body(self):
        if self.headers.get("Transfer-Encoding") == "chunked":
            while size := int(self.rfile.readline(), 16):
                yield self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
        else:
            left = int(self.headers.get("Content-Length", 0))
            while left > 0:
                piece = self.rfile.read(min(left, 65536))
                left -= len(piece)
                yield piece

    def _events(self):
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        for number in range(5):
            self.wfile.write(f"data: {number}\n\n".encode())
            time.sleep(0.3)
        self.close_connection = True

    def _echo_frames(self):
        key = self.headers["Sec-WebSocket-Key"] + WEBSOCKET_GUID
        self.send_response(101)
        self.send_header("Upgrade", "websocket")
        self.send_header("Connection", "Upgrade")
        accept = base64.b64encode(hashlib.sha1(key.encode()).digest()).decode()
        self.send_header("Sec-WebSocket-Accept", accept)
        self.end_headers()
        self.close_connection = True
        while head := self.rfile.read(2):
            mask = self.rfile.read(4)
            data = bytes(b ^ mask[i % 4] for i, b in enumerate(self.rfile.read(head[1] & 127)))
            self.wfile.write(bytes([0x81, len(data)]) + data)


class Upstream(ThreadingHTTPServer):
    address_family = socket.AF_INET6
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, name, address, port):
        self.name = name
        self.received = 0
        self._connections = set()
        super().__init__((address, port), Handler)
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02}).start()

    def process_request(self, request, client_address):
        self._connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request):
        self._connections.discard(request)
        super().shutdown_request(request)

    def stop(self):
        """As a process that ends: open connections are closed too."""
        self.shutdown()
        self.server_close()
        for connection in list(self._connections):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass


class WebSocket:
    """A client that sends short text frames and reads the echo."""

    def __init__(self, address, port, host, path="/ws"):
        self._socket = socket.create_connection((address, port), timeout=10)
        self._file = self._socket.makefile("rb")
        self._socket.sendall(
            f"GET {path} HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n".encode()
        )
        self.status = int(self._file.readline().split()[1])
        while self._file.readline() not in (b"\r\n", b""):
            pass

    def echo(self, text):
        data = text.encode()
        self._socket.sendall(bytes([0x81, 0x80 | len(data)]) + struct.pack("!I", 0) + data)
        head = self._file.read(2)
        return self._file.read(head[1]).decode() if len(head) == 2 else None

    def close(self):
        self._file.close()
        self._socket.close()
