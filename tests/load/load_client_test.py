"""croft-load against a server that misbehaves: every attempt must end as what it was."""
import json
import pathlib
import signal
import subprocess
import sys
import tempfile
import time
import unittest

import fault_server
from fault_server import Server, tls_context

PROGRAM = ""


def run(*args, code=None):
    """The summary of one run; `code`: the exit code it must have."""
    done = subprocess.run([PROGRAM, *args], capture_output=True, text=True, timeout=60, check=False)
    if code is not None and done.returncode != code:
        raise AssertionError(f"croft-load ended with {done.returncode}, not {code}\n{done.stdout[-3000:]}\n{done.stderr}")
    return json.loads(done.stdout)


class Case(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.http = Server(fault_server.Http1Handler)
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.certificate = pathlib.Path(folder.name) / "cert.pem"
        key = pathlib.Path(folder.name) / "key.pem"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                        "-keyout", str(key), "-out", str(cls.certificate), "-days", "2", "-subj", "/CN=load.test",
                        "-addext", "subjectAltName=DNS:load.test"], check=True, capture_output=True)
        cls.h2_context = tls_context(cls.certificate, key, ["h2"])
        cls.h1_context = tls_context(cls.certificate, key, ["http/1.1"])

    def one(self, words, *args, url=None, code=None, duration="60s"):
        """The stream of a run with one."""
        url = url or f"http://127.0.0.1:{self.http.port}/"
        return run("--url", url, "--stream", words, "--duration", duration, *args, code=code)["streams"][0]

    def h2(self, handler, words, *args, **more):
        server = Server(handler, self.h2_context)
        return self.one(words, "--connect", f"127.0.0.1:{server.port}", *args, url="https://load.test/", **more)

    def ends_as(self, stream, outcome, kind, count=None):
        self.assertEqual([(e["outcome"], e["kind"]) for e in stream["errors"]], [(outcome, kind)], stream["errors"])
        self.assertEqual(stream["ok"], 0)
        self.assertEqual(stream[outcome], stream["attempts"])
        self.assertEqual(stream[outcome], count or stream["attempts"])
        example = stream["errors"][0]["examples"][0]
        self.assertTrue(example["detail"])
        self.assertRegex(example["at"], r"^\d{4}-\d\d-\d\dT")

    def all_ok(self, stream, count):
        self.assertEqual((stream["attempts"], stream["ok"], stream["errors"]), (count, count, []))


class Good(Case):
    def test_keepalive_uses_few_connections(self):
        stream = self.one("keepalive,h1,GET,rate=200,conns=4,count=100", code=0)
        self.all_ok(stream, 100)
        self.assertLessEqual(stream["connections"], 4)
        self.assertEqual(stream["versions"]["v1"]["count"], 100)
        self.assertEqual(stream["instances"], {"i1": 100})
        self.assertGreater(stream["latency_ms"]["p50"], 0)

    def test_fresh_opens_one_each(self):
        stream = self.one("fresh,h1,POST,rate=200,conns=50,count=60,body=5000", code=0)
        self.all_ok(stream, 60)
        self.assertEqual(stream["connections"], 60)

    def test_chunked_and_checksum(self):
        self.all_ok(self.one("keepalive,h1,GET,path=/chunked,rate=100,count=20", code=0), 20)
        self.all_ok(self.one("download,h1,GET,path=/checksum,rate=20,count=5,conns=5", code=0), 5)

    def test_rate_and_series(self):
        answer = run("--url", f"http://127.0.0.1:{self.http.port}/", "--stream", "keepalive,rate=50,conns=4", "--duration",
                     "2s", "--series", code=0)
        # A busy machine may cut the last ones off.
        self.assertLessEqual(answer["requests"]["attempts"], 100)
        self.assertGreaterEqual(answer["requests"]["attempts"], 80)
        self.assertEqual(sum(s["ok"] for s in answer["streams"][0]["series"]), answer["requests"]["ok"])
        self.assertGreaterEqual(len(answer["streams"][0]["series"]), 2)

    def test_two_streams_add_up(self):
        answer = run("--url", f"http://127.0.0.1:{self.http.port}/", "--stream", "keepalive,rate=50,count=10", "--stream",
                     "fresh,POST,rate=50,count=20,conns=20", "--stream", "ws,path=/ws,rate=10,conns=3", "--duration", "1s",
                     code=0)
        self.assertEqual(answer["requests"]["attempts"], 30)
        self.assertEqual(answer["sessions"]["ok"], 3)

    def test_idle_connections_that_the_server_closed_are_not_attempts(self):
        stream = self.one("keepalive,h1,GET,path=/idleclose,rate=20,conns=1,count=10", code=0)
        self.all_ok(stream, 10)
        self.assertEqual(stream["idle_closed"], 9)

    def test_http2(self):
        for words in ("keepalive,h2,GET,rate=200,conns=2,count=100", "keepalive,h2,POST,rate=200,conns=2,count=100,body=9000"):
            stream = self.h2(fault_server.Http2Handler, words, code=0)
            self.all_ok(stream, 100)
            self.assertEqual(stream["connections"], 2)
            self.assertEqual(stream["versions"]["v2"]["count"], 100)
        stream = self.h2(fault_server.Http2Handler, "fresh,h2,GET,rate=50,count=20", code=0)
        self.all_ok(stream, 20)
        self.assertEqual(stream["connections"], 20)

    def test_http2_goes_on_after_goaway(self):
        stream = self.h2(fault_server.Http2Rotates, "keepalive,h2,GET,rate=5,conns=1,count=9")
        # A request that crosses the GOAWAY was not processed, and the server said so.
        self.assertEqual((stream["attempts"], stream["unknown"]), (9, 0))
        self.assertGreaterEqual(stream["ok"], 7)
        self.assertGreaterEqual(stream["connections"], 3)

    def test_tls_with_a_ca(self):
        server = Server(fault_server.Http1Handler, self.h1_context)
        stream = self.one("fresh,h1,GET,rate=20,count=5", "--connect", f"127.0.0.1:{server.port}", "--ca",
                          str(self.certificate), url="https://load.test/", code=0)
        self.all_ok(stream, 5)

    def test_a_signal_ends_the_run_with_a_summary(self):
        child = subprocess.Popen([PROGRAM, "--url", f"http://127.0.0.1:{self.http.port}/", "--stream",
                                  "keepalive,rate=50,conns=2", "--stream", "ws,path=/ws,rate=0.1,conns=2", "--duration",
                                  "10m"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        time.sleep(1)
        child.send_signal(signal.SIGINT)
        answer = json.loads(child.communicate(timeout=5)[0])
        self.assertEqual(child.returncode, 0)
        self.assertGreater(answer["requests"]["ok"], 20)
        self.assertEqual(answer["streams"][1]["sessions"]["alive_at_end"], 2)


class Requests(Case):
    def test_refused(self):
        closed = Server(fault_server.EchoHandler)
        closed.shutdown()
        closed.server_close()
        stream = self.one("fresh,rate=50,count=5", url=f"http://127.0.0.1:{closed.port}/", code=1)
        self.ends_as(stream, "failed", "refused", 5)

    def test_sent_and_not_answered_is_unknown(self):
        for path, kind in (("noreply", "closed"), ("reset", "reset"), ("cut", "truncated_closed"),
                           ("cutreset", "truncated_reset")):
            for words in (f"fresh,GET,path=/{path}", f"keepalive,POST,path=/{path},conns=3"):
                with self.subTest(words):
                    self.ends_as(self.one(words + ",rate=50,count=5", code=1), "unknown", kind, 5)

    def test_slow(self):
        for words in ("fresh,GET", "keepalive,POST,conns=5"):
            self.ends_as(self.one(words + ",path=/slow,rate=50,count=5,timeout=300ms", code=1), "unknown", "timeout", 5)

    def test_waiting_for_a_connection_is_failed_nothing_was_sent(self):
        stream = self.one("keepalive,GET,path=/slow,rate=10000,count=5,timeout=300ms,conns=1", code=1)
        kinds = {(e["outcome"], e["kind"]): e["count"] for e in stream["errors"]}
        # The first blocks the connection for all the time the others may wait; at most one of them slips in behind it.
        self.assertGreaterEqual(kinds[("failed", "no_connection")], 3)
        self.assertEqual(kinds[("failed", "no_connection")] + kinds[("unknown", "timeout")], 5)

    def test_wrong_answers_are_failed(self):
        for words, kind in (("GET,path=/status", "status_503"), ("POST,path=/wrongecho", "wrong_echo"),
                            ("GET,path=/wrongchecksum", "wrong_checksum")):
            self.ends_as(self.one(f"keepalive,{words},rate=50,count=5", code=1), "failed", kind, 5)

    def test_garbage_is_unknown(self):
        self.ends_as(self.one("fresh,GET,path=/garbage,rate=50,count=3", code=1), "unknown", "protocol", 3)

    def test_a_stall_shows_in_every_latency_behind_it(self):
        fault_server.Http1Handler.stalled = False
        stream = self.one("keepalive,GET,path=/stallonce,rate=100,conns=1,count=200", code=0)
        self.all_ok(stream, 200)
        # A client that waits before it sends would show one slow request in 200.
        self.assertGreater(stream["latency_ms"]["max"], 900)
        self.assertGreater(stream["latency_ms"]["p90"], 500)

    def test_certificate_that_is_not_trusted(self):
        server = Server(fault_server.Http1Handler, self.h1_context)
        other = self.one("fresh,h1,GET,rate=20,count=2", "--connect", f"127.0.0.1:{server.port}", "--ca",
                         str(self.certificate), url="https://other.test/", code=1)
        self.ends_as(other, "failed", "tls_tls", 2)

    def test_http2(self):
        for handler, words, outcome, kind in (
                (fault_server.Http2Refuses, "keepalive,h2,GET", "failed", "stream_REFUSED_STREAM"),
                (fault_server.Http2Breaks, "keepalive,h2,POST", "unknown", "stream_INTERNAL_ERROR"),
                (fault_server.Http2Cuts, "fresh,h2,GET", "unknown", "truncated_closed"),
                (fault_server.Http2Silent, "keepalive,h2,POST,timeout=300ms", "unknown", "timeout")):
            with self.subTest(words):
                self.ends_as(self.h2(handler, words + ",rate=20,count=3", code=1), outcome, kind, 3)

    def test_http2_goaway_names_what_was_not_processed(self):
        stream = self.h2(fault_server.Http2GoesAway, "keepalive,h2,GET,rate=20,conns=1,count=2", code=1)
        self.assertEqual((stream["ok"], stream["failed"], stream["unknown"]), (1, 1, 0))
        self.assertEqual(stream["errors"][0]["kind"], "stream_REFUSED_STREAM")

    def test_server_without_http2(self):
        server = Server(fault_server.Http1Handler, self.h1_context)
        stream = self.one("fresh,h2,GET,rate=20,count=2", "--connect", f"127.0.0.1:{server.port}", url="https://load.test/",
                          code=1)
        self.assertEqual((stream["failed"], stream["unknown"]), (2, 0))


class Sessions(Case):
    def test_web_socket_lives_to_the_end(self):
        stream = self.one("ws,path=/ws,rate=20,conns=5", duration="1s", code=0)
        self.assertEqual((stream["attempts"], stream["ok"], stream["sessions"]["alive_at_end"]), (5, 5, 5))
        self.assertGreater(stream["sessions"]["beats"], 50)
        self.assertEqual(stream["versions"]["v1"]["count"], 5)

    def test_web_socket_closed_by_the_server(self):
        words = "ws,path=/ws1001,rate=50,conns=1,count=3"
        accepted = self.one(words + ",accept=1001", code=0)
        self.assertEqual((accepted["attempts"], accepted["ok"]), (3, 3))
        self.assertEqual(accepted["sessions"]["close_codes"], {"1001": 3})
        self.ends_as(self.one(words + ",accept=1012", code=1), "failed", "close_1001", 3)

    def test_web_socket_that_breaks(self):
        stream = self.one("ws,path=/wscut,rate=50,conns=1,count=2,accept=1001", code=1)
        self.ends_as(stream, "unknown", "closed", 2)
        self.assertEqual(stream["sessions"]["close_codes"], {"1006": 2})
        self.ends_as(self.one("ws,path=/wswrong,rate=50,conns=1,count=2", code=1), "failed", "wrong_echo", 2)
        self.ends_as(self.one("ws,path=/,rate=50,conns=1,count=2", code=1), "failed", "status_200", 2)

    def test_events(self):
        stream = self.one("sse,path=/events,conns=3", duration="1s", code=0)
        self.assertEqual((stream["ok"], stream["sessions"]["alive_at_end"]), (3, 3))
        self.assertGreater(stream["sessions"]["beats"], 30)
        self.all_ok(self.one("sse,path=/eventsend,conns=1,count=2,accept=end", code=0), 2)
        self.ends_as(self.one("sse,path=/eventsend,conns=1,count=2", code=1), "failed", "ended", 2)
        self.ends_as(self.one("sse,path=/eventscut,conns=1,count=2,accept=end", code=1), "failed", "closed", 2)
        self.ends_as(self.one("sse,path=/eventsgap,conns=1,count=2,accept=end", code=1), "failed", "sequence", 2)

    def test_tcp(self):
        echo, twice = Server(fault_server.EchoHandler), Server(fault_server.EchoTwiceHandler)
        stream = self.one("tcp,rate=20,conns=4", url=f"tcp://127.0.0.1:{echo.port}", duration="1s", code=0)
        self.assertEqual((stream["ok"], stream["sessions"]["alive_at_end"]), (4, 4))
        words = "tcp,rate=20,conns=1,count=2"
        self.all_ok(self.one(words + ",accept=end", url=f"tcp://127.0.0.1:{twice.port}", code=0), 2)
        stream = self.one(words, url=f"tcp://127.0.0.1:{twice.port}", code=1)
        self.assertEqual((stream["ok"], stream["unknown"]), (0, 2))


class CommandLine(Case):
    def test_refusals(self):
        for args in ((), ("--stream", "keepalive"), ("--url", "http://a/", "--stream", "GET"),
                     ("--url", "http://a/", "--stream", "keepalive,rate=0"), ("--url", "ftp://a/", "--stream", "fresh"),
                     ("--url", "https://a/", "--stream", "ws,h2"), ("--nonsense",)):
            done = subprocess.run([PROGRAM, *args], capture_output=True, text=True, timeout=10, check=False)
            self.assertEqual(done.returncode, 2, args)
            self.assertIn("croft-load: ", done.stderr)


if __name__ == "__main__":
    PROGRAM = sys.argv.pop(1)
    unittest.main(verbosity=2)
