package remind

import (
	"context"
	"fmt"
	"strings"
	"time"

	"sidian/gbcode"
	"sidian/gm"
	"sidian/ofd"
	"sidian/workday"
)

// said is what a certificate's document says of itself (GB/T 36903-2018 §5).
type said struct {
	title    string
	to       workday.Date // zero: it has no end
	citizens []string     // citizen IDs of holders who are persons
}

func (s *Service) said(ctx context.Context, digest gm.Digest) (said, error) {
	data, err := s.Document(ctx, digest)
	if err != nil {
		return said{}, err
	}
	d, err := ofd.Open(data)
	if err != nil {
		return said{}, fmt.Errorf("remind: opening a certificate: %w", err)
	}
	return saidBy(d.Info()), nil
}

func saidBy(info ofd.DocInfo) (x said) {
	x.title, _ = info.Custom("ZZMC")
	end, _ := info.Custom("ZZYXQJZRQ")
	x.to = dayOf(end)
	ids, _ := info.Custom("CZZTDM")
	for _, id := range strings.Split(ids, ",") {
		if c, err := gbcode.ParseCitizenID(strings.TrimSpace(id)); err == nil {
			x.citizens = append(x.citizens, c.String())
		}
	}
	return x
}

// dayOf reads the forms that files have; words such as 长期 are no end.
func dayOf(text string) workday.Date {
	for _, form := range []string{"20060102", "2006-01-02", "2006年01月02日", "2006年1月2日"} {
		if at, err := time.Parse(form, text); err == nil {
			return workday.Date{Year: at.Year(), Month: at.Month(), Day: at.Day()}
		}
	}
	return workday.Date{}
}
