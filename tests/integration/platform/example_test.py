"""examples/todo as a user meets it: import, three deployments, the page, the API, the worker's queue."""
import json
import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "support"))
from http3 import Http3Client  # noqa: E402
from platform_case import PlatformCase, main, say, wait_until


class Example(PlatformCase):
    project = "todo"

    def test_import_deploy_and_use(self):
        example = self.root / "examples" / "todo"
        imported = self.platform.ok("project", "import", str(example / "import.yml"), "--wait")
        self.assertEqual(imported["process"]["status"], "finished")
        for service in ("api", "worker", "web"):
            process = self.deploy(service, example / service)
            self.assertEqual(process["status"], "finished")
        web, api = self.site("web"), self.site("api")
        for https in (False, True):
            page = web.get("/", https=https)
            self.assertEqual(page.status, 200, page.body)
            self.assertIn("<html", page.body)
            # A page of the application's own router: the front answers with its index.
            self.assertEqual(web.get("/no/such/page", https=https).body, page.body)
        with self.subTest("the same page over HTTP/3"):
            caddy = subprocess.run([str(self.root / "tests/support/fetch_caddy")], check=True, text=True,
                                   stdout=subprocess.PIPE).stdout.strip()
            with Http3Client(caddy, web.host, self.platform.https_port) as client:
                self.assertEqual(client.get("/"), (200, web.get("/", https=True).body), client.log())
        with self.subTest("a to-do passes PostgreSQL, Valkey and the worker"):
            made = api.get("/api/todos", https=True, method="POST", body=json.dumps({"title": "buy milk"}))
            self.assertEqual(made.status, 201, made.body)
            todo = made.json()
            self.assertIsNone(todo["label"])

            def labelled():
                found = [t for t in api.json("/api/todos") if t["id"] == todo["id"]]
                return found and found[0]["label"]
            say(f"the worker labelled it: {wait_until('the worker to label the to-do', 30, labelled)}")
        self.assertEqual(api.json("/readyz"), {"ready": True, "missing": []})
        with self.subTest("images are listed beside a running croftd"):
            listed = subprocess.run([str(self.platform.programs / "croftd"), "--home", str(self.platform.home),
                                     "--engine", self.platform.engine, "--programs", str(self.platform.programs),
                                     "--data", str(self.root), "--images"], capture_output=True, text=True,
                                    timeout=60, check=False)
            self.assertEqual(listed.returncode, 0, listed.stderr)
            self.assertRegex(listed.stdout, r"(?m)^nodejs@22 +run +built ")
        with self.subTest("every request is counted under its service"):
            asked = ('croft_http_requests_total{project="todo",service="api",method="POST",code_class="2xx"} 1',
                     'croft_http_request_duration_seconds_bucket{project="todo",service="web",le="+Inf"}')
            wait_until("the requests in the metrics", 20,
                       lambda: all(line in self.platform.metrics() for line in asked))
        shown = self.platform.ok("project", "show", self.project)
        self.assertEqual(shown["name"], self.project)


if __name__ == "__main__":
    main()
