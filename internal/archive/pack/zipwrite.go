package pack

import (
	"archive/zip"
	"fmt"
	"hash/crc32"
	"io"
)

// dosDate is 1980-01-01, the first day ZIP knows: times stand in the metadata.
const dosDate = 1<<5 | 1

// A Unix file of mode 0644: Info-ZIP takes names of a DOS file for another
// encoding, whatever the flag says.
const (
	madeBy     = 3<<8 | 20
	attributes = 0o100644 << 16
)

// writeZip stores the parts in their order: uncompressed, names in UTF-8, sizes
// and checksum in the local header, no extra fields, no directories.
func writeZip(w io.Writer, parts []part) error {
	z := zip.NewWriter(w)
	for _, p := range parts {
		size := uint64(len(p.data))
		out, err := z.CreateRaw(&zip.FileHeader{
			Name: p.name, Method: zip.Store, Flags: 1 << 11, CreatorVersion: madeBy, ReaderVersion: 20, ExternalAttrs: attributes,
			ModifiedDate: dosDate, //nolint:staticcheck // CreateRaw writes no other date
			CRC32:        crc32.ChecksumIEEE(p.data), CompressedSize64: size, UncompressedSize64: size,
		})
		if err == nil {
			_, err = out.Write(p.data)
		}
		if err != nil {
			return fmt.Errorf("pack: writing %s: %w", p.name, err)
		}
	}
	if err := z.Close(); err != nil {
		return fmt.Errorf("pack: ending the package: %w", err)
	}
	return nil
}
