package mockserver_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"

	"fastcount/mockserver"
)

// The server is a handler, to use with httptest or http.Server.
func ExampleNew() {
	handler, err := mockserver.New(mockserver.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	server := httptest.NewServer(handler)
	defer server.Close()

	answer, err := http.Get(server.URL + "/api/export")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer answer.Body.Close()
	_, err = io.Copy(os.Stdout, answer.Body)
	fmt.Println(err)
	// Output: {"data":{"export_ids":["demo","small","large"]}}<nil>
}

// A test of a client defines exports and faults. Here the first request for
// data fails.
func ExampleNew_faults() {
	rows := mockserver.Bytes([]byte("patient_id,event_type\nP1,bp\n"))
	export := mockserver.Export{ID: "ward", Downloads: []mockserver.Download{{ID: "first", Rows: 1, Body: rows}}}
	busy := mockserver.Fault{Do: mockserver.Status(http.StatusServiceUnavailable), From: 1, To: 1}
	handler, err := mockserver.New(mockserver.Options{Exports: []mockserver.Export{export}, Faults: []mockserver.Fault{busy}})
	if err != nil {
		fmt.Println(err)
		return
	}
	for range 2 {
		answer := httptest.NewRecorder()
		handler.ServeHTTP(answer, httptest.NewRequest("GET", "/api/export/ward/first/data", nil))
		fmt.Println(answer.Code, answer.Body)
	}
	// Output:
	// 503 {"detail":"Service Unavailable"}
	// 200 patient_id,event_type
	// P1,bp
}
