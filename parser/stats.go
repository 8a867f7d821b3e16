package parser

// Stats counts what a [Reader] left out or tolerated, so that it can be
// reported.
type Stats struct {
	Multiline       uint64 // records that span several lines
	Ragged          uint64 // records with another number of fields than the header
	Comments        uint64 // lines that are comments
	RepeatedHeaders uint64 // records left out because they repeat the header
	SkippedRows     uint64 // records left out after the header and at the end
	EmptyInputs     uint64 // inputs of 0 bytes
}

// Add adds the counts of o to s.
func (s *Stats) Add(o Stats) {
	s.Multiline += o.Multiline
	s.Ragged += o.Ragged
	s.Comments += o.Comments
	s.RepeatedHeaders += o.RepeatedHeaders
	s.SkippedRows += o.SkippedRows
	s.EmptyInputs += o.EmptyInputs
}
