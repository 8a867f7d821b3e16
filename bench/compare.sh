#!/usr/bin/env bash
# Compares fastcount with what one would use instead, on the same files, and checks every answer.
set -euo pipefail
export LC_ALL=C GOWORK=off

usage() {
	cat <<-'END'
		Usage: bench/compare.sh [options]

		Builds fastcount from this tree, makes the files of a mock export, installs the programs to compare with,
		runs all of them in turn, round by round, checks every answer, and prints a table in Markdown.

		  --export NAME     the export to count with one thread: demo, small (default) or large (6.7 GB)
		  --large           also count large, with two threads; programs that know only one use one
		  --rounds N        runs of each program (default 5)
		  --budget SECONDS  a program that has run for so long sits out the remaining rounds (default 60);
		                    the table says how many rounds each program ran
		  --only NAME,NAME  only these programs, and fastcount; --list prints the names
		  --no-install      take only what is there
		  --out DIR         where runs.tsv, table.md and speed.svg go (default: out in the cache)
		  --plot FILE       draw the bars there instead of DIR/speed.svg
		  --list            print the names of the programs
		  --help            print this

		The cache has the files, the programs, and install.log, where a program that could not be installed says why:
		$BENCH_CACHE, or fastcount-bench in $TMPDIR or /tmp. Programs come from npm (needs node), from Debian's
		packages (apt-get, only as root) and from this tree (needs Go). Linux only. The commands as they ran are in
		DIR/programs-EXPORT-THREADS.tsv.

		Files are in the page cache before the clock starts. Wall time is what a user waits, start of the program
		included; CPU time and peak memory are the kernel's figures for the process and its children. Peak memory
		under that of the runner itself, about 4 MiB, cannot be seen.

		The exit code is 1 where a program failed or gave a wrong answer; a program that could not be installed only
		has a line in the table that says so.
	END
}

die() {
	printf 'compare.sh: %s\n' "$*" >&2
	exit 2
}

# The SHA-256 of each export's counts, as lines patient,event,count in sorted order: what
# "fastcount --sink csv NAME | tail -n +2 | sha256sum" prints. That of demo and small is of the published answers;
# on large, fastcount, the Rust csv crate and mawk agree.
declare -A answers=(
	[demo]=42c0d71a1926c8db63569312e9517fb4f3f1c647928445981852cd7c56df40c1
	[small]=0a31a5ddb5b43f77c12fd743cc8d472a704e9f110e14108e4fc98b47d8323f72
	[large]=13ebd5b127c32ca4f5254eb8d43eedd18fea01cd9c5aed817c50ef1ff90dd20a
)

tree=$(cd "$(dirname "$0")/.." && pwd)
cache=${BENCH_CACHE:-${TMPDIR:-/tmp}/fastcount-bench}
export_id=small large=no rounds=5 budget=60 only='' may_install=yes out='' plot=''

# shellcheck source-path=SCRIPTDIR source=peers/peers.sh
source "$tree/bench/peers/peers.sh"

parse_options() {
	while (($# > 0)); do
		case $1 in
		--help) usage; exit 0 ;;
		--list) printf '%s\n' "${peers[@]}"; exit 0 ;;
		--large) large=yes; shift; continue ;;
		--no-install) may_install=no; shift; continue ;;
		esac
		(($# > 1)) || die "$1 is unknown or needs a value; see --help"
		case $1 in
		--export) export_id=$2 ;;
		--rounds) rounds=$2 ;;
		--budget) budget=$2 ;;
		--only) only=$2 ;;
		--out) out=$2 ;;
		--plot) plot=$2 ;;
		*) die "unknown option $1; see --help" ;;
		esac
		shift 2
	done
	[[ -n $export_id && -n ${answers[$export_id]:-} ]] || die "--export is demo, small or large, not \"$export_id\""
	[[ $rounds =~ ^[1-9][0-9]*$ ]] || die "--rounds is a number from 1"
	[[ $budget =~ ^[0-9]+$ ]] || die "--budget is a number of seconds"
	choose_peers
}

# choose_peers leaves in peers those that --only names. fastcount always takes part.
choose_peers() {
	[[ -n $only ]] || return 0
	local name chosen=(fastcount)
	for name in ${only//,/ }; do
		[[ " ${peers[*]} " == *" $name "* ]] || die "no program is called $name; see --list"
		[[ " ${chosen[*]} " == *" $name "* ]] || chosen+=("$name")
	done
	peers=("${chosen[@]}")
}

build() {
	mkdir -p "$cache/bin" "$cache/data"
	cache=$(cd "$cache" && pwd)
	out=${out:-$cache/out}
	mkdir -p "$out"
	(cd "$tree" && go build -o "$cache/bin/" ./cmd/fastcount)
	(cd "$tree/bench/peers" && go build -o "$cache/bin/" ./...)
}

# generate makes the files of an export once. The folder gets its name when all of them are there.
generate() {
	local dir=$cache/data/$1
	[[ -d $dir ]] && return
	rm -rf "$dir.part"
	"$cache/bin/fastcount" generate "$1" --quiet --out-dir "$dir.part"
	mv "$dir.part" "$dir"
}

warn_if_memory_is_short() {
	local needed available
	needed=$(du -sk "$cache/data/$1" | cut -f1)
	available=$(sed -n 's/^MemAvailable: *\([0-9]*\) kB/\1/p' /proc/meminfo)
	if ((available < needed + (1 << 20))); then
		echo "compare.sh: the files of $1 may not stay in the page cache of this machine" >&2
	fi
}

# series measures all programs on one export with so many threads.
series() {
	local id=$1 threads=$2 words=$3
	local list=$out/programs-$id-$threads.tsv
	generate "$id"
	warn_if_memory_is_short "$id"
	list_peers "$threads" >"$list"
	"$cache/bin/run" -programs "$list" -series "$id, $words" -answer "${answers[$id]}" -rounds "$rounds" -budget "$budget" \
		-tsv "$out/runs.tsv" "$cache/data/$id"/*.csv || bad=1
}

machine() {
	printf 'Measured %s on %d × %s, %s, %s.\n\n' "$(date -u +%F)" "$(nproc)" \
		"$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | sort -u | paste -sd ,)" "$(uname -sr)" "$(go env GOVERSION)"
}

parse_options "$@"
build
rm -f "$out/runs.tsv"
bad=0
series "$export_id" 1 'one thread'
if [[ $large == yes ]]; then
	series large 2 'two threads'
fi
{ machine; "$cache/bin/table" "$out/runs.tsv"; } | tee "$out/table.md"
"$cache/bin/plot" "$out/runs.tsv" >"${plot:-$out/speed.svg}"
exit "$bad"
