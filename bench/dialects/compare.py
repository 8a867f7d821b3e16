"""Compares how programs count files in many dialects; see compare.sh."""

import argparse
import collections
import dataclasses
import pathlib
import sys
import tempfile

import explanations
import generate
import programs

BEGIN, END = "<!-- compare.sh -->", "<!-- end -->"


@dataclasses.dataclass
class Outcome:
    """What a program did with a file."""

    file: generate.File
    program: str
    kind: str  # "agrees", "no option", "refuses" or "other counts"
    detail: str = ""


def outcome(program, f, path):
    """Counts a file with a program."""
    try:
        counts = program.count(f.dialect, path)
    except programs.Impossible as e:
        return Outcome(f, program.name, "no option", str(e))
    except programs.Refused as e:
        return Outcome(f, program.name, "agrees" if f.counts is None else "refuses", str(e))
    if counts == f.counts:
        return Outcome(f, program.name, "agrees")
    if f.counts is None:
        return Outcome(f, program.name, "counts", f"{counts}")
    return Outcome(f, program.name, "other counts", f"{counts}, want {f.counts}")


def count_all(list_of_programs, seeds):
    """The outcomes of all files and programs."""
    with tempfile.TemporaryDirectory() as directory:
        path = str(pathlib.Path(directory, "file.csv"))
        for seed in range(1, seeds + 1):
            for f in generate.files(seed):
                pathlib.Path(path).write_bytes(f.data)
                for program in list_of_programs:
                    yield outcome(program, f, path)


def table(header, rows):
    """Lines of a table in Markdown."""
    line = lambda cells: "| " + " | ".join(cells) + " |"
    return [line(header), line(["---"] * len(header)), *map(line, rows), ""]


def dialect_table(outcomes, names):
    """How many files of each dialect each program counts correctly."""
    total, agreed, impossible = collections.Counter(), collections.Counter(), {}
    for o in outcomes:
        if o.file.counts is None:
            continue
        key = o.file.dialect.name, o.program
        total[key] += 1
        agreed[key] += o.kind == "agrees"
        if o.kind == "no option":
            impossible[key] = o.detail
    cell = lambda d, name: f"– ({impossible[d, name]})" if (d, name) in impossible else f"{agreed[d, name]} of {total[d, name]}"
    return table(["dialect", *names], [[d.name, *(cell(d.name, n) for n in names)] for d in generate.DIALECTS])


def explain(outcomes):
    """The outcomes of valid files that each explanation covers.

    It returns a list of what is not explained, too.
    """
    found, unexplained = collections.defaultdict(list), []
    for o in outcomes:
        if o.kind in ("agrees", "no option") or o.file.counts is None:
            continue
        e = next((e for e in explanations.EXPLANATIONS if e.covers(o)), None)
        if e:
            found[e].append(o)
        else:
            unexplained.append(o)
    return found, unexplained


def explanation_table(found):
    """The explanations with the number of files."""
    rows = []
    for e in explanations.EXPLANATIONS:
        if e in found:
            kinds = sorted({o.kind for o in found[e]}, reverse=True)
            rows.append([e.program, e.dialects or "any", e.contents or "any", " or ".join(kinds), str(len(found[e])), e.reason])
    return table(["program", "dialect", "content", "result", "files", "reason"], rows)


def damage_table(outcomes, names):
    """What each program does with each damaged file, and why it is refused."""
    kinds = {(o.file.content, o.program): {"agrees": "refuses", "counts": "**counts**"}[o.kind] for o in outcomes if o.file.counts is None}
    rows = [[d, *(kinds[d, n] for n in names), explanations.DAMAGES[d]] for d in generate.DAMAGES]
    return table(["row", *names, "why it is refused"], rows)


def report(outcomes, found, list_of_programs):
    """The text for the documentation."""
    names = [p.name for p in list_of_programs]
    valid = sum(1 for o in outcomes if o.program == names[0] and o.file.counts is not None)
    lines = [f"{valid} valid files and {len(generate.DAMAGES)} damaged ones, counted by " +
             ", ".join(f"{p.name} {p.version()}" for p in list_of_programs[1:]) + " and fastcount.", "",
             "Files that each program counts correctly:", "", *dialect_table(outcomes, names),
             "Disagreements about valid files:", "", *explanation_table(found),
             "Damaged files in the dialect comma:", "", *damage_table(outcomes, names)]
    return "\n".join(lines)


def check(path, text):
    """Whether the tables in a file are right. With other versions of the
    programs they may differ."""
    page = pathlib.Path(path).read_text()
    old = page.partition(BEGIN)[2].partition(END)[0].strip()
    if old.partition("\n")[0] != text.strip().partition("\n")[0]:
        print(f"{path}: not compared: made with other versions", file=sys.stderr)
        return True
    return old == text.strip()


def update(path, text):
    """Puts the text between the marks of the file."""
    page = pathlib.Path(path).read_text()
    before, _, rest = page.partition(BEGIN)
    pathlib.Path(path).write_text(f"{before}{BEGIN}\n\n{text.strip()}\n\n{END}{rest.partition(END)[2]}")


def problems(outcomes, found, unexplained):
    """What must not happen."""
    for o in outcomes:
        if o.program == "fastcount" and o.kind != "agrees":
            yield f"fastcount: {o.file.dialect.name}, {o.file.content}: {o.kind}: {o.detail}\n  {o.file.data}"
    for o in unexplained:
        if o.program != "fastcount":
            yield f"not explained: {o.program}: {o.file.dialect.name}, {o.file.content}: {o.kind}: {o.detail}\n  {o.file.data}"
    for e in explanations.EXPLANATIONS:
        if e not in found:
            yield f"explains nothing: {e}"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("fastcount", help="path of the program")
    parser.add_argument("--miller", default="mlr", help="path of the program")
    parser.add_argument("--seeds", type=int, default=1, help="number of files of each kind")
    parser.add_argument("--check", metavar="FILE", help="compare the tables with those in FILE")
    parser.add_argument("--update", metavar="FILE", help="replace the tables in FILE")
    args = parser.parse_args()
    list_of_programs = programs.programs(args.fastcount, args.miller)
    outcomes = list(count_all(list_of_programs, args.seeds))
    found, unexplained = explain(outcomes)
    text = report(outcomes, found, list_of_programs)
    print(text)
    bad = list(problems(outcomes, found, unexplained))
    for line in bad:
        print(line, file=sys.stderr)
    if args.update:
        update(args.update, text)
    if args.check and not check(args.check, text):
        print(f"{args.check}: other tables; run bench/dialects/compare.sh --update", file=sys.stderr)
        bad.append("")
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
