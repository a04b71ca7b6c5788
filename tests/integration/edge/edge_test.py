"""The rendered configuration on a real Caddy with its real resolver, in a network namespace of its own.

Routes are put in place by the code of croft-node. Started by run_edge_test, which gives EDGE_CADDY, EDGE_RENDERER, EDGE_ROUTES
and EDGE_KEEP.
"""
import hashlib
import http.client
import json
import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "..", "support"))
from caddy import Caddy  # noqa: E402
from dns_server import DnsServer  # noqa: E402
from http3 import Http3Client  # noqa: E402
from upstream import Upstream, WebSocket  # noqa: E402

DOMAIN = "apps.example.test"
HTTP, HTTPS = 80, 443
CORE = "fd00:5::53"
SILENT_CORE, RETURNING_CORE = "fd00:5::54", "fd00:5::55"
ROUTES = 60
INSTANCES = [f"fd00:5::{n}" for n in (1, 2, 3)]
PORT = 3000


def host(service, project="shop", domain=DOMAIN):
    return f"{service}-{project}.{domain}"


def route(service, **more):
    return {"host": host(service), "project": "shop", "service": service, "port": PORT, "core": CORE, **more}


def get(name, path="/", headers=None, method="GET", body=None, timeout=20):
    connection = http.client.HTTPConnection("127.0.0.1", HTTP, timeout=timeout)
    connection.request(method, path, body, {"Host": name, **(headers or {})})
    answer = connection.getresponse()
    data = answer.read()
    connection.close()
    return answer, data


def read_lines(path):
    with open(path, encoding="utf-8") as file:
        return [json.loads(line) for line in file]


class Askers:
    """Asks the service `api` until the block ends: GET and POST, HTTP and HTTPS, each on a connection of its own."""

    def __init__(self):
        self.running = True
        self.good = 0
        self.failures = []
        self.seen = set()
        self.tls = ssl.create_default_context()
        self.tls.check_hostname = False
        self.tls.verify_mode = ssl.CERT_NONE
        self.threads = [threading.Thread(target=self._ask, args=(kind, https))
                        for kind in ("GET", "POST") for https in (False, True)]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.running = False
        for thread in self.threads:
            thread.join()

    def _ask(self, kind, https):
        while self.running:
            body = b"x" * 1000 if kind == "POST" else None
            connection = http.client.HTTPConnection(host("api"), timeout=20)
            try:
                connection.sock = socket.create_connection(("127.0.0.1", HTTPS if https else HTTP), 20)
                if https:
                    connection.sock = self.tls.wrap_socket(connection.sock, server_hostname=host("api"))
                connection.request(kind, "/", body)
                answer = connection.getresponse()
                data = answer.read()
                if answer.status == 200:
                    self.good += 1
                    self.seen.add(json.loads(data)["name"])
                else:
                    self.failures.append(answer.status)
            except Exception as error:  # every kind of loss counts
                self.failures.append(f"{kind} {'https' if https else 'http'} {error!r}")
            finally:
                connection.close()

    def go_on(self):
        """Until enough was asked to mean something, whatever the speed of the machine."""
        deadline = time.monotonic() + 60
        while self.good <= 500 and not self.failures and time.monotonic() < deadline:
            time.sleep(0.1)

    def say(self, during):
        print(f"{self.good} requests over {during}, failed: {len(self.failures)}", file=sys.stderr)


class EdgeTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
        for address in [CORE, SILENT_CORE, RETURNING_CORE, *INSTANCES]:
            subprocess.run(["ip", "addr", "add", f"{address}/128", "dev", "lo", "nodad"], check=True)
        cls.directory = tempfile.mkdtemp(prefix="croft-edge-")
        cls.addClassCleanup(shutil.rmtree, cls.directory, ignore_errors=True)
        cls.dns = DnsServer(CORE)
        cls.addClassCleanup(cls.dns.close)
        cls.upstreams = {}
        cls.keep = subprocess.Popen([os.environ["EDGE_KEEP"], "--resolver", cls.path("dns.sock"), "sleep", "3600"])
        cls.addClassCleanup(cls.end, cls.keep)
        cls.agent = subprocess.Popen([os.environ["EDGE_ROUTES"], cls.path("routes")], stdin=subprocess.PIPE,
                                     stdout=subprocess.PIPE, text=True)
        cls.addClassCleanup(cls.end, cls.agent)
        cls.caddy = Caddy(os.environ["EDGE_CADDY"], cls.directory)
        cls.caddy.start()
        cls.addClassCleanup(lambda: cls.caddy.kill())
        cls.config = cls.render()
        cls.caddy.load(cls.config)

    @classmethod
    def path(cls, name):
        return os.path.join(cls.directory, name)

    @staticmethod
    def end(process):
        process.kill()
        process.communicate()

    def setUp(self):
        self.start(0)
        self.dns.records = {"api.shop.croft": [INSTANCES[0]], "files.shop.croft": [INSTANCES[1]],
                            "idle.shop.croft": []}
        self.loads = self.last_load()
        self.put(route("api"), route("idle"), route("files"))

    def tearDown(self):
        for index in list(self.upstreams):
            self.stop(index)
        self.assertEqual(self.last_load(), self.loads, "a new configuration was loaded")

    def start(self, index):
        self.upstreams[index] = Upstream(f"i{index}", INSTANCES[index], PORT)

    def stop(self, index):
        self.upstreams.pop(index).stop()

    @classmethod
    def render(cls, **more):
        settings = {
            "platform_domain": DOMAIN,
            "http_port": HTTP,
            "https_port": HTTPS,
            "admin_socket": cls.caddy.socket,
            "storage_dir": cls.path("storage"),
            "routes_dir": cls.path("routes"),
            "resolver_socket": cls.path("dns.sock"),
            "access_log": cls.path("access.log"),
            **more,
        }
        done = subprocess.run([os.environ["EDGE_RENDERER"]], input=json.dumps(settings), text=True,
                              capture_output=True, check=True)
        return done.stdout

    def put(self, *routes):
        """Makes these the routes, as the node's agent does when its desired state says so."""
        self.agent.stdin.write(json.dumps(routes) + "\n")
        self.agent.stdin.flush()
        self.assertEqual(self.agent.stdout.readline(), "ok\n")

    def last_load(self):
        """When Caddy took its last configuration, as it says itself."""
        figures = self.caddy.request("GET", "/metrics")[1]
        return re.search(r"^caddy_config_last_reload_success_timestamp_seconds (\S+)$", figures, re.M)[1]

    def trust(self):
        return self.path("storage/pki/authorities/local/root.crt")

    # -- names ------------------------------------------------------------------------------------

    def test_routes_by_host_name(self):
        self.start(1)
        self.assertEqual(json.loads(get(host("api"))[1])["name"], "i0")
        self.assertEqual(json.loads(get(host("files"))[1])["name"], "i1")
        self.assertEqual(json.loads(get(host("api") + f":{HTTP}")[1])["name"], "i0")

    def test_names_mean_the_same_in_any_letter_case(self):
        answer, body = get(host("api").upper(), "/headers")
        self.assertEqual(answer.status, 200)
        arrived = {name.lower(): value for name, value in json.loads(body)["headers"]}
        self.assertEqual(arrived["host"], host("api"))

    def test_a_host_is_a_name_and_not_a_path(self):
        """The directory of routes is asked for names only, whatever the Host header says."""
        os.makedirs(self.path("elsewhere/api.shop.3000"), exist_ok=True)
        some = f"/api.shop.{PORT}.{'0' * 32}"
        for name in ("..", ".", "../elsewhere", host("api") + "/..", host("api") + "/.", "*", "?" + host("api")[1:],
                     host("api")[:-1] + "[t]", host("api") + some, "{http.request.uri.path}", "{env.HOME}", "", host("api") + "."):
            with socket.create_connection(("127.0.0.1", HTTP), 10) as raw:
                raw.sendall(f"GET /{host('api')} HTTP/1.1\r\nHost: {name}\r\nConnection: close\r\n\r\n".encode())
                status = int(raw.makefile("rb").readline().split()[1])
            self.assertIn(status, (400, 404), name)

    def test_the_name_in_the_handshake_decides_nothing(self):
        """Whom a request is for says its Host header alone, as it was before: no name in the handshake opens another's service."""
        self.start(1)
        self.dns.records["files.shop.croft"] = [INSTANCES[1]]
        context = ssl.create_default_context(cafile=self.trust())
        with socket.create_connection(("127.0.0.1", HTTPS), 10) as raw, \
                context.wrap_socket(raw, server_hostname=host("api")) as stream:
            stream.sendall(f"GET / HTTP/1.1\r\nHost: {host('files')}\r\nConnection: close\r\n\r\n".encode())
            answer = stream.makefile("rb").read()
        self.assertIn(b'"i1"', answer)

    def test_unknown_host_is_told_what_this_is(self):
        answer, body = get("nobody." + DOMAIN)
        problem = json.loads(body)
        self.assertEqual((answer.status, problem["status"]), (404, 404))
        self.assertEqual(answer.getheader("Content-Type"), "application/problem+json")
        self.assertIn("croft", problem["detail"])
        self.assertEqual(problem["requestId"], answer.getheader("X-Request-Id"))
        answer, body = get("<script>.example.org", headers={"Accept": "text/html,*/*"})
        if answer.status == 404:  # or 400: Caddy may refuse such a Host
            self.assertNotIn(b"<script>", body)
        answer, body = get("nobody." + DOMAIN, headers={"Accept": "text/html,*/*"})
        self.assertEqual(answer.status, 404)
        self.assertIn(b"<h1", body)
        self.assertNotIn(b"{http", body)
        self.assertNotIn(b"shop", body)

    def test_a_service_without_instances(self):
        started = time.monotonic()
        answer, body = get(host("idle"))
        self.assertEqual(answer.status, 503)
        self.assertEqual(answer.getheader("Retry-After"), "5")
        self.assertIn("not ready", json.loads(body)["title"])
        self.assertTrue(answer.getheader("X-Request-Id"))
        # It waits for an instance for the 5 s of try_duration, not longer.
        self.assertLess(time.monotonic() - started, 7)

    def test_a_request_waits_for_the_first_instance(self):
        self.start(2)
        threading.Timer(1.5, lambda: self.dns.records.update(
            {"idle.shop.croft": [INSTANCES[2]]})).start()
        self.assertEqual(json.loads(get(host("idle"))[1])["name"], "i2")

    def test_a_service_that_breaks_off(self):
        answer, body = get(host("api"), "/break", method="GET")
        self.assertEqual(answer.status, 502)
        self.assertIn("log", json.loads(body)["detail"])

    def test_the_answers_of_the_service_stay_its_own(self):
        answer, body = get(host("api"), "/missing")
        self.assertEqual((answer.status, json.loads(body)), (404, {"mine": True}))

    # -- what a client may say --------------------------------------------------------------------

    def test_spoofed_headers_do_not_arrive(self):
        spoofed = {
            "X-Forwarded-For": "6.6.6.6", "X_Forwarded_For": "6.6.6.6", "X-Forwarded_For": "6.6.6.6",
            "X-Forwarded-Proto": "spoof", "X-Forwarded-Host": "spoof", "X-Forwarded-Port": "6",
            "X-Forwarded-Prefix": "spoof", "X-Forwarded-Server": "spoof", "Forwarded": "for=6.6.6.6",
            "X-Real-IP": "6.6.6.6", "X_Real_IP": "6.6.6.6", "X-Request-Id": "spoof",
            "X_Request_Id": "spoof", "Proxy": "spoof",
        }
        answer, body = get(host("api"), "/headers", spoofed)
        arrived = {name.lower(): value for name, value in json.loads(body)["headers"]}
        self.assertEqual(arrived["x-forwarded-for"], "127.0.0.1")
        self.assertEqual(arrived["x-forwarded-proto"], "http")
        self.assertEqual(arrived["x-forwarded-host"], host("api"))
        self.assertEqual(arrived["x-real-ip"], "127.0.0.1")
        self.assertEqual(arrived["host"], host("api"))
        self.assertNotIn("6.6.6.6", arrived.values())
        self.assertNotIn("spoof", arrived.values())
        for name in arrived:
            self.assertNotIn("_", name)
        # One id for the service, the client and the log, and not the client's.
        self.assertEqual(answer.headers.get_all("X-Request-Id"), [arrived["x-request-id"]])

    def test_other_headers_arrive_as_sent(self):
        answer, body = get(host("api"), "/headers", {"X-Mine": "{env.HOME}", "Accept-Encoding": "br"})
        arrived = {name.lower(): value for name, value in json.loads(body)["headers"]}
        self.assertEqual(arrived["x-mine"], "{env.HOME}")
        self.assertEqual(arrived["accept-encoding"], "br")
        self.assertEqual(answer.status, 200)

    def test_access_log_names_project_and_service(self):
        answer, _ = get(host("api"), "/logged?a=b")
        deadline = time.monotonic() + 5
        mine = []
        while not mine and time.monotonic() < deadline:
            mine = [line for line in read_lines(self.path("access.log"))
                    if line["request"]["uri"] == "/logged?a=b"]
        self.assertEqual((mine[0]["project"], mine[0]["service"]), ("shop", "api"))
        self.assertEqual(mine[0]["request_id"], answer.getheader("X-Request-Id"))
        self.assertEqual((mine[0]["status"], mine[0]["request"]["host"]), (200, host("api")))
        self.assertNotIn("headers", mine[0]["request"])

    # -- protocols --------------------------------------------------------------------------------

    def curl(self, *arguments, name=None):
        name = name or host("api")
        return subprocess.run(
            ["curl", "--silent", "--show-error", "--max-time", "15", "--cacert", self.trust(),
             "--resolve", f"{name}:{HTTPS}:127.0.0.1", "--resolve", f"{name}:{HTTP}:127.0.0.1",
             *arguments], capture_output=True, text=True, check=False)

    def test_https_with_http_1_1_and_2(self):
        for option, version in (("--http1.1", "1.1"), ("--http2", "2")):
            done = self.curl(option, "-w", " %{http_version}", f"https://{host('api')}/headers")
            self.assertEqual(done.returncode, 0, done.stderr)
            body, _, spoken = done.stdout.rpartition(" ")
            self.assertEqual(spoken, version)
            arrived = {name.lower(): value for name, value in json.loads(body)["headers"]}
            self.assertEqual(arrived["x-forwarded-proto"], "https")

    def test_http_is_not_sent_to_https_and_has_no_h2c(self):
        done = self.curl("--http2-prior-knowledge", "-w", "%{http_version}", f"http://{host('api')}/")
        self.assertNotEqual(done.returncode, 0, done.stdout)
        answer, _ = get(host("api"))
        self.assertEqual(answer.status, 200)

    def test_http_3(self):
        with Http3Client(os.environ["EDGE_CADDY"], host("api"), HTTPS) as client:
            status, body = client.get("/h3")
            self.assertEqual(status, 200, client.log())
        self.assertEqual(json.loads(body)["path"], "/h3")
        deadline = time.monotonic() + 5
        spoken = []
        while not spoken and time.monotonic() < deadline:
            spoken = [line["request"]["proto"] for line in
                      read_lines(self.path("access.log"))
                      if line["request"]["uri"] == "/h3"]
        self.assertEqual(spoken, ["HTTP/3.0"])

    def test_unknown_name_over_tls_is_answered_too(self):
        context = ssl.create_default_context(cafile=self.trust())
        connection = http.client.HTTPSConnection("127.0.0.1", HTTPS, context=context, timeout=10)
        connection._context.check_hostname = False
        connection.request("GET", "/", headers={"Host": "elsewhere.example.org"})
        self.assertEqual(connection.getresponse().status, 404)
        connection.close()

    # -- streams ----------------------------------------------------------------------------------

    def test_web_socket_survives_new_routes(self):
        socket = WebSocket("127.0.0.1", HTTP, host("api"))
        self.addCleanup(socket.close)
        self.assertEqual(socket.status, 101)
        self.assertEqual(socket.echo("before"), "before")
        for extra in ("one", "two", "three"):
            self.put(route("api"), route(extra))
            self.assertEqual(socket.echo(extra), extra)
        self.put(route("api"))
        time.sleep(1)
        self.assertEqual(socket.echo("after"), "after")
        # Nor does one end whose own route goes: it is asked once, at its beginning.
        self.put()
        self.assertEqual(socket.echo("later"), "later")

    def test_events_are_not_held_back(self):
        connection = http.client.HTTPConnection("127.0.0.1", HTTP, timeout=10)
        connection.request("GET", "/events", headers={"Host": host("api")})
        answer = connection.getresponse()
        arrivals = []
        while line := answer.readline():
            if line.startswith(b"data"):
                arrivals.append(time.monotonic())
            if len(arrivals) == 2:
                # A stream that is open while the routes change goes on.
                self.put(route("api"), route("more"))
        self.assertEqual(len(arrivals), 5)
        self.assertGreater(arrivals[-1] - arrivals[0], 0.8)

    def test_a_large_upload_streams(self):
        piece = os.urandom(1 << 20)
        digest = hashlib.sha256()
        before = self.caddy.resident_bytes()
        upstream = self.upstreams[0]
        connection = http.client.HTTPConnection("127.0.0.1", HTTP, timeout=30)
        connection.putrequest("POST", "/upload", skip_host=True)
        connection.putheader("Host", host("api"))
        connection.putheader("Content-Length", str(100 << 20))
        connection.endheaders()
        peak = before
        for number in range(100):
            connection.send(piece)
            digest.update(piece)
            if number == 49:
                # Half is sent: the service must have most of it already.
                deadline = time.monotonic() + 5
                while upstream.received < 40 << 20 and time.monotonic() < deadline:
                    time.sleep(0.02)
                self.assertGreaterEqual(upstream.received, 40 << 20)
            peak = max(peak, self.caddy.resident_bytes())
        answer = json.loads(connection.getresponse().read())
        self.assertEqual((answer["bytes"], answer["sha256"]), (100 << 20, digest.hexdigest()))
        self.assertLess(peak - before, 40 << 20)

    # -- changes ----------------------------------------------------------------------------------

    def test_instances_come_and_go_without_a_reload_and_nothing_is_lost(self):
        with Askers() as askers:
            current = 0
            for switch in range(1, 7):
                following = switch % 3
                self.start(following)
                self.dns.records["api.shop.croft"] = [INSTANCES[following]]
                # Out of DNS, then refresh (0.5 s) and one second before the instance stops.
                time.sleep(1.5)
                self.stop(current)
                current = following
        askers.say("6 switches")
        self.assertEqual(askers.failures, [])
        self.assertEqual(askers.seen, {"i0", "i1", "i2"})
        self.assertGreater(askers.good, 500)

    def test_projects_come_and_go_and_nothing_is_lost(self):
        """While others are asked, over connections that begin just then, too; each is there at once and gone at once."""
        others = [route("api"), route("files")]
        with Askers() as askers:
            for number in range(ROUTES):
                project = f"p{number}"
                self.dns.records[f"web.{project}.croft"] = [INSTANCES[0]]
                new = {**route("web"), "project": project, "host": host("web", project)}
                self.put(*others, new)
                answer, body = get(new["host"])
                self.assertEqual((answer.status, json.loads(body)["name"]), (200, "i0"))
                self.put(*others)
                self.assertEqual(get(new["host"])[0].status, 404)
            askers.go_on()
        askers.say(f"{ROUTES} projects")
        self.assertEqual(askers.failures, [])
        self.assertGreater(askers.good, 500)
        # That no configuration was loaded says tearDown.

    def test_a_host_that_goes_to_another_service_is_served_at_every_moment(self):
        self.dns.records["files.shop.croft"] = [INSTANCES[0]]
        with Askers() as askers:
            for number in range(ROUTES):
                self.put({**route("files" if number % 2 else "api"), "host": host("api")})
                time.sleep(0.01)
        askers.say(f"{ROUTES} moves")
        self.assertEqual(askers.failures, [])

    # -- the resolver -----------------------------------------------------------------------------

    def resolver(self):
        """Its process; None while there is none."""
        with open(f"/proc/{self.keep.pid}/task/{self.keep.pid}/children", encoding="ascii") as file:
            children = [int(pid) for pid in file.read().split()]
        for pid in children:
            try:
                with open(f"/proc/{pid}/comm", encoding="ascii") as file:
                    if file.read().strip() != "sleep":
                        return pid
            except FileNotFoundError:
                pass  # it ended meanwhile
        return None

    def test_nothing_is_lost_while_the_resolver_is_killed(self):
        with Askers() as askers:
            for _ in range(10):
                killed = self.resolver()
                os.kill(killed, signal.SIGKILL)
                deadline = time.monotonic() + 5
                while self.resolver() in (None, killed) and time.monotonic() < deadline:
                    time.sleep(0.01)
                time.sleep(0.3)
            askers.go_on()
        askers.say("10 kills of the resolver")
        self.assertEqual(askers.failures, [])
        self.assertGreater(askers.good, 500)

    def test_a_silent_core_holds_up_nobody_else(self):
        silent = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
        self.addCleanup(silent.close)
        silent.bind((SILENT_CORE, 53))
        self.put(route("api"), {**route("web"), "project": "dead", "host": host("web", "dead"), "core": SILENT_CORE})
        statuses = []
        threads = [threading.Thread(target=lambda: statuses.append(get(host("web", "dead"))[0].status)) for _ in range(5)]
        for thread in threads:
            thread.start()
        slowest = 0.0
        for _ in range(100):
            began = time.monotonic()
            self.assertEqual(get(host("api"))[0].status, 200)
            slowest = max(slowest, time.monotonic() - began)
            time.sleep(0.03)
        for thread in threads:
            thread.join()
        print(f"beside a silent core: at most {slowest * 1000:.0f} ms", file=sys.stderr)
        self.assertEqual(statuses, [503] * 5)
        self.assertLess(slowest, 1)

    def test_a_core_that_comes_back_is_asked_again(self):
        silent = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
        silent.bind((RETURNING_CORE, 53))
        self.put({**route("api"), "core": RETURNING_CORE})

        def come_back():
            silent.close()
            server = DnsServer(RETURNING_CORE)
            server.records = self.dns.records
            self.addCleanup(server.close)
        threading.Timer(1.5, come_back).start()
        began = time.monotonic()
        self.assertEqual(get(host("api"))[0].status, 200)
        self.assertLess(time.monotonic() - began, 4.5)

    # -- instances --------------------------------------------------------------------------------

    def test_two_instances_share_the_requests(self):
        self.start(1)
        self.dns.records["api.shop.croft"] = [INSTANCES[0], INSTANCES[1]]
        time.sleep(0.7)
        names = [json.loads(get(host("api"))[1])["name"] for _ in range(200)]
        self.assertTrue(60 <= names.count("i0") <= 140, names.count("i0"))  # beyond it: once in 10^8

    def test_two_services_asked_in_turn_are_each_served_by_all_their_instances(self):
        self.start(1)
        for name in ("api", "files"):
            self.dns.records[f"{name}.shop.croft"] = [INSTANCES[0], INSTANCES[1]]
        time.sleep(0.7)
        seen = {"api": set(), "files": set()}
        for _ in range(40):
            for name, instances in seen.items():
                instances.add(json.loads(get(host(name))[1])["name"])
        self.assertEqual(seen, {"api": {"i0", "i1"}, "files": {"i0", "i1"}})

    def test_a_dead_instance_is_passed_over(self):
        self.dns.records["api.shop.croft"] = [INSTANCES[0], INSTANCES[2]]
        time.sleep(0.7)
        for kind in ("GET", "POST") * 5:
            self.assertEqual(get(host("api"), method=kind)[0].status, 200)

    # -- configuration ----------------------------------------------------------------------------

    def test_a_refused_configuration_changes_nothing(self):
        status, text = self.caddy.request("POST", "/load", '{"apps":{"nonsense":{}}}')
        self.assertEqual(status, 400)
        self.assertIn("nonsense", text)
        self.assertEqual(get(host("api"))[0].status, 200)

    def test_continues_with_the_last_configuration_after_a_crash(self):
        mode = os.stat(self.caddy.socket).st_mode & 0o777
        self.assertEqual(mode, 0o600)
        self.caddy.kill()
        self.caddy.start()
        status, text = self.caddy.request("GET", "/config/")
        self.assertEqual((status, json.loads(text)), (200, json.loads(self.config)))
        self.assertEqual(get(host("api"))[0].status, 200)
        self.loads = self.last_load()  # its start

    def test_names_under_a_domain_of_one_label_get_certificates_when_they_have_a_route(self):
        self.caddy.load(self.render(platform_domain="localhost"))
        self.addCleanup(self.caddy.load, self.config)
        self.loads = self.last_load()
        name = host("api", domain="localhost")
        self.put({**route("api"), "host": name})

        def certificate_of(name):
            context = ssl.create_default_context(cafile=self.trust())
            with socket.create_connection(("127.0.0.1", HTTPS), 10) as raw, \
                    context.wrap_socket(raw, server_hostname=name) as stream:
                return [value for _, value in stream.getpeercert()["subjectAltName"]]
        deadline = time.monotonic() + 20
        while not os.path.exists(self.path("storage/certificates/local/localhost/localhost.json")):
            self.assertLess(time.monotonic(), deadline, "no certificate for the domain itself")
            time.sleep(0.1)
        time.sleep(0.3)
        self.assertEqual(certificate_of("localhost"), ["localhost"])
        began = time.monotonic()
        self.assertEqual(certificate_of(name), [name])
        print(f"the first handshake of a name took {(time.monotonic() - began) * 1000:.0f} ms", file=sys.stderr)
        for other in ("nobody.localhost", host("files", domain="localhost"), "a.b.localhost"):
            with self.assertRaises((ssl.SSLError, ConnectionError)):
                certificate_of(other)
        issued = os.listdir(self.path("storage/certificates/local"))
        self.assertIn(name, issued)
        self.assertFalse([one for one in issued if "nobody" in one or "files" in one or "a.b" in one], issued)
        # Nobody gets it by asking the edge whether he may.
        self.assertEqual(get("127.0.0.1", f"/croft/may-have-certificate?domain={host('files', domain='localhost')}")[0].status, 404)
        self.assertEqual(get("127.0.0.1", "/croft/may-have-certificate?domain=../routes/" + name)[0].status, 404)

    def test_starts_with_nothing(self):
        directory = tempfile.mkdtemp(prefix="croft-edge-new-")
        self.addCleanup(shutil.rmtree, directory)
        fresh = Caddy(os.environ["EDGE_CADDY"], directory)
        fresh.start()
        self.addCleanup(lambda: fresh.kill())
        self.assertEqual(fresh.request("GET", "/config/")[1].strip(), "null")
        self.assertEqual(os.stat(fresh.socket).st_mode & 0o777, 0o600)


if __name__ == "__main__":
    unittest.main()
