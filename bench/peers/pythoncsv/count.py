"""Counts with csv.DictReader."""

import collections
import csv
import sys

counts = collections.Counter()
for path in sys.argv[1:]:
    with open(path, newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            counts[row["patient_id"], row["event_type"]] += 1
for (patient, event), n in counts.items():
    print(f"{patient},{event},{n}")
