"""Why programs disagree with fastcount about files in generate.py."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Explanation:
    """Explains outcomes of valid files. The first that covers one is its reason."""

    program: str
    dialects: str  # names, separated by "; "; "" for any
    contents: str
    reason: str

    def covers(self, o):
        return (o.program == self.program
                and (not self.dialects or o.file.dialect.name in self.dialects.split("; "))
                and (not self.contents or o.file.content in self.contents.split("; ")))


EXPLANATIONS = [
    Explanation("DuckDB", "", "mixed line ends", "All lines of a file must have the same end."),
    Explanation("DuckDB", "escape without quotes", "", "An escape has no meaning outside quotes: backslashes are data."),
    Explanation("DuckDB", "blanks around fields", "",
                "There is no option; blanks are removed in SQL, after a quote that follows a blank was read as data."),
    Explanation("DuckDB", "no header; names without header", "CRLF in a value",
                "The line end of the file is taken from its first line, here from one inside quotes."),
    Explanation("Python csv", "blanks around fields", "",
                "Only blanks before a field can be skipped. A blank after a closing quote is an error (strict) or data."),
    Explanation("Miller", "", "CRLF in a value", "CRLF inside quotes becomes LF."),
    Explanation("Miller", "comments; comments of two bytes", "comment mark in a value",
                "A value that begins with the comment mark makes its record a comment, although the value is quoted."),
    Explanation("Miller", "", "quotes in comments", "A comment is read as a record first; a quote in it is an error."),
    Explanation("Miller", "", "empty lines", "An empty line is a record of one field."),
    Explanation("Miller", "two bytes; three bytes with blanks; letter of two bytes; five bytes", "",
                "Delimiters of several bytes exist only in the format csvlite, which reads quotes in another way."),
    Explanation("Miller", "no quotes; escape without quotes", "byte order mark at the start",
                "The format tsv keeps a byte order mark, which becomes part of the first name."),
    Explanation("Miller", "no quotes", "backslash in a value", "The format tsv translates \\n and \\t."),
    Explanation("Miller", "escape without quotes", "", "The format tsv has escapes for tab, line feed, CR and backslash only."),
    Explanation("Miller", "blanks around fields", "", "There is no option; blanks are removed afterwards, and a quote after a blank is an error."),
]

DAMAGES = {
    "quote in an unquoted field": "It may be the beginning of a quoted field whose delimiter is missing.",
    "text after a quoted field": "The quote may be one that should be doubled.",
    "blank before a quoted field": "The blank may belong to the value: --trim decides.",
    "blank after a quoted field": "The blank may belong to the value: --trim decides.",
    "quotes escaped by a backslash": "The dialect has no escape: --escape sets one.",
    "quoted field that is not closed": "The rest of the file would be one value.",
    "row with a field too few": "The fields may be shifted: --ragged allows it.",
    "row with a field too many": "The fields may be shifted: --ragged allows it.",
    "delimiter at the end of a row": "It makes one field more: --ragged allows it.",
    "row with another delimiter": "It makes a row of one field.",
    "carriage return instead of a line feed": "It may be data or a line end.",
    "two carriage returns": "A transfer changed the line ends, and perhaps others.",
    "line of a blank": "It is a record of one field.",
    "header again": "Files were concatenated: --repeated-headers skip.",
    "byte order mark before a row": "Files were concatenated.",
    "row cut off": "The file may be truncated.",
}
