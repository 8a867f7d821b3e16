#!/usr/bin/env bash
# Compares how fastcount and other programs count files in many dialects.
set -euo pipefail
export LC_ALL=C.UTF-8 GOWORK=off

usage() {
	cat <<-'END'
		Usage: bench/dialects/compare.sh [options]

		Builds fastcount from this tree, installs DuckDB and Miller, generates
		files in many dialects, counts each of them with these programs and with
		Python's csv, all options set, and prints tables in Markdown: which files
		each program counts correctly, why it does not, and what it does with
		damaged files.

		  --seeds N      number of files of each kind (default 1)
		  --check FILE   fail if the tables in FILE are other ones
		  --update FILE  replace the tables in FILE
		  --help         print this help

		DuckDB is installed from PyPI, and Miller with apt-get (needs root) unless
		mlr is installed. Both are put into a cache: $BENCH_CACHE, or
		fastcount-bench in $TMPDIR or /tmp. The exit code is 1 if fastcount counts
		a file otherwise than it was generated, or does not refuse a damaged file,
		or if another program does something that explanations.py does not explain;
		3 if a program cannot be installed.
	END
}

here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source-path=SCRIPTDIR source=../duckdb.sh
source "$here/../duckdb.sh"

# miller prints the path of mlr, which it unpacks into the cache if necessary.
miller() {
	if command -v mlr; then
		return
	fi
	local dir=$cache/miller
	if [[ ! -x $dir/usr/bin/mlr ]]; then
		mkdir -p "$dir"
		(cd "$dir" && { apt-get download -q miller || { apt-get update -q && apt-get download -q miller; }; } &&
			dpkg -x miller_*.deb .) >>"$cache/install.log" 2>&1 </dev/null || return
	fi
	echo "$dir/usr/bin/mlr"
}

if [[ " $* " == *" --help "* ]]; then
	usage
	exit 0
fi
build
mlr=$(miller) || missing Miller
python=$(python) || missing DuckDB
PYTHONDONTWRITEBYTECODE=1 "$python" "$here/compare.py" "$cache/bin/fastcount" --miller "$mlr" "$@"
