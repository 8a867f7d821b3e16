// Package fastcount is the root of a program that counts the events of each patient in very large CSV exports, and
// holds no code. A tour of the rooms, in the direction in which bytes flow:
//
//   - sources: where bytes come from: files, standard input, URLs, the downloads of an export
//   - parser: bytes become blocks of whole records; what CSV means is said in parser/record.go
//   - engine: blocks become counts, counts a report; the story is in engine/engine.go
//   - sinks: the report becomes JSON, CSV, NDJSON, a table, or a format of your own
//   - cmd/fastcount: the command line, the only room that speaks to people
//   - mockserver: the built-in export server, and the double that tests count against
//   - internal/simd, internal/intern: the two inner loops: finding separators, numbering names
//   - internal/state, internal/atomicfile: what --state keeps; files that are whole or not there
//   - internal/oracle, internal/corpus: the slow answer that everything is compared with, and the inputs
//   - internal/plan, internal/merge: work shared out; partial results added up
//   - internal/simnet, internal/testing/proof: a network in memory that fails on purpose; counting what tests try
//   - fuzz, bench: targets and benchmarks for every stage
//
// Which room may know which other is kept by deps_test.go.
package fastcount
