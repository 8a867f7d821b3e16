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

// programs is where the programs are that tests build.
var programs string

func TestMain(m *testing.M) {
	flag.Parse()
	if port := os.Getenv(prismPort); port != "" {
		servePrism(port)
	}
	registerAll()
	beam.Init()
	slog.SetDefault(slog.New(slog.DiscardHandler)) // errors come back as errors too
	*runners.Runner = "prism"
	*jobopts.WorkerBinary = "none" // Prism runs within this process
	var err error
	if programs, err = os.MkdirTemp("", "fastcount-beam-test-*"); err != nil {
		panic(err)
	}
	// Beam leaves empty files among the temporary ones.
	if err := os.Setenv("TMPDIR", programs); err != nil {
		panic(err)
	}
	code := m.Run()
	if err := os.RemoveAll(programs); err != nil {
		panic(err)
	}
	os.Exit(code)
}

// build builds a program of this module, or of the one around it, once.
func build(folder, name, target string) func() (string, error) {
	return sync.OnceValues(func() (string, error) {
		file := filepath.Join(programs, name)
		cmd := exec.Command("go", "build", "-ldflags=-s -w", "-o", file, target)
		cmd.Dir, cmd.Stderr = folder, os.Stderr
		return file, cmd.Run()
	})
}

var (
	fastcountProgram = build("..", "fastcount", "./cmd/fastcount")
	beamProgram      = build(".", "fastcount-beam", ".")
)

// fastcount runs fastcount in a folder and returns its standard output.
func fastcount(t *testing.T, dir string, args ...string) []byte {
	t.Helper()
	program, err := fastcountProgram()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program, append(args, "--quiet")...)
	var out, said bytes.Buffer
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, &out, &said
	if err := cmd.Run(); err != nil {
		t.Fatalf("fastcount %s: %v\n%s", strings.Join(args, " "), err, said.String())
	}
	return out.Bytes()
}

// planned writes a plan of the sources into a folder.
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

// onPrism runs a job on Prism within this process.
func onPrism(t *testing.T, j job) error {
	t.Helper()
	if j.Sink == "" {
		j.Sink = "json"
	}
	o := options{job: j}
	return o.runJob(t.Context())
}

// server is an export server whose faults can be changed.
type server struct {
	URL     string
	handler atomic.Pointer[http.Handler]
	token   atomic.Pointer[string] // what the last request had as Authorization
}

func serve(t *testing.T) *server {
	t.Helper()
	s := new(server)
	s.breakWith(t)
	h := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.token.Store(new(r.Header.Get("Authorization")))
		(*s.handler.Load()).ServeHTTP(w, r)
	}))
	t.Cleanup(h.Close)
	s.URL = h.URL
	return s
}

// breakWith gives the server faults, and lets it forget which requests there were.
func (s *server) breakWith(t *testing.T, specs ...string) {
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
