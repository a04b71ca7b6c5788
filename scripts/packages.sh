# Installs the Debian packages that building, running and testing croft needs. Sourced by ./dev.

# What the build needs.
build_packages=(clang-19 clang-format-19 lld-19 llvm-19 libclang-rt-19-dev ccache cmake ninja-build
  pkg-config libboost1.81-dev libboost-json1.81-dev libboost-url1.81-dev libssl-dev libsodium-dev libargon2-dev libcrypt-dev
  libsqlite3-dev libyaml-dev libarchive-dev libfmt-dev libexpected-dev libcli11-dev libmbedtls-dev
  libjansson-dev libzstd-dev libnghttp2-dev libgtest-dev libgmock-dev librapidcheck-dev libbenchmark-dev)
# What a running platform needs on the host.
run_packages=(docker.io mmdebstrap nftables iproute2 iptables conntrack zstd ca-certificates tzdata)
# What the tests use besides: keepalived and conntrackd for cores in namespaces instead of containers.
test_packages=(busybox-static jq curl git openssl python3 python3-venv wrk libmimalloc-dev keepalived conntrackd)
# What ./dev bench network compares with.
bench_packages=(haproxy nginx-core libnginx-mod-stream)

installed() { dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null | grep -qx installed; }

install_packages() {
  local missing=() name
  for name in "$@"; do installed "$name" || missing+=("$name"); done
  [ ${#missing[@]} -eq 0 ] && return 0
  say "installing ${#missing[@]} packages: ${missing[*]}"
  [ "$(id -u)" = 0 ] || die "packages are missing and only root can install them" "sudo ./dev $command"
  local log="$CROFT_HOME/logs/packages.log"
  # Daemons of packages must not start by themselves: croft starts and stops its own engine.
  local policy=/usr/sbin/policy-rc.d made_policy=
  if [ ! -e $policy ]; then printf '#!/bin/sh\nexit 101\n' > $policy; chmod 755 $policy; made_policy=1; fi
  local ok=1
  { apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${missing[@]}"; } \
    > "$log" 2>&1 || ok=
  [ -n "$made_policy" ] && rm -f $policy
  [ -n "$ok" ] || die_log "could not install packages" "$log" "check the machine's package sources and network, then run it again"
}
