"""Connections through a core, and how long each had to wait at most.

pair_load.py serve             servers: TCP 3000 echoes, TCP 3002 talks, UDP 3001 echoes; prints "up"
pair_load.py hold COUNT TARGET...    COUNT connections to the TARGETs (ADDRESS/echo or ADDRESS/talk) in turn
pair_load.py new ADDRESS       a new connection every 50 ms
pair_load.py udp ADDRESS       a request from the same socket every 20 ms

hold, new and udp print "up", and a line of JSON when a line comes on standard input."""
import asyncio
import json
import socket
import struct
import sys
import time

ECHO, UDP, TALK = 3000, 3001, 3002
PERIOD_S = 0.1


class Gaps:
    """The longest time without a sign of life, and how many of them there were."""

    def __init__(self):
        self.last, self.longest, self.count = None, 0.0, 0

    def note(self):
        now = time.monotonic()
        if self.last is not None:
            self.longest = max(self.longest, now - self.last)
        self.last, self.count = now, self.count + 1

    def until_now(self):
        return max(self.longest, time.monotonic() - self.last) if self.last else None


# Server

async def echo(reader, writer):
    try:
        while data := await reader.read(4096):
            writer.write(data)
    except OSError:
        pass
    writer.close()


async def talk(_, writer):
    number = 0
    try:
        while True:
            writer.write(struct.pack(">Q", number))
            await writer.drain()
            number += 1
            await asyncio.sleep(PERIOD_S)
    except OSError:
        pass
    writer.close()


class EchoUdp(asyncio.DatagramProtocol):
    def connection_made(self, transport):
        self.transport = transport

    def datagram_received(self, data, address):
        self.transport.sendto(data, address)


async def serve():
    for host in ("0.0.0.0", "::"):
        await asyncio.start_server(echo, host, ECHO, backlog=500)
        await asyncio.start_server(talk, host, TALK, backlog=500)
        udp_socket = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM)
        if ":" in host:
            udp_socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        udp_socket.bind((host, UDP))
        await asyncio.get_running_loop().create_datagram_endpoint(EchoUdp, sock=udp_socket)
    print("up", flush=True)
    await asyncio.Event().wait()


# Clients

class Held:
    """One established connection. What comes is numbered: nothing is lost and nothing comes twice."""

    def __init__(self, target):
        self.address, self.kind = target.rsplit("/", 1)
        self.gaps, self.problem, self.next = Gaps(), None, 0

    async def open(self):
        port = ECHO if self.kind == "echo" else TALK
        self.reader, self.writer = await asyncio.open_connection(self.address, port)

    async def run(self):
        try:
            while True:
                asked = time.monotonic()
                if self.kind == "echo":
                    self.writer.write(struct.pack(">Q", self.next))
                number = struct.unpack(">Q", await self.reader.readexactly(8))[0]
                if number != self.next:
                    raise OSError(f"{number} came, not {self.next}")
                self.next += 1
                now = time.monotonic()
                # One that only listens expects something every PERIOD_S.
                waited = now - asked if self.kind == "echo" else now - asked - PERIOD_S
                self.gaps.longest = max(self.gaps.longest, waited)
                self.gaps.last = now
                if self.kind == "echo":
                    await asyncio.sleep(PERIOD_S)
        except (OSError, asyncio.IncompleteReadError) as error:
            self.problem = str(error) or type(error).__name__

    def result(self):
        alive = self.problem is None and self.next > 5 and time.monotonic() - self.gaps.last < 1.0
        return {"target": f"{self.address}/{self.kind}", "alive": alive, "longest_s": round(self.gaps.longest, 3),
                "problem": self.problem}


async def hold(count, *targets):
    all_held = [Held(targets[i % len(targets)]) for i in range(int(count))]
    for held in all_held:
        await held.open()
    tasks = [asyncio.create_task(held.run()) for held in all_held]
    await until_told()
    print(json.dumps([held.result() for held in all_held]), flush=True)
    del tasks


async def attempt(address, gaps, slowest):
    began = time.monotonic()
    try:
        _, writer = await asyncio.wait_for(asyncio.open_connection(address, ECHO), 3)
        gaps.note()
        writer.close()
    except (OSError, asyncio.TimeoutError) as error:
        slowest["failed"].append(str(error) or "no answer within 3 s")
    slowest["slowest_s"] = max(slowest["slowest_s"], round(time.monotonic() - began, 3))


async def new(address):
    gaps, told = Gaps(), {"slowest_s": 0.0, "failed": []}
    tasks = set()

    async def attempts():
        while True:
            task = asyncio.create_task(attempt(address, gaps, told))
            tasks.add(task)
            task.add_done_callback(tasks.discard)
            await asyncio.sleep(0.05)
    going = asyncio.create_task(attempts())
    await until_told()
    going.cancel()
    print(json.dumps({**told, "longest_s": round(gaps.until_now() or 99, 3), "count": gaps.count}), flush=True)


class AskUdp(asyncio.DatagramProtocol):
    def __init__(self, gaps):
        self.gaps = gaps

    def datagram_received(self, data, address):
        self.gaps.note()

    def error_received(self, error):
        pass


async def udp(address):
    gaps = Gaps()
    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(lambda: AskUdp(gaps),
                                                                             remote_addr=(address, UDP))

    async def ask():
        while True:
            transport.sendto(b"?")
            await asyncio.sleep(0.02)
    going = asyncio.create_task(ask())
    await until_told()
    going.cancel()
    print(json.dumps({"longest_s": round(gaps.until_now() or 99, 3), "count": gaps.count}), flush=True)


async def until_told():
    """Says that it goes on, and waits for a line of standard input."""
    print("up", flush=True)
    loop = asyncio.get_running_loop()
    told = asyncio.Event()
    loop.add_reader(sys.stdin, told.set)
    await told.wait()
    loop.remove_reader(sys.stdin)


if __name__ == "__main__":
    asyncio.run(globals()[sys.argv[1]](*sys.argv[2:]))
