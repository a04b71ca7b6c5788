"""Two projects: nothing of the other one, of the host, of croft or of the engine answers or resolves."""
import json
import socket

from platform_case import PlatformCase, main, say
from machine import Trap, host_addresses

# Runs in a container: names to look up and addresses to knock on; one JSON answer.
PROBE = r"""
const dns = require('node:dns/promises'), net = require('node:net');
const { names, doors } = JSON.parse(process.argv[1]);
const lookUp = (name) => dns.lookup(name, { all: true }).then((a) => a.map((x) => x.address), () => []);
const knock = ([host, port]) => new Promise((done) => {
  const socket = net.connect({ host, port });
  const end = (word) => { socket.destroy(); done(word); };
  socket.setTimeout(3000, () => end('silence'));
  socket.on('connect', () => end('open'));
  socket.on('error', (error) => end(error.code));
});
(async () => {
  const resolved = {}, answered = {};
  await Promise.all(names.map(async (n) => { resolved[n] = await lookUp(n); }));
  await Promise.all(doors.map(async (d) => { answered[d.join(' ')] = await knock(d); }));
  console.log(JSON.stringify({ resolved, answered }));
})();
"""

PROJECT = """project:
  name: {name}
services:
  - hostname: db
    type: postgresql@17
    mode: NON_HA
    priority: 10
  - hostname: {web}
    type: nodejs@22
    enableSubdomainAccess: true
"""


class Isolation(PlatformCase):
    project = "isored"
    other = "isoblue"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.delete_project(cls.other)
        cls.addClassCleanup(cls.delete_project, cls.other)
        cls.import_text(PROJECT.format(name=cls.project, web="redweb"))
        cls.import_text(PROJECT.format(name=cls.other, web="blueweb"))
        folder = cls.app_folder("node", "1")
        for project, web in ((cls.project, "redweb"), (cls.other, "blueweb")):
            cls.platform.ok("deploy", f"{project}/{web}", str(folder), "--setup", "node")
        cls.listener = Trap()
        cls.addClassCleanup(cls.listener.close)

    def probe(self, project, web, names, doors):
        answer = self.platform.croft("exec", f"{project}/{web}", "--no-stdin", "--", "node", "-e", PROBE,
                                     json.dumps({"names": names, "doors": doors}))
        self.assertEqual(answer.code, 0, str(answer))
        return answer.json()

    def addresses_of(self, project):
        found = self.platform.ok("ps", "--project", project)
        return sorted({a for i in found for a in (i["address4"], i["address6"]) if a})

    def test_names_and_addresses_of_the_own_project_answer(self):
        own = self.addresses_of(self.project)
        self.assertGreaterEqual(len(own), 4, "two instances with two addresses each")
        found = self.probe(self.project, "redweb", ["db", "db.croft", "redweb"], [["db", 5432], ["redweb", 3000]])
        for name, addresses in found["resolved"].items():
            self.assertTrue(addresses, f"{name} does not resolve in its own project")
        self.assertEqual(set(found["answered"].values()), {"open"}, found)

    def test_the_other_project_neither_resolves_nor_answers(self):
        blue = self.probe(self.other, "blueweb", ["db", "blueweb"], [["db", 5432], ["blueweb", 3000]])
        self.assertEqual(set(blue["answered"].values()), {"open"}, "the other project itself must work")
        # Both number their service addresses alike: a red `db` may have the very address of the blue one.
        red = self.probe(self.project, "redweb", ["db", "redweb"], [])
        own = {a for addresses in red["resolved"].values() for a in addresses}
        services = {a for addresses in blue["resolved"].values() for a in addresses} - own
        instances = self.addresses_of(self.other)
        doors = [[a, p] for a in [*services, *instances] for p in (3000, 5432)]
        names = ["blueweb", "blueweb.croft", f"blueweb.{self.other}", f"blueweb.{self.other}.croft",
                 f"db.{self.other}.croft"]
        found = self.probe(self.project, "redweb", names, doors)
        self.assertEqual({n: a for n, a in found["resolved"].items() if a}, {}, "names of the other project")
        self.assert_closed(found)

    def test_cores_do_not_answer(self):
        doors = []
        for address in self.core_addresses():
            doors += [[address, p] for p in (53, 80, 7420, 65442, 65443)]
        self.assertTrue(doors, "no address of a core was found")
        found = self.probe(self.project, "redweb", [], doors)
        self.assert_closed(found)

    def core_addresses(self):
        """Addresses of every core on the uplink and of the other project's core on its segment."""
        other = self.platform.ok("project", "show", self.other)["id"]
        found = []
        for each in self.platform.engine_get("/containers/json"):
            labels = each["Labels"]
            if labels.get("croft.role") != "core":
                continue
            for name, network in each["NetworkSettings"]["Networks"].items():
                if labels.get("croft.project") == other or "uplink" in name:
                    found += [a for a in (network["IPAddress"], network["GlobalIPv6Address"]) if a]
        return found

    def test_the_host_and_the_metadata_service_do_not_answer(self):
        addresses = host_addresses()
        ports = [self.listener.port, self.platform.api_port, 22, 2019, 2375, 2376, 2377, 7946]
        for address in addresses:  # the probe's own eyes: the host itself gets an answer there
            with socket.create_connection((address, self.listener.port), 5):
                pass
        say(f"addresses of the host: {addresses}")
        doors = [[a, p] for a in addresses for p in ports]
        doors += [["169.254.169.254", 80], ["fd00:ec2::254", 80]]
        found = self.probe(self.project, "redweb", ["host.docker.internal"], doors)
        self.assert_closed(found)
        self.assertEqual(found["resolved"]["host.docker.internal"], [])

    def assert_closed(self, found):
        opened = {door: word for door, word in found["answered"].items() if word == "open"}
        self.assertEqual(opened, {}, f"answers from where none may come: {found['answered']}")
        self.assertTrue(found["answered"])


if __name__ == "__main__":
    main()
