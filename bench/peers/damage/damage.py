"""Prints what programs do with damaged files: damage.py LIST FILE...

LIST is the list of programs of bench/peers/run. All files are counted, the last
one after it was damaged. Prints a table in Markdown, with a row for each kind of
damage, and the messages of the programs.
"""

import gzip
import json
import pathlib
import re
import subprocess
import sys
import tempfile


def cut_in_row(text):
    return text[: text.index(b"\n", len(text) // 2) + 12]


def cut_after_row(text):
    return text[: text.index(b"\n", len(text) // 2) + 1]


def short_row(text):
    """Removes the last two fields of a row."""
    begin = text.index(b"\n", len(text) // 2) + 1
    end = text.index(b"\n", begin)
    return text[:begin] + b",".join(text[begin:end].split(b",")[:2]) + text[end:]


def cut_gzip(text):
    compressed = gzip.compress(text)
    return compressed[: len(compressed) // 2]


def changed_gzip(text):
    """Changes the checksum, as if the data had changed."""
    compressed = bytearray(gzip.compress(text))
    compressed[-8] ^= 1
    return bytes(compressed)


DAMAGES = {
    "none": ("", bytes),
    "plain file, cut within a row": ("", cut_in_row),
    "plain file, cut after a row": ("", cut_after_row),
    "row without its last two fields": ("", short_row),
    "gzip file, cut in half": (".gz", cut_gzip),
    "gzip file, wrong checksum": (".gz", changed_gzip),
}


def rows(out):
    """The sum of counts: CSV lines patient,event,count, or fastcount's JSON."""
    if out.startswith("{"):
        return sum(json.loads(out)["totals"].values())
    return sum(int(line.rpartition(",")[2]) for line in out.splitlines())


def message(stderr):
    """The line of stderr that has the reason of a failure."""
    for pattern in (r"Caused by: .*", r"\S*Error: .*", r"^fastcount: .*"):
        if found := re.findall(pattern, stderr, re.MULTILINE):
            return found[-1].strip()
    return (stderr.strip().splitlines() or [""])[-1]


def count(command, files):
    """What a program does with files: the number of rows, and its message."""
    run = subprocess.run([*command, *files], capture_output=True, text=True, timeout=3600)
    if run.returncode != 0:
        return None, message(run.stderr)
    return rows(run.stdout), ""


def print_row(cells):
    print("| " + " | ".join(cells) + " |", flush=True)


def main(listed, *files):
    programs = [line.split("\t") for line in pathlib.Path(listed).read_text().splitlines()]
    programs = [(p[0], p[4:]) for p in programs if p[3] == "counts"]
    print_row(["damage", *(name for name, _ in programs)])
    print_row(["---"] * (1 + len(programs)))
    messages, whole = [], None
    text = pathlib.Path(files[-1]).read_bytes()
    with tempfile.TemporaryDirectory() as directory:
        for file in files[:-1]:
            pathlib.Path(directory, pathlib.Path(file).name).symlink_to(file)
        for damage, (suffix, apply) in DAMAGES.items():
            damaged = pathlib.Path(directory, pathlib.Path(files[-1]).name + suffix)
            damaged.write_bytes(apply(text))
            inputs = [str(path) for path in sorted(pathlib.Path(directory).iterdir())]
            cells = []
            for name, command in programs:
                n, why = count(command, inputs)
                whole = whole or n
                cells.append("**refuses**" if n is None else "counts all rows" if n == whole else f"counts {n:,} of {whole:,} rows")
                if why:
                    messages.append(f"- {name}, {damage}: {why}".replace(directory + "/", ""))
            print_row([damage, *cells])
            damaged.unlink()
    print("", *messages, sep="\n")


main(*sys.argv[1:])
