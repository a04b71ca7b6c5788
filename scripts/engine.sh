# Finds the container engine that runs, or starts croft's own under $CROFT_HOME/engine. Sourced by ./dev.
# Sets engine_socket.

engine_dir() { echo "$CROFT_HOME/engine"; }
engine_answers() { [ -S "$1" ] && curl -fsS -m 5 --unix-socket "$1" http://engine/_ping >/dev/null 2>&1; }

# An engine that the machine already runs, unless CROFT_OWN_ENGINE=1 asks for croft's own.
find_engine() {
  local own; own="$(engine_dir)/docker.sock"
  if engine_answers "$own"; then engine_socket=$own; return 0; fi
  if [ "${CROFT_OWN_ENGINE:-0}" != 1 ] && engine_answers /var/run/docker.sock; then
    engine_socket=/var/run/docker.sock; return 0
  fi
  return 1
}

start_engine() {
  local dir log; dir=$(engine_dir); log="$CROFT_HOME/logs/engine.log"
  mkdir -p "$dir"
  say "starting a container engine under $dir"
  mount_cgroups
  # No default bridge: two engines on one machine would both claim docker0. croft's containers live on
  # its own segments, and image builds use the host's network.
  start_process engine "$log" dockerd --data-root "$dir/data" --exec-root "$dir/exec" \
    -H "unix://$dir/docker.sock" --pidfile "$dir/docker.pid" --bridge none --iptables=false --ip6tables=false \
    --log-driver json-file --log-opt max-size=16m --log-opt max-file=3
  engine_socket="$dir/docker.sock"
  wait_until 60 engine_answers "$engine_socket" \
    || die_log "the container engine did not start" "$log" "is this machine allowed to mount and to make namespaces (root, not an unprivileged container)?"
}

# A machine without an init system may have no cgroup hierarchy mounted.
mount_cgroups() {
  [ -n "$(ls -A /sys/fs/cgroup 2>/dev/null)" ] && return 0
  mount -t cgroup2 none /sys/fs/cgroup || die "cannot mount the cgroup hierarchy" "run on a machine where root may mount"
}

stop_engine() {
  [ -f "$(engine_dir)/docker.pid" ] || [ -f "$CROFT_HOME/run/engine.pid" ] || return 0
  stop_process engine 60
}
