#!/usr/bin/env bash
# Compares fastcount with other programs on the same files, and verifies every
# answer.
set -euo pipefail
export LC_ALL=C GOWORK=off

usage() {
	cat <<-'END'
		Usage: bench/compare.sh [options]

		Builds fastcount from this tree, generates the files of a mock export,
		installs the programs to compare with, runs each of them once per round,
		verifies every answer, and prints a table in Markdown. Linux only.

		  --export NAME     export to count with one thread: demo, small (default)
		                    or large (6.7 GB)
		  --gzip            also count the files after gzip -6 has compressed them,
		                    with the programs that read them
		  --large           also count large with two threads, or one if a program
		                    does not support more
		  --damage          also count damaged files, with the programs that read gzip,
		                    and print what each does
		  --rounds N        number of runs of each program (default 5)
		  --budget SECONDS  skip the remaining rounds of a program after this time
		                    (default 60)
		  --only NAME,NAME  run only these programs and fastcount; see --list
		  --no-install      use only installed programs
		  --out DIR         directory for runs.tsv, table.md, short.md (the tables of
		                    README.md), damage.md and speed.svg (default: out in the
		                    cache)
		  --plot FILE       file for the plot (default: DIR/speed.svg)
		  --list            print the names of the programs
		  --help            print this help

		Programs are installed from PyPI (needs python3) and with apt-get (needs
		root), and built from this tree (needs Go). The files, the programs and
		install.log, which has the reasons of failed installations, are in the
		cache: $BENCH_CACHE, or fastcount-bench in $TMPDIR or /tmp. The commands are
		in DIR/programs-EXPORT-THREADS.tsv.

		Files are read into the page cache before measuring. Wall time includes the
		start of a program. CPU time and peak memory are those that the kernel
		reports for the process and its children. Peak memory below about 4 MiB,
		that of the runner, cannot be measured.

		The exit code is 1 if a program failed or printed a wrong answer, but not
		if it could not be installed.
	END
}

die() {
	printf 'compare.sh: %s\n' "$*" >&2
	exit 2
}

# SHA-256 of the counts of each export, as sorted lines patient,event,count:
#
#   fastcount --sink csv NAME | tail -n +2 | sha256sum
#
# The hashes of demo and small are those of the published counts. For large,
# fastcount, the Rust csv crate and mawk agree.
declare -A answers=(
	[demo]=42c0d71a1926c8db63569312e9517fb4f3f1c647928445981852cd7c56df40c1
	[small]=0a31a5ddb5b43f77c12fd743cc8d472a704e9f110e14108e4fc98b47d8323f72
	[large]=13ebd5b127c32ca4f5254eb8d43eedd18fea01cd9c5aed817c50ef1ff90dd20a
)

tree=$(cd "$(dirname "$0")/.." && pwd)
cache=${BENCH_CACHE:-${TMPDIR:-/tmp}/fastcount-bench}
export_id=small large=no gzip=no damage=no rounds=5 budget=60 only='' may_install=yes out='' plot=''

# shellcheck source-path=SCRIPTDIR source=peers/peers.sh
source "$tree/bench/peers/peers.sh"

parse_options() {
	while (($# > 0)); do
		case $1 in
		--help) usage; exit 0 ;;
		--list) printf '%s\n' "${peers[@]}" "${gzip_peers[@]}" | sort -u; exit 0 ;;
		--large) large=yes; shift; continue ;;
		--gzip) gzip=yes; shift; continue ;;
		--damage) damage=yes; shift; continue ;;
		--no-install) may_install=no; shift; continue ;;
		esac
		(($# > 1)) || die "$1: unknown option, or no value; see --help"
		case $1 in
		--export) export_id=$2 ;;
		--rounds) rounds=$2 ;;
		--budget) budget=$2 ;;
		--only) only=$2 ;;
		--out) out=$2 ;;
		--plot) plot=$2 ;;
		*) die "$1: unknown option; see --help" ;;
		esac
		shift 2
	done
	[[ -n $export_id && -n ${answers[$export_id]:-} ]] || die "--export \"$export_id\": want demo, small or large"
	[[ $rounds =~ ^[1-9][0-9]*$ ]] || die "--rounds \"$rounds\": want a number of at least 1"
	[[ $budget =~ ^[0-9]+$ ]] || die "--budget \"$budget\": want a number of seconds"
	choose_peers
}

# choose_peers reduces peers and gzip_peers to those in --only, and fastcount.
choose_peers() {
	[[ -n $only ]] || return 0
	local name chosen=(fastcount) chosen_gzip=(fastcount)
	for name in ${only//,/ }; do
		[[ " ${peers[*]} ${gzip_peers[*]} " == *" $name "* ]] || die "--only $name: unknown program; see --list"
		[[ " ${peers[*]} " == *" $name "* && " ${chosen[*]} " != *" $name "* ]] && chosen+=("$name")
		[[ " ${gzip_peers[*]} " == *" $name "* && " ${chosen_gzip[*]} " != *" $name "* ]] && chosen_gzip+=("$name")
	done
	peers=("${chosen[@]}") gzip_peers=("${chosen_gzip[@]}")
}

build() {
	mkdir -p "$cache/bin" "$cache/data"
	cache=$(cd "$cache" && pwd)
	out=${out:-$cache/out}
	mkdir -p "$out"
	(cd "$tree" && go build -o "$cache/bin/" ./cmd/fastcount)
	(cd "$tree/bench/peers" && go build -o "$cache/bin/" ./...)
}

# generate generates the files of an export once. The directory is renamed when
# it is complete.
generate() {
	local dir=$cache/data/$1
	[[ -d $dir ]] && return
	rm -rf "$dir.part"
	"$cache/bin/fastcount" generate "$1" --quiet --out-dir "$dir.part"
	mv "$dir.part" "$dir"
}

# compress compresses the files of an export once.
compress() {
	local dir=$cache/data/$1-gzip file
	[[ -d $dir ]] && return
	rm -rf "$dir.part"
	mkdir "$dir.part"
	for file in "$cache/data/$1"/*.csv; do
		gzip -6 -c "$file" >"$dir.part/${file##*/}.gz"
	done
	mv "$dir.part" "$dir"
}

warn_if_memory_is_short() {
	local needed available
	needed=$(du -sk "$cache/data/$1" | cut -f1)
	available=$(sed -n 's/^MemAvailable: *\([0-9]*\) kB/\1/p' /proc/meminfo)
	if ((available < needed + (1 << 20))); then
		echo "compare.sh: $1: the files may not fit in the page cache" >&2
	fi
}

# series measures all programs on one export with the given number of threads.
series() {
	local id=$1 threads=$2 words=$3
	local list=$out/programs-$id-$threads.tsv
	generate "$id"
	warn_if_memory_is_short "$id"
	list_peers "$threads" "${peers[@]}" >"$list"
	"$cache/bin/run" -programs "$list" -series "$id, $words" -answer "${answers[$id]}" -rounds "$rounds" -budget "$budget" \
		-tsv "$out/runs.tsv" "$cache/data/$id"/*.csv || bad=1
}

# gzip_series measures the programs that read compressed files.
gzip_series() {
	local id=$1 threads=$2 words=$3
	local list=$out/programs-$id-gzip-$threads.tsv
	generate "$id"
	compress "$id"
	list_peers "$threads" "${gzip_peers[@]}" >"$list"
	"$cache/bin/run" -programs "$list" -series "$id as .csv.gz, $words" -answer "${answers[$id]}" -rounds "$rounds" -budget "$budget" \
		-tsv "$out/runs.tsv" "$cache/data/$id-gzip"/*.csv.gz || bad=1
}

# damaged_files prints what programs do with damaged files.
damaged_files() {
	generate demo
	list_peers 1 "${gzip_peers[@]}" >"$out/programs-damage.tsv"
	python3 "$tree/bench/peers/damage/damage.py" "$out/programs-damage.tsv" "$cache"/data/demo/*.csv
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
if [[ $gzip == yes ]]; then
	gzip_series "$export_id" 1 'one thread'
fi
if [[ $large == yes ]]; then
	series large 2 'two threads'
	if [[ $gzip == yes ]]; then
		gzip_series large 2 'two threads'
	fi
fi
{ machine; "$cache/bin/table" "$out/runs.tsv"; } | tee "$out/table.md"
"$cache/bin/table" -short "$out/runs.tsv" >"$out/short.md"
if [[ $damage == yes ]]; then
	damaged_files | tee "$out/damage.md"
fi
"$cache/bin/plot" "$out/runs.tsv" >"${plot:-$out/speed.svg}"
exit "$bad"
