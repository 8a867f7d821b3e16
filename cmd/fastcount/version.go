package main

import (
	"context"
	"fmt"
	"runtime"
	"runtime/debug"
)

// version returns the version that the module was built as, or devel.
func version() string {
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" && info.Main.Version != "(devel)" {
		return info.Main.Version
	}
	return "devel"
}

func runVersion(_ context.Context, p *program, args []string) error {
	if err := noArguments("version", args); err != nil {
		return err
	}
	return p.print(fmt.Sprintf("fastcount %s (%s, %s/%s)\n", version(), runtime.Version(), runtime.GOOS, runtime.GOARCH))
}
