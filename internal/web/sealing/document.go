package sealing

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"sidian/internal/fault"
	"sidian/internal/sealing"
	"sidian/ofd"
	"sidian/ofd/convert"
	"sidian/ofd/find"
)

// read makes an OFD of an upload, or says to people why not. Package sealing
// asks again, and more, when the request is made.
func read(data []byte) (d *ofd.Document, converted bool, err error) {
	refuse := func(err error, code, hint, why string) error {
		return fault.Invalid.Wrap(err, "%s", why).WithCode("sealing.file").WithHint("%s", hint).WithField("file", code, why)
	}
	switch {
	case len(data) == 0:
		return nil, false, fault.Invalid.New("请选择要盖章的文件").WithCode("sealing.file").WithField("file", "required", "请选择 OFD 或 PDF 文件")
	case len(data) > sealing.MaxFile:
		return nil, false, errLarge()
	}
	if bytes.HasPrefix(bytes.TrimLeft(data[:min(len(data), 1024)], "\x00\t\n\r "), []byte("%PDF-")) {
		d, err = convert.PDF(data, convert.Options{})
		var refused *convert.RefusedError
		if errors.As(err, &refused) {
			return nil, false, refuse(err, "pdf", "请用办公软件另存为 OFD，或按上面的说明另存 PDF 后再上传", "PDF 不能如实转换为 OFD："+refused.Reason)
		}
		if err != nil {
			return nil, false, refuse(err, "pdf", "请用办公软件另存为 OFD 后上传", "PDF 不能转换为 OFD")
		}
		converted = true
	} else if d, err = ofd.Open(data); err != nil {
		why := "文件不是可以读取的 OFD 或 PDF"
		var refused *ofd.RefusedError
		if errors.As(err, &refused) {
			why = "文件被拒绝打开：" + refused.Reason
		}
		return nil, false, refuse(err, "unreadable", "请上传完好的 OFD 或 PDF 文件；Word 等文件请先另存为 OFD 或 PDF", why)
	}
	return d, converted, usable(d, refuse)
}

// usable refuses what can be told at once that it cannot be sealed.
func usable(d *ofd.Document, refuse func(error, string, string, string) error) error {
	switch n := len(d.Body().Pages()); {
	case len(d.Bodies()) != 1:
		return refuse(nil, "bodies", "请拆成单个文档后分别用印", fmt.Sprintf("文件包含 %d 个文档，只能对单个文档用印", len(d.Bodies())))
	case n == 0:
		return refuse(nil, "empty", "请核对文件", "文件没有页面")
	case d.Body().Permissions.NoSignature:
		return refuse(nil, "permission", "请联系文件制作者", "文件的权限设置禁止签名盖章")
	}
	if _, err := d.Body().Boxes(); err != nil {
		return refuse(err, "page", "请用原制作软件重新生成文件", "文件的页面无法读取")
	}
	return nil
}

func errLarge() error {
	return fault.TooLarge.New("文件超过 %d MB", sealing.MaxFile>>20).WithCode("sealing.size").WithHint("请压缩图片或拆分文件").
		WithField("file", "too-large", fmt.Sprintf("不超过 %d MB", sealing.MaxFile>>20))
}

// documents keeps the few documents that were opened last: the pages of one are
// asked for one after the other.
type documents struct {
	mu   sync.Mutex
	list []opened // the latest last
}

type opened struct {
	digest string
	d      *ofd.Document
}

const mostOpened = 4

// document opens the document of a draft.
func (s *Service) document(ctx context.Context, dr *draft) (*ofd.Document, error) {
	if d := s.cache.get(dr.Document); d != nil {
		return d, nil
	}
	b, err := s.bytes(ctx, dr.Document)
	if err != nil {
		return nil, err
	}
	d, err := ofd.Open(b)
	if err != nil {
		return nil, fmt.Errorf("sealing: opening the document of a draft: %w", err)
	}
	s.cache.put(dr.Document, d)
	return d, nil
}

func (c *documents) get(digest string) *ofd.Document {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, o := range c.list {
		if o.digest == digest {
			return o.d
		}
	}
	return nil
}

func (c *documents) put(digest string, d *ofd.Document) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.list = slices.DeleteFunc(c.list, func(o opened) bool { return o.digest == digest })
	if len(c.list) >= mostOpened {
		c.list = slices.Delete(c.list, 0, len(c.list)-mostOpened+1)
	}
	c.list = append(c.list, opened{digest, d})
}

// words are where documents say that a seal belongs, the surest first.
var words = []string{"（盖章）", "（公章）", "（印章）", "（签章）", "（章）", "盖章处", "盖章"}

// marked are the places where the document itself asks for a seal.
func marked(d *ofd.Document) (word string, hits []find.Hit) {
	for _, w := range words {
		found, err := find.Keyword(d, w, find.Options{Limit: 50})
		if err == nil && len(found) > 0 {
			return w, found
		}
	}
	return "", nil
}
