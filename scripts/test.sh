# ./dev test, ./dev tidy, ./dev bench. Sourced by ./dev.

test_preset=${CROFT_TEST_PRESET:-dev}

# How the presets asan and tsan tell what they find. What they shall not tell is in tests/sanitizers: nothing of ours.
export ASAN_OPTIONS=external_symbolizer_path=/usr/lib/llvm-19/bin/llvm-symbolizer:strict_string_checks=1
export UBSAN_OPTIONS=print_stacktrace=1:external_symbolizer_path=/usr/lib/llvm-19/bin/llvm-symbolizer
export TSAN_OPTIONS=suppressions=$root/tests/sanitizers/tsan.supp:external_symbolizer_path=/usr/lib/llvm-19/bin/llvm-symbolizer:halt_on_error=1

run_tidy() { python3 "$root/tests/tidy/tidy.py" "$root"; }

# Runs the parts named; without names all but `sanitizers` and `crash`, which take an hour, and `cluster`. Those on an engine
# share one, so that images are made once. The last lines are those of ctest.
run_tests() {
  local parts=("$@") on_engine=()
  [ ${#parts[@]} -eq 0 ] && parts=(tidy unit integration platform)
  install_packages "${build_packages[@]}" "${run_packages[@]}" "${test_packages[@]}"
  need_space
  local part
  for part in "${parts[@]}"; do
    case $part in
      tidy) run_tidy ;;
      unit) run_unit ;;
      sanitizers) run_sanitizers ;;
      cluster) mount_cgroups; build "$test_preset"; run_ctest -L '^cluster$' -j1 ;;
      integration|platform|crash) on_engine+=("$part") ;;
      *) die "unknown part: $part" "./dev test tidy unit sanitizers integration platform crash cluster" ;;
    esac
  done
  [ ${#on_engine[@]} -eq 0 ] && return
  build "$test_preset"
  on_test_engine run_ctest -L "^($(IFS='|'; echo "${on_engine[*]}"))\$" -j2
}

run_unit() {
  build "$test_preset" unit_programs
  run_ctest -L unit -j"$(nproc)"
}

# With AddressSanitizer and UndefinedBehaviorSanitizer, then with ThreadSanitizer: the unit tests, simulations, and the
# integration tests that need no engine. Reports are files, so that those of programs in the background count too.
# Without the pair of cores: its limits are tenths of a second, which programs several times slower do not keep.
run_sanitizers() {
  local test_preset found failed
  for test_preset in asan tsan; do
    found=$CROFT_HOME/sanitizers/$test_preset
    rm -rf "$found"
    mkdir -p -m 1777 "$found"  # also for programs that gave up their rights
    (
      export ASAN_OPTIONS+=:log_path=$found/report UBSAN_OPTIONS+=:log_path=$found/report TSAN_OPTIONS+=:log_path=$found/report
      run_unit
      build "$test_preset"
      run_ctest -L '^integration$' -E '_on_real_engine$|^pair_of_cores' -j2
    ) && failed= || failed=yes
    if compgen -G "$found/report.*" > /dev/null; then
      head -n 60 "$found"/report.* >&2
      die "the sanitizers of preset $test_preset found something: see above" "the reports are in $found"
    fi
    [ -z "$failed" ] || die "tests failed with preset $test_preset" "./dev test sanitizers"
  done
}

run_ctest() {
  ctest --test-dir "$(build_dir "$test_preset")" --output-on-failure --no-tests=error "$@" \
    || die "tests failed" "./dev test ${parts[*]}"
}

# on_test_engine COMMAND…: with an engine of its own, in a home of its own; nothing stays behind.
on_test_engine() {
  local saved=$CROFT_HOME
  # Not below the checkout: a socket's path has room for 107 bytes only.
  CROFT_HOME=$(mktemp -d /tmp/croft-test.XXXXXX)
  export CROFT_HOME
  prepare_home
  export CROFT_OWN_ENGINE=1
  trap 'stop_engine; unmount_below "$CROFT_HOME"; rm -rf "$CROFT_HOME"' EXIT
  find_engine || start_engine
  export CROFT_TEST_ENGINE=$engine_socket
  "$@"
  stop_engine
  trap - EXIT
  unmount_below "$CROFT_HOME"
  rm -rf "$CROFT_HOME"
  export CROFT_HOME=$saved
}

# The numbers are those of the release build.
run_bench() {
  install_packages "${build_packages[@]}" "${run_packages[@]}" "${test_packages[@]}"
  need_space
  if [ "${1:-}" = pair ]; then bench_pair "${2:-30}"; return; fi
  if [ "${1:-}" = network ]; then bench_network "${2:-5}"; return; fi
  build release croft croftd croft-node croft-core croft-init croft-keep croft-load
  on_test_engine bench_on_engine "$@"
}

# bench_pair REPEATS: each way in which one of a project's two cores can fail, in namespaces; needs no engine.
bench_pair() {
  build release croft-core croft-node
  python3 "$root/tests/integration/network/pair_test.py" "$(build_dir release)/bin/croft-core" \
    "$(build_dir release)/bin/croft-node" "$1" || die "a project noticed that a core failed" "./dev bench pair"
}

# bench_network ROUNDS: the way through a core beside the bare path, HAProxy and nginx, in namespaces; needs no engine.
bench_network() {
  install_packages "${bench_packages[@]}"
  build release croft-core croft-node
  python3 "$root/tests/bench/network.py" "$(build_dir release)/bin/croft-core" "$(build_dir release)/bin/croft-node" "$1" \
    || die "the way through the core missed its aim" "./dev bench network"
}

bench_on_engine() {
  python3 "$root/tests/bench/bench.py" --root "$root" "$@" || die "a measurement failed or is over its limit" "./dev bench NAME"
}

# What an engine that was killed may have left mounted.
unmount_below() {
  local point
  awk -v below="$1/" 'index($2, below) == 1 { print $2 }' /proc/mounts | sort -r \
    | while read -r point; do umount -l "$point"; done
}
