"""Stand-in for a container: health channel, and echo servers on TCP 3000 and UDP 3001 that say who they are.

"health" as second argument: the health channel only. Standard input takes lines: a health state ("ready", "draining", ...), or "mute" to close the health channel."""
import socket
import sys
import threading

NAME = sys.argv[1]
HEALTH_PORT, TCP_PORT, UDP_PORT = 65442, 3000, 3001
state = "ready"
muted = threading.Event()
changed = threading.Condition()


def peer_text(address):
    return address[0].removeprefix("::ffff:")


def listen(port):
    server = socket.socket(socket.AF_INET6)
    server.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    server.bind(("::", port))
    server.listen(500)
    return server


def serve(server, handler):
    while True:
        connection, address = server.accept()
        threading.Thread(target=handler, args=(connection, address), daemon=True).start()


def health(connection, _):
    try:
        while not muted.is_set():
            connection.sendall(b'{"state":"%s","detail":""}\n' % state.encode())
            with changed:
                changed.wait(1.0)
    except OSError:
        pass
    connection.close()


def echo(connection, address):
    try:
        connection.sendall(f"{NAME} {peer_text(address)}\n".encode())
        while data := connection.recv(4096):
            connection.sendall(data)
    except OSError:
        pass
    connection.close()


def echo_udp():
    server = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    server.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    # Answers leave from the address that was asked.
    server.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVPKTINFO, 1)
    server.setsockopt(socket.IPPROTO_IP, 8, 1)  # IP_PKTINFO
    server.bind(("::", UDP_PORT))
    while True:
        data, _, _, address = server.recvmsg(4096, 200)
        server.sendto(f"{NAME} {peer_text(address)}\n".encode(), address)


servers = ((HEALTH_PORT, health), (TCP_PORT, echo), (4000, echo))
for port, handler in servers[:1] if "health" in sys.argv[2:] else servers:
    threading.Thread(target=serve, args=(listen(port), handler), daemon=True).start()
if "health" not in sys.argv[2:]:
    threading.Thread(target=echo_udp, daemon=True).start()
print("up", flush=True)
for line in sys.stdin:
    word = line.strip()
    if word == "mute":
        muted.set()
    else:
        muted.clear()
        state = word
    with changed:
        changed.notify_all()
threading.Event().wait()  # in a container there is no standard input
