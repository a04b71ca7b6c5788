"""One question asked from a namespace; prints the answer, or "no: REASON"."""
import json
import random
import socket
import struct
import sys
import time

LIMIT_S = 1.5


def connect(address, port):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    connection = socket.socket(family)
    connection.settimeout(LIMIT_S)
    connection.connect((address, port))
    return connection


def tcp(address, port, count="1"):
    """Who answers on each of COUNT connections."""
    for _ in range(int(count)):
        with connect(address, int(port)) as connection:
            print(connection.makefile().readline().strip())


def udp(address, port, count="1"):
    for _ in range(int(count)):
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        with socket.socket(family, socket.SOCK_DGRAM) as asker:
            asker.settimeout(LIMIT_S)
            asker.sendto(b"?", (address, int(port)))
            print(asker.recv(1000).decode().strip())


def send_from(source, address, port):
    """One UDP packet from that address of ours."""
    with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.bind((source, 0))
        sender.sendto(b"?", (address, int(port)))


def hold(address, port):
    """Keeps one connection; echoes each line of standard input through it."""
    connection = connect(address, int(port))
    stream = connection.makefile("rw")
    print(stream.readline().strip(), flush=True)
    for line in sys.stdin:
        stream.write(line)
        stream.flush()
        print(stream.readline().strip(), flush=True)


def hammer(address, port, seconds):
    """New connections one after another; how many there were and how many failed."""
    good, bad = 0, {}
    end = time.monotonic() + float(seconds)
    while time.monotonic() < end:
        try:
            with connect(address, int(port)) as connection:
                good += 1 if connection.recv(10) else 0
        except OSError as error:
            bad[str(error)] = bad.get(str(error), 0) + 1
        time.sleep(0.005)
    print(json.dumps({"good": good, "bad": bad}))


TYPES = {"A": 1, "PTR": 12, "TXT": 16, "AAAA": 28}


def ask(server, name, kind, seconds, transport="udp"):
    """The same question again and again, as a resolver does: a datagram without an answer within 3 s is sent once
    more (RFC 1035 section 4.2.1), and so is a question over TCP whose connection ends without an answer (RFC 7766 section
    6.2.4). How many answers had addresses, how many had to be asked for twice."""
    good, bad, again, slowest = 0, {}, 0, 0.0
    end = time.monotonic() + float(seconds)
    while time.monotonic() < end:
        asked = time.monotonic()
        try:
            try:
                answer = resolve(server, name, kind, transport, 3.0)
            except (TimeoutError if transport == "udp" else ConnectionError):
                again += 1
                answer = resolve(server, name, kind, transport, 3.0)
            problem = None if answer["addresses"] else f"rcode {answer['rcode']}, nothing"
        except OSError as error:
            problem = str(error)
        slowest = max(slowest, time.monotonic() - asked)
        if problem:
            bad[problem] = bad.get(problem, 0) + 1
        else:
            good += 1
        time.sleep(0.01)
    print(json.dumps({"good": good, "bad": bad, "again": again, "slowest_s": round(slowest, 2)}))


def dns(server, name, kind="A", transport="udp"):
    """RCODE and the addresses."""
    print(json.dumps(resolve(server, name, kind, transport, LIMIT_S)))


def resolve(server, name, kind, transport, limit_s):
    query = struct.pack(">HHHHHH", random.randrange(65536), 0x0100, 1, 0, 0, 0)
    for label in name.split("."):
        query += bytes([len(label)]) + label.encode()
    query += b"\0" + struct.pack(">HH", TYPES[kind], 1)
    if transport == "udp":
        family = socket.AF_INET6 if ":" in server else socket.AF_INET
        asker = socket.socket(family, socket.SOCK_DGRAM)
        with asker:
            asker.settimeout(limit_s)
            asker.connect((server, 53))
            asker.send(query)
            answer = asker.recv(4096)
    else:
        with connect(server, 53) as asker, asker.makefile("rb") as stream:
            asker.settimeout(limit_s)
            asker.sendall(struct.pack(">H", len(query)) + query)
            length = stream.read(2)
            if len(length) < 2:
                raise ConnectionError("the connection ended without an answer")
            answer = stream.read(struct.unpack(">H", length)[0])
    assert answer[:2] == query[:2]
    count = struct.unpack(">H", answer[6:8])[0]
    at, found = len(query), []
    for _ in range(count):
        length = struct.unpack(">H", answer[at + 10:at + 12])[0]
        data = answer[at + 12:at + 12 + length]
        if length in (4, 16):
            found.append(socket.inet_ntop(socket.AF_INET if length == 4 else socket.AF_INET6, data))
        at += 12 + length
    return {"rcode": answer[3] & 15, "addresses": sorted(found)}


def once(host, key, exit_code, seconds):
    """Asks to run KEY; "runs" for that long; what it was told, in order."""
    connection = connect(host, 65443)
    connection.settimeout(20)
    stream = connection.makefile("rw")
    stream.write(json.dumps({"key": key, "retry": False}) + "\n")
    stream.flush()
    heard = []
    while line := stream.readline():
        message = json.loads(line)
        heard.append(message.get("do", message.get("result", "error")))
        if heard[-1] == "run":
            time.sleep(float(seconds))
            stream.write(json.dumps({"exit_code": int(exit_code)}) + "\n")
            stream.flush()
        if "result" in message:
            break
    print(json.dumps(heard))


def knock(source, source_port, address, port, begun):
    """Begins a connection from a port of ours, after an ACK out of nowhere if BEGUN is "ack": what is said to that."""
    line = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_TCP)
    line.setsockopt(socket.IPPROTO_IPV6, 7, 16)  # IPV6_CHECKSUM: where the kernel puts it
    line.bind((source, 0))
    line.connect((address, 0))
    ports = struct.pack(">HH", int(source_port), int(port))

    def say(flags):
        line.send(ports + struct.pack(">IIBBHHH", 1000, 2000, 5 << 4, flags, 1000, 0, 0))

    if begun == "ack":
        say(0x10)
        time.sleep(0.2)
    say(0x02)
    line.settimeout(LIMIT_S)
    answer = b""
    while answer[:4] != ports[2:] + ports[:2] or answer[8:12] != struct.pack(">I", 1001):
        answer = line.recv(100)
    print("accepted" if answer[13] & 0x02 else "reset")


def spoof_arp(interface, address, count):
    """Says to everybody that ADDRESS is here."""
    sender = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    sender.bind((interface, 0))
    mac = sender.getsockname()[4]
    ip = socket.inet_aton(address)
    frame = b"\xff" * 6 + mac + bytes.fromhex("080600010800060400 02".replace(" ", "")) + mac + ip
    for _ in range(int(count)):
        sender.send(frame + b"\xff" * 6 + ip)
        time.sleep(0.05)


try:
    globals()[sys.argv[1]](*sys.argv[2:])
except (OSError, AssertionError) as error:
    print(f"no: {error}")
