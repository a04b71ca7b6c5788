# ./dev fuzz. Sourced by ./dev.

# run_fuzz [--minutes N] [TARGET…]: every target of tests/fuzz, or those named, with libFuzzer and the sanitizers, each for
# its share of the time on one processor. What is found is kept below $CROFT_HOME/fuzz, and so is what targets learned.
run_fuzz() {
  local minutes=20 targets=() all
  while [ $# -gt 0 ]; do
    case $1 in
      --minutes) minutes=${2:-}; shift ;;
      *) targets+=("$1") ;;
    esac
    shift
  done
  [[ $minutes =~ ^[1-9][0-9]*$ ]] || die "--minutes needs a whole number" "./dev fuzz --minutes 20"
  mapfile -t all < <(cd "$root/tests/fuzz/corpus" && ls; echo api-contract)
  [ ${#targets[@]} -eq 0 ] && targets=("${all[@]}")
  local target
  for target in "${targets[@]}"; do
    [[ " ${all[*]} " == *" $target "* ]] || die "unknown target: $target" "one of ${all[*]}"
  done
  install_packages "${build_packages[@]}" "${test_packages[@]}"
  need_space
  local programs=() seconds found=0
  for target in "${targets[@]}"; do
    [ "$target" = api-contract ] && programs+=(croft-api-server) || programs+=("fuzz_$target")
  done
  build fuzz "${programs[@]}"
  local processors; processors=$(nproc)
  seconds=$((minutes * 60 * processors / ${#targets[@]}))
  [ "$seconds" -ge 5 ] || seconds=5
  say "${#targets[@]} targets, $seconds s each, $processors at a time; findings: $CROFT_HOME/fuzz/findings"
  mkdir -p "$CROFT_HOME/fuzz/findings"
  export -f fuzz_one say die; export root seconds bold red plain
  printf '%s\n' "${targets[@]}" | xargs -P "$processors" -I TARGET bash -c 'fuzz_one TARGET' || found=1
  [ $found = 0 ] || die "a fuzzer found something: see the lines above, and $CROFT_HOME/fuzz/findings" \
    "build/dev/bin/croft-fuzz-replay TARGET FILE; mend it, and put the file into tests/fuzz/corpus/TARGET"
  say "nothing found"
}

# One target for $seconds; says in one line how it went.
fuzz_one() {
  local target=$1 home=$CROFT_HOME/fuzz bin=$root/build/asan/bin dictionary=()
  local log=$home/$target.log
  if [ "$target" = api-contract ]; then
    python3 "$root/tests/fuzz/api_contract.py" --server "$bin/croft-api-server" --home "$home" --seconds "$seconds" \
      > "$log" 2>&1 && { echo "$target: nothing found"; return 0; }
    echo "$target: FOUND SOMETHING; $log"
    return 1
  fi
  local words=$root/tests/fuzz/dictionaries/$target
  [ -f "$words" ] || words=$root/tests/fuzz/dictionaries/${target%%_*}
  [ -f "$words" ] && dictionary=(-dict="$words")
  mkdir -p "$home/corpus/$target"
  "$bin/fuzz_$target" -max_total_time="$seconds" -max_len=16384 -timeout=20 -rss_limit_mb=2048 -print_final_stats=1 \
    -artifact_prefix="$home/findings/$target-" "${dictionary[@]}" "$home/corpus/$target" "$root/tests/fuzz/corpus/$target" \
    > "$log" 2>&1 && { echo "$target: nothing found, $(awk '/number_of_executed_units/ { print $2 }' "$log") inputs"; return 0; }
  echo "$target: FOUND $(awk '/Test unit written to/ { print $NF }' "$log" | tail -n 1); $(grep -m 1 -E 'broken invariant|ERROR:|runtime error:' "$log" | cut -c 1-160); $log"
  return 1
}
