package faults

import (
	"fmt"
	"slices"
)

// kind is a kind of fault, or of correct behavior that resembles one.
type kind struct {
	name string
	on   requests
	make func(m *maker) attempt
}

// kinds is the list of all kinds of faults.
var kinds = slices.Concat(connectKinds, cutKinds, chunkKinds, lengthKinds, proxyKinds, paceKinds, statusKinds, echoKinds, redirectKinds,
	bodyKinds, listKinds, metaKinds, dataKinds)

// kindsOn returns the kinds that apply to a request.
func kindsOn(on requests) (out []kind) {
	for _, k := range kinds {
		if k.on&on != 0 {
			out = append(out, k)
		}
	}
	return out
}

var kindsOf = map[requests][]kind{onList: kindsOn(onList), onMeta: kindsOn(onMeta), onData: kindsOn(onData)}

// fault returns an attempt of that kind.
func (m *maker) fault(k kind) attempt {
	a := k.make(m)
	a.kind = k.name
	return a
}

// Kinds of parts of a run that are not requests.
const (
	kindBrokenInput   = "local: EIO in the middle"
	kindShrinkingFile = "local: a file that shrinks"
	kindCancelled     = "local: cancelled at a random step"
	kindResumed       = "local: cancelled, and resumed with what was kept"
)

// allKinds returns the names of all kinds that must occur.
func allKinds() []string {
	names := []string{kindBrokenInput, kindShrinkingFile, kindCancelled, kindResumed}
	for _, k := range idleKinds {
		names = append(names, k.name)
	}
	for _, k := range kinds {
		if slices.Contains(names, k.name) {
			panic(fmt.Sprintf("two kinds are called %q", k.name))
		}
		names = append(names, k.name)
	}
	return names
}
