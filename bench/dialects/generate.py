"""Generates files in many dialects of CSV, together with their counts."""

import dataclasses
import random

NAMES = ["patient_id", "event_time", "event_type", "value"]
PATIENT, EVENT = 0, 2  # indexes of the key columns
ROWS = 12  # of each file


@dataclasses.dataclass(frozen=True)
class Dialect:
    """How records are written, in the terms of parser.Dialect."""

    name: str
    flags: tuple = ()  # of fastcount
    delimiter: str = ","
    quote: str = '"'  # "" if there are no quotes
    escape: str = ""
    comment: str = ""
    skip_lines: int = 0
    skip_rows: int = 0
    skip_footer: int = 0
    trim: bool = False
    ragged: bool = False
    header: bool = True
    repeated: bool = False  # the header occurs again among the rows
    end: str = "\n"


DIALECTS = [
    Dialect("comma"),
    Dialect("tab", ("-d", "tab"), delimiter="\t"),
    Dialect("semicolon", ("-d", ";"), delimiter=";"),
    Dialect("bar", ("-d", "|"), delimiter="|"),
    Dialect("control character", ("-d", r"\x01"), delimiter="\x01"),
    Dialect("two bytes", ("-d", "||"), delimiter="||"),
    Dialect("three bytes with blanks", ("-d", " | "), delimiter=" | "),
    Dialect("letter of two bytes", ("-d", "¦"), delimiter="¦"),
    Dialect("five bytes", ("-d", "<=|=>"), delimiter="<=|=>"),
    Dialect("single quotes", ("--quote", "'"), quote="'"),
    Dialect("no quotes", ("-d", "tab", "--quote", "none"), delimiter="\t", quote=""),
    Dialect("escape in quotes", ("--escape", "\\"), escape="\\"),
    Dialect("escape without quotes", ("-d", "tab", "--quote", "none", "--escape", "\\"), delimiter="\t", quote="", escape="\\"),
    Dialect("comments", ("--comment", "#"), comment="#"),
    Dialect("comments of two bytes", ("--comment", "//"), comment="//"),
    Dialect("lines before the header", ("--skip-lines", "2"), skip_lines=2),
    Dialect("rows after the header", ("--skip-rows", "1"), skip_rows=1),
    Dialect("trailer", ("--skip-footer", "1"), skip_footer=1),
    Dialect("blanks around fields", ("--trim",), trim=True),
    Dialect("ragged", ("--ragged",), ragged=True),
    Dialect("no header", ("--no-header",), header=False),
    Dialect("names without header", ("--columns", ",".join(NAMES)), header=False),
    Dialect("repeated headers", ("--repeated-headers", "skip"), repeated=True),
    Dialect("CRLF", end="\r\n"),
]


class Cannot(Exception):
    """A value or content cannot be written in a dialect."""


def is_special(d, value):
    """Whether a value must be quoted or escaped."""
    meaningful = d.delimiter + d.quote + d.escape + "\r\n"
    return (any(c in meaningful for c in value) or bool(d.comment) and value.startswith(d.comment)
            or d.trim and value != value.strip(" \t"))


def field(d, value, always=False):
    """A value as it is written. It is quoted if it must be, or always."""
    special = is_special(d, value)
    if d.quote and (special or always):
        if d.escape:
            value = value.replace(d.escape, d.escape * 2)
            return d.quote + value.replace(d.quote, d.escape + d.quote) + d.quote
        return d.quote + value.replace(d.quote, d.quote * 2) + d.quote
    if not special:
        return value
    if not d.escape:
        raise Cannot
    return "".join(d.escape + c if is_special(d, c) else c for c in value)


@dataclasses.dataclass
class File:
    dialect: Dialect
    content: str  # a key of CONTENTS or DAMAGES
    data: bytes
    counts: dict  # of (patient, event); None if the file is damaged


@dataclasses.dataclass
class Content:
    """What is particular about the rows of a file."""

    patients: tuple = ("P1", "P2", "P3")
    events: tuple = ("hr", "bp")
    values: tuple = ("1", "2.5", "")
    quote: bool = False  # all fields
    start: str = ""
    last_end: bool = True  # the last line has a line end
    between: str = ""  # follows some rows
    ends: tuple = ()  # line ends, instead of those of the dialect
    comment: str = ""  # text of comments


CONTENTS = {
    "plain": Content(),
    "all fields quoted": Content(quote=True),
    "empty ids": Content(patients=("P1", ""), events=("hr", "")),
    "delimiter in a value": Content(patients=("A{d}B", "P1"), events=("{d}", "hr"), values=("1{d}5", "2")),
    "quote in a value": Content(patients=('O"Neil', "O'Neil"), events=('"hr"', "'"), values=('5" tube', "it's")),
    "line feed in a value": Content(patients=("P1", "P2\nx"), values=("a\nb", "\n", "\n# x\n")),
    "CRLF in a value": Content(patients=("P1", "P2\r\nx"), values=("a\r\nb", "\r\n")),
    "blanks around values": Content(patients=(" P1", "P1 ", "P1"), events=("hr", " hr ")),
    "backslash in a value": Content(patients=("C:\\new", "\\", "a\\tb", "P1"), values=("\\N", "\\\\")),
    "comment mark in a value": Content(patients=("#1", "//2", "P1"), values=("#", "//")),
    "quotes in comments": Content(comment=' checked by "A"'),
    "values such as NULL": Content(patients=("NULL", "NA", "null", "None", "-"), events=("NaN", "true", "hr")),
    "numbers": Content(patients=("007", "7", "7.0", "1e3", "0x10", "+1", "1_000"), events=("1", "01")),
    "other alphabets": Content(patients=("Müller", "山田", "😀", "e\u0301", "é")),
    "NUL in a value": Content(patients=("P\x001", "P\x002", "P")),
    "byte order mark at the start": Content(start="\ufeff"),
    "empty lines": Content(between="{e}{e}"),
    "mixed line ends": Content(ends=("\n", "\r\n")),
    "no line end at the end": Content(last_end=False),
}


def rows_of(rng, d, c):
    """The values of the rows of a file."""
    fill = lambda text: text.replace("{d}", d.delimiter)
    keys = [(fill(rng.choice(c.patients)), fill(rng.choice(c.events))) for _ in range(ROWS)]
    return [[p, "2026-01-02", e, fill(rng.choice(c.values))] for p, e in keys]


def lines_of(rng, d, c, rows):
    """The lines of a file, without line ends, each with whether it is a row."""
    join = lambda values: d.delimiter.join(pad(rng, d, field(d, v, c.quote)) for v in values)
    lines = [("Report", False), ("of today", False)][:d.skip_lines]
    if d.header:
        lines.append((join(NAMES), False))
    lines += [(d.delimiter.join(["-"] * len(NAMES)), False)] * d.skip_rows
    for i, row in enumerate(rows):
        if d.ragged and i % 3:
            row = row[:EVENT + 1] if i % 3 == 1 else row + ["extra"]
        lines.append((join(row), True))
        if d.comment and i % 4 == 0:
            lines.append((d.comment + (c.comment or " checked, ok"), False))
        if d.repeated and i % 5 == 4:
            lines.append((join(NAMES), False))
    lines += [(d.delimiter.join(["T"] + [str(len(rows))] * (len(NAMES) - 1)), False)] * d.skip_footer
    return lines


def pad(rng, d, text):
    """A field with blanks around it, if the dialect has them."""
    return rng.choice(["", "", " ", "  "]) + text + rng.choice(["", "", " "]) if d.trim else text


def make(d, name, seed):
    """A file of a dialect with a content. It may raise Cannot."""
    rng = random.Random(f"{seed} {d.name} {name}")
    c = CONTENTS[name]
    if c.comment and not d.comment:
        raise Cannot
    rows = rows_of(rng, d, c)
    text = c.start
    lines = lines_of(rng, d, c, rows)
    for i, (line, is_row) in enumerate(lines):
        end = rng.choice(c.ends) if c.ends else d.end
        text += line + (end if c.last_end or i + 1 < len(lines) else "")
        if is_row and rng.random() < 0.3:
            text += c.between.replace("{e}", end)
    counts = {}
    for row in rows:
        key = row[PATIENT], row[EVENT]
        counts[key] = counts.get(key, 0) + 1
    return File(d, name, text.encode(), counts)


# Rows that are not valid in the dialect "comma". fastcount must refuse each.
DAMAGES = {
    "quote in an unquoted field": 'P1,t,h"r,1\n',
    "text after a quoted field": 'P1,t,"hr"x,1\n',
    "blank before a quoted field": 'P1,t, "hr",1\n',
    "blank after a quoted field": 'P1,t,"hr" ,1\n',
    "quotes escaped by a backslash": 'P1,t,"h\\"r",1\n',
    "quoted field that is not closed": 'P1,t,"hr,1\nP2,t,bp,1\n',
    "row with a field too few": "P1,t,hr\n",
    "row with a field too many": "P1,t,hr,1,2\n",
    "delimiter at the end of a row": "P1,t,hr,1,\n",
    "row with another delimiter": "P1;t;hr;1\n",
    "carriage return instead of a line feed": "P1,t,hr,1\rP2,t,bp,1\n",
    "two carriage returns": "P1,t,hr,1\r\r\n",
    "line of a blank": " \n",
    "header again": ",".join(NAMES) + "\n",
    "byte order mark before a row": "\ufeffP1,t,hr,1\n",
    "row cut off": "P1,t,h",
}


def damaged(name):
    """A file of the dialect "comma" with an invalid row."""
    text = ",".join(NAMES) + "\nP1,t,hr,1\nP2,t,\"bp\",\"a,b\"\n" + DAMAGES[name]
    return File(DIALECTS[0], name, text.encode(), None)


def files(seed):
    """All files."""
    for d in DIALECTS:
        for name in CONTENTS:
            try:
                yield make(d, name, seed)
            except Cannot:
                pass
    for name in DAMAGES:
        yield damaged(name)
