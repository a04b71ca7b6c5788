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
  make_engine_cgroup
  # No default bridge: two engines on one machine would both claim docker0. croft's containers live on
  # its own segments, and image builds use the host's network.
  start_process engine "$log" dockerd --data-root "$dir/data" --exec-root "$dir/exec" \
    -H "unix://$dir/docker.sock" --pidfile "$dir/docker.pid" --bridge none --iptables=false --ip6tables=false \
    --exec-opt native.cgroupdriver=cgroupfs --cgroup-parent "/$(engine_cgroup)" \
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

# The engine's containers are one group, which would have no more of a busy CPU than one single program on the
# machine. Eight times that, so that what serves people goes before compilers and the like (cgroup v1: shares, v2: weight).
engine_cgroup() { echo "croft-$(echo "$CROFT_HOME" | cksum | cut -d' ' -f1)"; }

make_engine_cgroup() {
  local name; name=$(engine_cgroup)
  if [ -d /sys/fs/cgroup/cpu ]; then
    mkdir -p "/sys/fs/cgroup/cpu/$name" && echo 8192 > "/sys/fs/cgroup/cpu/$name/cpu.shares"
  elif [ -f /sys/fs/cgroup/cgroup.controllers ]; then
    echo +cpu > /sys/fs/cgroup/cgroup.subtree_control && mkdir -p "/sys/fs/cgroup/$name" \
      && echo 800 > "/sys/fs/cgroup/$name/cpu.weight"
  fi || say "the engine's containers have no priority on the CPU: the cgroup $name cannot be set up"
}

remove_engine_cgroup() {
  local name group; name=$(engine_cgroup)
  for group in /sys/fs/cgroup/*/"$name" /sys/fs/cgroup/"$name"; do
    [ ! -d "$group" ] || find "$group" -depth -type d -exec rmdir {} + || say "the cgroup $group stays: something runs in it"
  done
}

stop_engine() {
  [ -f "$(engine_dir)/docker.pid" ] || [ -f "$CROFT_HOME/run/engine.pid" ] || return 0
  stop_process engine 60
  remove_engine_cgroup
}
