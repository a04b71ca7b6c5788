"""./dev cluster: a rig for people. `cluster.py --home FOLDER --help` says what it can."""
import argparse
import os
import signal
import sys
import time

from processes import RigError
from rig import MAX_NODES, Rig


def options():
    parser = argparse.ArgumentParser(prog="./dev cluster", description="Several machines on one: container engines as "
                                     "nodes of a swarm, and the means to break what is between them.")
    parser.add_argument("--home", required=True, help=argparse.SUPPRESS)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def command(name, text, *, node=True):
        made = commands.add_parser(name, help=text, description=text)
        if node:
            made.add_argument("node", type=int, metavar="NODE")
        return made

    def direction(made):
        made.add_argument("--one-way", choices=("in", "out"), help="only what comes to the node, or what it sends")

    up = command("up", "makes the nodes and the swarm; removes first what a killed one left", node=False)
    up.add_argument("--nodes", type=int, default=3, metavar=f"1..{MAX_NODES}")
    up.add_argument("--zones", type=int, default=1, metavar="N", help="nodes get the labels zone=a, zone=b, … in turn")
    up.add_argument("--managers", type=int, default=1, metavar="N", help="of the swarm: nodes 1 to N")
    up.add_argument("--no-swarm", action="store_true", help="engines that are in no swarm")
    command("down", "removes everything", node=False)
    command("status", "the nodes, and what is wrong with them now", node=False)
    environment = command("env", "shell exports: docker talks to the node's engine", node=False)
    environment.add_argument("node", type=int, nargs="?", default=1, metavar="NODE")
    execute = command("exec", "runs a program on the node: exec NODE -- COMMAND…")
    execute.add_argument("words", nargs=argparse.REMAINDER, metavar="-- COMMAND")
    kill = command("kill", "cuts the node's power; with an option, kills only a program or a container")
    what = kill.add_mutually_exclusive_group()
    what.add_argument("--program", metavar="NAME")
    what.add_argument("--container", metavar="NAME")
    for name, text in (("cut", "no packet passes"), ("drop", "a share of the packets is lost")):
        made = command(name, f"{text} between the node and the others")
        if name == "drop":
            made.add_argument("percent", type=float)
        direction(made)
        made.add_argument("--from", dest="peers", type=int, action="append", default=[], metavar="NODE",
                          help="only between these two; may be repeated")
        made.add_argument("--only", action="append", default=[], metavar="tcp:PORT",
                          help="only this port, TCP or UDP; may be repeated")
    delay = command("delay", "packets arrive later")
    delay.add_argument("milliseconds", type=float)
    direction(delay)
    command("unplug", "takes the node's cable out")
    command("freeze", "stops all programs of the node; its kernel goes on")
    command("thaw", "lets them go on")
    heal = command("heal", "takes back every fault of the node, or of all; starts killed nodes", node=False)
    heal.add_argument("node", type=int, nargs="?", metavar="NODE")
    share = command("share", "copies an image from node 1 to the others", node=False)
    share.add_argument("image")
    return parser


def show_status(rig):
    if not rig.state.get("nodes"):
        print("no rig is up here: ./dev cluster up")
        return
    if not rig.whole():
        print("this rig was not made to its end, or its processes were killed: ./dev cluster up, or down")
    faults = rig.faults
    print(f"{'NODE':<6}{'ZONE':<6}{'STATE':<9}{'ADDRESSES':<40}FAULTS")
    for node in rig.nodes():
        state = "frozen" if node.frozen() else "up" if node.alive() else "killed"
        print(f"{node.index:<6}{node.zone:<6}{state:<9}{node.address4 + ' ' + node.address6:<40}"
              f"{faults.describe(node.index)}".rstrip())


def show_env(rig, index):
    node = rig.node(index)
    print(f"export DOCKER_HOST=unix://{node.socket} CROFT_RIG_HOME={rig.home}")


def execute(rig, index, words):
    words = words[1:] if words[:1] == ["--"] else words
    if not words:
        raise RigError("no command: ./dev cluster exec NODE -- COMMAND…")
    command = rig.node(index).space.command(words, os.getcwd())
    os.execvp(command[0], command)


def kill(rig, chosen):
    if chosen.program:
        rig.node(chosen.node).kill_program(chosen.program)
    elif chosen.container:
        rig.node(chosen.node).kill_container(chosen.container)
    else:
        rig.kill_node(chosen.node)


def up(rig, chosen):
    began = time.monotonic()
    rig.up(chosen.nodes, chosen.zones, chosen.managers, not chosen.no_swarm)
    print(f"{chosen.nodes} nodes are up after {time.monotonic() - began:.0f} s", file=sys.stderr)


def act(rig, chosen):
    way = getattr(chosen, "one_way", None) or "both"
    actions = {
        "up": lambda: up(rig, chosen),
        "down": rig.down,
        "status": lambda: show_status(rig),
        "env": lambda: show_env(rig, chosen.node),
        "exec": lambda: execute(rig, chosen.node, chosen.words),
        "kill": lambda: kill(rig, chosen),
        "cut": lambda: rig.cut(chosen.node, way, chosen.peers, chosen.only),
        "drop": lambda: rig.drop(chosen.node, chosen.percent, way, chosen.peers, chosen.only),
        "delay": lambda: rig.delay(chosen.node, chosen.milliseconds, way),
        "unplug": lambda: rig.unplug(chosen.node),
        "freeze": lambda: rig.freeze(chosen.node),
        "thaw": lambda: rig.thaw(chosen.node),
        "heal": lambda: rig.heal(chosen.node),
        "share": lambda: rig.share_image(chosen.image),
    }
    actions[chosen.command]()


def stop(number, _):
    raise SystemExit(128 + number)


def main():
    chosen = options().parse_args()
    # Ended in the middle of `up`, it removes what it has made.
    signal.signal(signal.SIGTERM, stop)
    try:
        act(Rig(chosen.home), chosen)
    except RigError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
