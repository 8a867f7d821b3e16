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
//	bits   literals and lengths          distances
//	0-5    bits of the codewords and of the extra bits after them
//	6-7    number of literals, 0 to 2    0
//	8-11   bits of the codewords
//	14     1 if there is no length       0
//	15     1 for a special entry
//	16-23  first literal                 lowest distance,
//	24-31  second literal, or length-3   16 bits
//
// An entry has two literals, or a literal and the length that follows it, if
// their codewords fit into an index together. This saves look-ups and, more
// important, branches that cannot be predicted: in CSV the number of literals
// before a match is most often 0 or 1.
//
// A codeword that is longer than an index begins with the index of a special
// entry: bits 0-5 hold the number of bits by which a subtable is indexed, and
// bits 16-31 its position. In the subtable, entries count all bits of their
// codewords. All other special entries stop the loop.
//
// # Refilling
//
// The bit buffer is a word of 64 bits, of which the low left ones are valid. To
// refill it, 8 bytes are loaded, shifted by left, and combined with it. This
// makes 56 to 63 bits valid; the position in the input advances by the whole
// bytes of these. Above them are further bits of the input, which the next
// refill combines with themselves. The position of the next symbol is therefore
// always 8*pos - left in bits, wherever the loop stops. The loop keeps used =
// 63
// - left, to which the low bits of an entry are added: its other bits do not
// matter, because only the low 6 bits of used are.
//
// The loop refills once for each iteration, between the look-ups of a length
// and its distance. So the refill takes no time: what is on the critical path,
// from one look-up to the next, is a shift and a mask. An iteration begins with
// at least 28 bits. An entry for a length uses at most 20, so that 8, the index
// of a distance, remain before the refill. After it there are at least 56, of
// which a distance uses at most 28, and a second entry of literals 11.
//
// # Writing after the end
//
// Two bytes are written for an entry of any number of literals, and a match is
// copied in pieces of 16 bytes, the first two of them unconditionally. These
// writes may go up to 31 bytes beyond the decoded data. An iteration that
// begins before the limit of the window writes at most 4 bytes of literals, or
// one and a match of 258 bytes, and these 31, which is less than [outputSlack].
// What lies beyond the data is never returned, and never copied by a match
// before it was overwritten, because a distance is compared with the number of
// decoded bytes.
//
// # Speed
//
// GB/s of decoded text on one core of a Zen 5 EPYC, checksums verified, for CSV
// of 31 MB (bench/inflate/run):
//
//	                          gzip -6   gzip -1   bgzip
//	ISA-L 2.30 (igzip)          1.75      1.50     1.60
//	libdeflate 1.14             1.48      1.96     1.34
//	this package                2.10      1.96     1.78
//	this package, purego        1.83      1.59     1.62
//	klauspost/compress          0.51      0.47     0.47
//	compress/gzip               0.38      0.33     0.36
package inflate
