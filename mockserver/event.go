package mockserver

import "fmt"

// event is an event type: its field in a row, and what its values are drawn from.
type event struct {
	token
	normal
}

// normal is a normal distribution, clamped.
type normal struct {
	mean, deviation float64
	low, high       int
}

// normals says what the values of each event type of the built-in exports look like.
var normals = map[string]normal{
	"heart_rate": {75, 15, 30, 200},
	"spo2":       {97, 2, 70, 100},
	"bp_sys":     {120, 20, 60, 250},
	"bp_dia":     {80, 15, 30, 150},
}

func newEvent(name string) event {
	return event{newToken(name), normals[name]}
}

// value turns a draw into the last field of a row.
func (n *normal) value(draw float64) lastField {
	return lastFields[uint8(min(max(int(draw), n.low), n.high))]
}

// lastField is a value and its line feed, at most four bytes, the first byte lowest.
type lastField struct {
	text uint32
	size int
}

// lastFields has every value that a clamp can give.
var lastFields = func() (fields [256]lastField) {
	for v := range fields {
		text := fmt.Sprintf("%d\n", v)
		fields[v].size = len(text)
		for i := range len(text) {
			fields[v].text |= uint32(text[i]) << (8 * i)
		}
	}
	return fields
}()
