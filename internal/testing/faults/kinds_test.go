package faults

import (
	"fmt"
	"slices"
)

// kind is one way in which something goes wrong, or only looks as if it did.
type kind struct {
	name string
	on   requests
	make func(m *maker) attempt
}

// kinds is the catalogue, in the order of the list of fault kinds in the promises.
var kinds = slices.Concat(connectKinds, cutKinds, chunkKinds, lengthKinds, proxyKinds, paceKinds, statusKinds, echoKinds, redirectKinds,
	bodyKinds, listKinds, metaKinds, dataKinds)

// kindsOn are the kinds that can happen to a request.
func kindsOn(on requests) (out []kind) {
	for _, k := range kinds {
		if k.on&on != 0 {
			out = append(out, k)
		}
	}
	return out
}

var kindsOf = map[requests][]kind{onList: kindsOn(onList), onMeta: kindsOn(onMeta), onData: kindsOn(onData)}

// fault makes an attempt of that kind.
func (m *maker) fault(k kind) attempt {
	a := k.make(m)
	a.kind = k.name
	return a
}

// The parts of a run that are no requests.
const (
	kindBrokenInput   = "local: EIO in the middle"
	kindShrinkingFile = "local: a file that shrinks"
	kindCancelled     = "local: cancelled at a random step"
	kindResumed       = "local: cancelled, and resumed with what was kept"
)

// allKinds are the names of everything that must occur.
func allKinds() []string {
	names := []string{kindBrokenInput, kindShrinkingFile, kindCancelled, kindResumed}
	for _, k := range kinds {
		if slices.Contains(names, k.name) {
			panic(fmt.Sprintf("two kinds are called %q", k.name))
		}
		names = append(names, k.name)
	}
	return names
}
