#!/usr/bin/env bash
# Builds the commit that is checked out as for a release, in two directories
# with different names. Checks that the two programs have the same bytes and
# require no libraries, and that one of them counts in a root directory that
# contains nothing else, as in the image of the Dockerfile. Requires Go and git.
# The last check requires root and is skipped otherwise.
set -euo pipefail
cd "$(dirname "$0")/.."

work=$(mktemp -d)
trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT

build() { # DIR: clone the commit into it and build
	git clone -q --no-hardlinks . "$1"
	(cd "$1" && CGO_ENABLED=0 GOFLAGS=-mod=readonly go build -trimpath -ldflags '-s -w -buildid=' -o "$1.bin" ./cmd/fastcount)
}
build "$work/one"
build "$work/a longer name for two"

sum() { sha256sum "$1" | cut -d' ' -f1; }
first=$(sum "$work/one.bin") second=$(sum "$work/a longer name for two.bin")
if [ "$first" != "$second" ]; then
	printf 'not reproducible: %s and %s\n' "$first" "$second"
	exit 1
fi
printf 'reproducible: %s  fastcount (%s)\n' "$first" "$(git rev-parse --short HEAD)"

if grep -aq -m1 'ld-linux\|ld-musl' "$work/one.bin"; then
	echo "not static: the program has a dynamic linker"
	exit 1
fi
echo "static: the program has no dynamic linker"

if [ "$(id -u)" != 0 ] || ! command -v chroot >/dev/null; then
	echo "skipped: counting in an empty root directory requires root and chroot"
	exit 0
fi
mkdir "$work/root"
cp "$work/one.bin" "$work/root/fastcount"
chroot --userspec=65532:65532 "$work/root" /fastcount -q demo >"$work/demo.json"
cmp "$work/demo.json" outputs/demo.json
echo "counted the export demo in an empty root directory as user 65532"
