package sealing

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"
	"unicode/utf8"

	"sidian/gm"
	"sidian/internal/audit"
	"sidian/internal/db"
	"sidian/internal/fault"
)

// Bounds of what a batch takes.
const (
	MaxArchive = 512 << 20 // bytes of one ZIP
	maxEntries = 20_000    // of one ZIP
	maxItems   = 50_000    // of one batch
	maxInside  = 4 << 30   // bytes of one ZIP, inflated
	maxRatio   = 200       // inflated to deflated, of one entry
	addBatch   = 50        // rows written at a time
)

// Added tells what became of an upload to a batch.
type Added struct {
	Taken    int64 `json:"taken" doc:"收下的文件数"`
	Repeated int64 `json:"repeated" doc:"与本批已有文件相同、没有重复收下的"`
	Refused  int64 `json:"refused" doc:"不能盖章的：列在清单中"`
}

// Add puts documents into a batch that has not begun: one OFD, or a ZIP of
// them, which is read as a stream, one document at a time. What is no OFD is
// listed with the reason; an archive that is built to do harm is refused whole.
func (s *Service) Add(ctx context.Context, id, name string, in io.ReaderAt, size int64) (*Added, error) {
	b, err := s.lookBatch(ctx, id)
	if err != nil {
		return nil, err
	}
	if !mayRun(ctx, b) {
		return nil, fault.Forbidden.New("只有发起人能向这批用印添加文件").WithCode("sealing.asker").WithHint("请联系发起人")
	}
	if b.State != Ready && b.State != Paused {
		return nil, fault.Conflict.New("这批用印处于“%s”，不能添加文件", batchNames[b.State]).WithCode("sealing.state").WithHint("请先暂停，或新建一批")
	}
	a := &adder{Service: s, b: b}
	if isArchive, err := a.archive(ctx, in, size); isArchive || err != nil {
		return a.out(ctx, err)
	}
	data := make([]byte, min(size, MaxFile+1))
	if _, err := in.ReadAt(data, 0); err != nil && !errors.Is(err, io.EOF) {
		return nil, fault.Invalid.Wrap(err, "文件没有传完").WithCode("sealing.file").WithHint("请重新上传")
	}
	return a.out(ctx, a.put(ctx, name, data))
}

// An adder takes documents into one batch.
type adder struct {
	*Service
	b     *Batch
	added Added
	rows  []*Item
}

func (a *adder) out(ctx context.Context, err error) (*Added, error) {
	if err == nil {
		err = a.flush(ctx)
	}
	if err != nil {
		return nil, err
	}
	err = a.DB.Write(ctx, func(tx *db.Tx) error {
		return audit.Put(tx, audit.Entry{
			Action: "sealing.batch-add", Object: batchObject(a.b.ID), Reason: fmt.Sprintf("收下 %d 件，重复 %d 件，不能盖章 %d 件", a.added.Taken, a.added.Repeated, a.added.Refused),
		})
	})
	return &a.added, err
}

// archive takes the entries of a ZIP that is not itself an OFD. It reports
// whether it was one.
func (a *adder) archive(ctx context.Context, in io.ReaderAt, size int64) (bool, error) {
	refuse := func(format string, args ...any) error {
		return fault.Invalid.New("压缩包不能使用："+format, args...).WithCode("sealing.archive").WithHint("请重新打包：只放 OFD 文件，每包至多 %d 件", maxEntries).
			WithField("file", "archive", fmt.Sprintf(format, args...))
	}
	if size > MaxArchive {
		return true, fault.TooLarge.New("压缩包超过 %d MB", MaxArchive>>20).WithCode("sealing.size").WithHint("请分成几个压缩包上传")
	}
	head := make([]byte, 4)
	if _, err := in.ReadAt(head, 0); err != nil || !bytes.Equal(head[:2], []byte("PK")) {
		return false, nil
	}
	z, err := zip.NewReader(in, size)
	if err != nil {
		return true, refuse("已损坏，或不是 ZIP")
	}
	var total uint64
	for _, f := range z.File {
		if f.Name == "OFD.xml" {
			return false, nil
		}
		total += f.UncompressedSize64
	}
	switch {
	case len(z.File) > maxEntries:
		return true, refuse("有 %d 个文件，超过 %d 个", len(z.File), maxEntries)
	case total > maxInside:
		return true, refuse("解压后超过 %d GB", maxInside>>30)
	}
	for _, f := range z.File {
		switch {
		case strings.HasSuffix(f.Name, "/") || hidden(f.Name):
			continue
		case f.Flags&1 != 0:
			return true, refuse("有加密的文件")
		case f.CompressedSize64 > 0 && f.UncompressedSize64/f.CompressedSize64 > maxRatio:
			return true, refuse("有压缩比异常的文件")
		}
		if err := a.entry(ctx, f); err != nil {
			return true, err
		}
	}
	return true, nil
}

// hidden tells files that systems put beside documents.
func hidden(name string) bool {
	return strings.HasPrefix(path.Base(name), ".") || strings.HasPrefix(name, "__MACOSX/") || path.Base(name) == "Thumbs.db"
}

func (a *adder) entry(ctx context.Context, f *zip.File) error {
	in, err := f.Open()
	if err != nil {
		return a.refused(ctx, f.Name, nil, "压缩方式不支持")
	}
	defer in.Close()
	data, err := io.ReadAll(io.LimitReader(in, MaxFile+1)) // the archive's own figures are claims
	if err != nil {
		return a.refused(ctx, f.Name, nil, "压缩包中的文件已损坏")
	}
	return a.put(ctx, f.Name, data)
}

// put stores one document and notes it, or why it cannot be stamped.
func (a *adder) put(ctx context.Context, name string, data []byte) error {
	if len(data) > MaxFile {
		return a.refused(ctx, name, data[:1<<10], fmt.Sprintf("文件超过 %d MB", MaxFile>>20))
	}
	if len(data) == 0 {
		return a.refused(ctx, name, nil, "文件是空的")
	}
	digest, err := a.Blob.Put(ctx, data)
	if err != nil {
		return fmt.Errorf("sealing: storing an upload: %w", err)
	}
	return a.note(ctx, &Item{Name: display(name), State: Waiting, original: digest})
}

// refused lists a document that is not kept.
func (a *adder) refused(ctx context.Context, name string, data []byte, why string) error {
	return a.note(ctx, &Item{Name: display(name), State: Failed, Trouble: why, original: gm.Sum(append([]byte(name+"\x00"), data...))})
}

// display is a file's name as it is shown: its last element, and no number of a
// person.
func display(name string) string {
	name = path.Base(strings.ReplaceAll(name, `\`, "/"))
	if !utf8.ValidString(name) || strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r == 0x7f }) || audit.Personal(name) {
		return "（文件名未保留）"
	}
	if r := []rune(name); len(r) > 100 {
		return string(r[:100]) + "…"
	}
	return name
}

func (a *adder) note(ctx context.Context, it *Item) error {
	if a.rows = append(a.rows, it); len(a.rows) < addBatch {
		return nil
	}
	return a.flush(ctx)
}

func (a *adder) flush(ctx context.Context) error {
	if len(a.rows) == 0 {
		return nil
	}
	var sum Added
	err := a.DB.Write(ctx, func(tx *db.Tx) error {
		sum = a.added
		last, err := lastLine(tx, a.b.ID)
		if err != nil {
			return err
		}
		if last+int64(len(a.rows)) > maxItems {
			return fault.TooLarge.New("一批至多 %d 件", maxItems).WithCode("sealing.items").WithHint("请另建一批")
		}
		for _, it := range a.rows {
			it.Line = last + 1
			fresh, err := insertItem(tx, a.b.ID, it)
			switch {
			case err != nil:
				return err
			case !fresh:
				sum.Repeated++
				continue
			case it.State == Failed:
				sum.Refused++
			default:
				sum.Taken++
			}
			last++
		}
		return nil
	})
	if err != nil {
		return err
	}
	a.added, a.rows = sum, a.rows[:0]
	return nil
}
