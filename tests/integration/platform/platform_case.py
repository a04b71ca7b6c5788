"""The base of every test case here, and the runner: one platform per file, evidence on failure."""
import argparse
import pathlib
import shutil
import sys
import tempfile
import time
import unittest

from croft_platform import Platform, say, wait_until
from requests_through_edge import Site, Traffic

PAGE = """project:
  name: {project}
services:
  - hostname: web
    type: static
    enableSubdomainAccess: true
"""

options = None


class PlatformCase(unittest.TestCase):
    """`project`: what the file works in; it is deleted before and after."""

    project = None
    platform = None
    longMessage = True
    maxDiff = 4000

    @classmethod
    def setUpClass(cls):
        cls.root = pathlib.Path(options.root).resolve()
        cls.platform = Platform(options.programs, options.root)
        if options.attach:
            cls.platform.attach()
        else:
            cls.addClassCleanup(cls.platform.stop)
            cls.platform.start()
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="croft-case-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        cls.delete_project()
        cls.addClassCleanup(cls.delete_project)

    @classmethod
    def delete_project(cls, name=None):
        name = name or cls.project
        if name and cls.platform.croft("project", "show", name).code == 0:
            say(f"deleting project {name}")
            cls.platform.ok("project", "delete", name, "--confirm", name)

    @classmethod
    def import_text(cls, text, **more):
        path = cls.folder / "import.yml"
        path.write_text(text)
        say("importing\n" + text)
        return cls.platform.ok("project", "import", str(path), "--wait", **more)

    @classmethod
    def deploy_page(cls):
        """The page of tests/bench as a service `web` of the class's project, and who asks for it."""
        cls.import_text(PAGE.format(project=cls.project))
        cls.deploy("web", cls.root / "tests/bench/site", "--setup", "web")
        cls.web = cls.site("web")
        cls.project_id = cls.platform.ok("project", "show", cls.project)["id"]

    @classmethod
    def app_folder(cls, app, version):
        """A copy of tests/apps/<app> that says `version`."""
        folder = cls.folder / f"{app}-{version}"
        if not folder.exists():
            shutil.copytree(cls.root / "tests/apps" / app, folder)
            (folder / "VERSION").write_text(version + "\n")
        return folder

    @classmethod
    def deploy(cls, service, folder, *args):
        """Deploys and gives the process with `version` and `url`."""
        say(f"deploying {service} from {folder.name} {' '.join(args)}")
        began = time.monotonic()
        process = cls.platform.ok("deploy", f"{cls.project}/{service}", str(folder), *args)
        say(f"deployed {service} in {time.monotonic() - began:.1f} s: {process['url']}")
        return process

    @classmethod
    def site(cls, service):
        urls = cls.platform.ok("service", "show", f"{cls.project}/{service}")["urls"]
        return Site(urls[0], cls.platform.http_port, cls.platform.https_port)

    @classmethod
    def instances(cls, service):
        return cls.platform.ok("ps", f"{cls.project}/{service}")

    def wait_instances(self, service, count):
        def enough():
            found = self.instances(service)
            return found if len(found) == count and all(i["in_rotation"] for i in found) else None
        return wait_until(f"{count} instances of {service} in rotation", 60, enough)

    def no_failures(self, traffic):
        say(f"{traffic.verdict()}, the slowest took {traffic.slowest_s:.2f} s")
        self.assertGreater(traffic.sent, 20, "hardly any request was sent: this proves nothing")
        self.assertEqual(traffic.failures, [])

    def exit_code(self, wanted, *args, **more):
        answer = self.platform.croft(*args, **more)
        self.assertEqual(answer.code, wanted, str(answer))
        return answer


class _Result(unittest.TextTestResult):
    def startTest(self, test):
        super().startTest(test)
        say(f"=== {test.id()}")

    def _show(self, test):
        case = test if isinstance(test, PlatformCase) else None
        platform = case.platform if case else platform_of(test)
        if platform:
            platform.dump()

    def addError(self, test, err):
        super().addError(test, err)
        self._show(test)

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self._show(test)


def platform_of(holder):
    """The platform of the class whose setUpClass failed."""
    for case in PlatformCase.__subclasses__():
        if case.__qualname__ in str(holder) and case.platform:
            return case.platform
    return None


def main(extra=None):
    """Runs the cases of the calling file: FILE --programs DIR --root DIR [unittest arguments]."""
    global options
    parser = argparse.ArgumentParser(allow_abbrev=False)
    parser.add_argument("--programs", required=True)
    parser.add_argument("--root", required=True)
    parser.add_argument("--attach", action="store_true", help="use the programs that side_by_side.py has started")
    if extra:
        extra(parser)
    options, rest = parser.parse_known_args()
    runner = unittest.TextTestRunner(stream=sys.stdout, verbosity=2, resultclass=_Result)
    unittest.main(module="__main__", argv=[sys.argv[0], *rest], testRunner=runner)


__all__ = ["PlatformCase", "Site", "Traffic", "main", "say", "wait_until"]
