package cli

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"fastcount/engine"
	"fastcount/internal/isotime"
)

// By is a list of key columns, separated by commas and quoted as in CSV.
type By struct{ keys []engine.KeyColumn }

// Set parses text. A key is a column as for [Column], which a colon and a unit
// may follow. After an equals sign, all is the name of a column.
func (b *By) Set(text string) error {
	if b.keys != nil {
		return errors.New("given twice: name all key columns in one list")
	}
	var names Names
	if err := names.Set(text); err != nil {
		return errors.New("want columns, separated by commas, such as patient_id,event_time:day")
	}
	var keys []engine.KeyColumn
	for _, name := range names {
		key, err := parseKey(name)
		if err != nil {
			return err
		}
		keys = append(keys, key)
	}
	if err := (engine.Config{By: keys}).Validate(); err != nil {
		return err
	}
	b.keys = keys
	return nil
}

func parseKey(text string) (key engine.KeyColumn, err error) {
	key.Name = strings.TrimPrefix(text, "=")
	if i := strings.LastIndexByte(text, ':'); i >= 0 && key.Name == text {
		text, key.Bucket = text[:i], text[i+1:]
		if _, ok := isotime.Parse(key.Bucket); !ok {
			return key, Hint(fmt.Errorf("column %q: want "+isotime.Names+" after the colon", key.Name), fmt.Sprintf("write '=%s' for a column of that name", key.Name))
		}
	}
	var column Column
	err = column.Set(text)
	key.Column = column.Selector()
	return key, err
}

// String returns the names of the keys as a header of CSV would.
func (b *By) String() string {
	names := Names(b.Names())
	return names.String()
}

func (*By) Type() string { return "COLUMNS" }

// Keys returns the key columns, or nil if there are none.
func (b *By) Keys() []engine.KeyColumn { return b.keys }

// Names returns the names of the key columns, or nil if there are none.
func (b *By) Names() (names []string) {
	for _, key := range b.keys {
		names = append(names, key.Name)
	}
	return names
}

// Named reports whether one of the columns is selected by name.
func (b *By) Named() bool {
	return slices.ContainsFunc(b.keys, func(k engine.KeyColumn) bool { return k.Column.Name != "" })
}
