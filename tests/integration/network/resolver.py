"""The host's resolver: knows example.test only. UDP and TCP on port 53."""
import socket
import struct
import threading

KNOWN = b"\x07example\x04test\x00"


def answer(query):
    known = query[12:12 + len(KNOWN)] == KNOWN and query[-4:-2] == b"\0\1"
    head = query[:2] + (b"\x81\x80" if known else b"\x81\x83") + b"\0\1" + (b"\0\1" if known else b"\0\0") + b"\0\0\0\0"
    record = b"\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4" + socket.inet_aton("203.0.113.80")
    return head + query[12:] + (record if known else b"")


def serve_tcp(server):
    while True:
        connection, _ = server.accept()
        with connection, connection.makefile("rb") as stream:
            message = answer(stream.read(struct.unpack(">H", stream.read(2))[0]))
            connection.sendall(struct.pack(">H", len(message)) + message)


tcp = socket.socket()
tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
tcp.bind(("0.0.0.0", 53))
tcp.listen()
threading.Thread(target=serve_tcp, args=(tcp,), daemon=True).start()
udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
udp.bind(("0.0.0.0", 53))
print("up", flush=True)
while True:
    data, address = udp.recvfrom(4096)
    udp.sendto(answer(data), address)
