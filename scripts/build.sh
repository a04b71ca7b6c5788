# Configure and build with a preset. Sourced by ./dev.

# Fuzzers share the tree of the preset asan: CMakePresets.json.
build_dir() { case $1 in fuzz) echo "$root/build/asan" ;; *) echo "$root/build/$1" ;; esac; }

# build PRESET [targets…]
build() {
  local preset=$1; shift
  local log="$CROFT_HOME/logs/build-$preset.log" targets=()
  [ $# -gt 0 ] && targets=(--target "$@")
  if [ ! -f "$(build_dir "$preset")/build.ninja" ]; then
    (cd "$root" && cmake --preset "$preset") > "$log" 2>&1 || die_log "cmake could not configure preset $preset" "$log"
  fi
  say "building ($preset)"
  if [ -t 2 ]; then
    (cd "$root" && NINJA_STATUS="[%f/%t] " cmake --build --preset "$preset" "${targets[@]}") 2>&1 | tee "$log" | tail -n +1 | progress_lines
  else
    (cd "$root" && cmake --build --preset "$preset" "${targets[@]}") > "$log" 2>&1
  fi || die_log "the build failed" "$log" "see the first 'error:' in the log"
}

# Overwrites one terminal line with the last line read.
progress_lines() {
  local line
  while IFS= read -r line; do printf '\r\e[K%.110s' "$line" >&2; done
  printf '\r\e[K' >&2
}
