package main

import (
	"context"
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"fastcount/internal/cli"
	"fastcount/internal/simd"
)

// version returns the version of the module, or "devel".
func version() string {
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" && info.Main.Version != "(devel)" {
		return info.Main.Version
	}
	return "devel"
}

func newVersion(p *program) *cobra.Command {
	return p.command("version", "print the version", new(cli.FlagSet), runVersion, nil)
}

func runVersion(_ context.Context, p *program, args []string) error {
	if err := noArguments(args); err != nil {
		return err
	}
	text := fmt.Sprintf("fastcount %s (%s, %s/%s)\n", version(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
	text += fmt.Sprintf("kernel: %s\n", simd.Current().Name)
	for _, fact := range buildFacts() {
		text += fact + "\n"
	}
	return p.print(text)
}

// buildFacts returns what the build information has about the sources and the
// settings of this build.
func buildFacts() (facts []string) {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return nil
	}
	names := map[string]string{"vcs.revision": "revision", "vcs.time": "time", "vcs.modified": "modified", "-tags": "tags", "CGO_ENABLED": "cgo"}
	for _, s := range info.Settings {
		if name := names[s.Key]; name != "" {
			facts = append(facts, name+": "+s.Value)
		}
	}
	return facts
}
