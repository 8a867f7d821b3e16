package engine

// Report is the answer of a run. It is the same, field for field, for any number of workers, buffer size and
// order of arrival; only PartReport.Attempts depends on how the network behaved.
type Report struct {
	Patients []string     // the patient ids that occurred, sorted by their bytes, each valid UTF-8
	Events   []string     // the event types that occurred, sorted by their bytes, each valid UTF-8
	Pairs    []Pair       // sorted by patient, then event; a pair that never occurred is left out
	Totals   []uint64     // rows of each event type, in the order of Events
	Rows     uint64       // data rows of all parts; the sum of Totals and the sum of all Pair.Count
	Bytes    uint64       // decoded CSV bytes of all parts, headers included
	Parts    []PartReport // in the order in which the parts were given
}

// Pair says how often one patient had one event type.
type Pair struct {
	Patient uint32 // index into Report.Patients
	Event   uint32 // index into Report.Events
	Count   uint64 // always more than 0
}

// PartReport says what was read from one part.
type PartReport struct {
	Name     string
	Rows     uint64
	Bytes    uint64 // decoded CSV bytes
	RawBytes uint64 // bytes taken from the source; differs from Bytes where it was compressed
	Attempts int    // 1 where the first attempt succeeded
	Verified Proof
}

// Proof says what showed that a part was read to its proper end.
type Proof uint8

const (
	ProofNone    Proof = iota // a plain file or pipe: its end is all there is
	ProofFraming              // the transport or the compression proved the end
	ProofRows                 // the rows counted are the rows that the server declared
)

// String returns none, framing or rows.
func (p Proof) String() string {
	return [...]string{"none", "framing", "rows"}[p]
}
