"""Compares counts of fastcount --by with those of DuckDB. See compare.sh."""

import argparse
import csv
import datetime
import io
import json
import pathlib
import random
import subprocess
import sys
import tempfile

import duckdb

COLUMNS = ["patient_id", "event_type", "site", "odd", "number", "sorted", "extended", "blank", "basic", "date"]
UNITS = {"year": (4, 4), "month": (7, 6), "day": (10, 8), "hour": (13, 11)}
ODD = ["", "a,b", 'say "x"', "two\nlines", " blank ", "é", "漢字", "'", "NULL", "\\N", "1", "01", "-", "=1+1", "a\tb"]


def times(rng):
    """Returns a random time in four formats."""
    at = datetime.datetime(2024, 1, 1) + datetime.timedelta(seconds=rng.randrange(rng.choice([10**5, 10**8])))
    zone = rng.choice(["", "Z", "+01:00", "-0330", "+02"])
    extended = at.strftime("%Y-%m-%dT%H:%M:%S") + rng.choice(["", ".5", ".123456"]) + zone
    blank = at.strftime(rng.choice(["%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d %H"]))
    basic = at.strftime(rng.choice(["%Y%m%dT%H%M%S", "%Y%m%dT%H%M"])) + rng.choice(["", "Z"])
    return [extended, blank, basic, at.strftime("%Y-%m-%d")]


def generate(rng, path, most):
    """Writes a file, and returns its rows."""
    rows = []
    patients, sites = rng.randrange(1, 2000), rng.randrange(1, 30)
    for i in range(rng.randrange(most)):
        rows.append([
            "P%04d" % rng.randrange(patients), rng.choice(["hr", "bp_sys", "bp_dia", "spo2"]), "S%d" % rng.randrange(sites),
            rng.choice(ODD), str(rng.randrange(100)), str(i // 50), *times(rng)])
    with open(path, "w", newline="", encoding="utf-8") as f:
        w = csv.writer(f, lineterminator=rng.choice(["\n", "\r\n"]), quoting=rng.choice([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]))
        w.writerow(COLUMNS)
        w.writerows(rows)


def random_keys(rng):
    """Returns 1 to 8 keys, each a column and a unit or ""."""
    keys, number = set(), rng.randrange(1, 9)
    while len(keys) < number:
        column = rng.choice(COLUMNS)
        units = [""] if COLUMNS.index(column) < 6 else ["", "year", "month", "day"] + ["hour"] * (column != "date")
        keys.add((column, rng.choice(units)))
    keys = sorted(keys)
    rng.shuffle(keys)
    return keys


def duckdb_groups(path, keys):
    """Returns the groups of a file as lists of values and a count, sorted."""
    def expression(column, unit):
        if not unit:
            return f"coalesce({column}, '')"
        return f"left({column}, {UNITS[unit][column == 'basic']})"

    # One thread, because several threads may not agree on line breaks in quotes.
    source = duckdb.read_csv(
        str(path), header=True, all_varchar=True, delimiter=",", quotechar='"', escapechar='"', parallel=False, auto_detect=False,
        columns=dict.fromkeys(COLUMNS, "VARCHAR"), na_values="no field is this text")
    names = ", ".join(f"k{i}" for i in range(len(keys)))
    selected = ", ".join(f"{expression(*key)} AS k{i}" for i, key in enumerate(keys))
    query = f"SELECT {names}, count(*) FROM (SELECT {selected} FROM source) GROUP BY {names}"
    return sorted([*map(str, row[:-1]), row[-1]] for row in duckdb.sql(query).fetchall())


def flatten(counts, depth):
    """Yields the groups of nested objects."""
    for value, inner in counts.items():
        if depth == 1:
            yield [value, inner]
        else:
            yield from ([value, *rest] for rest in flatten(inner, depth - 1))


def parse(output, sink, names):
    """Returns the groups in an output of fastcount."""
    if sink == "csv":
        header, *rows = csv.reader(io.StringIO(output, newline=""))
        assert header == [*names, "count"], header
        return [[*row[:-1], int(row[-1])] for row in rows]
    if sink == "ndjson":
        return [[*(group[name] for name in names), group["count"]] for group in map(json.loads, output.splitlines())]
    result = json.loads(output)
    assert result["by"] == names, result["by"]
    groups = list(flatten(result["counts"], len(names)))
    assert result["total"] == sum(group[-1] for group in groups), result["total"]
    return groups


def run(*args, cwd=None):
    done = subprocess.run(args, capture_output=True, cwd=cwd)
    if done.returncode != 0:
        sys.exit(f"{args} exited with {done.returncode}: {done.stderr.decode()}")
    return done.stdout.decode()


def merged(program, path, by, work):
    """Returns the csv of three shards of the file, merged."""
    (work / "plan").write_text(run(program, "plan", "-q", "--by", by, path))
    for i in range(3):
        run(program, "-q", "--plan", work / "plan", "--shard", f"{i}/3", "--out-dir", work / "parts")
    parts = sorted((work / "parts").iterdir())
    output = run(program, "merge", "-q", "-s", "csv", *parts)
    for part in parts:
        part.unlink()
    return output


def main():
    p = argparse.ArgumentParser(add_help=False)
    p.add_argument("program")
    p.add_argument("--seeds", type=int, default=20)
    p.add_argument("--queries", type=int, default=8)
    p.add_argument("--rows", type=int, default=5000)
    p.add_argument("--seed", type=int, default=1)
    o = p.parse_args()
    compared = groups = 0
    with tempfile.TemporaryDirectory() as directory:
        work = pathlib.Path(directory)
        for seed in range(o.seed, o.seed + o.seeds):
            rng = random.Random(seed)
            path = work / "data.csv"
            generate(rng, path, o.rows)
            for _ in range(o.queries):
                keys = random_keys(rng)
                names = [f"{column}:{unit}".rstrip(":") for column, unit in keys]
                by = ",".join(names)
                want = duckdb_groups(path, keys)
                answers = {s: run(o.program, "-q", "-s", s, "--by", by, path) for s in ("csv", "ndjson", "json")}
                answers["merged"] = merged(o.program, path, by, work)
                for what, output in answers.items():
                    got = parse(output, "csv" if what == "merged" else what, names)
                    if got != sorted(got, key=lambda group: [value.encode() for value in group[:-1]]):
                        sys.exit(f"seed {seed}, by {by}: {what} is not sorted")
                    if sorted(got) != want:
                        sys.exit(f"seed {seed}, by {by}: {what} has other groups than DuckDB")
                    compared += 1
                groups += len(want)
    print(f"{compared} answers, of {groups} groups, are those of DuckDB {duckdb.__version__}")


if __name__ == "__main__":
    main()
