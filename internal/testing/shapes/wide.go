package shapes

import (
	"math/rand/v2"
	"strings"
)

// otherColumns are the 36 additional columns of the shape wide, by gap. Each is
// a name followed by its values.
var otherColumns = [5][][]string{
	{ // columns 1 to 5; patient_id is 6
		{"tenant", "north", "south", "east", "west"},
		{"site", "A1", "A2", "B1", "B2", "C7"},
		{"ward", "icu", "er", "cardiology", "surgery", "ward 12"},
		{"room", "101", "102", "117", "204", "310"},
		{"bed", "1", "2", "3", "4"},
	},
	{ // columns 7 to 12; event_time is 13
		{"sex", "f", "m", ""},
		{"birth_year", "1938", "1947", "1956", "1971", "1989", "2003"},
		{"height_cm", "158", "164", "171", "176", "183", ""},
		{"weight_kg", "52.5", "61", "70.25", "84", "97.5", ""},
		{"blood_group", "0+", "A+", "B+", "AB-", ""},
		{"language", "de", "en", "fr", "tr"},
	},
	{ // columns 14 to 21; event_type is 22
		{"time_zone", "UTC", "Europe/Berlin"},
		{"device", "mon-0017", "mon-0233", "pump-04", "cuff-9"},
		{"model", "MX450", "MX550", "B650", ""},
		{"firmware", "4.0.1", "4.1.0", "4.1.12"},
		{"battery", "0.31", "0.58", "0.97", "1"},
		{"signal", "good", "fair", "poor"},
		{"channel", "0", "1", "2", "3"},
		{"source", "auto", "nurse", "lab"},
	},
	{ // columns 23 to 30; value is 31
		{"code", "8867-4", "59408-5", "8480-6", "8462-4"},
		{"unit", "/min", "%", "mm[Hg]"},
		{"method", "cuff", "optical", "ecg", ""},
		{"body_site", "left arm", "right arm", "finger", "chest", ""},
		{"position", "sitting", "lying", "standing", ""},
		{"flag", "", "", "", "L", "H"},
		{"low", "30", "60", "70"},
		{"high", "100", "150", "200", "250"},
	},
	{ // columns 32 to 40
		{"quality", "1", "2", "3"},
		{"confidence", "0.8", "0.95", "0.999"},
		{"samples", "1", "5", "12", "60"},
		{"operator", "n.k.", "m.o.", "j.s.", ""},
		{"reviewed", "true", "false"},
		{"batch", "b71", "b72", "b73", "b74"},
		{"schema", "v2", "v3"},
		{"encounter", "E20418", "E20977", "E31002", "E31555"},
		{"note", "", "", "", "moved", "repeat", "after meal"},
	},
}

// wideGaps returns the gaps of the shape wide, each with 64 combinations of the
// values of its columns.
func wideGaps(random *rand.PCG) (gaps [5]gap) {
	for i, columns := range otherColumns {
		first := func(column []string) string { return column[0] }
		drawn := func(column []string) string { return column[1+below(random, uint64(len(column)-1))] }
		gaps[i].header = joined(i, columns, first)
		for range 64 {
			gaps[i].texts = append(gaps[i].texts, joined(i, columns, drawn))
		}
	}
	return gaps
}

// joined returns the text of gap i with one field of each column. Delimiters
// surround it, except that a record begins with gap 0 and ends with gap 4.
func joined(i int, columns [][]string, field func(column []string) string) string {
	var text strings.Builder
	for n, column := range columns {
		if i > 0 || n > 0 {
			text.WriteByte(',')
		}
		text.WriteString(field(column))
	}
	text.WriteByte(",,,,\n"[i])
	return text.String()
}
