"""Counts a file with each program, with all options of its dialect set.

Each function takes a generate.Dialect and the path of a file, and returns the
counts by (patient, event). It raises Impossible if the program has no options
for the dialect, and another exception if the program refuses the file.
"""

import collections
import csv
import json
import platform
import subprocess

import duckdb

from generate import EVENT, NAMES, PATIENT


class Impossible(Exception):
    """The program has no options for a dialect."""


class Refused(Exception):
    """The program refuses a file."""


def run(command, text=b""):
    """The standard output of a command whose standard input is text."""
    p = subprocess.run(command, capture_output=True, input=text)
    if p.returncode:
        raise Refused(f"exit code {p.returncode}: {p.stderr.decode(errors='replace').strip()}")
    return p.stdout


class Fastcount:
    name = "fastcount"

    def __init__(self, binary):
        self.binary = binary

    def version(self):
        return run([self.binary, "--version"]).decode().split()[-1]

    def count(self, d, path):
        out = run([self.binary, "-q", "--progress", "none", "--compact", *d.flags, path])
        return {(p, e): n for p, events in json.loads(out)["patients"].items() for e, n in events.items()}


class DuckDB:
    name = "DuckDB"

    def __init__(self):
        self.db = duckdb.connect()

    def version(self):
        return duckdb.__version__

    def count(self, d, path):
        if d.skip_footer:
            raise Impossible("no option")
        if len(d.delimiter.encode()) > 4:
            raise Impossible("at most 4 bytes")
        if len(d.comment) > 1:
            raise Impossible("at most 1 byte")
        options = {
            "auto_detect": False,
            "columns": {name: "VARCHAR" for name in NAMES},
            "force_not_null": NAMES,
            "delim": d.delimiter,
            "quote": d.quote,
            "escape": d.escape or d.quote,
            "comment": d.comment,
            "skip": d.skip_lines + (d.skip_rows + 1 if d.skip_rows else 0),
            "header": d.header and not d.skip_rows,
            "parallel": not d.ragged,  # null_padding requires that for quoted line ends
            "null_padding": d.ragged,
            "strict_mode": not d.ragged,
        }
        keys = [f"trim({n}, ' \t')" if d.trim else n for n in (NAMES[PATIENT], NAMES[EVENT])]
        where = f"WHERE {NAMES[PATIENT]} <> '{NAMES[PATIENT]}'" if d.repeated else ""
        query = f"SELECT {keys[0]}, {keys[1]}, count(*) FROM read_csv(?, {', '.join(f'{k} = {literal(v)}' for k, v in options.items())}) {where} GROUP BY ALL"
        try:
            return {(p, e): n for p, e, n in self.db.execute(query, [path]).fetchall()}
        except duckdb.Error as e:
            raise Refused(str(e).splitlines()[0]) from None


def literal(value):
    """A value as a literal of SQL."""
    match value:
        case bool() | int():
            return str(value)
        case str():
            return "'" + value.replace("'", "''") + "'"
        case list():
            return "[" + ", ".join(map(literal, value)) + "]"
        case dict():
            return "{" + ", ".join(f"'{k}': {literal(v)}" for k, v in value.items()) + "}"


class PythonCSV:
    name = "Python csv"

    def version(self):
        return platform.python_version()

    def count(self, d, path):
        if len(d.delimiter) > 1:
            raise Impossible("one character")
        options = {"delimiter": d.delimiter, "strict": True, "skipinitialspace": d.trim, "escapechar": d.escape or None}
        options |= {"quotechar": d.quote} if d.quote else {"quoting": csv.QUOTE_NONE}
        try:
            with open(path, newline="", encoding="utf-8-sig") as f:
                for _ in range(d.skip_lines):
                    next(f)
                lines = (line for line in f if not (d.comment and line.startswith(d.comment)))
                return self.count_rows(d, list(csv.reader(lines, **options)))
        except (csv.Error, IndexError, ValueError) as e:
            raise Refused(f"{type(e).__name__}: {e}") from None

    @staticmethod
    def count_rows(d, rows):
        rows = [[v.strip(" \t") if d.trim else v for v in row] for row in rows if row]
        names = rows.pop(0) if d.header else NAMES
        patient, event = names.index(NAMES[PATIENT]), names.index(NAMES[EVENT])
        rows = rows[d.skip_rows:len(rows) - d.skip_footer]
        return dict(collections.Counter((r[patient], r[event]) for r in rows if not (d.repeated and r == names)))


class Miller:
    name = "Miller"

    def __init__(self, binary):
        self.binary = binary

    def version(self):
        return run([self.binary, "--version"]).decode().split()[-1]

    def count(self, d, path):
        if d.quote == "'" or d.quote and d.escape:
            raise Impossible("no option")
        command = [self.binary, "-S", "--ojson"]
        if d.quote:
            kind = "--icsv" if len(d.delimiter.encode()) == 1 else "--icsvlite"
            command += [kind, "--ifs", {"\x01": r"\x01"}.get(d.delimiter, d.delimiter)]
        else:
            command += ["--itsv"]
        if d.comment:
            command += ["--skip-comments-with", d.comment]
        if d.ragged:
            command += ["--allow-ragged-csv-input"]
        if not d.header:
            command += ["--implicit-csv-header", "label", ",".join(NAMES), "then"]
        command += self.verbs(d) + ["count-distinct", "-f", f"{NAMES[PATIENT]},{NAMES[EVENT]}"]
        with open(path, "rb") as f:
            for _ in range(d.skip_lines):
                f.readline()
            text = f.read()
        records = json.loads(run(command, text) or b"[]", strict=False)
        if any(NAMES[EVENT] not in r for r in records):
            raise Refused("a record without the columns")
        return {(r[NAMES[PATIENT]], r[NAMES[EVENT]]): int(r["count"]) for r in records}

    @staticmethod
    def verbs(d):
        """The verbs before the one that counts."""
        verbs = []
        if d.skip_rows:
            verbs += ["filter", f"NR > {d.skip_rows}", "then"]
        if d.skip_footer:
            verbs += ["tac", "then", "filter", f"begin {{@n = 0}} @n += 1; @n > {d.skip_footer}", "then", "tac", "then"]
        if d.trim:
            strip = "".join(f"${n} = strip(${n});" for n in (NAMES[PATIENT], NAMES[EVENT]))
            verbs += ["rename", "-r", r"^ *([^ ]*) *$,\1", "then", "put", "-S", strip, "then"]
        if d.repeated:
            verbs += ["filter", f'${NAMES[PATIENT]} != "{NAMES[PATIENT]}"', "then"]
        return verbs


def programs(fastcount, miller):
    """All programs. The arguments are the paths of the binaries."""
    return [Fastcount(fastcount), DuckDB(), PythonCSV(), Miller(miller)]
