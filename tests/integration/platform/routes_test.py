"""Projects come and go while a service is asked over new connections: none is lost, and the edge takes no new configuration."""
import pathlib
import re
import sys

from platform_case import PlatformCase, Site, Traffic, main, say, wait_until

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "support"))
from caddy import UnixConnection  # noqa: E402

PROJECTS, SERVICES = 3, 20  # each service is a route that comes and goes
STEADY = """project:
  name: routes
services:
  - hostname: web
    type: nodejs@22
    enableSubdomainAccess: true
"""


def passing(number):
    services = "".join(f"  - hostname: s{i}\n    type: static\n    enableSubdomainAccess: true\n" for i in range(SERVICES))
    return f"project:\n  name: passing{number}\nservices:\n{services}"


class Routes(PlatformCase):
    project = "routes"

    def last_load(self):
        """When Caddy took its last configuration, as it says itself."""
        connection = UnixConnection(str(self.platform.home / "edge" / "admin.sock"))
        try:
            connection.request("GET", "/metrics")
            figures = connection.getresponse().read().decode()
        finally:
            connection.close()
        return re.search(r"^caddy_config_last_reload_success_timestamp_seconds (\S+)$", figures, re.M)[1]

    def status_of(self, site):
        return site.get("/", https=True).status

    def test_projects_come_and_go(self):
        self.import_text(STEADY)
        self.deploy("web", self.app_folder("load", "1"), "--setup", "load")
        site = self.site("web")
        self.assertEqual(site.get("/").status, 200)
        before = self.last_load()
        with Traffic(site, threads=4, period_s=0) as traffic:
            for number in range(PROJECTS):
                self.comes_and_goes(f"passing{number}", passing(number))
        self.no_failures(traffic)
        self.assertEqual(self.last_load(), before, "the edge took a new configuration")

    def comes_and_goes(self, name, text):
        self.addClassCleanup(self.delete_project, name)
        self.import_text(text)
        urls = self.platform.ok("service", "show", f"{name}/s0")["urls"]
        last = Site(urls[0], self.platform.http_port, self.platform.https_port)
        # It has no instance yet: the edge knows it, waits, and says so.
        wait_until("the edge to know the new project", 20, lambda: self.status_of(last) == 503)
        self.delete_project(name)
        wait_until("the edge to forget it", 20, lambda: self.status_of(last) == 404)
        say(f"{name} came and went")


if __name__ == "__main__":
    main()
