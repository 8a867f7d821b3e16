# shellcheck shell=bash
# The programs that compare.sh runs: how to install each, and its command.
# compare.sh sources this file and sets
#
#   tree         directory of go.mod
#   cache        directory for installed and built programs
#   may_install  yes, or no to use only installed programs
#
# Each program has a function list_NAME THREADS, with _ instead of - in the
# name. It calls program, or missing if the program is not available.
: "${tree:?}" "${cache:?}" "${may_install:?}"

peers=(fastcount go-loop encoding-csv rust-csv duckdb duckdb-varchar polars clickhouse spark pyarrow data-table
	pandas mawk miller python-csv wc cat)
gzip_peers=(fastcount duckdb duckdb-varchar polars clickhouse spark pyarrow pandas miller igzip zcat cat) # those that read gzip
lists_are_new=no # apt-get update has run

# list_peers THREADS NAME... prints the list of programs for bench/peers/run.
list_peers() {
	local name threads=$1
	for name in "${@:2}"; do
		echo "compare.sh: preparing $name" >&2
		"list_${name//-/_}" "$threads"
	done
}

# program NAME VERSION THREADS OUTPUT COMMAND... and missing NAME REASON each
# print a line of the list.
program() {
	local IFS=$'\t'
	printf '%s\n' "$*"
}

missing() { program "$1" '' '' missing "could not be installed: $2"; }

# debian installs Debian packages. It fails if apt-get or a package is not
# available, or without root.
debian() {
	[[ $may_install == yes && $EUID == 0 ]] || return 1
	command -v apt-get >/dev/null || return 1
	if [[ $lists_are_new == no ]]; then
		apt-get update -q >>"$cache/install.log" 2>&1 </dev/null || return 1
		lists_are_new=yes
	fi
	DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "$@" >>"$cache/install.log" 2>&1 </dev/null
}

# pip_python DIR REQUIREMENTS prints the path of a Python in a directory of the
# cache that has the packages of a file, which it installs once.
pip_python() {
	local dir=$cache/$1 requirements=$tree/bench/peers/$2
	if ! cmp -s "$requirements" "$dir/installed.txt"; then
		[[ $may_install == yes ]] || return 1
		{ python3 -m venv "$dir" && "$dir/bin/pip" install -q -r "$requirements"; } >>"$cache/install.log" 2>&1 </dev/null || return 1
		cp "$requirements" "$dir/installed.txt"
	fi
	echo "$dir/bin/python"
}

# pip_peer NAME PACKAGE SCRIPT THREADS ENVIRONMENT [ARGUMENT...] prints the line
# of a program that uses a package of requirements.txt.
pip_peer() {
	local python
	python=$(pip_python peers-python requirements.txt) || { missing "$1" "$2 (PyPI)"; return; }
	program "$1" "$("$python" -c "import importlib.metadata as m; print(m.version('$2'))")" "$4" counts \
		env "$5" "$python" "$tree/bench/peers/$3/count.py" "${@:6}"
}

last_word_of_first_line() { sed -n '1s/.* //p'; }

list_fastcount() {
	local version
	version=$(git -C "$tree" describe --always --dirty=+ 2>/dev/null || echo devel)
	program fastcount "$version" "$1" counts "$cache/bin/fastcount" -j "$1"
}

list_go_loop() { program 'Go loop' "$(go env GOVERSION)" "$1" counts env GOMAXPROCS="$1" "$cache/bin/goloop"; }

list_encoding_csv() {
	program 'Go encoding/csv' "$(go env GOVERSION)" "$1" counts env GOMAXPROCS="$1" "$cache/bin/encodingcsv"
}

list_rust_csv() {
	local name='Rust csv crate' dir=$cache/rustcsv crates=/usr/share/cargo/registry
	compgen -G "$crates/csv-[0-9]*" >/dev/null || debian librust-csv-dev || { missing "$name" 'librust-csv-dev (Debian)'; return; }
	command -v cargo >/dev/null || debian cargo || { missing "$name" 'cargo'; return; }
	mkdir -p "$dir"
	cp -r "$tree/bench/peers/rustcsv/." "$dir/"
	(cd "$dir" && cargo build --release --offline --config 'source.crates-io.replace-with="debian"' \
		--config "source.debian.directory=\"$crates\"") >>"$cache/install.log" 2>&1 || { missing "$name" 'cargo build'; return; }
	program "$name" "$(sed -n '/^name = "csv"$/{n;s/.*"\(.*\)"/\1/p}' "$dir/Cargo.lock")" "$1" counts \
		env THREADS="$1" "$dir/target/release/rustcsv"
}

list_duckdb() { pip_peer DuckDB duckdb duckdb "$1" THREADS="$1" auto; }

list_duckdb_varchar() { pip_peer 'DuckDB, VARCHAR' duckdb duckdb "$1" THREADS="$1" varchar; }

list_polars() { pip_peer 'Polars, streaming' polars polars "$1" POLARS_MAX_THREADS="$1"; }

list_clickhouse() { pip_peer 'ClickHouse (chdb)' chdb chdb "$1" THREADS="$1"; }

list_pyarrow() { pip_peer PyArrow pyarrow pyarrow "$1" THREADS="$1"; }

list_pandas() { pip_peer pandas pandas pandas 1 OMP_NUM_THREADS=1; }

list_spark() {
	local name='Spark SQL' python
	command -v java >/dev/null || debian default-jre-headless || { missing "$name" 'default-jre-headless (Debian)'; return; }
	python=$(pip_python spark spark/requirements.txt) || { missing "$name" 'pyspark (PyPI)'; return; }
	program "$name" "$("$python" -c 'import pyspark; print(pyspark.__version__)')" "$1" counts \
		env PYSPARK_PYTHON="$python" SPARK_LOCAL_IP=127.0.0.1 \
		"${python%/*}/spark-submit" --master "local[$1]" --conf spark.ui.enabled=false "$tree/bench/peers/spark/count.py"
}

list_data_table() {
	local name='R data.table' version='cat(format(packageVersion("data.table")))'
	Rscript -e "$version" >/dev/null 2>&1 || debian r-base-core r-cran-data.table || { missing "$name" 'r-cran-data.table (Debian)'; return; }
	program "$name" "$(Rscript -e "$version")" "$1" counts env THREADS="$1" Rscript "$tree/bench/peers/datatable/count.R"
}

list_mawk() {
	command -v mawk >/dev/null || debian mawk || { missing mawk 'mawk (Debian)'; return; }
	program mawk "$(mawk -W version 2>&1 | sed -n '1s/mawk \([^ ,]*\).*/\1/p')" 1 counts mawk -F, -f "$tree/bench/peers/mawk/count.awk"
}

# Miller chooses the number of threads.
list_miller() {
	command -v mlr >/dev/null || debian miller || { missing Miller 'miller (Debian)'; return; }
	program Miller "$(mlr --version | last_word_of_first_line)" any counts \
		mlr --icsv --ocsv --headerless-csv-output count-distinct -f patient_id,event_type
}

list_python_csv() {
	local name='Python csv.DictReader'
	command -v python3 >/dev/null || debian python3-minimal || { missing "$name" 'python3'; return; }
	program "$name" "$(python3 -V | last_word_of_first_line)" 1 counts python3 "$tree/bench/peers/pythoncsv/count.py"
}

list_wc() { program 'wc -l' "$(wc --version | last_word_of_first_line)" 1 lines wc -l; }

list_igzip() {
	command -v igzip >/dev/null || debian isal || { missing 'igzip -dc >/dev/null' 'isal (Debian)'; return; }
	program 'igzip -dc >/dev/null' "$(igzip --version 2>&1 | last_word_of_first_line)" 1 nothing igzip -dc
}

list_zcat() { program 'gzip -dc >/dev/null' "$(gzip --version | last_word_of_first_line)" 1 nothing gzip -dc; }

list_cat() { program 'cat >/dev/null' "$(cat --version | last_word_of_first_line)" 1 nothing cat; }
