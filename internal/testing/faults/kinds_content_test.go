package faults

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"fastcount/internal/testing/simnet"
)

// metadata holds the members of a response of the API, as JSON.
type metadata map[string]string

func (d metadata) json() []byte {
	var members []string
	for _, key := range slices.Sorted(maps.Keys(d)) {
		members = append(members, quoteJSON(key)+":"+d[key])
	}
	return []byte(`{"data":{` + strings.Join(members, ",") + `}}`)
}

// with returns d with another value, or without the key if value is "".
func (d metadata) with(key, value string) metadata {
	d = maps.Clone(d)
	if d[key] = value; value == "" {
		delete(d, key)
	}
	return d
}

func quoteJSON(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(text)
}

// sendsJSON returns an attempt with another response of the API.
func (m *maker) sendsJSON(content []byte, want effect) attempt {
	r, _ := m.response(content)
	return sends(r.Answer(), want)
}

var malformed = fails(once, classMetadata)

// badIDs are not valid in a URL.
var badIDs = []string{"..", ".", "a/b", "a?b", "%2e%2e", "", "a\x00b", strings.Repeat("x", 10_000), "a b", "ä", "a\nb",
	"a#b", "a%2fb", `a\b`}

var listKinds = []kind{
	{"API: an id twice", onList, func(m *maker) attempt {
		return m.sendsJSON(m.meta.with("download_ids", `["a","b","a"]`).json(), malformed)
	}},
	{"API: an impossible id", onList, func(m *maker) attempt {
		return m.sendsJSON(m.meta.with("download_ids", quoteJSON([]string{"a", one(m, badIDs...)})).json(), malformed)
	}},
	{"API: no list of downloads", onList, func(m *maker) attempt {
		list := one(m, "", "null", `"a"`, "{}", "[1]", "[null]", `[["a"]]`)
		return m.sendsJSON(m.meta.with("download_ids", list).json(), malformed)
	}},
	{"API: list empty", onList, func(m *maker) attempt {
		return m.sendsJSON(m.meta.with("download_ids", "[]").json(), malformed)
	}},
	{"API: echoed id differs", onAPI, func(m *maker) attempt {
		return m.sendsJSON(m.meta.with("id", one(m, "", `"other"`, "1", "null", `""`)).json(), malformed)
	}},
	{"API: JSON cut", onAPI, func(m *maker) attempt {
		return m.sendsJSON(m.truth[:m.IntN(len(m.truth))], malformed)
	}},
	{"API: JSON broken", onAPI, func(m *maker) attempt {
		truth := string(m.truth)
		text := one(m, truth+"}", strings.Replace(truth, `"data"`, "data", 1), `{"data":[]}`, "[]", "null",
			strings.Repeat("[", 1000), `{"data":`+strings.Repeat(`{"a":`, 400))
		return m.sendsJSON([]byte(text), malformed)
	}},
}

var metaKinds = []kind{
	{"API: rows wrong", onMeta, func(m *maker) attempt {
		return m.declares(func(d *declaration) {
			d.rows += uint64(1 + m.IntN(2))
			if d.rows > 3 && m.IntN(2) == 0 {
				d.rows -= uint64(2 + m.IntN(2))
			}
		})
	}},
	{"API: rows absent", onMeta, func(m *maker) attempt {
		return m.sendsJSON(m.meta.with("rows", "").json(), malformed)
	}},
	{"API: rows malformed", onMeta, func(m *maker) attempt {
		rows := one(m, `"12"`, "-1", "1.5", "1e2", "9223372036854775808", "null", "[]", "true", "12x", "01", "+1")
		return m.sendsJSON(m.meta.with("rows", rows).json(), malformed)
	}},
	{"API: patient not in the list", onMeta, func(m *maker) attempt {
		return m.declares(func(d *declaration) { d.patients = d.patients[1:] })
	}},
	{"API: event type not in the list", onMeta, func(m *maker) attempt {
		return m.declares(func(d *declaration) { d.events = d.events[1:] })
	}},
	{"API: no list of names", onMeta, func(m *maker) attempt {
		list := one(m, "", "null", "{}", `"x"`, "[1]", `["x",null]`)
		return m.sendsJSON(m.meta.with(one(m, "patients", "event_types"), list).json(), malformed)
	}},
	{"between attempts: other metadata, cut", onMeta, func(m *maker) attempt {
		r, e := m.response(m.meta.with("rows", "7").with("patients", `["`+poisonMark+`1"]`).json())
		r.Framing = simnet.Framing(m.IntN(2))
		wire, body := r.Wire()
		return m.cut(r, e, m.IntN(len(wire)-body), m.end())
	}},
}

// declares returns a valid response with other metadata.
func (m *maker) declares(change func(d *declaration)) attempt {
	d := m.judge(m.truth).declared
	change(&d)
	meta := m.meta.with("rows", fmt.Sprint(d.rows)).with("patients", quoteJSON(d.patients))
	return m.sendsJSON(meta.with("event_types", quoteJSON(d.events)).json(), effect{declared: d})
}

// record returns another record in the style of data.
func record(data []byte) string {
	text := string(data)
	line, _, _ := strings.Cut(text, "\n")
	line = strings.TrimSuffix(line, "\r")
	values := strings.NewReplacer("patient_id", poisonMark+"7", "event_time", "t", "event_type", "bp_sys", "value", "1")
	line = values.Replace(line)
	if !strings.HasSuffix(text, "\n") {
		return "\n" + line
	}
	return line + "\n"
}

// few returns content with few rows, well below every limit.
func (m *maker) few() []byte {
	return table(m.Rand, 1+m.IntN(9), []string{poisonMark + "5"}, []string{"bp_sys"})
}

var dataKinds = []kind{
	{"data: of another patient", onData, func(m *maker) attempt { return m.whole(m.poison(m.Rand)) }},
	{"data: a row too many", onData, func(m *maker) attempt {
		return m.whole([]byte(string(m.truth) + record(m.truth)))
	}},
	{"data: a row too few", onData, func(m *maker) attempt {
		at := bytes.LastIndexByte(bytes.TrimSuffix(m.truth, []byte("\n")), '\n')
		if at < 0 {
			return m.whole(m.few())
		}
		return m.whole(m.truth[:at+1])
	}},
	{"data: malformed", onData, func(m *maker) attempt {
		data := string(m.few())
		bad := one(m, "x\n", "\"", "a,b\rc,d,e\n", data, "a,\"b\"x,c,d\n", "a,b\"x,c,d\n", "1,2,3,4,5\n", "\xff,\xff,\xff,\xff\n")
		return m.whole([]byte(data + "\n" + bad))
	}},
	{"data: malformed, and then cut", onData, func(m *maker) attempt {
		data := string(m.few()) + "\nx\n" + strings.Repeat("another line that is no record\n", 2500)
		r, e := m.responseIn(codings[m.IntN(3)], []byte(data))
		r.Framing = simnet.Framing(m.IntN(2))
		wire, body := r.Wire()
		a := m.cut(r, e, (len(wire)-body)/2+m.IntN(len(wire)-body)/2, m.end())
		return a
	}},
	{"between attempts: other data", onData, func(m *maker) attempt {
		d := m.declared
		if len(d.patients) == 0 || len(d.events) == 0 || d.rows > 10_000 {
			return m.good()
		}
		return m.whole(table(m.Rand, int(d.rows), d.patients, d.events))
	}},
	{"between attempts: other data, cut", onData, func(m *maker) attempt {
		r, e := m.response(m.poison(m.Rand))
		r.Framing = simnet.Framing(m.IntN(2))
		wire, body := r.Wire()
		return m.cut(r, e, m.IntN(len(wire)-body), m.end())
	}},
}
