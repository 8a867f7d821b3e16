package mockserver

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"
)

// The JSON of the API. The order of the fields is the order of the keys.

// envelope is around every answer that is no error.
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

// problem is the body of an error. Detail is a text, or invalidUUID.
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

// list makes nil an empty list, which JSON tells apart from null.
func list(s []string) []string {
	return append([]string{}, s...)
}

// isoFormat is datetime.isoformat of Python: six decimals or none, no zone.
func isoFormat(t time.Time) string {
	layout := "2006-01-02T15:04:05"
	if t.Nanosecond() >= 1000 {
		layout += ".000000"
	}
	return t.Format(layout)
}

// encode returns v as compact JSON, with < > & as themselves, without a line feed.
func encode(v any) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		panic(fmt.Sprintf("mockserver: %T cannot be JSON: %v", v, err)) // the types above always can
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}
