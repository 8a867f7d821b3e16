// Package inflate decodes DEFLATE streams (RFC 1951) and gzip members (RFC
// 1952). A [Reader] or [Member] returns slices of its window, so that the
// decoded bytes need not be copied, and leaves its [Input] at the first byte
// after the stream. Once a stream was decoded, others need no memory.
//
// A stream is accepted exactly if compress/flate accepts it, and errors name
// the rule that it violates. There is one difference: a code without an end of
// the block is refused where it is defined, because the block could only end
// in an error.
//
// # Two decoders
//
// [Reader.fast] decodes ordinary symbols with tables. It stops before any other
// one: the end of a block, a codeword that is not used, a reserved symbol, a
// distance that is too long, or any symbol within the last [inputMargin] bytes
// of the input. [Reader.step] decodes such a symbol by reading its codeword bit
// by bit. It uses no tables, does not assume that there is more input, and is
// both the reference implementation and the only place where errors are made.
//
// The fast loop accesses its buffers through the type memory. With the build
// tag purego, and on processors that are not little-endian or not known to
// allow unaligned accesses, these accesses are checked.
//
// # Entries
//
// A table is indexed by the next bits of the input, [litBits] or [distBits] of
// them. Its entries have 32 bits:
//
//	bits   literals                      length or distance
//	0-5    bits of the codewords         bits of the codeword and extra bits
//	8-11   number of literals, 1 or 2    bits of the codeword
//	13     1                             0
//	14     0                             1 if the loop must stop
//	15     0                             1 if a subtable follows
//	16-31  the literals                  lowest length or distance
//
// If two literals have codewords that fit into an index together, their entry
// holds both. A codeword that is longer than an index begins with the index of
// an entry that refers to a subtable: bits 8-11 have the number of bits by
// which the subtable is indexed, and bits 16-31 have its position.
//
// # Refilling
//
// The bit buffer is a word of 64 bits, of which the low left ones are valid. To
// refill it, 8 bytes are loaded, shifted by left, and combined with it. This
// makes 56 to 63 bits valid; the position in the input advances by the whole
// bytes of these. Above them are further bits of the input, which the next
// refill combines with themselves. The position of the next symbol is therefore
// always 8*pos - left in bits, wherever the loop stops.
//
// A match needs at most 48 bits: 15 + 5 for the length and 15 + 13 for the
// distance. The loop refills after each match and after up to three entries of
// literals, which use at most 33 bits. An iteration begins with 56 bits and
// refills at most twice, so that it loads less than inputMargin bytes.
//
// # Writing after the end
//
// An entry of literals is always written as two bytes, and a match is copied in
// pieces of 16 bytes, the first two of them unconditionally. These writes may
// go up to 31 bytes beyond the decoded data. An iteration that begins before
// the limit of the window writes at most 4 bytes of literals, a match of 258
// bytes, and these 31, which is less than [outputSlack]. What lies beyond the
// data is never returned, and never copied by a match before it was
// overwritten, because a distance is compared with the number of decoded bytes.
package inflate
