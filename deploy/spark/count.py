"""Counts shards of a plan on Apache Spark, one shard per task. See README.md.

spark-submit count.py PLAN SHARDS PARTS [SHARD...]
"""

import subprocess
import sys

from pyspark.sql import SparkSession

plan, shards, parts, *only = sys.argv[1:]


def count(shard):
    command = ["fastcount", "-q", "-j1", "--plan", plan, "--shard", f"{shard}/{shards}", "--out-dir", parts]
    task = subprocess.run(command, stderr=subprocess.PIPE, text=True)
    if task.returncode != 0:
        raise RuntimeError(f"shard {shard}: exit code {task.returncode}: {task.stderr}")


only = only or range(int(shards))
context = SparkSession.builder.appName("fastcount").getOrCreate().sparkContext
context.parallelize(only, len(only)).foreach(count)
