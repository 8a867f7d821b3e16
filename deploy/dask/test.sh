#!/usr/bin/env bash
# Counts a plan on Dask with count.py, unchanged, on a scheduler and two workers
# on this machine. A worker is killed while it counts, a task fails twice, and a
# partial result is lost. The result must have the same bytes as that of one
# run.
#
# Requires Go and Python with venv; installs Dask into a temporary directory.
# The exit code is 3 if this machine cannot run the test.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../testlib.sh"

logs() { tail -n 20 scheduler.log workers.log; }
finish() { [ -z "$(jobs -p)" ] || kill -TERM $(jobs -p) && wait; }
started() { [ -s scheduler.json ]; }
# A worker that is killed while another one starts ends both.
registered() { [ "$(grep -c 'Register worker' scheduler.log)" = 2 ]; }

prepare
python_packages "$here/requirements.txt"
break_tasks multiprocessing.spawn
dask scheduler --host 127.0.0.1 --port 0 --no-dashboard --scheduler-file scheduler.json &>scheduler.log &
wait_for "the scheduler" 60 started
DASK_SCHEDULER_ADDRESS=$(sed -n 's/.*"address": "\(tcp:[^"]*\)".*/\1/p' scheduler.json | head -n 1)
export DASK_SCHEDULER_ADDRESS
dask worker "$DASK_SCHEDULER_ADDRESS" --nworkers 2 --nthreads 1 --no-dashboard --local-directory "$work" &>workers.log &
wait_for "the workers" 60 registered
count_with_faults python "$here/count.py"
