// Package parser turns a stream of CSV bytes into blocks of whole records, without allocating per record.
//
// It means strict CSV as encoding/csv does (RFC 4180 with LF or CRLF, every record as wide as the header), with
// four deviations: a carriage return outside quotes that is not followed by a line feed is an error; CRLF inside
// quotes is kept; one UTF-8 byte order mark at the beginning is skipped; UTF-16 and UTF-32 are refused.
//
// There are two roads to a Block. The careful one (careful.go) is the specification: it looks at each byte in
// turn. The regular one (regular.go) takes the separators that a kernel of internal/simd found and proves that in
// this stretch of input they are the ends of fields; where it cannot prove that, it gives no answer and the
// careful road decides. So what is an error, and where, is said in one place.
//
// The result does not depend on how the bytes arrive, nor on the size of the buffer.
package parser
