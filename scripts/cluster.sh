# ./dev cluster. Sourced by ./dev.

# The rig of this checkout. Its home is not $CROFT_HOME itself, which may hold a croft beside it.
run_cluster() {
  if [ "${1:-}" = up ]; then
    install_packages "${run_packages[@]}" python3
    need_space
    mount_cgroups
  fi
  exec python3 "$root/tests/cluster/cluster.py" --home "${CROFT_RIG_HOME:-$CROFT_HOME/rig}" "$@"
}
