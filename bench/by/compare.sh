#!/usr/bin/env bash
# Compares counts by random key columns with those of DuckDB.
set -euo pipefail
export LC_ALL=C.UTF-8 GOWORK=off

usage() {
	cat <<-'END'
		Usage: bench/by/compare.sh [options]

		Builds fastcount from this tree, installs DuckDB, generates files, counts
		them by random lists of 1 to 8 columns, some of them cut to a unit of time,
		with both programs, and compares all groups, in each format that can be
		read back, of one run and of merged shards.

		  --seeds N    number of files (default 20)
		  --queries N  lists of columns for each file (default 8)
		  --rows N     most rows of a file (default 5000)
		  --seed N     first seed (default 1)
		  --help       print this help

		DuckDB is installed from PyPI into a cache: $BENCH_CACHE, or fastcount-bench
		in $TMPDIR or /tmp. The exit code is 1 if an answer differs, and 3 if DuckDB
		cannot be installed.
	END
}

here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source-path=SCRIPTDIR source=../duckdb.sh
source "$here/../duckdb.sh"

if [[ " $* " == *" --help "* ]]; then
	usage
	exit 0
fi
build
python=$(python) || missing DuckDB
PYTHONDONTWRITEBYTECODE=1 "$python" "$here/compare.py" "$cache/bin/fastcount" "$@"
