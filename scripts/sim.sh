# ./dev sim. Sourced by ./dev.

# The simulator is always built optimised as the preset says; CROFT_TEST_PRESET=asan finds memory errors too.
run_sim() {
  install_packages "${build_packages[@]}" "${test_packages[@]}"
  build "$test_preset" croft-sim
  local sim
  sim="$(build_dir "$test_preset")/bin/croft-sim"
  "$sim" --data "$root" --regressions "$root/tests/sim/regressions.txt" || die "a simulation that failed once fails again" "./dev sim --seeds 1 --from SEED --trace"
  "$sim" --data "$root" "$@" || die "a simulation failed" "./dev sim --seeds 1 --from SEED --trace"
}
