# Messages, own processes by pid, waiting. Sourced by ./dev.

if [ -t 2 ] && [ -z "${NO_COLOR:-}" ]; then bold=$'\e[1m'; red=$'\e[31m'; plain=$'\e[0m'; else bold=; red=; plain=; fi

say() { echo "${bold}==>${plain} $*" >&2; }

# die WHAT FAILED, what to try
die() {
  echo "${red}error:${plain} $1" >&2
  [ -n "${2:-}" ] && echo "  try: $2" >&2
  exit 1
}

# die_log WHAT, log file, what to try: with the log's last lines
die_log() {
  echo "${red}error:${plain} $1" >&2
  if [ -f "$2" ]; then
    echo "  the last lines of $2:" >&2
    tail -n 15 "$2" | sed 's/^/    /' >&2
  fi
  echo "  log: $2" >&2
  [ -n "${3:-}" ] && echo "  try: $3" >&2
  exit 1
}

# wait_until SECONDS COMMAND…: true as soon as the command is
wait_until() {
  local deadline=$((SECONDS + $1)); shift
  until "$@"; do
    [ $SECONDS -ge $deadline ] && return 1
    sleep 0.1
  done
}

# A pid file holds "<pid> <start time>", so that a reused pid is never taken for ours.
start_time() { awk '{sub(/.*\) /, ""); print $20}' "/proc/$1/stat" 2>/dev/null; }
process_pid() {
  local file="$CROFT_HOME/run/$1.pid" pid started
  [ -f "$file" ] || return 1
  read -r pid started < "$file"
  [ -n "$pid" ] && [ "$(start_time "$pid")" = "$started" ] && echo "$pid"
}

# start_process NAME LOG COMMAND…: in a session of its own, with its pid file
start_process() {
  local name=$1 log=$2; shift 2
  mkdir -p "$CROFT_HOME/run" "$CROFT_HOME/logs"
  setsid "$@" >> "$log" 2>&1 < /dev/null &
  local pid=$!
  echo "$pid $(start_time $pid)" > "$CROFT_HOME/run/$name.pid"
  disown
}

gone() { ! kill -0 "$1" 2>/dev/null; }

# stop_process NAME SECONDS: SIGTERM, then SIGKILL; only ever the process we started
stop_process() {
  local pid
  if pid=$(process_pid "$1"); then
    kill -TERM "$pid" 2>/dev/null
    wait_until "$2" gone "$pid" || kill -KILL "$pid" 2>/dev/null
    wait_until 5 gone "$pid" || true
  fi
  rm -f "$CROFT_HOME/run/$1.pid"
}
