"""Asks the network one question from where it runs; rig_test.py runs it on the nodes.

probe.py serve PORT                 answers on TCP and UDP, IPv4 and IPv6, with what it gets, until killed; "up" when it does
probe.py tcp ADDRESS PORT           "ok", or "no: why" within 2 s
probe.py udp ADDRESS PORT COUNT     how many of so many datagrams were answered, and the median time in ms: "98 0.2"
probe.py receive PORT SECONDS       "up", then after so long how many datagrams came
probe.py send ADDRESS PORT COUNT    sends so many, expects nothing
probe.py dns SERVER                 "ok" when a DNS server answers anything at all
probe.py hold ADDRESS PORT          connects, says "up", then for each line of input sends it and says what came in 2 s:
                                    the same line, "nothing", or "ended"
"""
import socket
import statistics
import sys
import threading
import time

LIMIT_S = 2.0
SO_RCVBUFFORCE = 33


def listener(kind, port):
    server = socket.socket(socket.AF_INET6, kind)
    server.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    server.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 4 << 20)
    server.bind(("::", port))
    if kind == socket.SOCK_STREAM:
        server.listen(100)
    return server


def echo(connection):
    with connection:
        try:
            while data := connection.recv(65536):
                connection.sendall(data)
        except OSError:
            pass


def serve(port):
    tcp, udp = listener(socket.SOCK_STREAM, int(port)), listener(socket.SOCK_DGRAM, int(port))

    def answer_datagrams():
        while True:
            data, peer = udp.recvfrom(65536)
            try:
                udp.sendto(data, peer)
            except OSError:
                pass  # the way back is cut
    threading.Thread(target=answer_datagrams, daemon=True).start()
    print("up", flush=True)
    while True:
        threading.Thread(target=echo, args=(tcp.accept()[0],), daemon=True).start()


def tcp(address, port):
    try:
        with socket.create_connection((address, int(port)), LIMIT_S) as connection:
            connection.sendall(b"hello")
            connection.settimeout(LIMIT_S)
            print("ok" if connection.recv(100) == b"hello" else "no: ended")
    except OSError as error:
        print(f"no: {error}")


def datagram_socket(address, port):
    made = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM)
    made.connect((address, int(port)))
    return made


def udp(address, port, count):
    times = []
    with datagram_socket(address, port) as asking:
        for number in range(int(count)):
            began = time.monotonic()
            try:
                asking.send(str(number).encode())
                asking.settimeout(LIMIT_S if int(count) <= 50 else 0.05)
                while asking.recv(100) != str(number).encode():
                    pass
                times.append(time.monotonic() - began)
            except OSError:
                pass
    print(len(times), round(statistics.median(times) * 1000, 1) if times else "-")


def receive(port, seconds):
    server, count, end = listener(socket.SOCK_DGRAM, int(port)), 0, time.monotonic() + float(seconds)
    print("up", flush=True)
    while (left := end - time.monotonic()) > 0:
        server.settimeout(left)
        try:
            server.recv(100)
            count += 1
        except TimeoutError:
            pass
    print(count)


def send(address, port, count):
    with datagram_socket(address, port) as out:
        for number in range(int(count)):
            try:
                out.send(b"x")
            except OSError:
                pass  # nobody listens (yet), or the way is cut
            if number % 20 == 0:
                time.sleep(0.005)


def dns(server):
    question = b"\x12\x34\x01\0\0\1\0\0\0\0\0\0\7example\4test\0\0\1\0\1"
    with datagram_socket(server, 53) as asking:
        asking.settimeout(LIMIT_S)
        for _ in range(3):
            try:
                asking.send(question)
                if asking.recv(2000)[:2] == question[:2]:
                    print("ok")
                    return
            except OSError:
                continue
    print("no")


def hold(address, port):
    with socket.create_connection((address, int(port)), LIMIT_S) as connection:
        print("up", flush=True)
        for line in sys.stdin:
            try:
                connection.sendall(line.encode())
                connection.settimeout(LIMIT_S)
                print((connection.recv(1000).decode().strip() or "ended"), flush=True)
            except TimeoutError:
                print("nothing", flush=True)
            except OSError:
                print("ended", flush=True)


if __name__ == "__main__":
    {name.__name__: name for name in (serve, tcp, udp, receive, send, dns, hold)}[sys.argv[1]](*sys.argv[2:])
