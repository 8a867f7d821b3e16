#!/usr/bin/env bash
# Counts a plan on Apache Flink with count.py, unchanged, on a cluster of two
# task managers on this machine. A task manager is killed while it counts, a
# task fails twice, and a partial result is lost. The result must have the same
# bytes as that of one run.
#
# Requires Go, Java, Python 3.9 to 3.12 with venv, and the ports 6123 and 8081;
# installs Flink into a temporary directory. The exit code is 3 if this machine
# cannot run the test.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../testlib.sh"

logs() { tail -n 20 jobs.log tasks*.log; }
# finish ends the process group of each manager: a Python process may outlive
# the task manager that was killed.
finish() {
	for pid in ${managers[@]+"${managers[@]}"}; do
		kill -TERM -- "-$pid" 2>/dev/null || true
	done
	wait
}
# registered reports whether the job manager has two task managers.
registered() {
	[ "$(grep -so 'Registering TaskManager with ResourceID [^ ]*' jobs.log | sort -u | wc -l)" = 2 ]
}

command -v java >/dev/null || skip "requires Java"
prepare
python_packages "$here/requirements.txt"
break_tasks TaskManagerRunner
mkdir tmp
FLINK_HOME=$(python -c 'import pyflink; print(*pyflink.__path__)')
export FLINK_HOME FLINK_PID_DIR=$work/tmp TMPDIR=$work/tmp JAVA_TOOL_OPTIONS="-XX:TieredStopAtLevel=1 -Djava.io.tmpdir=$work/tmp"
PATH=$FLINK_HOME/bin:$PATH
managers=()
setsid jobmanager.sh start-foreground -D heartbeat.interval=1s &>jobs.log & managers+=($!)
setsid taskmanager.sh start-foreground &>tasks1.log & managers+=($!)
setsid taskmanager.sh start-foreground &>tasks2.log & managers+=($!)
wait_for "the cluster" 120 registered
count_with_faults flink run --python "$here/count.py"
grep -q 'TaskManager with id .* is no longer reachable' jobs.log || fail "Flink has lost no task manager"
for shard in 0 1 4 6 7; do
	[ "$(attempts $shard)" = 1 ] || fail "shard $shard was counted again"
done
