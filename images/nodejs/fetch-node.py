"""fetch-node.py NODE_MAJOR NPM_MAJOR PREFIX: puts node and npm of these majors under PREFIX.

Both come from the npm registry that the host is configured for (NPM_CONFIG_REGISTRY), the newest
release of the major, checked against the sha512 the registry states. There is no npm client yet at
this point: this script is what brings the first one.
"""

import base64
import hashlib
import io
import json
import os
import pathlib
import platform
import re
import sys
import tarfile
import urllib.parse
import urllib.request

REGISTRY = os.environ["NPM_CONFIG_REGISTRY"].rstrip("/")
ARCHITECTURE = {"x86_64": "x64", "aarch64": "arm64"}[platform.machine()]


def get(url, accept="*/*"):
    request = urllib.request.Request(url, headers={"Accept": accept})
    with urllib.request.urlopen(request, timeout=300) as answer:
        return answer.read()


def newest(package, major):
    """The release of `package` with the highest version of this major; pre-releases do not count."""
    url = f"{REGISTRY}/{urllib.parse.quote(package, safe='@')}"
    versions = json.loads(get(url, "application/vnd.npm.install-v1+json"))["versions"]
    fitting = [v for v in versions if re.fullmatch(rf"{major}\.\d+\.\d+", v)]
    if not fitting:
        sys.exit(f"{package}: the registry has no release of major version {major}")
    return versions[max(fitting, key=lambda v: [int(part) for part in v.split(".")])]


def unpack(package, major, target, only=None):
    release = newest(package, major)
    print(f"{package} {release['version']}", flush=True)
    dist = release["dist"]
    data = get(dist["tarball"])
    wanted = [i for i in dist["integrity"].split() if i.startswith("sha512-")]
    found = "sha512-" + base64.b64encode(hashlib.sha512(data).digest()).decode()
    if found not in wanted:
        sys.exit(f"{package} {release['version']}: the archive does not have the stated sha512")
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        for member in archive.getmembers():
            # Every npm archive has its files under one top directory, usually "package".
            name = pathlib.PurePosixPath(*pathlib.PurePosixPath(member.name).parts[1:])
            if not member.isfile() or ".." in name.parts or (only and str(name) not in only):
                continue
            path = pathlib.Path(target) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(archive.extractfile(member).read())
            path.chmod(0o755 if member.mode & 0o111 else 0o644)


def main():
    node_major, npm_major, prefix = sys.argv[1:]
    unpack(f"node-linux-{ARCHITECTURE}", node_major, prefix)
    for extra in ("CHANGELOG.md", "LICENSE", "README.md", "package.json"):
        (pathlib.Path(prefix) / extra).unlink(missing_ok=True)
    modules = pathlib.Path(prefix) / "lib/node_modules/npm"
    unpack("npm", npm_major, modules)
    (pathlib.Path(prefix) / "bin").mkdir(exist_ok=True)
    for name in ("npm", "npx"):
        link = pathlib.Path(prefix) / "bin" / name
        link.symlink_to(f"../lib/node_modules/npm/bin/{name}-cli.js")
        (modules / "bin" / f"{name}-cli.js").chmod(0o755)


main()
