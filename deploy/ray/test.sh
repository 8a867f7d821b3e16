#!/usr/bin/env bash
# Counts a plan on Ray with count.py, unchanged, on a node with two workers on
# this machine. A worker is killed while it counts, a task fails twice, and a
# partial result is lost. The result must have the same bytes as that of one
# run.
#
# Requires Go and Python with venv; installs Ray into a temporary directory. The
# exit code is 3 if this machine cannot run the test.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../testlib.sh"

prepare
python_packages "$here/requirements.txt"
export RAY_TMPDIR=$work RAY_USAGE_STATS_ENABLED=0
break_tasks '^ray::count'
count_with_faults python "$here/count.py"
