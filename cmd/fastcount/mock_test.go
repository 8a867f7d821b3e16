package main

import (
	"io"
	"net/http"
	"testing"
	"time"

	"go.uber.org/goleak"

	"fastcount/mockserver"
)

// TestMockEnds: nothing of a mock server is left when it was closed, also while it is sending.
func TestMockEnds(t *testing.T) {
	defer goleak.VerifyNone(t)
	handler, err := mockserver.New(mockserver.Options{})
	if err != nil {
		t.Fatal(err)
	}
	mock, err := startMock("127.0.0.1:0", handler)
	if err != nil {
		t.Fatal(err)
	}
	large := mockserver.Builtin()[2]
	resp, err := http.Get(mock.url + "/api/export/" + large.ID + "/" + large.Downloads[0].ID + "/data")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if _, err := io.CopyN(io.Discard, resp.Body, 1<<20); err != nil {
		t.Fatal(err)
	}
	begin := time.Now()
	mock.close(10 * time.Millisecond)
	if took := time.Since(begin); took > 5*time.Second {
		t.Errorf("closing took %v", took)
	}
	if _, err := io.Copy(io.Discard, resp.Body); err == nil {
		t.Error("the transfer that was cut ended as if it were whole")
	}
	http.DefaultClient.CloseIdleConnections()
}
