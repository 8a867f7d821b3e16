package main

import (
	"bytes"
	"flag"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/options/jobopts"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/runners"

	"fastcount/mockserver"
)

// programs is the directory of the programs that tests build.
var programs string

func TestMain(m *testing.M) {
	flag.Parse()
	if port := os.Getenv(prismPort); port != "" {
		servePrism(port)
	}
	registerAll()
	beam.Init()
	slog.SetDefault(slog.New(slog.DiscardHandler)) // errors are also returned
	*runners.Runner = "prism"
	*jobopts.WorkerBinary = "none" // Prism runs in this process
	var err error
	if programs, err = os.MkdirTemp("", "fastcount-beam-test-*"); err != nil {
		panic(err)
	}
	// Beam leaves empty temporary files.
	if err := os.Setenv("TMPDIR", programs); err != nil {
		panic(err)
	}
	code := m.Run()
	if err := os.RemoveAll(programs); err != nil {
		panic(err)
	}
	os.Exit(code)
}

// build returns a function that builds a program in a directory once.
func build(dir, name, target string) func() (string, error) {
	return sync.OnceValues(func() (string, error) {
		file := filepath.Join(programs, name)
		cmd := exec.Command("go", "build", "-ldflags=-s -w", "-o", file, target)
		cmd.Dir, cmd.Stderr = dir, os.Stderr
		return file, cmd.Run()
	})
}

var (
	fastcountProgram = build("..", "fastcount", "./cmd/fastcount")
	beamProgram      = build(".", "fastcount-beam", ".")
)

// fastcount runs fastcount in a directory and returns its standard output.
func fastcount(t *testing.T, dir string, args ...string) []byte {
	t.Helper()
	program, err := fastcountProgram()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program, append(args, "--quiet")...)
	var out, stderr bytes.Buffer
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, &out, &stderr
	if err := cmd.Run(); err != nil {
		t.Fatalf("fastcount %s: %v\n%s", strings.Join(args, " "), err, stderr.String())
	}
	return out.Bytes()
}

// planned writes a plan of sources to a file in dir.
func planned(t *testing.T, dir string, sources ...string) (file string) {
	t.Helper()
	file = filepath.Join(dir, "work.plan")
	write(t, file, fastcount(t, dir, append([]string{"plan"}, sources...)...))
	return file
}

func write(t *testing.T, file string, text []byte) {
	t.Helper()
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, file string) []byte {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// onPrism runs a job on Prism in this process.
func onPrism(t *testing.T, j job) error {
	t.Helper()
	if j.Sink == "" {
		j.Sink = "json"
	}
	o := options{job: j}
	return o.runJob(t.Context())
}

// server is an export server with variable faults.
type server struct {
	URL     string
	handler atomic.Pointer[http.Handler]
	token   atomic.Pointer[string] // header Authorization of the last request
}

func serve(t *testing.T) *server {
	t.Helper()
	s := new(server)
	s.setFaults(t)
	h := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.token.Store(new(r.Header.Get("Authorization")))
		(*s.handler.Load()).ServeHTTP(w, r)
	}))
	t.Cleanup(h.Close)
	s.URL = h.URL
	return s
}

// setFaults sets the faults of the server and resets its counts of attempts.
func (s *server) setFaults(t *testing.T, specs ...string) {
	t.Helper()
	var faults []mockserver.Fault
	for _, spec := range specs {
		f, err := mockserver.ParseFault(spec)
		if err != nil {
			t.Fatal(err)
		}
		faults = append(faults, f)
	}
	h, err := mockserver.New(mockserver.Options{Faults: faults})
	if err != nil {
		t.Fatal(err)
	}
	s.handler.Store(&h)
}
