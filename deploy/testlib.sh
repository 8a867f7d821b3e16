# shellcheck shell=bash
# Functions of the test.sh in the neighbouring directories, which source this
# file. The exit code of a test is 3 if this machine cannot run it.

TEST_BEGIN=${TEST_BEGIN:-$(date +%s)}
export TEST_BEGIN

skip() { echo "skipped: $1" >&2; exit 3; }
fail() { echo "FAILED: $1" >&2; exit 1; }
log() { printf '%3d s  %s\n' $(($(date +%s) - TEST_BEGIN)) "$1"; }

# wait_for runs a command repeatedly until it succeeds. The second argument is a
# timeout in seconds. The test defines the function logs, which prints what
# helps to find the reason.
wait_for() {
	local what=$1 end=$((SECONDS + $2))
	shift 2
	until "$@"; do
		[ $SECONDS -lt $end ] || { logs; fail "timeout waiting for $what"; }
		sleep 0.2
	done
}

# debian_packages downloads Debian packages and those that they depend on, and
# unpacks them into the directory root in the given one, without changing the
# machine. It waits while another apt holds the lock.
debian_packages() {
	local dir=$1 deb
	shift
	mkdir -p "$dir"/{apt/lists/partial,apt/archives/partial,root}
	local options=(-q -y -o DPkg::Lock::Timeout=600 -o APT::Sandbox::User=root -o Dir::State::Lists="$dir/apt/lists"
		-o Dir::Cache="$dir/apt" -o Acquire::Languages=none)
	if ! { apt-get "${options[@]}" update && apt-get "${options[@]}" install --no-install-recommends --reinstall --download-only "$@"; } \
		&>"$dir/apt/log"; then
		tail -n 3 "$dir/apt/log"
		skip "cannot download the packages"
	fi
	for deb in "$dir"/apt/archives/*.deb; do
		dpkg -x "$deb" "$dir/root"
	done
}

# prepare creates the directory $work, which is removed at the end, with
# fastcount, the files of an export, a plan of them, and the result of one run
# in single.json. It makes $work the working directory, and leaves $top, the
# directory of this tree.
prepare() {
	command -v go >/dev/null || skip "requires Go"
	top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
	work=$(mktemp -d)
	trap 'finish; rm -rf "$work"' EXIT
	cd "$work"
	mkdir bin attempts
	go build -C "$top" -o "$work/bin/" ./cmd/fastcount
	export PATH=$work/bin:$PATH
	fastcount generate -q small --out-dir data
	gzip -1 data/0[0-2]_*.csv
	fastcount -q data/* >single.json
	cmp single.json "$top/outputs/small.json"
	fastcount plan -q data/* >work.plan
}

# finish ends what a test has started. A test may define its own.
finish() { :; }

# python_packages installs Python packages into $work/venv, and precedes PATH
# with its programs.
python_packages() {
	if ! { python3 -m venv venv && venv/bin/pip install --disable-pip-version-check --no-compile -q -r "$1"; } &>pip.log; then
		tail -n 3 pip.log
		skip "cannot install the packages in $1"
	fi
	PATH=$work/venv/bin:$PATH
	log "$(paste -sd ' ' "$1") is installed"
}

# The faults that break_tasks causes. Shards are numbered from 0.
shards=8
killed=5   # while its first attempt counts, the process of the engine is killed
repeated=2 # the first two attempts fail
lost=3     # its result is lost, and it fails while a file broken/lost exists

# break_tasks puts a fastcount with faults before the real one in PATH. The
# argument is a regular expression for the command line of the process of the
# engine to kill, which is an ancestor of fastcount.
break_tasks() {
	mkdir broken
	cat >broken/fastcount <<-END
		#!/usr/bin/env bash
		[[ "\$*" =~ --shard\ ([0-9]+)/ ]] || exec "$work/bin/fastcount" "\$@"
		shard=\${BASH_REMATCH[1]}
		touch "$work/attempts/\$shard.\$\$"
		attempts=("$work/attempts/\$shard".*)
		case \$shard:\${#attempts[@]} in
		$killed:1)
			engine=\$PPID
			until tr '\\0' ' ' <"/proc/\$engine/cmdline" | grep -qE '$1'; do
				engine=\$(awk '/^PPid:/ { print \$2 }' "/proc/\$engine/status")
			done
			"$work/bin/fastcount" "\$@" &
			kill -KILL "\$engine" "\$!" && touch "$work/was_killed"
			exit 1
			;;
		$repeated:[12]) exit 5 ;;
		esac
		if [ \$shard = $lost ] && [ -e "$work/broken/lost" ]; then
			echo "fastcount: a fault" >&2
			exit 6
		fi
		exec "$work/bin/fastcount" "\$@"
	END
	chmod +x broken/fastcount
	PATH=$work/broken:$PATH
}

# attempts prints how many times a shard was started.
attempts() { find attempts -name "$1.*" | wc -l; }

# count_with_faults counts with a command of an engine, to which it appends
# PLAN SHARDS PARTS [SHARD...]: first with a process that is killed and a task
# that fails twice, then a shard whose result is lost and whose task always
# fails, and then that shard again.
count_with_faults() {
	local code=0 before
	set -- timeout 300 "$@" # a job without workers waits for ever
	"$@" "$work/work.plan" "$shards" "$work/parts" &>first.log || { tail -n 40 first.log; fail "the job failed"; }
	[ -e was_killed ] && [ "$(attempts $killed)" -ge 2 ] || fail "no process was killed"
	[ "$(attempts $repeated)" -ge 3 ] || fail "no task failed"
	fastcount merge -q parts | cmp - single.json
	log "counted, with a killed process and a task that failed twice"

	rm "$(printf 'parts/shard-%06d-of-%06d.partial' $lost $shards)"
	[ "$(fastcount merge --missing parts)" = $lost ] || fail "the missing shard is not named"
	fastcount merge -q parts &>merge.log || code=$?
	[ $code = 11 ] || fail "merge has exit code $code without shard $lost"
	touch broken/lost
	before=$(attempts $lost)
	if "$@" "$work/work.plan" "$shards" "$work/parts" $lost &>second.log; then
		fail "the job succeeded, but its task failed"
	fi
	grep -q "shard $lost: exit code 6: fastcount: a fault" second.log || { tail -n 40 second.log; fail "the reason is not printed"; }
	log "a task failed $(($(attempts $lost) - before)) times, and so did the job"
	rm broken/lost

	# shellcheck disable=SC2046 # one argument for each missing shard
	"$@" "$work/work.plan" "$shards" "$work/parts" $(fastcount merge --missing parts | tr , ' ') &>third.log || { tail -n 40 third.log; fail "the job failed"; }
	fastcount merge -q parts | cmp - single.json
	log "done: the missing shard is counted, and the result has the same bytes"
}
