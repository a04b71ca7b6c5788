"""A server that answers as its path says, well or badly: HTTP/1.1, WebSocket, events, TCP, and HTTP/2 over TLS.

Each connection has a thread; what a path does stands in `http1` and `Http2`.
"""
import base64
import hashlib
import socket
import socketserver
import ssl
import struct
import threading
import time

WHO = "X-App-Version: v1\r\nX-Instance: i1\r\n"


def reset(connection):
    """Ends it with RST instead of FIN."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


class Ended(Exception):
    pass


class Reader:
    def __init__(self, connection):
        self.connection, self.data = connection, b""

    def more(self):
        piece = self.connection.recv(65536)
        if not piece:
            raise Ended
        self.data += piece

    def take(self, size):
        while len(self.data) < size:
            self.more()
        taken, self.data = self.data[:size], self.data[size:]
        return taken

    def until(self, mark):
        while mark not in self.data:
            self.more()
        head, self.data = self.data.split(mark, 1)
        return head


def good(body, extra=""):
    return f"HTTP/1.1 200 OK\r\n{WHO}{extra}Content-Length: {len(body)}\r\n\r\n".encode() + body


class Handler(socketserver.BaseRequestHandler):
    def handle(self):
        try:
            self.talk(Reader(self.request))
        except (Ended, OSError):
            pass

    def talk(self, reader):
        raise NotImplementedError


class Http1Handler(Handler):
    stalled = False

    def talk(self, reader):
        while True:
            head = reader.until(b"\r\n\r\n").decode()
            fields = dict(line.lower().split(": ", 1) for line in head.split("\r\n")[1:])
            body = reader.take(int(fields.get("content-length", 0)))
            path = head.split(" ")[1]
            if getattr(self, "do_" + path.strip("/"))(body, fields, reader) == "end":
                return

    def send(self, data):
        self.request.sendall(data)

    def do_(self, body, fields, reader):
        self.send(good(body or b"hello"))

    def do_chunked(self, body, fields, reader):
        self.send(f"HTTP/1.1 200 OK\r\n{WHO}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n".encode())

    def do_checksum(self, body, fields, reader):
        data = bytes(range(256)) * 4096
        self.send(good(data, f"X-Checksum: {hashlib.sha256(data).hexdigest()}\r\n"))

    def do_wrongchecksum(self, body, fields, reader):
        self.send(good(b"other bytes", f"X-Checksum: {hashlib.sha256(b'these bytes').hexdigest()}\r\n"))

    def do_wrongecho(self, body, fields, reader):
        self.send(good(b"x" * len(body)))

    def do_status(self, body, fields, reader):
        self.send(b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 4\r\n\r\nbusy")

    def do_noreply(self, body, fields, reader):
        return "end"

    def do_reset(self, body, fields, reader):
        reset(self.request)
        return "end"

    def do_cut(self, body, fields, reader):
        self.send(f"HTTP/1.1 200 OK\r\n{WHO}Content-Length: 100\r\n\r\nonly ten b".encode())
        return "end"

    def do_cutreset(self, body, fields, reader):
        self.send(f"HTTP/1.1 200 OK\r\n{WHO}Content-Length: 100\r\n\r\nonly ten b".encode())
        time.sleep(0.1)
        reset(self.request)
        return "end"

    def do_garbage(self, body, fields, reader):
        self.send(b"this is not HTTP\r\n\r\n")

    def do_slow(self, body, fields, reader):
        time.sleep(1.5)
        self.send(good(b"late"))

    def do_idleclose(self, body, fields, reader):
        self.send(good(b"and then it closes without saying so"))
        return "end"

    def do_stallonce(self, body, fields, reader):
        """The first request of all takes a second, the others nothing."""
        if not Http1Handler.stalled:
            Http1Handler.stalled = True
            time.sleep(1)
        self.send(good(b"ok"))

    # Sessions

    def upgrade(self, fields):
        accept = hashlib.sha1((fields["sec-websocket-key"].strip() + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode())
        self.send(f"HTTP/1.1 101 Switching Protocols\r\n{WHO}Upgrade: websocket\r\nConnection: Upgrade\r\n"
                  f"Sec-WebSocket-Accept: {base64.b64encode(accept.digest()).decode()}\r\n\r\n".encode())

    def message(self, reader):
        """(opcode, payload) of a client frame of less than 126 bytes."""
        first, second = reader.take(2)
        mask = reader.take(4)
        data = reader.take(second & 0x7f)
        return first & 15, bytes(byte ^ mask[i % 4] for i, byte in enumerate(data))

    def web_socket(self, fields, reader, echoes, last):
        self.upgrade(fields)
        for _ in range(echoes):
            opcode, data = self.message(reader)
            self.send(bytes([0x80 | opcode, len(data)]) + data)
            if opcode == 8:
                return "end"
        self.message(reader)
        if last:
            self.send(last)
        return "end"

    def do_ws(self, body, fields, reader):
        return self.web_socket(fields, reader, 10_000, b"")

    def do_ws1001(self, body, fields, reader):
        return self.web_socket(fields, reader, 2, bytes([0x88, 2]) + struct.pack(">H", 1001))

    def do_wscut(self, body, fields, reader):
        return self.web_socket(fields, reader, 2, b"")

    def do_wswrong(self, body, fields, reader):
        return self.web_socket(fields, reader, 1, bytes([0x81, 5]) + b"wrong")

    def events(self, numbers, end):
        self.send(f"HTTP/1.1 200 OK\r\n{WHO}Content-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n".encode())
        for number in numbers:
            event = f"id: {number}\ndata: {number}\n\n".encode()
            self.send(f"{len(event):x}\r\n".encode() + event + b"\r\n")
            time.sleep(0.05)
        self.send(end)
        return "end"

    def do_events(self, body, fields, reader):
        return self.events(range(10_000), b"")

    def do_eventsend(self, body, fields, reader):
        return self.events(range(5), b"0\r\n\r\n")

    def do_eventscut(self, body, fields, reader):
        return self.events(range(5), b"")

    def do_eventsgap(self, body, fields, reader):
        return self.events([0, 1, 3], b"0\r\n\r\n")


class EchoHandler(Handler):
    def talk(self, reader):
        while True:
            reader.more()
            self.request.sendall(reader.take(len(reader.data)))


class EchoTwiceHandler(Handler):
    """Echoes two lines, then ends."""

    def talk(self, reader):
        for _ in range(2):
            self.request.sendall(reader.until(b"\n") + b"\n")


class Http2Handler(Handler):
    """HTTP/2 without a header decoder: the path of every stream is that of the handler's class."""

    def talk(self, reader):
        reader.take(24)
        self.bodies = {}
        self.frame(4, 0, 0, b"")
        while True:
            head = reader.take(9)
            size, kind, flags = int.from_bytes(head[:3], "big"), head[3], head[4]
            stream = int.from_bytes(head[5:], "big")
            payload = reader.take(size)
            if kind == 4 and not flags & 1:
                self.frame(4, 1, 0, b"")
            if kind == 0 and size:
                self.frame(8, 0, 0, size.to_bytes(4, "big"))
            if kind in (0, 1):
                self.bodies[stream] = self.bodies.get(stream, b"") + (payload if kind == 0 else b"")
                if flags & 1:
                    self.answer(stream, self.bodies.pop(stream))

    def frame(self, kind, flags, stream, payload):
        self.request.sendall(len(payload).to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big") + payload)

    def headers(self, stream):
        def literal(name, value):
            return b"\0" + bytes([len(name)]) + name + bytes([len(value)]) + value
        self.frame(1, 4, stream, b"\x88" + literal(b"x-app-version", b"v2") + literal(b"x-instance", b"i2"))

    def answer(self, stream, body):
        self.headers(stream)
        self.frame(0, 1, stream, body or b"hello")


class Http2Refuses(Http2Handler):
    def answer(self, stream, body):
        self.frame(3, 0, stream, (7).to_bytes(4, "big"))


class Http2Breaks(Http2Handler):
    def answer(self, stream, body):
        self.frame(3, 0, stream, (2).to_bytes(4, "big"))


class Http2Cuts(Http2Handler):
    def answer(self, stream, body):
        self.headers(stream)
        # Goes on reading: a close with unread bytes would be a reset.
        self.request.shutdown(socket.SHUT_WR)


class Http2GoesAway(Http2Handler):
    """Answers the first request, and says that the next was never processed."""

    def answer(self, stream, body):
        if stream == 1:
            super().answer(stream, body)
        else:
            self.frame(7, 0, 0, (1).to_bytes(4, "big") + (0).to_bytes(4, "big"))


class Http2Rotates(Http2Handler):
    """Says GOAWAY in order after every third answer, and answers no more on that connection."""

    def answer(self, stream, body):
        if stream <= 5:
            super().answer(stream, body)
        if stream == 5:
            self.frame(7, 0, 0, (5).to_bytes(4, "big") + (0).to_bytes(4, "big"))


class Http2Silent(Http2Handler):
    def answer(self, stream, body):
        pass


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 512

    def __init__(self, handler, context=None):
        super().__init__(("127.0.0.1", 0), handler)
        self.context = context
        self.port = self.server_address[1]
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def finish_request(self, request, client_address):
        if self.context:
            try:
                request = self.context.wrap_socket(request, server_side=True)
            except OSError:  # also a client that does not like the certificate
                return
        try:
            super().finish_request(request, client_address)
        finally:
            request.close()

    def handle_error(self, request, client_address):
        pass


def tls_context(certificate, key, protocols):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    context.set_alpn_protocols(protocols)
    return context
