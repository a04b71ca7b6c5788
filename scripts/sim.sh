# ./dev sim. Sourced by ./dev.

# The simulator is always built optimised as the preset says; CROFT_TEST_PRESET=asan finds memory errors too.
run_sim() {
  install_packages "${build_packages[@]}" "${test_packages[@]}"
  if [ "${1:-}" = --mutations ]; then shift; run_mutations "$@"; return; fi
  build "$test_preset" croft-sim
  local sim
  sim="$(build_dir "$test_preset")/bin/croft-sim"
  "$sim" --data "$root" --regressions "$root/tests/sim/regressions.txt" || die "a simulation that failed once fails again" "./dev sim --seeds 1 --from SEED --trace"
  "$sim" --data "$root" "$@" || die "a simulation failed" "./dev sim --seeds 1 --from SEED --trace"
}

# All of tests/sim/mutations, or those named.
run_mutations() {
  local programs
  programs=$(sed -n 's/^caught-by: \(croft_[a-z_]*\).*/\1/p' "$root"/tests/sim/mutations/*.patch | sort -u)
  # shellcheck disable=SC2086
  build "$test_preset" croft-sim $programs
  local only=()
  [ $# -gt 0 ] && only=(--only "$@")
  python3 "$root/tests/sim/mutations/mutate.py" --root "$root" --build "$(build_dir "$test_preset")" "${only[@]}" \
    || die "a bug put back on purpose was not noticed" "see tests/sim/mutations/README.md"
}
