#!/bin/sh
# Fills /out with node, npm, corepack, yarn and pnpm (variables: KIND, NODE_MAJOR, NPM_MAJOR,
# COREPACK_VERSION).
set -eu
prefix=/out/usr/local
if [ -z "${NPM_CONFIG_REGISTRY:-}" ]; then
  # Nothing is configured: npm's own default, as it stands in Debian's package of npm. Installing that
  # package would bring 380 others; one file of it is enough.
  suite=$(. /etc/os-release && echo "$VERSION_CODENAME")
  /tmp/.croft/apt-fetch "$suite" npm /tmp/npm
  NPM_CONFIG_REGISTRY=$(sed -n "/^define('registry'/,/type:/s/.*default: '\(.*\)',/\1/p" \
    /tmp/npm/usr/share/nodejs/npm/lib/utils/config/definitions.js)
  [ -n "$NPM_CONFIG_REGISTRY" ] || {
    echo "npm's default registry is not known; set NPM_CONFIG_REGISTRY" >&2
    exit 1
  }
  export NPM_CONFIG_REGISTRY
fi
python3 /tmp/fetch-node.py "$NODE_MAJOR" "$NPM_MAJOR" "$prefix"
export PATH="$prefix/bin:$PATH" COREPACK_HOME="$prefix/share/corepack" \
  COREPACK_INTEGRITY_KEYS=0
npm install --global --prefix "$prefix" --no-audit --no-fund --no-update-notifier \
  "corepack@$COREPACK_VERSION"
corepack enable --install-directory "$prefix/bin"
corepack install --global yarn@1.22.22 pnpm@10
# The user zerops adds the versions that projects ask for.
chmod -R a+rwX "$COREPACK_HOME"
# Headers are for node-gyp, and of OpenSSL's those of this machine's kind only.
case $KIND in
  run) rm -rf "$prefix/include" ;;
  *) find "$prefix/include/node/openssl/archs" -mindepth 1 -maxdepth 1 \
       ! -name "linux-$(uname -m)" -exec rm -rf {} + ;;
esac
rm -rf "$prefix/share/man" "$prefix/share/doc" "$prefix/lib/node_modules/npm/man" \
  "$prefix/lib/node_modules/npm/docs"
node --version
