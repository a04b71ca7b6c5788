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
  local programs=() seconds
  for target in "${targets[@]}"; do
    [ "$target" = api-contract ] && programs+=(croft-api-server) || programs+=("fuzz_$target")
  done
  build fuzz "${programs[@]}"
  local processors; processors=$(nproc)
  seconds=$((minutes * 60 * processors / ${#targets[@]}))
  [ "$seconds" -ge 5 ] || seconds=5
  [ "$seconds" -le $((minutes * 60)) ] || seconds=$((minutes * 60))
  say "${#targets[@]} targets, $seconds s each, $processors at a time; findings: $CROFT_HOME/fuzz/findings"
  mkdir -p "$CROFT_HOME/fuzz/findings"
  local bin; bin=$(build_dir fuzz)/bin
  export -f fuzz_one fuzz_finding; export root bin seconds bold plain
  printf '%s\n' "${targets[@]}" | xargs -P "$processors" -I TARGET bash -c 'fuzz_one TARGET' \
    || die "a fuzzer found something: see above" \
      "mend it at its root, and put the input into tests/fuzz/corpus/TARGET under a name that says what it was"
  say "nothing found"
}

# One target for $seconds; says in one line how it went, and shows what it found.
fuzz_one() {
  local target=$1 home=$CROFT_HOME/fuzz words=() log
  log=$home/$target.log
  if [ "$target" = api-contract ]; then
    python3 "$root/tests/fuzz/api_contract.py" --server "$bin/croft-api-server" --home "$home" --seconds "$seconds" \
      > "$log" 2>&1 && { echo "$target: nothing found"; return 0; }
    echo "${bold}$target: FOUND SOMETHING${plain}; the whole of it: $log"
    grep -E -A 3 '^--- |^- |Reproduce with|^    curl|does not work|ended:' "$log" | head -n 60
    return 1
  fi
  local dictionary
  for dictionary in "$target" "${target%%_*}"; do
    [ ! -f "$root/tests/fuzz/dictionaries/$dictionary" ] || { words=(-dict="$root/tests/fuzz/dictionaries/$dictionary"); break; }
  done
  mkdir -p "$home/corpus/$target"
  "$bin/fuzz_$target" -max_total_time="$seconds" -max_len=16384 -timeout=20 -rss_limit_mb=2048 -print_final_stats=1 \
    -artifact_prefix="$home/findings/$target-" "${words[@]}" "$home/corpus/$target" "$root/tests/fuzz/corpus/$target" \
    > "$log" 2>&1 && { echo "$target: nothing found, $(awk '/number_of_executed_units/ { print $2 }' "$log") inputs"; return 0; }
  fuzz_finding "$target" "$log"
  return 1
}

# What was found, in which input, and how to have it again.
fuzz_finding() {
  local input
  input=$(awk '/Test unit written to/ { print $NF }' "$2" | tail -n 1)
  echo "${bold}$1: FOUND${plain} $(grep -m 1 -E 'broken invariant|ERROR:|runtime error:' "$2" | cut -c 1-200)"
  grep -m 8 -E '^ +#[0-9]+ .* in croft' "$2" | cut -c 1-160
  if [ -f "$input" ]; then
    echo "  its input, the first 400 of $(stat -c %s "$input") bytes of $input:"
    head -c 400 "$input" | sed -n 'l 110' | sed 's/^/    /'
    echo "  again:     $bin/fuzz_$1 $input"
    echo "  debugger:  croft-fuzz-replay $1 $input (of any preset)"
  fi
  echo "  log:       $2"
}
