"""The two cores of a project: the active one is killed, frozen and stopped under traffic, and nobody notices."""
import time

from platform_case import PlatformCase, Traffic, main, say, wait_until


class Pair(PlatformCase):
    project = "pair"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.deploy_page()

    def component(self):
        # While nobody is active the command fails.
        components = self.platform.croft("status", "--json").json()["components"]
        return next(c for c in components if c["name"] == f"core {self.project}")

    def slot(self, role):
        """The slot of the core that has the role; None while none or both have it."""
        found = [part[0] for part in self.component()["detail"].split("; ") if part.endswith(f" is {role}")]
        return found[0] if len(found) == 1 else None

    def whole(self):
        return self.component()["status"] == "ok" and (self.slot("active"), self.slot("standby"))

    def container(self, slot):
        return next(c["Id"] for c in self.platform.engine_get("/containers/json")
                    if c["Labels"].get("croft.project") == self.project_id and c["Labels"].get("croft.slot") == slot)

    def fail_active(self, fail, mend=lambda container: None):
        active, standby = wait_until("a pair", 60, self.whole, 0.2)
        container = self.container(active)
        with Traffic(self.web) as traffic:
            time.sleep(0.5)
            began = time.monotonic()
            fail(container)
            wait_until("the other one is active", 10, lambda: self.slot("active") == standby, 0.05)
            say(f"croft knew of the change after {time.monotonic() - began:.2f} s")
            time.sleep(1.0)
            mend(container)
            wait_until("a pair", 60, self.whole, 0.2)
        self.no_failures(traffic)
        self.assertEqual(self.slot("active"), standby, "the one that came back took nothing back")

    def tell(self, container, what):
        self.platform.engine_call("POST", f"/containers/{container}/{what}")

    def test_1_the_active_one_is_killed(self):
        self.fail_active(lambda container: self.tell(container, "kill?signal=KILL"))

    def test_2_the_active_one_is_frozen(self):
        self.fail_active(lambda container: self.tell(container, "pause"),
                         lambda container: self.tell(container, "unpause"))

    def test_3_the_active_one_is_stopped(self):
        self.fail_active(lambda container: self.tell(container, "stop"))


if __name__ == "__main__":
    main()
