"""What is really there: read from the engine, from the cores' nftables, from the host and from the edge.

Nothing here asks croft, with one exception: which versions exist, to find images that belong to none of them.
"""
import dataclasses
import http.client
import json
import re
import socket
import subprocess
import urllib.parse

from croft_platform import read_text

IPV4 = re.compile(r"\b\d+\.\d+\.\d+\.\d+\b")
IPV6 = re.compile(r"\b[0-9a-f]{1,4}(?::[0-9a-f]{0,4}){2,7}")


@dataclasses.dataclass
class Wanted:
    """Of one service: its id, how many containers run, whether the edge has a route to it."""

    service: str
    containers: int
    routed: bool = False


def run(*argv):
    done = subprocess.run(argv, capture_output=True, text=True, timeout=30, check=False)
    if done.returncode != 0:
        raise AssertionError(f"{' '.join(argv)} ended with {done.returncode}: {done.stderr[-500:]}")
    return done.stdout


def label(thing, name):
    labels = thing.get("Labels") if "Labels" in thing else thing.get("Spec", {}).get("Labels")
    return (labels or {}).get(name, "")


def is_active(pid):
    """Whether the namespace of that process holds the addresses of its project: beside a core's own, three more."""
    return run("nsenter", "-t", str(pid), "-n", "ip", "-4", "-o", "address", "show").count("/32 ") == 3


class Outside:
    def __init__(self, platform):
        self.platform = platform
        self.install = read_text(platform.home / "state" / "install_id")

    def _list(self, kind, more=""):
        wanted = urllib.parse.quote(json.dumps({"label": [f"croft.install={self.install}"]}))
        answer = self.platform.engine_get(f"/{kind}?{more}filters={wanted}")
        return (answer.get("Volumes") if isinstance(answer, dict) else answer) or []

    def services(self):
        return self._list("services")

    def containers(self):
        return self._list("containers/json", "all=1&")

    def container_of(self, role, project=None):
        """The running container of the active core, or of the edge."""
        found = [self.platform.engine_get(f"/containers/{c['Id']}/json") for c in self.containers()
                 if label(c, "croft.role") == role and c["State"] == "running"
                 and (project is None or label(c, "croft.project") == project)]
        if role == "core":
            found = [c for c in found if is_active(c["State"]["Pid"])]
        if len(found) != 1:
            raise AssertionError(f"{len(found)} running containers of role {role}, not one")
        return found[0]

    def pid_of(self, role, project=None):
        return self.container_of(role, project)["State"]["Pid"]

    def addresses(self, container):
        """(IPv4, IPv6) of a container on its project's segment."""
        networks = container["NetworkSettings"]["Networks"].values()
        return next(((n["IPAddress"], n["GlobalIPv6Address"]) for n in networks if n["IPAddress"]), ("", ""))

    def rules(self, project):
        """chain -> addresses it leads to, and the addresses that the edge may reach, of a project's core."""
        pid = self.pid_of("core", project)
        text = run("nsenter", "-t", str(pid), "-n", "nft", "list", "table", "inet", "croft")
        chains = {}
        for name, body in re.findall(r"chain (s[46]_\w+) \{(.*?)\n\t\}", text, re.S):
            chains[name] = set((IPV4 if name[1] == "4" else IPV6).findall(body))
        published = re.search(r"set published6 \{.*?elements = \{(.*?)\}", text, re.S)
        return chains, set(IPV6.findall(published[1])) if published else set()

    def edge_routes(self):
        """Services that the edge has a route to: "web.shop"."""
        files = (self.platform.home / "edge" / "routes").glob("*/*")
        return {".".join(file.name.split(".")[:2]) for file in files}

    # What is wrong, as a list of sentences

    def complaints(self, wanted, versions):
        """`wanted`: project id -> its services. `versions`: ids of all that exist; None: not looked at."""
        wrong = []
        by_service = {one.service: one for services in wanted.values() for one in services.values()}
        swarm = self.services()
        containers = self.containers()
        self._swarm_services(wrong, wanted, by_service, swarm)
        self._containers(wrong, by_service, swarm, containers)
        numbers = {label(s, "croft.project"): re.search(r"-core-p(\d+)-[ab]$", s["Spec"]["Name"])[1] for s in swarm
                   if label(s, "croft.role") == "core"}
        self._networks(wrong, set(numbers.values()))
        self._secrets(wrong, swarm)
        self._volumes(wrong, by_service)
        if versions is not None:
            self._images(wrong, versions)
            self._bundles(wrong, by_service, versions)
        for project, services in wanted.items():
            if project in numbers:
                self._rules(wrong, project, services, containers)
        routes = {f"{name}.{self._name(project)}" for project, services in wanted.items()
                  for name, one in services.items() if one.routed}
        if self.edge_routes() != routes:
            wrong.append(f"the edge has routes {sorted(self.edge_routes())}, not {sorted(routes)}")
        return wrong

    def _name(self, project):
        return self.platform.project_names[project]

    def _swarm_services(self, wrong, wanted, by_service, swarm):
        sets = {}
        for one in swarm:
            role, name = label(one, "croft.role"), one["Spec"]["Name"]
            if role in ("runtime", "managed"):
                sets.setdefault(label(one, "croft.service"), []).append(one)
            elif role == "core" and label(one, "croft.project") not in wanted:
                wrong.append(f"{name}: the core of a project that is gone")
        cores = [label(s, "croft.project") for s in swarm if label(s, "croft.role") == "core"]
        if sorted(cores) != sorted([*wanted, *wanted]):
            wrong.append(f"cores of {sorted(cores)}, not two of each of {sorted(wanted)}")
        if sum(label(s, "croft.role") == "edge" for s in swarm) != 1:
            wrong.append("not one edge service")
        for service, found in sets.items():
            should = by_service[service].containers if service in by_service else 0
            replicas = [s["Spec"]["Mode"]["Replicated"]["Replicas"] for s in found]
            if replicas != ([should] if should else []):
                wrong.append(f"{[s['Spec']['Name'] for s in found]}: sets of {replicas} containers, not one of {should}")
        for one in by_service.values():
            if one.containers and one.service not in sets:
                wrong.append(f"service {one.service} has no set of containers")

    def _containers(self, wrong, by_service, swarm, containers):
        known = {s["ID"] for s in swarm}
        running = {}
        for one in containers:
            name, role = one["Names"][0], label(one, "croft.role")
            if role == "build":
                wrong.append(f"{name}: a build container is left")
            elif label(one, "com.docker.swarm.service.id") not in known:
                wrong.append(f"{name} ({one['State']}): its swarm service is gone")
            elif one["State"] != "running" and role in ("runtime", "managed"):
                wrong.append(f"{name} is {one['State']}")
            if one["State"] == "running" and role in ("runtime", "managed"):
                running.setdefault(label(one, "croft.service"), []).append(name)
        for service in running.keys() | by_service.keys():
            should = by_service[service].containers if service in by_service else 0
            if len(running.get(service, [])) != should:
                wrong.append(f"service {service}: containers {running.get(service, [])}, not {should}")

    def _networks(self, wrong, numbers):
        mark = f"croft-{self.install}"
        should = {f"{mark}-uplink", f"{mark}-uplink-config"}
        should |= {f"{mark}-p{n}{end}" for n in numbers for end in ("", "-config")}
        found = {n["Name"] for n in self._list("networks")}
        if found != should:
            wrong.append(f"networks {sorted(found ^ should)} are too many or missing")
        devices = {d["ifname"] for d in json.loads(run("ip", "-j", "link"))
                   if d["ifname"].startswith(f"c{self.install}v")}
        expected = {f"c{self.install}v{n}" for n in numbers | {"0"}}
        if devices != expected:
            wrong.append(f"network devices {sorted(devices ^ expected)} are too many or missing")

    def _secrets(self, wrong, swarm):
        sets = {label(s, "croft.set") for s in swarm if label(s, "croft.role") in ("runtime", "managed")}
        found = sorted(label(s, "croft.set") for s in self._list("secrets"))
        if found != sorted(sets):
            wrong.append(f"secrets of the sets {found}, not of {sorted(sets)}")

    def _volumes(self, wrong, by_service):
        for one in self._list("volumes"):
            if label(one, "croft.service") not in by_service:
                wrong.append(f"volume {one['Name']} belongs to no service")

    def _images(self, wrong, versions):
        for one in self._list("images/json"):
            version = label(one, "croft.version")
            if version and version not in versions:
                wrong.append(f"image {one.get('RepoTags')} is of a version that is gone")

    def _bundles(self, wrong, by_service, versions):
        root = self.platform.home / "bundles"
        for service in root.iterdir() if root.exists() else []:
            left = {v.name for v in service.iterdir()} - versions
            if service.name not in by_service or left:
                wrong.append(f"{service} holds {sorted(left) or 'what belongs to no service'}")

    def _rules(self, wrong, project, services, containers):
        chains, published = self.rules(project)
        should = {}
        reachable = set()
        for one in services.values():
            details = [self.platform.engine_get(f"/containers/{c['Id']}/json") for c in containers
                       if label(c, "croft.service") == one.service and c["State"] == "running"]
            both = [self.addresses(c) for c in details]
            if both:
                should[f"s4_{one.service}"] = {v4 for v4, _ in both}
                should[f"s6_{one.service}"] = {v6 for _, v6 in both}
                reachable |= {v6 for _, v6 in both}
        if chains != should:
            wrong.append(f"the core of {project} sends traffic to {chains}, but these run: {should}")
        if published != reachable:
            wrong.append(f"the edge may reach {sorted(published)}, but these run: {sorted(reachable)}")
