"""Counts with Spark SQL, on one machine: spark-submit count.py FILE...

All columns are text, which is what Spark assumes without a schema.
"""

import sys

from pyspark.sql import SparkSession

spark = SparkSession.builder.getOrCreate()
rows = spark.read.csv(sys.argv[1:], header=True)
for patient, event, n in rows.groupBy("patient_id", "event_type").count().collect():
    print(f"{patient},{event},{n}")
