"""The rules of run.routing on a real nginx, with the site configurations of the images.

Started by run_site_test, which gives SITE_NGINX and SITE_RENDERER.
"""
import http.client
import os
import pathlib
import shutil
import subprocess
import tempfile
import time
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[3]
NGINX = pathlib.Path(os.environ["SITE_NGINX"])
TEMPLATES = {"static": "images/static/rootfs/etc/nginx/site.conf.tmpl",
             "php": "images/php-nginx/rootfs/etc/nginx/php-site.conf.tmpl"}


class SiteTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="croft-site-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.folder.chmod(0o755)
        for name, text in {"index.html": "index", "index.php": "source", "a.txt": "a", "app/x.txt": "x",
                           "app/index.html": "app"}.items():
            path = self.folder / "site" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)

    def serve(self, kind, *redirect):
        rules = subprocess.run([os.environ["SITE_RENDERER"], *redirect], check=True, capture_output=True,
                               text=True).stdout
        (self.folder / "rules.conf").write_text(rules)
        site = (ROOT / TEMPLATES[kind]).read_text()
        for mark, value in {"{{.DocumentRoot}}": f"{self.folder}/site", "{{.PhpSocket}}": f"{self.folder}/none.sock",
                            "/run/nginx/croft.d/*.conf": f"{self.folder}/rules.conf",
                            "include fastcgi_params": f"include {NGINX}/etc/nginx/fastcgi_params"}.items():
            site = site.replace(mark, value)
        own = "".join(f"  {name}_temp_path {self.folder}/{name};\n"
                      for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        config = self.folder / "nginx.conf"
        config.write_text(f"pid {self.folder}/pid;\nerror_log {self.folder}/error.log warn;\ndaemon off;\n"
                          f"user root;\nevents {{}}\nhttp {{\n  access_log off;\n{own}{site}}}\n")
        process = subprocess.Popen([NGINX / "usr/sbin/nginx", "-c", config, "-e", self.folder / "error.log"])
        self.addCleanup(process.wait)
        self.addCleanup(process.terminate)
        for _ in range(100):
            if process.poll() is not None:
                self.fail((self.folder / "error.log").read_text())
            try:
                return self.get("/")
            except ConnectionRefusedError:
                time.sleep(0.05)
        self.fail("nginx does not answer")

    def get(self, path):
        connection = http.client.HTTPConnection("127.0.0.1", 80, timeout=10)
        connection.request("GET", path)
        answer = connection.getresponse()
        body = answer.read().decode()
        connection.close()
        return answer.status, body if answer.status == 200 else answer.headers.get("Location", "")

    def header(self, path, name):
        connection = http.client.HTTPConnection("127.0.0.1", 80, timeout=10)
        connection.request("GET", path)
        answer = connection.getresponse()
        answer.read()
        connection.close()
        return answer.headers.get(name)

    def quiet(self):
        self.assertEqual((self.folder / "error.log").read_text(), "")

    def test_everything_to_one_page(self):
        self.serve("static", "/*", "/index.html")
        for path in ("/", "/index.html", "/deep/link", "/a.txt"):
            self.assertEqual(self.get(path), (200, "index"), path)
        self.quiet()

    def test_everything_to_the_folder_of_an_index(self):
        self.serve("static", "/*", "/")
        for path in ("/", "/deep/link"):
            self.assertEqual(self.get(path), (200, "index"), path)
        self.quiet()

    def test_a_part_to_a_page_of_its_own(self):
        self.serve("static", "/app/*", "/app/index.html")
        self.assertEqual(self.get("/app/deep/link"), (200, "app"))
        self.assertEqual(self.get("/a.txt"), (200, "a"))
        self.quiet()

    def test_a_part_to_a_page_outside(self):
        self.serve("static", "/app/*", "/index.html")
        self.assertEqual(self.get("/app/x.txt"), (200, "index"))

    def test_one_path_to_itself(self):
        self.serve("static", "/a.txt", "/a.txt")
        self.assertEqual(self.get("/a.txt"), (200, "a"))

    def test_a_front_controller_is_run_and_never_shown(self):
        self.serve("php", "/*", "/index.php")
        # No PHP answers behind the socket: 502 says that nginx asked it.
        for path in ("/", "/deep/link", "/index.php"):
            self.assertEqual(self.get(path)[0], 502, path)
        self.assertEqual(self.get("/.env")[0], 403)

    def test_a_redirect_with_a_status(self):
        self.serve("static", "/old", "/new", "301")
        self.assertEqual(self.get("/old")[0], 301)

    def test_a_redirect_and_headers_of_one_path(self):
        self.serve("static", "/old/*", "/new", "301", "/old/", "X-Mark", "1", "/app/x.txt", "X-Mark", "2")
        self.assertEqual(self.get("/old/a"), (301, "http://127.0.0.1/new"))
        self.assertEqual(self.header("/old/a", "X-Mark"), "1")
        self.assertEqual(self.get("/app/x.txt"), (200, "x"))
        self.assertEqual(self.header("/app/x.txt", "X-Mark"), "2")
        self.quiet()

    def test_a_rewrite_and_headers_of_one_path(self):
        self.serve("static", "/app/*", "/app/index.html", "", "/app/*", "X-Mark", "1")
        self.assertEqual(self.get("/app/deep"), (200, "app"))
        self.assertEqual(self.header("/app/deep", "X-Mark"), "1")
        self.quiet()

    def test_headers_of_a_folder_show_no_source(self):
        self.serve("php", "/none", "/", "301", "/*", "X-Mark", "1", "/app/*", "X-Mark", "2", "/index.php", "X-Mark", "3")
        (self.folder / "site/app/x.php").write_text("source")
        for path in ("/app/x.php", "/index.php"):
            self.assertEqual(self.get(path)[0], 502, path)


if __name__ == "__main__":
    unittest.main()
