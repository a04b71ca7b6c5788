"""The end of the installation that the other files share: removed by its own programs, and nothing is left."""
import json
import subprocess
import time
import unittest
import urllib.parse

import platform_case
from croft_platform import Platform, read_text, say


class Purge(unittest.TestCase):
    def test_nothing_is_left(self):
        options = platform_case.options
        platform = Platform(options.programs, options.root)
        install = read_text(platform.home / "state" / "install_id")
        if not install:
            self.skipTest("no platform was started on this engine")
        say(f"purging installation {install}")
        platform.purge()
        left = self.left_in_the_engine(platform, install)
        deadline = time.monotonic() + 30
        while left and time.monotonic() < deadline:  # Swarm takes its own time to let go
            time.sleep(1)
            left = self.left_in_the_engine(platform, install)
        self.assertEqual(left, [])
        self.assertEqual(self.left_on_the_host(install), [])

    def left_in_the_engine(self, platform, install):
        label = urllib.parse.quote(json.dumps({"label": [f"croft.install={install}"]}))
        found = []
        for kind in ("containers/json?all=1&", "services?", "networks?", "volumes?", "secrets?",
                     "configs?", "images/json?"):
            filters = "" if kind.startswith("images") else f"filters={label}"
            answer = platform.engine_get(f"/{kind}{filters}")
            items = answer.get("Volumes") if isinstance(answer, dict) else answer
            if kind.startswith("images"):
                # Images are shared: what is left to other installations is theirs.
                items = [item for item in items or [] if any(f"/{install}/" in tag or f"croft-{install}-" in tag
                                                             for tag in item.get("RepoTags") or [])]
            found += [(kind, item.get("Names") or item.get("Name") or item.get("RepoTags") or item.get("ID"))
                      for item in items or []]
        return found

    def left_on_the_host(self, install):
        def run(*argv):
            return subprocess.run(argv, check=True, capture_output=True, text=True).stdout
        devices = [d["ifname"] for d in json.loads(run("ip", "-j", "link")) if d["ifname"].startswith(f"c{install}")]
        tables = [line for line in run("nft", "list", "tables").splitlines() if install in line]
        routes = [line for line in (run("ip", "-6", "route") + run("ip", "route")).splitlines()
                  if f"c{install}" in line]
        return devices + tables + routes


if __name__ == "__main__":
    platform_case.main()
