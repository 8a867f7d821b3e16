package engine_test

import (
	"bytes"
	"context"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"fastcount/engine"
)

// slow is a part whose stream takes a second for each Read, most of it waiting
// for its source.
type slow struct{ memory }

func (s slow) Open(context.Context) (io.ReadCloser, error) {
	return &slowStream{Reader: bytes.NewReader(s.data)}, nil
}

type slowStream struct {
	*bytes.Reader
	waited time.Duration
}

func (s *slowStream) Close() error            { return nil }
func (s *slowStream) Info() engine.StreamInfo { return engine.StreamInfo{Waited: s.waited} }

func (s *slowStream) Read(p []byte) (int, error) {
	time.Sleep(time.Second)
	s.waited += 700 * time.Millisecond
	return s.Reader.Read(p[:min(len(p), 100_000)])
}

// The time of reading is waiting and decoding, and neither parsing nor
// counting.
func TestStages(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		data := export(1, 10_000)
		progress := new(engine.Progress)
		_, err := engine.Run(t.Context(), []engine.Part{slow{memory{"a", data}}, slow{memory{"b", data}}},
			engine.Config{Jobs: 2, Progress: progress})
		if err != nil {
			t.Fatal(err)
		}
		reads := time.Duration(2 * (1 + (len(data)+99_999)/100_000))
		wait, decode, parse, count := progress.Stages()
		if wait != reads*700*time.Millisecond || decode != reads*300*time.Millisecond || parse != 0 || count != 0 {
			t.Errorf("got %v, %v, %v and %v of %d reads", wait, decode, parse, count, reads)
		}
	})
}

// Parsing and counting are measured separately for records that the fused path
// does not count.
func TestStagesOfTheRecordParser(t *testing.T) {
	data := []byte("patient_id,event_type\n" + strings.Repeat("\"P1\",\"a \"\"quoted\"\" event\"\n", 50_000))
	progress := new(engine.Progress)
	if _, err := engine.Run(t.Context(), []engine.Part{memory{"a", data}}, engine.Config{Progress: progress}); err != nil {
		t.Fatal(err)
	}
	if wait, decode, parse, count := progress.Stages(); wait <= 0 || parse <= 0 || count <= 0 || decode != 0 {
		t.Errorf("got %v, %v, %v and %v", wait, decode, parse, count)
	}
}
