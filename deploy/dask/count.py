"""Counts shards of a plan on Dask, one shard per task. See README.md.

DASK_SCHEDULER_ADDRESS=tcp://HOST:PORT python count.py PLAN SHARDS PARTS [SHARD...]
"""

import subprocess
import sys

from distributed import Client

plan, shards, parts, *only = sys.argv[1:]


def count(shard):
    command = ["fastcount", "-q", "-j1", "--plan", plan, "--shard", f"{shard}/{shards}", "--out-dir", parts]
    task = subprocess.run(command, stderr=subprocess.PIPE, text=True)
    if task.returncode != 0:
        raise RuntimeError(f"shard {shard}: exit code {task.returncode}: {task.stderr}")


if __name__ == "__main__":
    with Client() as client:
        # Without retries, Dask repeats only tasks whose worker died. A task is
        # not pure: its result is a file, which may have been lost.
        client.gather(client.map(count, only or range(int(shards)), retries=3, pure=False))
