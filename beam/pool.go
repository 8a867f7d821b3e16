package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/apache/beam/sdks/v2/go/pkg/beam/runners/universal/extworker"
)

// serveWorkers starts workers in this process when a runner requests them at a
// port of this machine, until ctx is done. It is for the environment EXTERNAL,
// for example in a container next to each Flink task manager or Spark executor.
func serveWorkers(ctx context.Context, address string) error {
	port, err := strconv.ParseUint(strings.TrimPrefix(address, ":"), 10, 16)
	if err != nil || address[0] != ':' {
		return fmt.Errorf("--worker-pool %q: want a port, such as :50000", address)
	}
	pool, err := extworker.StartLoopback(ctx, int(port))
	if err != nil {
		return fmt.Errorf("--worker-pool: %w", err)
	}
	<-ctx.Done()
	return pool.Stop(context.WithoutCancel(ctx))
}
