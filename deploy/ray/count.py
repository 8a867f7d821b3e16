"""Counts shards of a plan on Ray, one shard per task. See README.md.

RAY_ADDRESS=HOST:PORT python count.py PLAN SHARDS PARTS [SHARD...]
"""

import subprocess
import sys

import ray

plan, shards, parts, *only = sys.argv[1:]


# Without retry_exceptions, Ray repeats only tasks whose worker died.
@ray.remote(max_retries=3, retry_exceptions=True)
def count(shard):
    command = ["fastcount", "-q", "-j1", "--plan", plan, "--shard", f"{shard}/{shards}", "--out-dir", parts]
    task = subprocess.run(command, stderr=subprocess.PIPE, text=True)
    if task.returncode != 0:
        raise RuntimeError(f"shard {shard}: exit code {task.returncode}: {task.stderr}")


ray.init()
ray.get([count.remote(shard) for shard in only or range(int(shards))])
