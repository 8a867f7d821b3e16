#!/usr/bin/env bash
# Counts a plan on Apache Spark with count.py, unchanged, on a cluster of two
# executors on this machine. An executor is killed while it counts, a task fails
# twice, and a partial result is lost. The result must have the same bytes as
# that of one run.
#
# Requires Go, Java 17 or later and Python with venv; installs Spark into a
# temporary directory. The exit code is 3 if this machine cannot run the test.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../testlib.sh"

command -v java >/dev/null || skip "requires Java"
prepare
python_packages "$here/requirements.txt"
break_tasks CoarseGrainedExecutorBackend
export SPARK_LOCAL_IP=127.0.0.1 JAVA_TOOL_OPTIONS=-XX:TieredStopAtLevel=1
count_with_faults spark-submit --master 'local-cluster[2,1,1024]' --conf spark.ui.enabled=false "$here/count.py"
grep -q 'Lost executor' first.log || fail "Spark has lost no executor"
