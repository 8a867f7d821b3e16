package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/apache/beam/sdks/v2/go/pkg/beam/runners/universal/extworker"
)

// serveWorkers starts workers within this process whenever a runner asks for one at a port of this machine, until ctx
// ends. It is for the environment EXTERNAL: a container beside each Flink task manager or Spark executor, say.
func serveWorkers(ctx context.Context, address string) error {
	port, err := strconv.ParseUint(strings.TrimPrefix(address, ":"), 10, 16)
	if err != nil || address[0] != ':' {
		return fmt.Errorf("--worker-pool %q: want a port of this machine, such as :50000", address)
	}
	pool, err := extworker.StartLoopback(ctx, int(port))
	if err != nil {
		return fmt.Errorf("--worker-pool: %w", err)
	}
	<-ctx.Done()
	return pool.Stop(context.WithoutCancel(ctx))
}
