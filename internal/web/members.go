package web

import (
	"sidian/internal/verify"
	"sidian/internal/web/page"
)

// A member is one of the permits that a certificate folds in (行业综合许可证), as the
// verdict shows it: what is permitted today, and what is not.
type member struct {
	*verify.Member
	Chip page.Chip
}

func memberOf(m *verify.Member) member {
	switch {
	case m.Permitted:
		return member{m, page.Chip{Class: page.Good, Word: "准许经营"}}
	case m.Passes():
		return member{m, page.Chip{Class: page.Care, Word: "不准经营"}}
	}
	return member{m, page.Chip{Class: page.Bad, Word: "不准经营"}}
}
