// Package filestate determines whether a regular file is still what it was,
// without reading it.
//
// A file is taken as unchanged if its size, modification time, change time and
// inode are. That is sound because of two rules.
//
// A write(2) sets the times when it begins and may store its bytes later, so
// young times may belong to a write that is still in progress: [State.Settle]
// waits until they are older than 100 milliseconds and the granularity of the
// times. And the modification time can be set back, but the change time cannot.
//
// Not detected are a single write(2) that takes longer than 100 milliseconds, a
// store through a mapping of the file whose page is dirty already, writes on a
// file server whose clock is slow by more than 100 milliseconds, and, where the
// system has no change time, a modification time that is set back.
package filestate

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"time"
)

// ErrChanged is returned for a file that is not in the state in which it was
// found, or that cannot be found any more.
var ErrChanged = errors.New("the file changed while it was in use")

// A State is what the file system reports of a file, and when. The zero State
// is that of no file; only Info may be used of it. A State can be copied, and
// is safe for concurrent use.
type State struct {
	Info fs.FileInfo // as of os.Stat; not to be changed

	changed time.Time // the change time (ctime), zero where the system has none
	inode   uint64    // 0 where the system has none
	taken   time.Time // when the system was asked
}

// Of returns the state that info, which was just taken, describes.
func Of(info fs.FileInfo) State {
	s := State{Info: info, taken: time.Now()}
	s.inode, s.changed = inodeOf(info)
	return s
}

// Stat returns the state of an open file.
func Stat(file *os.File) (State, error) {
	info, err := file.Stat()
	if err != nil {
		return State{}, err
	}
	return Of(info), nil
}

// Regular reports whether the file is a regular file.
func (s State) Regular() bool { return s.Info.Mode().IsRegular() }

// Size returns the size of the file in bytes.
func (s State) Size() int64 { return s.Info.Size() }

// Check returns an error that matches [ErrChanged] unless an open file is the
// same one in the same state.
func (s State) Check(file *os.File) error {
	now, err := Stat(file)
	if err != nil {
		return err
	}
	return s.compare(now)
}

// CheckPath returns an error that matches [ErrChanged] unless path leads to the
// same file in the same state.
func (s State) CheckPath(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrChanged, err)
	}
	return s.compare(Of(info))
}

// Settle waits until no write that began before the state was taken can be in
// progress, and every later write changes the state: usually not at all, and at
// most for two seconds. It returns the error of [State.Check] if the state
// changes meanwhile, or that of ctx.
func (s State) Settle(ctx context.Context, file *os.File) error {
	wait := s.settlesIn(time.Now())
	if wait == 0 {
		return nil
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(wait):
		return s.Check(file)
	}
}

// Version returns a text that describes the state: it differs for states of a
// file that differ.
func (s State) Version() string {
	text := strconv.AppendInt(make([]byte, 0, 160), s.Size(), 10) // enough for most
	text = appendTime(append(text, " bytes, modified "...), s.Info.ModTime())
	if !s.changed.IsZero() {
		text = appendTime(append(text, ", changed "...), s.changed)
	}
	if s.inode != 0 {
		text = strconv.AppendUint(append(text, ", file number "...), s.inode, 10)
	}
	return string(text)
}

func appendTime(text []byte, t time.Time) []byte { return t.UTC().AppendFormat(text, time.RFC3339Nano) }

// compare returns an error that matches [ErrChanged] unless now is of the same
// file in the same state.
func (s State) compare(now State) error {
	switch {
	case !os.SameFile(s.Info, now.Info):
		return fmt.Errorf("%w: another file is in its place", ErrChanged)
	case s.Size() != now.Size():
		return fmt.Errorf("%w: size was %d bytes, is %d", ErrChanged, s.Size(), now.Size())
	case !s.Info.ModTime().Equal(now.Info.ModTime()):
		return fmt.Errorf("%w: modification time differs, at the same size", ErrChanged)
	case !s.changed.Equal(now.changed):
		return fmt.Errorf("%w: change time differs, at the same size and modification time", ErrChanged)
	}
	return nil
}

const (
	// longestWrite is the time for which a write(2) may store bytes after it
	// set the times.
	longestWrite = 100 * time.Millisecond

	// fineTick and coarseTick bound the granularity of times: that of a
	// kernel's clock, and that of FAT. Some file systems keep whole seconds.
	fineTick   = 10 * time.Millisecond
	coarseTick = 2 * time.Second

	// longestSettle is the longest wait for a file.
	longestSettle = 2 * time.Second
)

// settlesIn returns for how long the state must stay the same until it is
// settled: when its times are old. Where a time is in the future, or the clock
// of a file server is fast, it is settled when it was taken long enough ago.
func (s State) settlesIn(now time.Time) time.Duration {
	age := now.Sub(s.Info.ModTime())
	if !s.changed.IsZero() {
		age = min(age, now.Sub(s.changed))
	}
	age = max(age, now.Sub(s.taken))
	return min(max(0, longestWrite+s.tick()-age), longestSettle)
}

// tick returns the granularity of the times. A change time with a fraction
// suffices to distinguish two writes, since it cannot be set.
func (s State) tick() time.Duration {
	if s.Info.ModTime().Nanosecond() == 0 && (s.changed.IsZero() || s.changed.Nanosecond() == 0) {
		return coarseTick
	}
	return fineTick
}
