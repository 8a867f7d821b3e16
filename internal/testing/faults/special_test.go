package faults

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
	"testing/synctest"

	"fastcount/engine"
	"fastcount/internal/testing/proof"
	"fastcount/internal/testing/simnet"
	"fastcount/sources"
)

// TestTooManyDownloads lists more downloads than an export may have, in an
// answer of a size that is allowed: 100,001 of them, or a million in a long
// run.
func TestTooManyDownloads(t *testing.T) {
	var list bytes.Buffer
	list.WriteString(`{"data":{"id":"` + export + `","download_ids":["x"`)
	for i := range proof.Bound(100_000, 1_000_000) {
		fmt.Fprintf(&list, `,"%d"`, i)
	}
	list.WriteString("]}}")
	synctest.Test(t, func(t *testing.T) {
		asked := 0
		network := &simnet.Network{Answer: func(*simnet.Request) simnet.Answer {
			asked++
			return simnet.Response{Framing: simnet.Length, Body: list.Bytes()}.Answer()
		}}
		client, err := sources.NewClient(sources.Options{Server: origin, DialContext: network.DialContext})
		must(err)
		downloads, err := client.Export(t.Context(), export)
		if downloads != nil || !errors.Is(err, sources.ErrMetadata) || !strings.Contains(err.Error(), "100000") || asked != 2 {
			t.Errorf("got %d downloads and %v after %d attempts", len(downloads), err, asked)
		}
		client.Close()
	})
}

// envPanic is the environment variable that names the method that panics in a
// child process.
const envPanic = "FASTCOUNT_TEST_PANIC"

// panicking is a valid part, except that one of its methods panics.
type panicking struct{ where string }

func (p panicking) Name() string          { return "panicking" }
func (p panicking) Info() engine.PartInfo { return engine.PartInfo{} }

func (p panicking) Open(context.Context) (io.ReadCloser, error) {
	p.at("Open")
	return &panickingStream{p, strings.NewReader("patient_id,event_type\nP1,bp\n")}, nil
}

func (p panicking) at(where string) {
	if where == p.where {
		panic("for a test, in " + where)
	}
}

type panickingStream struct {
	panicking
	r io.Reader
}

func (s *panickingStream) Read(b []byte) (int, error) {
	s.at("Read")
	return s.r.Read(b)
}

func (s *panickingStream) Close() error {
	s.at("Close")
	return nil
}

// TestPanicInWorker makes a worker panic. The process must fail without
// printing a result.
func TestPanicInWorker(t *testing.T) {
	if where := os.Getenv(envPanic); where != "" {
		good := sources.NewStdin(strings.NewReader("patient_id,event_type\nP1,bp\n"), sources.LocalOptions{})
		report, err := engine.Run(context.Background(), []engine.Part{good, panicking{where}}, engine.Config{Jobs: 2})
		fmt.Println("result:", report, err)
		os.Exit(0)
	}
	for _, where := range []string{"Open", "Read", "Close", "nowhere"} {
		t.Run(where, func(t *testing.T) {
			cmd := exec.Command(os.Args[0], "-test.run=^TestPanicInWorker$")
			cmd.Env = append(os.Environ(), envPanic+"="+where)
			out, err := cmd.Output()
			if printed := bytes.Contains(out, []byte("result:")); printed != (where == "nowhere") || (err == nil) != printed {
				t.Errorf("%v, and it printed %q", err, out)
			}
		})
	}
}
