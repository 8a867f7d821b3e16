package sources_test

import (
	"context"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"

	"fastcount/engine"
	"fastcount/mockserver"
	"fastcount/sources"
)

// A file is located first, then counted. It may be compressed with gzip or
// zstd.
func ExampleNewFile() {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "rows.csv")
	if err := os.WriteFile(path, []byte("patient_id,event_type\nP1,bp\nP1,bp\n"), 0o600); err != nil {
		fmt.Println(err)
		return
	}

	file, err := sources.NewFile(path, sources.LocalOptions{})
	if err != nil {
		fmt.Println(err)
		return
	}
	report, err := engine.Run(context.Background(), []engine.Part{file}, engine.Config{Jobs: 2})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(report.Rows, "rows of", report.Keys[0])
	// Output: 2 rows of [P1]
}

// The downloads of an export are parts whose rows the server declared; the
// engine rejects data that does not match. The server of this example is the
// mock one.
func ExampleClient_Export() {
	handler, err := mockserver.New(mockserver.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	server := httptest.NewServer(handler)
	defer server.Close()

	client, err := sources.NewClient(sources.Options{Server: server.URL})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer client.Close()
	downloads, err := client.Export(context.Background(), "demo")
	if err != nil {
		fmt.Println(err)
		return
	}
	var parts []engine.Part
	for _, d := range downloads {
		parts = append(parts, d)
	}
	report, err := engine.Run(context.Background(), parts, engine.Config{Transfers: 4})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, p := range report.Parts {
		fmt.Println(p.Rows, "rows, verified by", p.Verified)
	}
	// Output:
	// 9014 rows, verified by rows
	// 9770 rows, verified by rows
}

// The kind of a source depends on the form of the argument alone.
func ExampleClassify() {
	for _, arg := range []string{"demo", "./demo", "data/*.csv.gz", "https://example.org/rows.csv", "-"} {
		kind, _ := sources.Classify(arg)
		fmt.Println(arg, "is", kind)
	}
	// Output:
	// demo is export
	// ./demo is file
	// data/*.csv.gz is file
	// https://example.org/rows.csv is URL
	// - is stdin
}
