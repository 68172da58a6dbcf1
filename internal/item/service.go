package item

import (
	"context"
	"crypto/rand"
	"errors"
	"slices"
	"strings"
	"unicode/utf8"

	"sidian/internal/audit"
	"sidian/internal/catalogue"
	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/iam"
	"sidian/internal/notice"
)

// Permissions.
const (
	permManage = "item.manage"
	permRead   = "item.read"
)

// A Service keeps items. Its fields are set before use; it is safe for concurrent
// use. Notices may be nil: then nobody is told of needs.
type Service struct {
	DB        *db.DB
	IAM       *iam.Service
	Catalogue *catalogue.Service
	Notices   *notice.Service

	// Batch is how many lines of a table come in together; 100 when zero.
	Batch int
	// Step is called after each batch; nil but in tests of crashes.
	Step func()
}

// newID is 130 random bits in letters that can be read aloud.
func newID() string { return strings.ToLower(rand.Text()) }

// maySee refuses who neither reads nor manages items of a unit.
func maySee(ctx context.Context, org string) error {
	if iam.Allow(ctx, permManage, org) == nil {
		return nil
	}
	return iam.Allow(ctx, permRead, org)
}

// kindTx is a published kind by its name or code.
func (s *Service) kindTx(tx *db.Tx, ref string) (*catalogue.Kind, error) {
	k, err := s.Catalogue.KindTx(tx, ref)
	if errors.Is(err, fault.NotFound) {
		return nil, fault.Invalid.New("目录中没有这个证照类型，或已停用").WithCode("item.kind").WithHint("请从证照目录中选择").
			WithField("kind", "item.kind", "目录中没有这个证照类型，或已停用")
	}
	return k, err
}

// reasonOf checks why something is done.
func reasonOf(reason string) (string, error) {
	reason = strings.TrimSpace(reason)
	n := utf8.RuneCountInString(reason)
	if n == 0 || n > 500 || !legible(reason) {
		return "", fault.Invalid.New("须填写理由").WithCode("reason.required").WithHint("写明依据，至多 500 个字").WithField("reason", "required", "必填，至多 500 个字")
	}
	if audit.Personal(reason) {
		return "", fault.Invalid.New("理由中不得写证件号码、手机号码").WithCode("item.personal").WithHint("请改写理由").WithField("reason", "item.personal", "不得写证件号码、手机号码")
	}
	return reason, nil
}

func objectOf(code string) string { return "item/" + code }

// names are what organisations are called.
func (s *Service) names(ctx context.Context) (map[string]string, error) {
	all, err := s.IAM.Organisations(ctx)
	names := make(map[string]string, len(all))
	for i := range all {
		names[all[i].ID] = all[i].Name
	}
	return names, err
}

// kinds are the published kinds by name.
func (s *Service) kinds(ctx context.Context) (map[string]*catalogue.Kind, error) {
	list, err := s.Catalogue.Published(ctx)
	kinds := make(map[string]*catalogue.Kind, len(list))
	for _, k := range list {
		kinds[k.Name] = k
	}
	return kinds, err
}

// Kinds are the published kinds, by title, to choose from.
func (s *Service) Kinds(ctx context.Context) ([]*catalogue.Kind, error) {
	list, err := s.Catalogue.Published(ctx)
	slices.SortFunc(list, func(a, b *catalogue.Kind) int { return strings.Compare(a.Title, b.Title) })
	return list, err
}

// Managed are the units whose items whoever acts may manage.
func (s *Service) Managed(ctx context.Context) (list []iam.Org, err error) {
	all, err := s.IAM.Organisations(ctx)
	mine := iam.Orgs(ctx, permManage)
	for _, o := range all {
		if _, ok := slices.BinarySearch(mine, o.ID); ok && !o.Closed {
			list = append(list, o)
		}
	}
	return list, err
}

// Units are the units that are open, from which something may be needed.
func (s *Service) Units(ctx context.Context) (list []iam.Org, err error) {
	all, err := s.IAM.Organisations(ctx)
	for _, o := range all {
		if !o.Closed {
			list = append(list, o)
		}
	}
	return list, err
}
