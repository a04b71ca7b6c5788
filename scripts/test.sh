# ./dev test, ./dev tidy, ./dev bench. Sourced by ./dev.

test_preset=${CROFT_TEST_PRESET:-dev}

run_tidy() { python3 "$root/tests/tidy/tidy.py" "$root"; }

# Runs every part, or those named. The last lines are those of ctest.
run_tests() {
  local parts=("$@")
  [ ${#parts[@]} -eq 0 ] && parts=(tidy unit integration)
  install_packages "${build_packages[@]}" "${run_packages[@]}" "${test_packages[@]}"
  need_space
  local part
  for part in "${parts[@]}"; do
    case $part in
      tidy) run_tidy ;;
      unit) build "$test_preset"; run_ctest -L unit ;;
      integration) build "$test_preset"; run_integration ;;
      *) die "unknown part: $part" "./dev test tidy unit integration" ;;
    esac
  done
}

run_ctest() {
  ctest --test-dir "$(build_dir "$test_preset")" --output-on-failure --no-tests=error "$@" \
    || die "tests failed" "./dev test ${parts[*]}"
}

# Integration tests share one engine of their own, in a home of their own, and leave nothing behind.
run_integration() {
  local saved=$CROFT_HOME
  export CROFT_HOME="$saved/test"
  prepare_home
  export CROFT_OWN_ENGINE=1
  trap 'stop_engine; unmount_below "$CROFT_HOME"' EXIT
  find_engine || start_engine
  export CROFT_TEST_ENGINE=$engine_socket
  run_ctest -L integration -j1
  stop_engine
  trap - EXIT
  unmount_below "$CROFT_HOME"
  rm -rf "$CROFT_HOME"
  export CROFT_HOME=$saved
}

run_bench() { python3 "$root/tests/bench/bench.py" --root "$root" "$@"; }

# What an engine that was killed may have left mounted.
unmount_below() {
  local point
  awk '{print $2}' /proc/mounts | grep -F "$1/" | sort -r | while read -r point; do umount -l "$point"; done
  return 0
}
