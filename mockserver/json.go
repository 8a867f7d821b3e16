package mockserver

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"
)

// The types below are the JSON values of the API. The order of their fields is
// the order of the keys in the response.

// envelope is the body of every successful response.
type envelope struct {
	Data any `json:"data"`
}

type exportIDs struct {
	ExportIDs []string `json:"export_ids"`
}

type listing struct {
	ID          string   `json:"id"`
	DownloadIDs []string `json:"download_ids"`
}

type metadata struct {
	ID         string   `json:"id"`
	Rows       uint64   `json:"rows"`
	EventTypes []string `json:"event_types"`
	Patients   []string `json:"patients"`
	StartTime  string   `json:"start_time"`
	EndTime    string   `json:"end_time"`
}

// problem is the body of an error response. Detail is a string or invalidUUID.
type problem struct {
	Detail any `json:"detail"`
}

type invalid struct {
	Loc  []string `json:"loc"`
	Msg  string   `json:"msg"`
	Type string   `json:"type"`
}

var invalidUUID = []invalid{{
	Loc: []string{"path", "download_id"}, Msg: "value is not a valid uuid", Type: "type_error.uuid",
}}

func exportList(exports []Export) *exportIDs {
	list := &exportIDs{ExportIDs: make([]string, len(exports))}
	for i, e := range exports {
		list.ExportIDs[i] = e.ID
	}
	return list
}

func newListing(e *Export) *listing {
	l := &listing{ID: e.ID, DownloadIDs: make([]string, len(e.Downloads))}
	for i, d := range e.Downloads {
		l.DownloadIDs[i] = d.ID
	}
	return l
}

func newMetadata(d *Download) *metadata {
	return &metadata{
		ID: d.ID, Rows: d.Rows, EventTypes: list(d.Events), Patients: list(d.Patients),
		StartTime: isoFormat(d.Start), EndTime: isoFormat(d.End),
	}
}

// list returns a copy of s that is not nil, which would be null in JSON.
func list(s []string) []string {
	return append([]string{}, s...)
}

// isoFormat formats t as Python's datetime.isoformat does: with six decimals or
// none, and without a zone.
func isoFormat(t time.Time) string {
	layout := "2006-01-02T15:04:05"
	if t.Nanosecond() >= 1000 {
		layout += ".000000"
	}
	return t.Format(layout)
}

// moved returns a result of isoFormat with d added to the time.
func moved(text string, d time.Duration) string {
	t, err := time.Parse("2006-01-02T15:04:05", text)
	if err != nil {
		panic(fmt.Sprintf("mockserver: %v", err)) // isoFormat has this layout
	}
	return isoFormat(t.Add(d))
}

// encode returns v as compact JSON without HTML escapes.
func encode(v any) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		panic(fmt.Sprintf("mockserver: encoding %T: %v", v, err)) // the types above can always be encoded
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}
