package provider

import (
	"context"
	"errors"
	"strings"

	"sidian/gm"
	"sidian/internal/audit"
	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/iam"
	"sidian/ofd"
	"sidian/ofd/sign"
)

// Test asks a provider, proposed or in force, about a blank document without
// signatures, and says whether it answers as agreed. It changes nothing.
func (s *Service) Test(ctx context.Context, id string) (*Source, error) {
	var e *Entry
	err := s.o.DB.Read(ctx, func(tx *db.Tx) (err error) {
		if e, err = proposalOf(tx, id); errors.Is(err, fault.NotFound) {
			e, err = liveOf(tx, id)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	if err := iam.Allow(ctx, Manage, e.Org); err != nil {
		return nil, s.refused(ctx, "provider.test", id, err)
	}
	if e.Altered || s.rows.Check(e.mac, e.Entry, e.fields()...) != nil {
		return nil, errAltered(e)
	}
	if why := s.o.checkEndpoint(e.Endpoint); why != "" {
		return nil, errEndpoint(why)
	}
	data, err := blank()
	if err != nil {
		return nil, err
	}
	limited, cancel := context.WithTimeout(ctx, s.o.Deadline)
	defer cancel()
	src := s.try(limited, e, data)
	return &src, s.o.DB.Write(ctx, func(tx *db.Tx) error {
		return audit.Put(tx, audit.Entry{Action: "provider.test", Object: object(id), Reason: string(src.Result)})
	})
}

func (s *Service) try(ctx context.Context, e *Entry, data []byte) Source {
	src, now := Source{Provider: e.ID, Name: e.Name, Signatures: []string{}}, s.o.DB.Now()
	a, err := s.question(ctx, e, gm.Sum(data), data)
	src.Millis = s.o.DB.Now().Sub(now).Milliseconds()
	switch {
	case err != nil:
		src.Result, src.Message = trouble(e, err)
		if refused := refusedCall(err); refused != "" {
			src.Message = "没有访问签章服务商“" + e.Name + "”：" + refused
		}
	case len(a.Own) > 0 || a.Report.Verdict != sign.Unsigned:
		src.Result, src.Message = Foreign, "签章服务商“"+e.Name+"”对一份没有签章的文件给出了签章结论"
	default:
		src.Result, src.AnsweredAt, src.Remarks = Answered, a.AnsweredAt.UTC(), tidy(a.Remarks)
		src.Message = "签章服务商“" + e.Name + "”按约定作了答复：签名、随机数、文件摘要和时间均正确"
	}
	return src
}

// refusedCall says why the client would not call, for whoever configures it.
func refusedCall(err error) string {
	switch text := err.Error(); {
	case strings.Contains(text, "not public"):
		return "主机名解析到内网地址；确属政务外网内的主机，请系统管理员加入配置 outgoing.private"
	case strings.Contains(text, "not in the list"):
		return "主机不在外联名单中；请系统管理员核实后加入配置 outgoing.hosts"
	default:
		return ""
	}
}

// blank is a document of one empty page.
func blank() ([]byte, error) {
	b := ofd.New(ofd.DocInfo{DocID: strings.Repeat("0", 31) + "1", Title: "核验服务测试"})
	b.AddPage(210, 140)
	d, err := b.Build()
	if err != nil {
		return nil, err
	}
	return d.Bytes()
}
