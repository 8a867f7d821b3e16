"""Counts shards of a plan on Apache Flink, one shard per task. See README.md.

flink run --jobmanager HOST:8081 --python count.py PLAN SHARDS PARTS [SHARD...]
"""

import subprocess
import sys

from pyflink.common import Configuration
from pyflink.datastream import StreamExecutionEnvironment

plan, shards, parts, *only = sys.argv[1:]


def count(shard):
    command = ["fastcount", "-q", "-j1", "--plan", plan, "--shard", f"{shard}/{shards}", "--out-dir", parts]
    task = subprocess.run(command, stderr=subprocess.PIPE, text=True)
    if task.returncode != 0:
        raise RuntimeError(f"shard {shard}: exit code {task.returncode}: {task.stderr}")
    return f"shard {shard} is counted"


only = only or range(int(shards))
config = Configuration()
# In a stream, all tasks would share one slot. In a batch, each waits for its own.
config.set_string("execution.runtime-mode", "BATCH")
# By default, Flink repeats no task. The limit is one for the failures of the job.
config.set_string("restart-strategy.type", "fixed-delay")
config.set_string("restart-strategy.fixed-delay.attempts", str(len(only) + 2))
env = StreamExecutionEnvironment.get_execution_environment(config)
for shard in only:
    env.from_collection([str(shard)]).map(count).print()
env.execute("fastcount")
