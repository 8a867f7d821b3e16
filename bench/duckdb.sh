# shellcheck shell=bash
# What the scripts that compare counts with DuckDB share. They source this file.

tree=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cache=${BENCH_CACHE:-${TMPDIR:-/tmp}/fastcount-bench}

# missing ends the script because a program could not be installed.
missing() {
	printf 'compare.sh: %s could not be installed; see %s\n' "$1" "$cache/install.log" >&2
	exit 3
}

# build builds fastcount into $cache/bin.
build() {
	mkdir -p "$cache/bin"
	cache=$(cd "$cache" && pwd)
	(cd "$tree" && go build -o "$cache/bin/" ./cmd/fastcount)
}

# python prints the path of a Python that has DuckDB.
python() {
	local dir=$cache/python requirements=$tree/bench/dialects/requirements.txt
	if ! cmp -s "$requirements" "$dir/installed.txt"; then
		{ python3 -m venv "$dir" && "$dir/bin/pip" install -q -r "$requirements"; } \
			>>"$cache/install.log" 2>&1 </dev/null || return
		cp "$requirements" "$dir/installed.txt"
	fi
	echo "$dir/bin/python"
}
