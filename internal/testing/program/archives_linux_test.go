//go:build !race

package program

import (
	"archive/zip"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"strings"
)

// archiveAttacks are the attacks with archives and with bzip2.
func archiveAttacks() map[string]attack {
	return map[string]attack{
		"record in bzip2": {file: bzip2Record, code: 8, message: "raise the limit with --max-record", peak: 24},
		"record in a zip archive": {file: archive(1, "%d.csv", join(text(header), again("x", 25))),
			code: 8, message: "raise the limit with --max-record"},
		"record in gzip in a zip archive": {file: archive(1, "%d.csv.gz", join(gzipHead, deflated(header), deflatedAgain("x", 1<<10))),
			code: 8, message: "raise the limit with --max-record"},
		"members":                      {file: archive(100_001, "%d.csv", nil), code: 8, message: "raise the limit with --max-members"},
		"members that are not counted": {file: archive(100_000, "%d.xml", nil), code: 4, message: "no member matches", peak: 64},
		"long names of members":        {file: archive(1_000, strings.Repeat("x", 60_000)+"%d.xml", nil), code: 8, message: "raise the limit with --max-members"},
	}
}

// archive is a zip archive of members with the same data. Their names contain
// their numbers.
func archive(members int, name string, data content) content {
	return func(w io.Writer) error {
		z := zip.NewWriter(w)
		for i := range members {
			f, err := z.CreateHeader(&zip.FileHeader{Name: fmt.Sprintf(name, i), Method: zip.Deflate})
			if err == nil && data != nil {
				err = data(f)
			}
			if err != nil {
				return errors.Join(err, z.Close())
			}
		}
		return z.Close()
	}
}

// bzip2Record writes a header and a record of 200 MiB, which bzip2 compressed
// to 220 bytes.
func bzip2Record(w io.Writer) error {
	data, err := base64.StdEncoding.DecodeString("QlpoOTFBWSZTWfrnsMYAAA1TgIAQAAQAAKYnR2AACCAASEVRp6nqepiZBNVUYAAiOC7nFZxa3RR7JeKd70xJqpJBEBVWXnoFIKq4" +
		"/JKgJfGKCskyms2nWqUACvxwBAQCAABBAAGEAmoyFQEtSFQEuYoKyTKazadapQAK/HAEBAIAAEEAAYQCajIVAS1IVAS5igrJMprNp1qlAAr8cAQEAgAAQQABhAJqMhUB" +
		"LUhUBLmKCskyms0Ucf4wBkCABgQCAAIAAEEAAYZgKU0wICLYggIvF3JFOFCQEdRtbw==")
	if err != nil {
		return err
	}
	_, err = w.Write(data)
	return err
}
