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
