#!/usr/bin/env python3
"""Asks the API of croftd as its contract (api/openapi.json) says, and as it forbids, with schemathesis: no 5xx, no status
that is not declared, no answer off its schema. The API is croft-api-server: the whole of it, over a store in memory.

Three times: as the owner, with a token that may only read, and without a token. Without --seconds: a fixed seed and few
examples. With it: a search, with a seed of its own each time.
"""
import argparse
import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile
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
        subprocess.run([place / "bin/pip", "install", "--quiet", "--disable-pip-version-check", "-r",
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

    def still_answers(self, token):
        request = urllib.request.Request(self.said["url"] + "/whoami", headers={"Authorization": f"Bearer {token}"})
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status == 200


def run(bin_folder, folder, server, who, seconds, examples, seed):
    command = [bin_folder / "schemathesis", "run", ROOT / "api/openapi.json", "--url", server.said["url"],
               "--checks", ",".join(CHECKS), "--seed", str(seed), "--max-examples", str(examples),
               "--request-timeout", "20", "--suppress-health-check", "all", "--warnings", "off", "--no-color"]
    if seconds:
        command += ["--max-time", str(seconds)]
    else:
        command += ["--phases", "examples,coverage,fuzzing,stateful"]
    for path in LEFT_OUT:
        command += ["--exclude-path", path]
    if who != "nobody":
        command += ["--header", f"Authorization: Bearer {server.said[who]}"]
    environment = dict(os.environ, SCHEMATHESIS_HOOKS=str(HERE / "api_contract_hooks.py"), NO_PROXY="127.0.0.1",
                       no_proxy="127.0.0.1")
    print(f"--- {who}", flush=True)
    good = subprocess.run(command, env=environment, cwd=folder).returncode == 0
    if who != "nobody" and not server.still_answers(server.said[who]):
        print(f"the token of {who} does not work any more: the run says nothing")
        good = False
    return good and server.process.poll() is None


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--server", type=pathlib.Path, required=True, help="croft-api-server")
    parser.add_argument("--home", type=pathlib.Path, required=True, help="where schemathesis is installed")
    parser.add_argument("--seconds", type=int, default=0, help="search for so long; 0: the test")
    parser.add_argument("--examples", type=int, default=5, help="of each operation and phase")
    parser.add_argument("--seed", type=int)
    parser.add_argument("--who", nargs="*", default=["owner", "reader", "nobody"])
    options = parser.parse_args()
    options.home.mkdir(parents=True, exist_ok=True)
    bin_folder = tools(options.home.resolve())
    seed = options.seed or (random.randrange(1, 2**31) if options.seconds else 1)
    print(f"seed {seed}")
    good = True
    for who in options.who:
        with tempfile.TemporaryDirectory() as folder, Server(options.server.resolve(), folder) as server:
            examples = options.examples if not options.seconds else 100
            good = run(bin_folder, folder, server, who, options.seconds // len(options.who), examples, seed) and good
    sys.exit(0 if good else 1)


main()
