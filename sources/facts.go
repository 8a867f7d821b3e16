package sources

import (
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"time"
)

// facts are what the file system reports of a regular file without reading it.
// A file is taken as unchanged if its size, modification time, change time and
// inode are. That is sound because of two rules.
//
// A write(2) sets the times when it begins and may store its bytes later, so
// young times may belong to a write that is still in progress: see settlesIn.
// And the modification time can be set back, but the change time cannot.
//
// Not detected are a single write(2) that takes longer than longestWrite, a
// store through a mapping of the file whose page is dirty already, and writes
// on a file server whose clock is slow by more than longestWrite.
type facts struct {
	info    fs.FileInfo
	changed time.Time // the change time (ctime), zero where the system has none
	inode   uint64    // 0 where the system has none
	taken   time.Time // when the system was asked
}

func factsOf(info fs.FileInfo) facts {
	f := facts{info: info, taken: time.Now()}
	f.inode, f.changed = inodeOf(info)
	return f
}

// statFile returns the facts of an open file.
func statFile(file *os.File) (facts, error) {
	info, err := file.Stat()
	if err != nil {
		return facts{}, err
	}
	return factsOf(info), nil
}

func (f facts) regular() bool       { return f.info.Mode().IsRegular() }
func (f facts) size() int64         { return f.info.Size() }
func (f facts) modified() time.Time { return f.info.ModTime() }

// compare returns an error that matches ErrChanged unless now are the facts of
// the same file in the same state.
func (f facts) compare(now facts) error {
	switch {
	case !os.SameFile(f.info, now.info):
		return fmt.Errorf("%w: another file is in its place", ErrChanged)
	case f.size() != now.size():
		return fmt.Errorf("%w: size was %d bytes, is %d", ErrChanged, f.size(), now.size())
	case !f.modified().Equal(now.modified()):
		return fmt.Errorf("%w: modification time differs, at the same size", ErrChanged)
	case !f.changed.Equal(now.changed):
		return fmt.Errorf("%w: change time differs, at the same size and modification time", ErrChanged)
	}
	return nil
}

// version describes the state of the file.
func (f facts) version() string {
	text := appendTime(append(strconv.AppendInt(nil, f.size(), 10), " bytes, modified "...), f.modified())
	if !f.changed.IsZero() {
		text = appendTime(append(text, ", changed "...), f.changed)
	}
	if f.inode != 0 {
		text = strconv.AppendUint(append(text, ", file number "...), f.inode, 10)
	}
	return string(text)
}

func appendTime(text []byte, t time.Time) []byte { return t.UTC().AppendFormat(text, time.RFC3339Nano) }

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

// settlesIn returns for how long the facts must stay the same until they are
// settled: no write that began before they were taken is in progress, and every
// later write changes them. They are settled when their times are old. Where a
// time is in the future, or the clock of a file server is fast, they are
// settled when they were taken long enough ago.
func (f facts) settlesIn(now time.Time) time.Duration {
	age := now.Sub(f.modified())
	if !f.changed.IsZero() {
		age = min(age, now.Sub(f.changed))
	}
	age = max(age, now.Sub(f.taken))
	return min(max(0, longestWrite+f.tick()-age), longestSettle)
}

// tick returns the granularity of the times. A change time with a fraction
// suffices to distinguish two writes, since it cannot be set.
func (f facts) tick() time.Duration {
	if f.modified().Nanosecond() == 0 && (f.changed.IsZero() || f.changed.Nanosecond() == 0) {
		return coarseTick
	}
	return fineTick
}
