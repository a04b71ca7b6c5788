"""pair_arp.py INTERFACE ADDRESS: asks by ARP every 20 ms who has ADDRESS. Prints "up", and when a line comes on standard
input for how long in all two answered within the same 0.1 s."""
import json
import select
import socket
import sys
import time

PERIOD_S, WINDOW_S = 0.02, 0.1
interface, address = sys.argv[1], socket.inet_aton(sys.argv[2])
line = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x0806))
line.bind((interface, 0x0806))
mac = line.getsockname()[4]
question = (b"\xff" * 6 + mac + bytes.fromhex("08060001080006040001") + mac + b"\0" * 4 + b"\0" * 6 + address)
print("up", flush=True)
heard, double, next_question = {}, 0.0, 0.0
while True:
    now = time.monotonic()
    if now >= next_question:
        line.send(question)
        next_question = now + PERIOD_S
        recent = [at for at in heard.values() if now - at < WINDOW_S]
        double += PERIOD_S if len(recent) > 1 else 0
    ready = select.select([line, sys.stdin], [], [], max(0.0, next_question - time.monotonic()))[0]
    if sys.stdin in ready:
        print(json.dumps({"double_s": round(double, 2), "answered": len(heard)}), flush=True)
        break
    if line in ready:
        frame = line.recv(200)
        # An answer that was meant for us, or for everybody, from the address that was asked for.
        if frame[20:22] == b"\0\2" and frame[28:32] == address:
            heard[frame[22:28]] = time.monotonic()
