#!/bin/sh
# fetch-go.sh MINOR TARGET: the newest patch release of Go MINOR (such as 1.22) as TARGET.
set -eu
minor=$1 target=$2
arch=$(go env GOARCH)
export GOFLAGS=-mod=mod GOTOOLCHAIN=local GOMODCACHE=/tmp/modules
cd /tmp
versions=$(go list -m -versions golang.org/toolchain | tr ' ' '\n')
newest=$(printf '%s\n' "$versions" |
  sed -n "s/^v0\.0\.1-go\($(echo "$minor" | sed 's/\./\\./g')\(\.[0-9]*\)\{0,1\}\)\.linux-$arch\$/\1/p" |
  sort -t . -k 1,1n -k 2,2n -k 3,3n | tail -n 1)
[ -n "$newest" ] || { echo "the module proxy has no Go $minor for linux-$arch" >&2; exit 1; }
echo "go $newest"
go mod download "golang.org/toolchain@v0.0.1-go$newest.linux-$arch"
mkdir -p "$(dirname "$target")"
chmod -R u+w "$GOMODCACHE"
mv "$GOMODCACHE/golang.org/toolchain@v0.0.1-go$newest.linux-$arch" "$target"
# Zip files of modules carry no mode bits.
find "$target/bin" "$target/pkg/tool" -type f -exec chmod 755 {} +
rm -rf "$target/test" "$target/doc" "$target/api"
"$target/bin/go" version
