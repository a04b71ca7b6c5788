"""The network between the nodes: a bridge in a namespace of its own, a link to the machine for egress, and faults.

Node k has 198.18.N.k and fdc0:ff00:0:N::k, where N is a number that no other rig on the machine has; the bridge has .254
and ::fe, and is their gateway. The port of node k is `nk`. Faults are rules and states of the ports: a node cannot
tell them from a broken network, and nothing of the node itself is touched.
"""
import contextlib
import fcntl
import ipaddress
import json
import os
import pathlib
import random
import sys

from processes import RigError, Space, run, wait_until

HERE = pathlib.Path(__file__).resolve().parent
BRIDGE, EGRESS = "bridge0", "egress0"
DIRECTIONS = ("both", "in", "out")


def network4(number):
    return ipaddress.ip_network(f"198.18.{number}.0/24")  # RFC 2544: networks that are only for tests


def address4(number, node):
    return f"198.18.{number}.{node}"


def address6(number, node):
    return f"fdc0:ff00:0:{number:x}::{node:x}"


def uplink4(number, end):
    """The link to the machine: end 1 is the machine, 2 the switch."""
    return f"198.19.{number}.{end}"


def uplink6(number, end):
    return f"fdc0:ff00:1:{number:x}::{end}"


class Faults:
    """What is wrong with the network now. Plain data; `rules` says it to nft."""

    def __init__(self, kept=None):
        kept = kept or {}
        self.losses = kept.get("losses", [])
        self.delays = kept.get("delays", {})
        self.unplugged = kept.get("unplugged", [])

    def kept(self):
        return {"losses": self.losses, "delays": self.delays, "unplugged": self.unplugged}

    def lose(self, node, percent=100, direction="both", peers=(), only=()):
        """`direction`: as the node sees it. `peers`: only to and from these. `only`: ports, as "tcp:2377"."""
        if direction not in DIRECTIONS:
            raise RigError(f"direction {direction}: one of {', '.join(DIRECTIONS)}")
        if not 0 < percent <= 100:
            raise RigError(f"{percent} % of the packets cannot be lost: more than 0, at most 100")
        for port in only:
            protocol, _, number = port.partition(":")
            if protocol not in ("tcp", "udp") or not number.isdigit() or not 0 < int(number) < 65536:
                raise RigError(f"port {port}: as in tcp:2377 or udp:14789")
        self.losses.append({"node": node, "percent": percent, "direction": direction, "peers": sorted(peers),
                            "only": sorted(only)})

    def heal(self, node):
        """Forgets what was asked for this node; what its peers were asked about it stays theirs."""
        self.losses = [loss for loss in self.losses if loss["node"] != node]
        self.delays.pop(str(node), None)
        self.unplugged = [other for other in self.unplugged if other != node]

    def rules(self):
        """One nft transaction that replaces what was before."""
        # A port's own traffic with the gateway passes no forward hook: hence before and after it.
        chains = {"prerouting": [], "forward": [], "postrouting": []}
        for loss in self.losses:
            port = f'"n{loss["node"]}"'
            peers = "{ " + ", ".join(f'"n{peer}"' for peer in loss["peers"]) + " }"
            for direction in ("out", "in"):
                if loss["direction"] not in (direction, "both"):
                    continue
                mine, other = ("iifname", "oifname") if direction == "out" else ("oifname", "iifname")
                chain = "prerouting" if direction == "out" else "postrouting"
                match = f"{mine} {port}"
                if loss["peers"]:
                    chain, match = "forward", f"{match} {other} {peers}"
                for ports in self._ports(loss["only"]):
                    chains[chain].append(match + ports + self._share(loss["percent"]) + " drop")
        text = "table bridge faults\ndelete table bridge faults\n"
        if not self.losses:
            return text
        text += "table bridge faults {\n"
        for name, rules in chains.items():
            text += f"  chain {name} {{\n    type filter hook {name} priority -300;\n"
            text += "".join(f"    {rule}\n" for rule in rules) + "  }\n"
        return text + "}\n"

    @staticmethod
    def _ports(only):
        if not only:
            return [""]
        return [f" meta l4proto {port.split(':')[0]} th {end} {port.split(':')[1]}"
                for port in only for end in ("dport", "sport")]

    @staticmethod
    def _share(percent):
        return "" if percent == 100 else f" numgen random mod 1000 < {max(1, round(percent * 10))}"

    def describe(self, node):
        """In words, for people."""
        said = ["unplugged"] if node in self.unplugged else []
        for loss in self.losses:
            if loss["node"] == node:
                words = "cut" if loss["percent"] == 100 else f"loses {loss['percent']} %"
                words += "" if loss["direction"] == "both" else f" {loss['direction']}"
                words += f" with {', '.join(f'node {peer}' for peer in loss['peers'])}" if loss["peers"] else ""
                said.append(words + (f" ({', '.join(loss['only'])})" if loss["only"] else ""))
        if str(node) in self.delays:
            delay = self.delays[str(node)]
            said.append(f"{delay['ms']} ms later" + ("" if delay["direction"] == "both" else f" {delay['direction']}"))
        return "; ".join(said)


class Switch:
    def __init__(self, space, rig_id, number, delaying, log):
        """`delaying`: the group of the processes that hold packets back; `log`: where they write."""
        self.space, self.rig_id, self.number, self.delaying, self.log = space, rig_id, number, delaying, log

    # Made and removed

    def connect_machine(self):
        """Gives the namespace its bridge and its link to the machine, with egress for IPv4, and for IPv6 where the
        machine forwards that already: turning it on would make the machine deaf to its own router's announcements."""
        n, ip = self.number, self.space.ip
        for words in (("link", "set", "lo", "up"), ("link", "add", BRIDGE, "type", "bridge", "stp_state", "0"),
                      ("address", "add", f"{address4(n, 254)}/24", "dev", BRIDGE),
                      ("address", "add", f"{address6(n, 254)}/64", "dev", BRIDGE, "nodad"),
                      ("link", "set", BRIDGE, "up")):
            ip(*words)
        machine = host_link(self.rig_id)
        run(["ip", "link", "add", machine, "mtu", egress_mtu(), "type", "veth", "peer", "name", EGRESS, "netns",
             self.space.keeper.pid])
        ip("link", "set", EGRESS, "mtu", egress_mtu())
        ip("address", "add", f"{uplink4(n, 2)}/30", "dev", EGRESS)
        ip("address", "add", f"{uplink6(n, 2)}/64", "dev", EGRESS, "nodad")
        ip("link", "set", EGRESS, "up")
        ip("route", "add", "default", "via", uplink4(n, 1))
        run(["ip", "address", "add", f"{uplink4(n, 1)}/30", "dev", machine])
        run(["ip", "address", "add", f"{uplink6(n, 1)}/64", "dev", machine, "nodad"])
        run(["ip", "link", "set", machine, "up"])
        run(["ip", "route", "add", str(network4(n)), "via", uplink4(n, 2)])
        run(["ip", "route", "add", f"{address6(n, 0)}/64", "via", uplink6(n, 2)])
        if forwards("ipv6/conf/all/forwarding"):
            ip("route", "add", "default", "via", uplink6(n, 1))
        self._settings(**{"ipv4/ip_forward": 1, "ipv6/conf/all/forwarding": 1})
        self._pass_bridged_to_iptables(False)
        pathlib.Path("/proc/sys/net/ipv4/ip_forward").write_text("1")  # as every container engine does
        run(["nft", "-f", "-"], input=masquerade_rules(self.rig_id, n))
        for rule in accept_rules(self.rig_id):
            run(["iptables", "-w", "-I", "FORWARD", *rule])

    def plug_in(self, node, keeper):
        """A cable from the port of `node` to `eth0` in the namespace of its keeper, with addresses and routes."""
        n, port = self.number, f"n{node}"
        self.pull_out(node)
        # The same hardware address after a restart, as a machine has.
        self.space.ip("link", "add", port, "mtu", egress_mtu(), "type", "veth", "peer", "name", "eth0", "address",
                      f"02:c0:{n:02x}:00:00:{node:02x}", "mtu", egress_mtu(), "netns", str(keeper.keeper.pid))
        self.space.ip("link", "set", port, "master", BRIDGE, "up")
        for words in (("link", "set", "lo", "up"), ("address", "add", f"{address4(n, node)}/24", "dev", "eth0"),
                      ("address", "add", f"{address6(n, node)}/64", "dev", "eth0", "nodad"),
                      ("link", "set", "eth0", "up"), ("route", "add", "default", "via", address4(n, 254)),
                      ("route", "add", "default", "via", address6(n, 254))):
            keeper.ip(*words)

    def pull_out(self, node):
        """Removes the cable, if there is one."""
        self.space.ip("link", "delete", f"n{node}", check=False)

    def disconnect(self, node):
        """The cable stays, dead: nothing that a node sends while it dies gets out."""
        self.space.ip("link", "set", f"n{node}", "down", check=False)

    # Faults

    def apply(self, faults, nodes):
        """Makes the network of `nodes` as `faults` says."""
        self.space.run(["nft", "-f", "-"], input=faults.rules())
        for node in nodes:
            self.space.ip("link", "set", f"n{node}", "down" if node in faults.unplugged else "up", check=False)
        self._apply_delays(faults.delays)

    def _apply_delays(self, delays):
        """The kernels that croft meets may lack netem: packets are queued to a process that lets them go later."""
        self.delaying.kill()
        self._pass_bridged_to_iptables(bool(delays))
        if not delays:
            self._mangle([])
            return
        self.delaying.make()
        keeper = Space(self.delaying, self.space.keeper, self.space.kinds)
        rules = []
        for node, delay in sorted(delays.items()):
            keeper.start([sys.executable, HERE / "delay.py", node, delay["ms"]], self.log)
            queue = ["-j", "NFQUEUE", "--queue-num", node, "--queue-bypass"]
            if delay["direction"] in ("out", "both"):
                rules.append(["PREROUTING", "-m", "physdev", "--physdev-in", f"n{node}", *queue])
            if delay["direction"] in ("in", "both"):
                rules.append(["FORWARD", "-m", "physdev", "--physdev-is-bridged", "--physdev-out", f"n{node}", *queue])
        wait_until(f"the delaying processes (log: {self.log})", 10, lambda: self._queues() >= set(delays))
        self._mangle(rules)

    def _queues(self):
        text = self.space.run(["cat", "/proc/net/netfilter/nfnetlink_queue"]).stdout
        return {line.split()[0] for line in text.splitlines()}

    def _mangle(self, rules):
        text = "*mangle\n" + "".join(f"-A {' '.join(rule)}\n" for rule in rules) + "COMMIT\n"
        for family in ("iptables-restore", "ip6tables-restore"):
            self.space.run([family, "-w"], input=text)

    def _pass_bridged_to_iptables(self, passed):
        if not pathlib.Path("/proc/sys/net/bridge").exists():
            if passed:
                raise RigError("packets cannot be delayed without the kernel's bridge filter: modprobe br_netfilter")
            return
        self._settings(**{f"bridge/bridge-nf-call-{family}tables": int(passed) for family in ("ip", "ip6")})

    def _settings(self, **values):
        for name, value in values.items():
            self.space.run(["tee", f"/proc/sys/net/{name}"], input=str(value))


def host_link(rig_id):
    return f"rig{rig_id}"


def forwards(setting):
    return pathlib.Path("/proc/sys/net", setting).read_text().strip() == "1"


def egress_mtu():
    routes = json.loads(run(["ip", "-j", "route", "show", "default"]).stdout or "[]")
    devices = [route["dev"] for route in routes if "dev" in route]
    links = json.loads(run(["ip", "-j", "link", "show"]).stdout)
    return min([1500, *(link["mtu"] for link in links if link["ifname"] in devices)])


def masquerade_rules(rig_id, number):
    return f"""table ip croft_rig_{rig_id} {{
  chain postrouting {{
    type nat hook postrouting priority 100;
    ip saddr {{ {network4(number)}, {uplink4(number, 0)}/30 }} oifname != "{host_link(rig_id)}" masquerade
  }}
}}
""" + (f"""table ip6 croft_rig_{rig_id} {{
  chain postrouting {{
    type nat hook postrouting priority 100;
    ip6 saddr {address6(number, 0)}/64 oifname != "{host_link(rig_id)}" masquerade
  }}
}}
""" if forwards("ipv6/conf/all/forwarding") else "")


def accept_rules(rig_id):
    """Next to an engine of the machine, which drops what it does not know; none are needed otherwise."""
    first = run(["iptables", "-w", "-S", "FORWARD"], check=False).stdout.splitlines()[:1]
    if first != ["-P FORWARD DROP"]:
        return []
    return [[way, host_link(rig_id), "-j", "ACCEPT"] for way in ("-i", "-o")]


@contextlib.contextmanager
def free_number():
    """A number no rig of this machine has; nobody else gets it before the block ends."""
    folder = os.open("/tmp", os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        used = []
        for address in json.loads(run(["ip", "-j", "-4", "address", "show"]).stdout):
            used += [ipaddress.ip_interface(f"{one['local']}/{one['prefixlen']}").network for one in address["addr_info"]]
        for route in json.loads(run(["ip", "-j", "-4", "route", "show", "table", "all"]).stdout):
            if route["dst"] != "default":
                used.append(ipaddress.ip_network(route["dst"]))
        free = [number for number in range(1, 255)
                if not any(network4(number).overlaps(one) or ipaddress.ip_network(f"{uplink4(number, 0)}/30").overlaps(one)
                           for one in used)]
        if not free:
            raise RigError("no address range is free: ./dev cluster down in the checkouts that need no rig any more")
        yield random.choice(free)
    finally:
        os.close(folder)


def remove_from_machine(rig_id):
    """What `connect_machine` left outside the switch's namespace. Idempotent."""
    link = host_link(rig_id)
    run(["ip", "link", "delete", link], check=False)
    for family in ("ip", "ip6"):
        run(["nft", "delete", "table", family, f"croft_rig_{rig_id}"], check=False)
    for rule in run(["iptables", "-w", "-S", "FORWARD"], check=False).stdout.splitlines():
        words = rule.split()
        if link in words:
            run(["iptables", "-w", "-D", *words[1:]])
    left = [one["ifname"] for one in json.loads(run(["ip", "-j", "link", "show"]).stdout)]
    if link in left:
        raise RigError(f"the interface {link} stays")
