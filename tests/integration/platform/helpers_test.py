"""The helpers of this folder against a small server of their own: a check that cannot fail proves nothing."""
import http.server
import threading
import unittest

from croft_platform import Answer, wait_until
from requests_through_edge import Site, Traffic


class _Handler(http.server.BaseHTTPRequestHandler):
    failing = False
    hosts = set()

    def log_message(self, *_):
        pass

    def do_GET(self):
        type(self).hosts.add(self.headers["Host"].split(":")[0])
        body = b'{"version": "1"}'
        self.send_response(503 if self.path == "/bad" or self.failing else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class Helpers(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
        threading.Thread(target=cls.server.serve_forever, daemon=True).start()
        cls.addClassCleanup(cls.server.server_close)
        cls.addClassCleanup(cls.server.shutdown)
        port = cls.server.server_address[1]
        cls.site = Site("https://web-shop.croft.localhost", port, port)

    def test_a_site_sends_its_own_name(self):
        self.assertEqual(self.site.json("/")["version"], "1")
        self.assertIn("web-shop.croft.localhost", _Handler.hosts)

    def test_a_bad_answer_is_an_error(self):
        with self.assertRaisesRegex(AssertionError, "503"):
            self.site.json("/bad")

    def test_traffic_counts_failures(self):
        with Traffic(self.site, threads=1, period_s=0.001) as good:
            wait_until("requests", 5, lambda: good.sent > 20)
        self.assertEqual(good.failures, [])
        self.assertEqual(good.json_values("version"), {"1"})
        with Traffic(self.site, "/bad", threads=1, period_s=0.001) as bad:
            wait_until("requests", 5, lambda: bad.sent > 5)
        self.assertEqual(len(bad.failures), bad.sent)

    def test_traffic_notices_a_refused_connection(self):
        nobody = Site("http://web-shop.croft.localhost", 1, 1)
        with Traffic(nobody, threads=2, period_s=0.001) as traffic:
            wait_until("requests", 5, lambda: traffic.sent > 5)
        self.assertEqual(len(traffic.failures), traffic.sent)

    def test_waiting_in_vain_says_for_what(self):
        with self.assertRaisesRegex(AssertionError, "the moon"):
            wait_until("the moon", 0.01, lambda: False, 0.001)

    def test_the_result_is_the_last_line(self):
        self.assertEqual(Answer([], 0, '{"a": 1}\n{"b": 2}\n', "").json(), {"b": 2})
        with self.assertRaisesRegex(AssertionError, "no output"):
            Answer(["x"], 1, "", "oops").json()


if __name__ == "__main__":
    unittest.main()
