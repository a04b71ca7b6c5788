"""A small authoritative DNS server for tests: names with AAAA records that a test may change."""
import socket
import struct
import threading


class DnsServer:
    """Answers on UDP at `address` (IPv6). `records` maps a lower-case name to a list of addresses."""

    def __init__(self, address, port=53):
        self.records = {}
        self.queries = 0
        self._socket = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
        self._socket.bind((address, port))
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def close(self):
        self._socket.close()

    def _serve(self):
        while True:
            try:
                query, peer = self._socket.recvfrom(1500)
                self._socket.sendto(self._answer(query), peer)
            except OSError:
                return

    def _answer(self, query):
        self.queries += 1
        labels, at = [], 12
        while query[at]:
            labels.append(query[at + 1 : at + 1 + query[at]].decode().lower())
            at += 1 + query[at]
        question = query[12 : at + 5]
        (kind,) = struct.unpack("!H", query[at + 1 : at + 3])
        addresses = self.records.get(".".join(labels))
        answers = b""
        count = 0
        if addresses and kind == 28:
            for address in addresses:
                # The name by pointer, AAAA, IN, TTL 0.
                answers += struct.pack("!HHHIH", 0xC00C, 28, 1, 0, 16)
                answers += socket.inet_pton(socket.AF_INET6, address)
                count += 1
        status = 0 if addresses is not None else 3
        flags = 0x8400 | (query[2] & 1) << 8 | status
        return query[:2] + struct.pack("!HHHHH", flags, 1, count, 0, 0) + question + answers
