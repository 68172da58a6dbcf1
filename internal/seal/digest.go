package seal

import (
	"fmt"
	"strings"

	"sidian/gm"
)

// digest is of what a policy allows, for the audit row.
func (p *Policy) digest() gm.Digest {
	return sum(p.ID, p.App, p.Purpose, p.Until.UnixMilli(), p.Max, p.Daily)
}

// digest is of what a rule allows, for the audit row.
func (r *Rule) digest() gm.Digest {
	return sum(r.ID, r.Purpose, r.Asker, strings.Join(r.Levels, ","), r.Max, r.Until.UnixMilli())
}

func sum(fields ...any) gm.Digest {
	h := gm.NewHash()
	for _, f := range fields {
		fmt.Fprintf(h, "%v\x00", f)
	}
	return gm.Digest(h.Sum(nil))
}
