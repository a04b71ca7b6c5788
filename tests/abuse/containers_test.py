"""Abuse cases from inside containers: a tenant's, and one that builds; and at the edge.

One project attacks (abusered), one is the victim (abuseblue). README.md says which case is where.
"""
import base64
import json
import pathlib
import re
import socket
import ssl
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "integration" / "platform"))
from platform_case import PlatformCase, main, say, wait_until  # noqa: E402
from machine import Trap, host_addresses  # noqa: E402

RED, BLUE = "abusered", "abuseblue"
SECRET = "canary-4Xw7-secret-value"  # in no file and no output but where the test puts it
VOLUME = 256 << 20  # the cap of test_a23 on volumes; a new database has some 50 MiB
CONTAINER_DISK = 256 << 20  # the cap while this runs; the application and its builds write a few MiB
SLOW_LINKS = 100
HERE = pathlib.Path(__file__).resolve().parent

PROJECTS = f"""project:
  name: {RED}
services:
  - hostname: web
    type: nodejs@22
    enableSubdomainAccess: true
    envSecrets:
      CANARY: {SECRET}
  - hostname: forkbomb
    type: nodejs@22
  - hostname: chatty
    type: nodejs@22
  - hostname: filling
    type: nodejs@22
  - hostname: hoard
    type: postgresql@17
    mode: NON_HA
---
project:
  name: {BLUE}
services:
  - hostname: db
    type: postgresql@17
    mode: NON_HA
"""


def rss_mib(pid):
    return int(re.search(r"VmRSS:\s+(\d+)", pathlib.Path(f"/proc/{pid}/status").read_text()).group(1)) // 1024


class Containers(PlatformCase):
    project = RED

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.delete_project(BLUE)
        cls.addClassCleanup(cls.delete_project, BLUE)
        cls.trap = Trap()
        cls.addClassCleanup(cls.trap.close)
        cls.canary_file = cls.folder / "canary-of-the-host"
        cls.canary_file.write_text(SECRET)
        for text in PROJECTS.split("---\n"):
            cls.import_text(text)
        cls.questions = cls.what_to_try()
        cls.cap_disk(CONTAINER_DISK)
        cls.addClassCleanup(cls.cap_disk, 20 << 30)
        cls.failed_before = cls.metric("croft_deployments_total", result="failed")
        cls.process = cls.deploy("web", cls.attack_folder())
        cls.builds = cls.start_hostile_builds()
        cls.slow_links = cls.open_slow_links()
        cls.node = cls.probe_in_service()

    @classmethod
    def cap_disk(cls, size):
        cls.platform.ok("platform", "limits", "--set", f"container_disk_bytes={size}")

    @classmethod
    def start_hostile_builds(cls):
        """The three that end at a cap, beside everything else; killed with the class if they do not."""
        builds = {}
        folder = str(cls.attack_folder())
        for setup in ("forkbomb", "chatty", "filling"):
            builds[setup] = subprocess.Popen(
                [str(cls.platform.programs / "croft"), "deploy", f"{RED}/{setup}", folder, "--json"],
                env={"PATH": "/usr/bin:/bin", "HOME": str(cls.folder), "CROFT_URL": cls.platform.url,
                     "CROFT_TOKEN": cls.platform.token}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            cls.addClassCleanup(builds[setup].kill)
        return builds

    @classmethod
    def open_slow_links(cls):
        """Requests that begin and never end, at every door, for test_a23; what they do meanwhile is what it proves."""
        cls.malformed_before = cls.metric("croft_api_malformed_requests_total")
        cls.slow_since = time.monotonic()
        links = []
        for port in (cls.platform.http_port, cls.platform.https_port, cls.platform.api_port):
            for _ in range(SLOW_LINKS):
                link = socket.create_connection(("127.0.0.1", port), 5)
                link.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ")
                cls.addClassCleanup(link.close)
                links.append(link)
        return links

    @classmethod
    def what_to_try(cls):
        """Names and doors of others, for probe.js."""
        blue = [a for i in cls.platform.ok("ps", "--project", BLUE) for a in (i["address4"], i["address6"]) if a]
        hosts = host_addresses()
        ports = [cls.trap.port, cls.platform.api_port, 22, 2019, 2375, 2376, 2377, 4789, 7946, 14789]
        doors = [[a, p] for a in hosts for p in ports]
        doors += [[a, p] for a in blue for p in (5432, 7420, 65442)]
        doors += [["169.254.169.254", 80], ["fd00:ec2::254", 80], ["127.0.0.1", cls.platform.api_port],
                  ["::1", cls.platform.api_port], ["::ffff:127.0.0.1", cls.trap.port]]
        for each in cls.platform.engine_get("/containers/json"):
            for network in each["NetworkSettings"]["Networks"].values():
                mine = each["Labels"].get("croft.project") == cls.platform.ok("project", "show", RED)["id"]
                if not mine:
                    doors += [[a, p] for a in (network["IPAddress"], network["GlobalIPv6Address"]) if a
                              for p in (53, 80, 5432, 7420, 65443)]
        names = ["db", "db.croft", f"db.{BLUE}", f"db.{BLUE}.croft", BLUE, "host.docker.internal",
                 "gateway.docker.internal", "croftd", "metadata.google.internal"]
        return {"names": names, "doors": doors, "files": [
            str(cls.canary_file), "/var/run/docker.sock", "/run/docker.sock", cls.platform.engine,
            str(cls.platform.home / "state/master.key"), str(cls.platform.home / "state/croft.db"),
            str(cls.platform.home / "run/agent.sock"), str(cls.platform.home / "run/metrics.sock"),
            str(cls.platform.home / "edge/admin.sock"), "/croft/state/desired.json", "/run/secrets/other"]}

    @classmethod
    def attack_folder(cls):
        folder = cls.folder / "attack"
        folder.mkdir(exist_ok=True)
        for name in ("croft.yml", "server.js", "probe.js"):
            (folder / name).write_text((HERE / "app" / name).read_text())
        (folder / "questions.json").write_text(json.dumps(cls.questions))
        return folder

    @classmethod
    def probe_in_service(cls):
        answer = cls.platform.croft("exec", f"{RED}/web", "--no-stdin", "--", "node", "probe.js", "questions.json")
        assert answer.code == 0, str(answer)
        return json.loads(answer.out.split("PROBE ", 1)[1])

    @classmethod
    def log_of(cls, process):
        answer = cls.platform.api("GET", f"/processes/{process['id']}/log?limit=1000")[1]
        lines = answer.decode().splitlines() if isinstance(answer, bytes) else [json.dumps(answer)]
        return "\n".join(json.loads(line)["line"] for line in lines if line)

    @classmethod
    def metric(cls, name, where="run/metrics.sock", **labels):
        """Of croftd or of the edge, as a private socket shows it; 0 when it is not there."""
        text = cls.platform.metrics(where)
        total = 0.0
        for line in text.splitlines():
            match = re.fullmatch(r"(\w+)(?:\{(.*)\})? (\S+)", line)
            if match and match[1] == name:
                have = dict(re.findall(r'(\w+)="([^"]*)"', match[2] or ""))
                if all(have.get(k) == v for k, v in labels.items()):
                    total += float(match[3])
        return total

    def audit(self, action):
        entries = self.platform.api("GET", f"/audit?limit=200&project={RED}")[1]["items"]
        return [e for e in entries if e["action"] == action]

    # A7: what a tenant's container reaches, and where it is seen

    def test_a07_nothing_of_others_resolves_or_answers(self):
        self.assert_nothing_reached(self.node)

    def assert_nothing_reached(self, seen):
        say(f"doors: {seen['doors']}")
        self.assertGreater(sum(seen["doors"].values()), 60, "hardly any door was tried")
        self.assertEqual(seen["open"], [])
        self.assertEqual(seen["names"], {})
        self.assertEqual({f: w for f, w in seen["files"].items() if w not in ("ENOENT", "EACCES", "ENOTDIR")}, {})
        self.assertEqual(self.trap.visits, 0)

    def test_a07_the_attempts_are_counted(self):
        # Of the build and of the service; those to the container itself never come to the core.
        tried = sum(1 for address, _ in self.questions["doors"] if address not in ("127.0.0.1", "::1", "::ffff:127.0.0.1"))

        def counted():
            return self.metric("croft_lb_refused_packets_total", project=RED, reason="refused") > 1.5 * tried
        wait_until("refused packets in the metrics", 60, counted, 1)
        self.assertLess(self.metric("croft_lb_refused_packets_total", project=BLUE, reason="refused"), 20)

    # A8: what the engine was given

    def test_a08_containers_have_no_way_out(self):
        own = {self.platform.ok("project", "show", p)["id"] for p in (RED, BLUE)}
        seen = 0
        for each in self.platform.engine_get("/containers/json"):
            labels = each["Labels"]
            if labels.get("croft.project") not in own or labels.get("croft.role") == "core":
                continue
            info = self.platform.engine_get(f"/containers/{each['Id']}/json")
            host = info["HostConfig"]
            self.assertFalse(host["Privileged"])
            self.assertFalse(host["CapAdd"])
            self.assertLessEqual({"NET_RAW", "MKNOD"}, {c.removeprefix("CAP_") for c in host["CapDrop"]})
            self.assertNotIn("host", host["NetworkMode"])
            for key in ("PidMode", "UTSMode", "UsernsMode", "CgroupParent"):
                self.assertEqual(host.get(key) or "", "", key)
            self.assertIn(host["IpcMode"], ("", "private"))
            self.assertFalse(host.get("Devices"))
            self.assertFalse(host.get("SecurityOpt"))
            self.assertFalse(host.get("Binds"))
            self.assertEqual([m for m in info["Mounts"] if m["Type"] == "bind"], [])
            # Everybody has limits, whatever was asked for.
            self.assertGreater(host["NanoCpus"], 0)
            self.assertGreater(host["Memory"], 0)
            self.assertGreater(host["PidsLimit"], 0)
            self.assertIn("max-size", host["LogConfig"]["Config"])
            seen += 1
        self.assertGreaterEqual(seen, 2)

    def test_a08_a_process_has_no_privileges(self):
        self.assert_powerless(self.node)
        self.assertLessEqual(int(self.node["limits"]["Max open files"][1]), 65536)
        self.assertEqual(self.node["limits"]["Max core file size"], ["0", "0"])

    def assert_powerless(self, seen):
        """Neither as the service's own user nor with sudo, which every image has."""
        self.assertEqual(int(seen["status"]["CapEff"], 16), 0, "the service's own user")
        highest = int(seen["status"]["CapBnd"], 16)
        # DAC_READ_SEARCH NET_ADMIN NET_RAW SYS_MODULE SYS_RAWIO SYS_PTRACE SYS_ADMIN MKNOD BPF
        for bit in (2, 12, 13, 16, 17, 19, 21, 27, 39):
            self.assertEqual(highest >> bit & 1, 0, f"capability {bit} can be had")
        self.assertNotEqual(seen["status"]["Seccomp"], "0")
        self.assertGreater(len(seen["tries"]), 10)
        for word, code in seen["tries"].items():
            self.assertNotEqual(code, 0, f"{word} worked")

    # A9: builds

    def test_a09_a_build_reaches_nothing(self):
        log = self.log_of(self.process)
        seen = json.loads(re.search(r"PROBE (\{.*\})", log).group(1))
        self.assert_nothing_reached(seen)
        self.assert_powerless(seen)

    def end_of_build(self, setup, neighbour=True):
        """The process of a hostile build, which must have failed; the platform and its neighbours go on."""
        if self.builds[setup].returncode is None:
            out, err = self.builds[setup].communicate(timeout=120)
            self.assertEqual(self.builds[setup].returncode, 6, out + err)  # a deployment failed
        self.assertEqual(self.platform.api("GET", "/readyz", prefix="")[0], 200, "the platform is fine")
        if neighbour:
            self.assertEqual(self.site("web").get("/").status, 200, "the neighbour is fine")
        process = self.platform.process(self.last_process(setup)["id"])
        self.assertEqual(process["status"], "failed")
        return process

    def test_a09_a_fork_bomb_ends_at_its_limit(self):
        process = self.end_of_build("forkbomb")
        self.assertIn("buildCommands", process["error"]["message"])
        self.assertIn("fork", "\n".join(process["error"]["last_lines"]).lower())

    def test_a09_output_without_end_ends_at_its_limit(self):
        process = self.end_of_build("chatty")
        self.assertIn("50 MiB", process["error"]["message"])
        self.assertLess(rss_mib(self.platform.children["croftd"].pid), 400, "croftd keeps what nobody will read")

    def test_a09_disks_filled_end_at_their_limit(self):
        site = self.site("web")
        before = self.metric("croft_containers_stopped_total", reason="disk")
        wait_until("the build to have filled its disk", 60, lambda: "all is full" in self.last_log("filling"))
        instance = self.instances("web")[0]["name"]
        self.platform.croft("exec", f"{RED}/web", "--no-stdin", "--", "sh", "-c",
                            f"head -c {CONTAINER_DISK + (50 << 20)} /dev/zero > /tmp/full")
        self.cap_disk(CONTAINER_DISK - 1)  # looked after at once, not at the next period
        process = self.end_of_build("filling", neighbour=False)  # that is stopped as well
        self.assertIn("container_disk_bytes", process["error"]["message"])
        wait_until("another instance", 60, lambda: [
            i for i in self.instances("web") if i["name"] != instance and i["in_rotation"]])
        self.assertEqual(site.get("/").status, 200)
        wait_until("both in the metrics", 20, lambda: self.metric(
            "croft_containers_stopped_total", reason="disk") >= before + 2)
        told = [e["object"] for e in self.audit("container.stop")]
        self.assertTrue(any(f"service {RED}/web" in o for o in told), told)
        self.assertTrue(any(f"build of {RED}/filling" in o for o in told), told)
        self.assertIn(f"disk of {RED}/web", self.platform.croft("status").out)

    def test_a23_a_database_over_its_cap_stands_still_and_loses_nothing(self):
        before = self.metric("croft_containers_stopped_total", reason="volume")
        written = self.platform.croft("exec", f"{RED}/hoard", "--no-stdin", "--", "sh", "-c",
                                      f"head -c {VOLUME} /dev/zero > /var/lib/postgresql/hoard")
        self.assertEqual(written.code, 0, written)
        hoard = self.instances("hoard")[0]["id"]
        self.addCleanup(self.cap_volumes, 100 << 30)
        self.cap_volumes(VOLUME)
        wait_until("the database to be frozen", 30, lambda: "frozen" in self.instances("hoard")[0]["detail"])
        wait_until("its neighbours to be without it", 20, lambda: not self.instances("hoard")[0]["in_rotation"])
        self.assertTrue(self.answers(BLUE, "db"), "the victim's database stands still too")
        self.assertIn(f"volume of {RED}/hoard", self.platform.croft("status").out)
        self.assertTrue(any(f"service {RED}/hoard" in e["object"] for e in self.audit("container.freeze")))
        wait_until("it in the metrics", 20, lambda: self.metric(
            "croft_containers_stopped_total", reason="volume") > before)
        self.cap_volumes(100 << 30)
        wait_until("the database to go on", 30, lambda: self.instances("hoard")[0]["in_rotation"])
        self.assertEqual(self.instances("hoard")[0]["id"], hoard, "it was started again")
        self.assertTrue(self.answers(RED, "hoard"))

    @classmethod
    def cap_volumes(cls, size):
        cls.platform.ok("platform", "limits", "--set", f"volume_bytes={size}")

    def answers(self, project, database):
        return self.platform.croft("exec", f"{project}/{database}", "--no-stdin", "--", "pg_isready").code == 0

    def last_process(self, service):
        return self.platform.ok("process", "list", "--service", f"{RED}/{service}", "-n", "1")[0]

    def last_log(self, service):
        return self.log_of(self.last_process(service))

    def test_a09_failed_builds_are_counted(self):
        self.wait_for_all_builds()
        wait_until("failed deployments in the metrics", 30, lambda: self.metric(
            "croft_deployments_total", result="failed") >= self.failed_before + 3)

    def wait_for_all_builds(self):
        for setup in self.builds:
            self.end_of_build(setup)

    def test_a09_nothing_of_a_build_stays(self):
        self.wait_for_all_builds()
        left = self.platform.engine_get('/containers/json?all=1&filters={"label":["croft.role=build"]}')
        self.assertEqual([c["Names"] for c in left], [])

    # A12: where secrets do not show

    def test_a12_secrets_show_nowhere(self):
        answer = self.platform.croft("exec", f"{RED}/web", "--no-stdin", "--", "sh", "-c", 'printf %s "$CANARY"')
        self.assertEqual(answer.out.strip(), SECRET, "the service itself has it")
        places = {}
        for name in ("croftd", "croft-node"):
            places[name] = (self.platform.home / "logs" / f"{name}.log").read_text(errors="replace")
        for args in (("service", "env", f"{RED}/web"), ("service", "show", f"{RED}/web"), ("audit",),
                     ("process", "list", "--all"), ("project", "show", RED)):
            answer = self.platform.croft(*args)
            places[" ".join(args)] = answer.out + answer.err
            places[" ".join(args) + " --json"] = self.platform.croft(*args, "--json").out
        places["the build's log"] = self.log_of(self.process)
        self.assertIn("leaked ***", places["the build's log"])
        self.assertNotIn(base64.b64encode(SECRET.encode()).decode()[:24], places["the build's log"])
        places["arguments of processes"] = "\n".join(
            p.read_bytes().decode(errors="replace") for p in pathlib.Path("/proc").glob("[0-9]*/cmdline")
            if readable(p))
        for each in self.platform.engine_get("/containers/json?all=1"):
            places[f"container {each['Names']}"] = json.dumps(self.platform.engine_get(f"/containers/{each['Id']}/json"))
        for each in self.platform.engine_get("/services"):
            places[f"service {each['Spec']['Name']}"] = json.dumps(each)
        for each in self.platform.engine_get("/images/json"):
            tag = (each.get("RepoTags") or [each["Id"]])[0]
            if tag.startswith("croft"):
                places[f"image {tag}"] = json.dumps(self.platform.engine_get(f"/images/{each['Id']}/json"))
                places[f"history of {tag}"] = json.dumps(self.platform.engine_get(f"/images/{each['Id']}/history"))
        places["metrics"] = self.platform.metrics()
        for path in (self.platform.home / "state").glob("*.db*"):
            places[path.name] = path.read_bytes().decode(errors="replace")
        for token in (SECRET, self.platform.token):
            shown = [place for place, text in places.items() if token in text]
            self.assertEqual(shown, [], "shown in clear")

    # A16 and A17: a session that outlives its right

    def test_a17_a_revoked_token_ends_its_terminal(self):
        status, made = self.platform.api("POST", "/tokens", {"name": "short", "scopes": ["write"], "project": RED})
        self.assertEqual(status, 201)
        began = len(self.audit("service.exec"))
        child = subprocess.Popen(
            [str(self.platform.programs / "croft"), "exec", f"{RED}/web", "--no-stdin", "--", "sleep", "300"],
            env={"PATH": "/usr/bin:/bin", "HOME": str(self.folder), "CROFT_URL": self.platform.url,
                 "CROFT_TOKEN": made["token"]}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.addCleanup(child.kill)
        wait_until("the command in the audit trail", 20, lambda: len(self.audit("service.exec")) > began)
        self.assertIn("web: sleep 300", self.audit("service.exec")[0]["object"])
        self.assertEqual(self.platform.api("DELETE", f"/tokens/{made['info']['id']}")[0], 204)
        revoked = time.monotonic()
        output = child.communicate(timeout=10)[0].decode()
        self.assertLess(time.monotonic() - revoked, 5)
        self.assertNotEqual(child.returncode, 0, output)
        wait_until("its end in the audit trail", 5, lambda: "after" in self.audit("service.exec.end")[0]["object"])

    # A18, A19: two readers of one request

    def edge(self, data, limit=5):
        """All that the edge answers to these bytes on one connection."""
        with socket.create_connection(("127.0.0.1", self.platform.http_port), limit) as link:
            link.sendall(data)
            link.settimeout(limit)
            answer = b""
            try:
                while piece := link.recv(65536):
                    answer += piece
            except TimeoutError:
                pass
            return answer.decode(errors="replace")

    def test_a18_a_hidden_request_reaches_no_service(self):
        site = self.site("web")
        host = f"Host: {site.host}\r\n"
        hidden = f"GET /hidden HTTP/1.1\r\n{host}\r\n"
        site.get("/forget")
        for name, head, body in (
                ("length and chunks", f"Content-Length: {5 + len(hidden)}\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n" + hidden),
                ("two lengths", f"Content-Length: 0\r\nContent-Length: {len(hidden)}\r\n", hidden),
                ("an odd encoding", "Transfer-Encoding: xchunked\r\n", "0\r\n\r\n" + hidden),
                ("a space before the colon", f"Content-Length : {len(hidden)}\r\n", hidden),
                ("a line break in a header", f"X: a\r\n\tContent-Length: {len(hidden)}\r\nContent-Length: {len(hidden)}\r\n", hidden),
                ("two hosts", f"Host: other\r\nContent-Length: {len(hidden)}\r\n", hidden)):
            answer = self.edge(f"POST /outer HTTP/1.1\r\n{host}{head}Connection: close\r\n\r\n{body}".encode(), 2)
            say(f"{name}: {answer.splitlines()[:1]}")
        self.assertNotIn("/hidden", site.json("/seen")["paths"])
        absolute = self.edge(f"GET http://unknown.example/outer HTTP/1.1\r\n{host}Connection: close\r\n\r\n".encode(), 2)
        self.assertRegex(absolute.splitlines()[0], " (400|404|421) ")

    def test_a19_what_a_client_says_of_itself_does_not_arrive(self):
        site = self.site("web")
        lies = {"X-Forwarded-For": "203.0.113.9", "X_Forwarded_For": "203.0.113.9", "X-Real-IP": "203.0.113.9",
                "Forwarded": "for=203.0.113.9", "X-Forwarded-Proto": "evil", "X-Forwarded-Host": "evil.example",
                "X-Request-Id": "forged", "Proxy": "http://203.0.113.9", "Connection": "close, X-Forwarded-For, X-Real-IP"}
        head = "".join(f"{k}: {v}\r\n" for k, v in lies.items())
        answer = self.edge(f"GET /headers HTTP/1.1\r\nHost: {site.host}\r\n{head}\r\n".encode())
        body = answer.split("\r\n\r\n", 1)[1]
        arrived = json.loads(body[body.index("{"):body.rindex("}") + 1])
        self.assertNotIn("203.0.113.9", json.dumps(arrived))
        self.assertNotIn("evil", json.dumps(arrived))
        self.assertEqual(arrived["x-forwarded-for"], "127.0.0.1")
        self.assertNotEqual(arrived["x-request-id"], "forged")

    # A21: certificates

    def test_a21_unknown_names_get_no_certificate(self):
        store = self.platform.home / "edge"
        before = sorted(str(p) for p in store.rglob("*.crt"))
        self.assertTrue(before, "the edge has certificates")
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        unknown = self.metric("caddy_http_request_duration_seconds_count", "edge/admin.sock", code="404")
        for i in range(60):
            name = f"abuse{i}.example.org" if i % 2 else f"a.b.c{i}.{self.site('web').host}"
            with socket.create_connection(("127.0.0.1", self.platform.https_port), 5) as plain:
                with context.wrap_socket(plain, server_hostname=name) as link:
                    link.sendall(f"GET / HTTP/1.1\r\nHost: {name}\r\nConnection: close\r\n\r\n".encode())
                    self.assertIn(b" 404 ", link.recv(4096).split(b"\r\n")[0])
        self.assertEqual(sorted(str(p) for p in store.rglob("*.crt")), before)
        counted = self.metric("caddy_http_request_duration_seconds_count", "edge/admin.sock", code="404")
        self.assertGreaterEqual(counted - unknown, 60)

    # A22: what an application prints

    def test_a22_lines_of_an_application_forge_nothing(self):
        site = self.site("web")
        site.get("/shout")
        def lines():
            found = self.platform.croft("logs", f"{RED}/web", "-n", "200", "--json").lines()
            return found if any("last of the shouts" in str(e) for e in found) else None
        events = wait_until("the lines in the log", 30, lines)
        texts = [e["line"] for e in events]
        self.assertIn('{"level":"error","msg":"forged","project":"other"}', texts, "kept as it was printed")
        for event in events:
            self.assertEqual(event["service"], "web")
        shown = self.platform.croft("logs", f"{RED}/web", "-n", "200").out
        for bad in ("\x1b", "\x07", "\x08", "\x9b"):
            self.assertNotIn(bad, shown, "piped output has no control characters")
        forged = [line for line in shown.splitlines() if line.startswith('{"level"')]
        self.assertEqual(forged, [], "every line says whose it is")

    # A23: connections that say nothing

    def test_a23_half_requests_keep_nobody_out(self):
        # Everything above ran beside them.
        self.assertEqual(self.site("web").get("/").status, 200)
        self.assertEqual(self.platform.api("GET", "/whoami")[0], 200)
        # Heads that do not end are not waited for.
        deadline = max(time.monotonic() + 2, self.slow_since + 15)
        for link in self.slow_links:
            link.settimeout(max(0.1, deadline - time.monotonic()))
            try:
                while link.recv(4096):
                    pass
            except ConnectionError:
                pass
        self.assertGreaterEqual(self.metric("croft_api_malformed_requests_total"), self.malformed_before + SLOW_LINKS)


def readable(path):
    try:
        return bool(path.read_bytes())
    except OSError:
        return False


if __name__ == "__main__":
    main()
