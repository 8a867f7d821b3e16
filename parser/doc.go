// Package parser reads CSV and returns the fields of selected columns in blocks
// of complete records. It does not allocate memory per record.
//
// # Terminology
//
//   - An input is a sequence of bytes with an end of its own, such as a file or
//     a download. Offsets are counted from its first byte after decompression.
//   - A record is a sequence of fields, separated by delimiters and terminated
//     by a line end, which is LF or CRLF. A record may span several lines,
//     because line ends may occur inside quotes. Empty lines are not records.
//   - A field is quoted if its first byte is a quote. In a quoted field, two
//     quotes represent one.
//   - The header is the first record of an input, unless [Dialect.NoHeader] is
//     set. It contains the column names. All records have the same number of
//     fields as the first one.
//   - A dialect is a set of rules by which bytes form records. See [Dialect].
//   - A structural character is a delimiter, a quote, a CR or an LF.
//   - A [Block] is a sequence of complete records in memory, together with the
//     positions of the fields of the selected columns.
//   - A byte range is a piece of an input that has its own Reader, so that
//     several workers can share one input. See [Range].
//
// # Format
//
// The format is that of RFC 4180 as encoding/csv reads it by default, unless
// [Dialect] differs from its zero value, with the following differences:
//
//   - A CR outside quotes must be followed by an LF.
//   - A CRLF inside quotes is kept as it is.
//   - A UTF-8 byte order mark at the start of the input is skipped. Anywhere
//     else at the beginning of a record it is an error.
//   - UTF-16 and UTF-32 are not supported. Inputs that begin with the byte
//     order mark of one of them are rejected.
//   - A record that equals the header is an error, because it shows that two
//     files were concatenated.
//   - A CR in a comment must be followed by an LF.
//   - [Limits] bounds the records.
//
// # Implementation
//
// There are two ways to make a Block. The record parser reads one byte at a
// time and is the specification: it alone determines which inputs are valid,
// and where an error is. The block parser is the fast path. It takes the
// offsets of the structural characters, which a kernel of internal/simd has
// found, and verifies that they are exactly the ends of the fields of records
// of the right width. If it cannot verify this, it returns nothing, and the
// record parser reads the block. The record parser reads all blocks if the
// delimiter has several bytes, or if fields are trimmed.
//
// The result does not depend on how the bytes arrive, on the size of the
// buffer, or on the kernel.
package parser
