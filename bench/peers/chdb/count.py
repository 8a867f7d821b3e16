"""Counts with ClickHouse as a library. The files must be in one directory.

THREADS is the number of threads.
"""

import os
import sys

import chdb

threads = os.environ.get("THREADS", "1")
directory = os.path.dirname(sys.argv[1])
pattern = f"{directory}/{{{','.join(os.path.basename(path) for path in sys.argv[1:])}}}"
columns = "patient_id String, event_time String, event_type String, value String"
answer = chdb.query(
    f"""SELECT patient_id, event_type, count() FROM file('{pattern}', 'CSVWithNames', '{columns}')
        GROUP BY patient_id, event_type
        SETTINGS max_threads = {threads}, max_parsing_threads = {threads}""",
    "CSV",
)
print(str(answer).replace('"', ""), end="")
