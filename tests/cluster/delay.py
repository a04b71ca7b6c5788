"""delay.py QUEUE MILLISECONDS: takes the packets of a netfilter queue and lets them go, in order, that much later.

The kernel keeps the packets; only their numbers come here (linux/netfilter/nfnetlink_queue.h).
"""
import collections
import errno
import select
import socket
import struct
import sys
import time

NETLINK_NETFILTER, SUBSYSTEM_QUEUE = 12, 3
MSG_PACKET, MSG_CONFIG, MSG_VERDICT_BATCH = 0, 2, 3
CFG_CMD, CFG_PARAMS, CFG_QUEUE_MAXLEN, CFG_MASK, CFG_FLAGS = 1, 2, 3, 4, 5
PACKET_HDR, VERDICT_HDR = 1, 2
COPY_META, BIND, ACCEPT, FLAG_GSO = 1, 1, 1, 1 << 2
MAX_HELD = 20_000
SO_RCVBUFFORCE = 33


def attribute(kind, value):
    return struct.pack("=HH", 4 + len(value), kind) + value + b"\0" * (-len(value) % 4)


def message(queue, kind, *attributes):
    body = struct.pack("!BBH", socket.AF_UNSPEC, 0, queue) + b"".join(attributes)
    return struct.pack("=IHHII", 16 + len(body), SUBSYSTEM_QUEUE << 8 | kind, 1, 0, 0) + body


def packet_numbers(data):
    """Of every packet that a datagram from the kernel tells of."""
    at = 0
    while at + 16 <= len(data):
        length, kind = struct.unpack_from("=IH", data, at)
        if kind == SUBSYSTEM_QUEUE << 8 | MSG_PACKET:
            inside, end = at + 20, at + length
            while inside + 4 <= end:
                size, name = struct.unpack_from("=HH", data, inside)
                if name & 0x3FFF == PACKET_HDR:
                    yield struct.unpack_from("!I", data, inside + 4)[0]
                inside += max(4, size + 3 & ~3)
        at += max(16, length + 3 & ~3)


def main(queue, delay_s):
    link = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_NETFILTER)
    link.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 8 << 20)
    link.bind((0, 0))
    link.send(message(queue, MSG_CONFIG, attribute(CFG_CMD, struct.pack("!BBH", BIND, 0, 0))))
    link.send(message(queue, MSG_CONFIG, attribute(CFG_PARAMS, struct.pack("!IB", 0, COPY_META)),
                      attribute(CFG_QUEUE_MAXLEN, struct.pack("!I", MAX_HELD)),
                      attribute(CFG_FLAGS, struct.pack("!I", FLAG_GSO)),
                      attribute(CFG_MASK, struct.pack("!I", FLAG_GSO))))
    held = collections.deque()
    while True:
        wait = max(0.0, held[0][0] - time.monotonic()) if held else None
        if select.select([link], [], [], wait)[0]:
            try:
                data = link.recv(1 << 16)
            except OSError as error:
                if error.errno != errno.ENOBUFS:  # then the kernel has dropped packets, as a full router does
                    raise
                continue
            due = time.monotonic() + delay_s
            held.extend((due, number) for number in packet_numbers(data))
        last = None
        while held and held[0][0] <= time.monotonic():
            last = held.popleft()[1]
        if last is not None:
            # One verdict for all packets up to this number.
            link.send(message(queue, MSG_VERDICT_BATCH, attribute(VERDICT_HDR, struct.pack("!II", ACCEPT, last))))


if __name__ == "__main__":
    main(int(sys.argv[1]), float(sys.argv[2]) / 1000)
