# Starts and stops croftd and croft-node of this checkout, and talks to them. Sourced by ./dev.

preset=${CROFT_PRESET:-release}
bin="$root/build/$preset/bin"

api_url() { cat "$CROFT_HOME/run/api-url" 2>/dev/null; }
owner_token() { cat "$CROFT_HOME/run/owner-token" 2>/dev/null; }
api_answers() { [ -n "$(api_url)" ] && curl -fsS -m 5 "$(api_url)/healthz" >/dev/null 2>&1; }
platform_ready() { curl -fsS -m 5 "$(api_url)/readyz" >/dev/null 2>&1; }

free_bytes() { df --output=avail -B1 "$1" | tail -1; }

start_platform() {
  process_pid supervisor >/dev/null || {
    say "starting croft"
    rm -f "$CROFT_HOME/run/api-url"
    # It keeps croftd and croft-node running; their logs are logs/croftd.log and logs/croft-node.log.
    start_process supervisor "$CROFT_HOME/logs/supervisor.log" "$bin/croftd" --supervise --home "$CROFT_HOME" \
      --engine "$engine_socket" --programs "$bin" --data "$root"
  }
  wait_until 30 api_answers || die_log "croftd did not start" "$CROFT_HOME/logs/croftd.log" "./dev down; ./dev up"
  ensure_owner
}

# The first user of this installation; name, password and token are in files that only root reads.
ensure_owner() {
  [ -s "$CROFT_HOME/run/owner-token" ] && return 0
  local setup password="$CROFT_HOME/state/owner-password" contexts="$CROFT_HOME/run/cli/croft/contexts.json"
  setup=$(cat "$CROFT_HOME/run/setup-token" 2>/dev/null) \
    || die "this installation has an owner already, but no token of theirs is kept here" "croft login $(api_url) --user owner"
  (umask 077; head -c 18 /dev/urandom | base64 > "$password")
  XDG_CONFIG_HOME="$CROFT_HOME/run/cli" "$bin/croft" login "$(api_url)" --setup-token "$setup" --user owner --name local \
    --password-stdin --quiet < "$password" || die_log "could not create the owner" "$CROFT_HOME/logs/croftd.log"
  (umask 077; sed -n 's/.*"token": *"\([^"]*\)".*/\1/p' "$contexts" > "$CROFT_HOME/run/owner-token.new")
  [ -s "$CROFT_HOME/run/owner-token.new" ] || die "the client kept no token in $contexts"
  mv "$CROFT_HOME/run/owner-token.new" "$CROFT_HOME/run/owner-token"
}

croft() { CROFT_URL=$(api_url) CROFT_TOKEN=$(owner_token) "$bin/croft" "$@"; }

stop_platform() { stop_process supervisor 60; }

# Everything this installation made in the engine and on the host, found by its own label and names.
purge_platform() {
  [ -f "$CROFT_HOME/state/install_id" ] || return 0
  if find_engine; then
    "$bin/croftd" --home "$CROFT_HOME" --engine "$engine_socket" --programs "$bin" --data "$root" --purge \
      >> "$CROFT_HOME/logs/purge.log" 2>&1 \
      || die_log "could not remove what croft made in the engine" "$CROFT_HOME/logs/purge.log"
  fi
  "$bin/croft-node" --home "$CROFT_HOME" --node-id "$(cat "$CROFT_HOME/run/node-id")" \
    --install-id "$(cat "$CROFT_HOME/state/install_id")" --purge >> "$CROFT_HOME/logs/purge.log" 2>&1 \
    || die_log "could not remove croft's interfaces and firewall table" "$CROFT_HOME/logs/purge.log"
}
