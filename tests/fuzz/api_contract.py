#!/usr/bin/env python3
"""Asks the API of croftd as its contract (api/openapi.json) says, and as it forbids, with schemathesis: no 5xx, no status
that is not declared, no answer off its schema. The API is croft-api-server: the whole of it, over a store in memory.

Three times: as the owner, with a token that may only read, and without a token. Without --seconds: a fixed seed and few
examples. With it: a search, with a seed of its own each time.
"""
import argparse
import concurrent.futures
import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
import venv

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
CHECKS = ["not_a_server_error", "status_code_conformance", "content_type_conformance", "response_headers_conformance",
          "response_schema_conformance", "unsupported_method", "use_after_free", "ensure_resource_availability",
          "ignored_auth"]
# Never ends; ends the token that asks; may leave it one request a second.
LEFT_OUT = ["/events", "/logout", "/platform/limits"]


def tools(home):
    """The folder of schemathesis' programs, in a virtual environment below `home` that is made on first use."""
    wanted = (HERE / "requirements.txt").read_text()
    place = home / "schemathesis"
    stamp = place / "installed"
    if not stamp.is_file() or stamp.read_text() != wanted:
        venv.create(place, with_pip=True, clear=True)
        # The list is complete: nothing has to be looked for.
        subprocess.run([place / "bin/pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps", "-r",
                        HERE / "requirements.txt"], check=True)
        stamp.write_text(wanted)
    return place / "bin"


class Server:
    def __init__(self, program, uploads):
        self.process = subprocess.Popen([program, uploads], stdout=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        if not line:
            sys.exit(f"{program} did not start")
        self.said = json.loads(line)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(timeout=10)

    def token_id(self, who):
        """None when the token of `who` does not work, or there is none."""
        if who not in self.said:
            return None
        request = urllib.request.Request(self.said["url"] + "/whoami", headers={"Authorization": f"Bearer {self.said[who]}"})
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return json.load(answer)["token"]["id"]
        except urllib.error.HTTPError:
            return None


def run(bin_folder, server_program, who, options, seed):
    """One caller against a server of its own; what schemathesis said, and whether all was good."""
    with tempfile.TemporaryDirectory() as folder, Server(server_program, folder) as server:
        command = [bin_folder / "schemathesis", "run", ROOT / "api/openapi.json", "--url", server.said["url"],
                   "--checks", ",".join(CHECKS), "--seed", str(seed), "--generation-database", "none",
                   "--request-timeout", "20", "--suppress-health-check", "all", "--warnings", "off", "--no-color"]
        if options.seconds:
            rounds = -(-len(options.who) // options.at_once)
            command += ["--max-time", str(max(1, options.seconds // rounds)), "--max-examples", "100"]
        else:
            command += ["--max-examples", str(options.examples), "--phases", options.phases]
        for path in LEFT_OUT:
            command += ["--exclude-path", path]
        if who != "nobody":
            command += ["--header", f"Authorization: Bearer {server.said[who]}"]
        token = server.token_id(who)
        environment = dict(os.environ, SCHEMATHESIS_HOOKS=str(HERE / "api_contract_hooks.py"), NO_PROXY="127.0.0.1",
                           no_proxy="127.0.0.1", CROFT_OWN_TOKEN=token or "")
        began = time.monotonic()
        done = subprocess.run(command, env=environment, cwd=folder, text=True, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT)
        good = done.returncode == 0
        said = f"--- {who}: {time.monotonic() - began:.0f} s\n{done.stdout}"
        if server.process.poll() is not None:
            return False, f"{said}\ncroft-api-server ended: {server.process.returncode}"
        if server.token_id(who) != token:
            return False, f"{said}\nthe token of {who} does not work any more: the run says nothing"
        return good, said


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--server", type=pathlib.Path, required=True, help="croft-api-server")
    parser.add_argument("--home", type=pathlib.Path, required=True, help="where schemathesis is installed")
    parser.add_argument("--seconds", type=int, default=0, help="search for so long; 0: the test")
    parser.add_argument("--examples", type=int, default=5, help="of each operation and phase")
    parser.add_argument("--phases", default="examples,coverage,fuzzing,stateful")
    parser.add_argument("--seed", type=int)
    parser.add_argument("--who", nargs="*", default=["owner", "reader", "nobody"])
    parser.add_argument("--at-once", type=int, default=1, help="callers at the same time")
    options = parser.parse_args()
    options.home.mkdir(parents=True, exist_ok=True)
    bin_folder = tools(options.home.resolve())
    seed = options.seed or (random.randrange(1, 2**31) if options.seconds else 1)
    print(f"seed {seed}", flush=True)
    good = True
    with concurrent.futures.ThreadPoolExecutor(options.at_once) as pool:
        runs = [pool.submit(run, bin_folder, options.server.resolve(), who, options, seed) for who in options.who]
        for one in concurrent.futures.as_completed(runs):
            passed, said = one.result()
            print(said, flush=True)
            good = good and passed
    sys.exit(0 if good else 1)


main()
