"""Counts with DuckDB: count.py auto|varchar FILE...

THREADS is the number of threads. With varchar, all columns are declared as
text, so that DuckDB need not detect the dialect or parse times and numbers.
"""

import os
import sys

import duckdb

form, *files = sys.argv[1:]
options = {}
if form == "varchar":
    columns = dict.fromkeys(["patient_id", "event_time", "event_type", "value"], "VARCHAR")
    options = {"auto_detect": False, "header": True, "delim": ",", "quote": '"', "escape": '"', "columns": columns}
arguments = "".join(f", {name} = {value!r}" for name, value in options.items())
connection = duckdb.connect(config={"threads": os.environ.get("THREADS", "1")})
answer = connection.execute(
    f"SELECT patient_id, event_type, count(*) FROM read_csv({files!r}{arguments}) GROUP BY ALL"
)
for row in answer.fetchall():
    print(*row, sep=",")
