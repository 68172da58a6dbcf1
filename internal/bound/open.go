package bound

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"sidian/gbcode"
	"sidian/internal/audit"
	"sidian/internal/catalogue"
	"sidian/internal/cert"
	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/notice"
	"sidian/internal/seal"
	"sidian/internal/sealapply"
	"sidian/workday"
)

// Pages that notices lead to.
const (
	WalletLink  = "/wallet/seal-offers"
	ConsoleLink = "/console/bound"
)

const topic = "bound.offer"

// errWait says that a draft has not noted its certificate yet: the event comes
// again.
var errWait = errors.New("bound: the draft of a certificate is not closed yet")

// openTx writes an offer, or moves the one that there is to a later version.
func (s *Service) openTx(tx *db.Tx, l *look, o *opening, wish *wishRow) (err error) {
	r, words := o.r, o.words
	there := l.offers[r.once()]
	if l.offers == nil {
		if there, err = offerBySeries(tx, r.series, r.sort); err != nil {
			return err
		}
	}
	if there != nil {
		return s.moveTx(tx, there, r, words)
	}
	if !o.is.Stands && !o.is.Passes {
		return nil // it was gone before the offer came
	}
	now := tx.Now()
	r.created, r.until = milli(now), milli(now.AddDate(0, 0, o.rule.Days))
	if r.content, err = s.sealTo(offerCell(r.id), words); err != nil {
		return err
	}
	made, err := insertOffer(tx, r)
	if err != nil {
		return err
	}
	if !made { // another was faster
		if there, err = offerBySeries(tx, r.series, r.sort); err != nil || there == nil {
			return err
		}
		return s.moveTx(tx, there, r, words)
	}
	if l.offers != nil {
		l.offers[r.once()] = r
	}
	if wish != nil {
		if _, err := endWish(tx, wish.draft, "met"); err != nil {
			return err
		}
	}
	if err := s.tellOpen(tx, l, r, words.Title, o.whom); err != nil {
		return err
	}
	return audit.Put(tx, audit.Entry{Action: "bound.open", Object: objectOf(r.id)})
}

// moveTx follows a certificate to its next version. Who wears a name that the
// certificate bears no more is told to have the seal changed.
func (s *Service) moveTx(tx *db.Tx, there, r *row, words said) error {
	if r.version <= there.version {
		return nil
	}
	was, err := s.openFrom(offerCell(there.id), there.content)
	if err != nil {
		return err
	}
	there.certificate, there.identifier, there.version = r.certificate, r.identifier, r.version
	words.Agent = was.Agent
	if there.content, err = s.sealTo(offerCell(there.id), words); err != nil {
		return err
	}
	if err := saveOffer(tx, there); err != nil {
		return err
	}
	if there.state == Done && was.Name != words.Name && there.account != "" {
		err := s.Notices.PutTx(tx, notice.Notice{ID: "rename/" + there.id + "/" + r.certificate, Account: there.account, Topic: topic,
			Title: words.Title + "上的名称已变更，请办理印章变更", Text: "印模上的名称须与证照一致。请在“我的印章”中办理变更。", Link: "/wallet/seals"})
		if err != nil {
			return err
		}
	}
	return audit.Put(tx, audit.Entry{Action: "bound.move", Object: objectOf(there.id)})
}

// holderFor is the first holder of a certificate who may have a sort of seal.
func holderFor(sort string, all []catalogue.Holder) *catalogue.Holder {
	i := slices.IndexFunc(all, func(h catalogue.Holder) bool {
		if sort == Personal {
			_, err := gbcode.ParseCitizenID(h.ID)
			return h.Type == "person" && err == nil
		}
		_, err := gbcode.ParseCreditCode(h.ID)
		return h.Type != "person" && err == nil
	})
	if i < 0 {
		return nil
	}
	return &all[i]
}

func wordsOf(rule *Rule, x *cert.Saying, h *catalogue.Holder) said {
	w := said{Title: x.KindName, Name: h.Name, Fields: map[string]string{}}
	if rule.Sort == Enterprise {
		w.Code = h.ID
	}
	for form, key := range rule.Fields {
		if v := x.Texts[key]; v != "" {
			w.Fields[form] = v
		}
	}
	return w
}

// An audience is whom an offer is told to.
type audience struct {
	accounts []string
	unit     string // whose staff apply for seals; empty: it is not registered
}

// whomTx finds the holder of an offer. It is nil where the enterprise has its seal
// already: nothing is to be offered.
func (s *Service) whomTx(tx *db.Tx, l *look, x *opening) (*audience, error) {
	a, r, h := &audience{}, x.r, x.h
	if r.sort == Personal {
		account, err := s.IAM.HolderOfTx(tx, h.ID)
		if err != nil && fault.As(err) == nil {
			return nil, err
		}
		a.accounts = append(a.accounts, account)
		return a, nil
	}
	o := l.units[h.ID]
	if o == nil {
		return a, nil
	}
	a.unit = o.ID
	has, err := seal.ForTx(tx, o.ID, seal.Enterprise)
	if err != nil && fault.As(err) == nil {
		return nil, err
	}
	if has != nil && has.Name == h.Name {
		there, err := isOffered(tx, r.series, r.sort)
		if err != nil || !there {
			return nil, err
		}
	}
	a.accounts, err = sealapply.AgentsTx(tx, o.ID)
	return a, err
}

// tellOpen tells the holder; where nobody is known, whoever can do something
// about that.
func (s *Service) tellOpen(tx *db.Tx, l *look, r *row, title string, whom *audience) error {
	label := sealLabel(r.sort)
	n := notice.Notice{ID: "offer/" + r.id, Topic: topic, Title: title + "已签发，可以同时申领" + label, Text: "名称等信息已按证照填好，核对后提交即可。不需要的可以谢绝。", Link: WalletLink + "/" + r.id}
	if r.wished {
		n.Title = title + "已签发，请确认同时申领" + label
	}
	told := false
	list := slices.DeleteFunc(slices.Compact(slices.Sorted(slices.Values(whom.accounts))), func(a string) bool { return a == "" })
	for _, account := range list {
		n.Account, told = account, true
		if err := s.Notices.PutTx(tx, n); err != nil {
			return err
		}
	}
	if n.Account = ""; whom.unit != "" {
		n.Org, n.Permission = whom.unit, permApply
		return s.Notices.PutTx(tx, n)
	}
	if r.sort == Personal {
		return nil // the offer is theirs when they first sign in
	}
	return s.tellStaff(tx, l, r, label, told)
}

// tellStaff tells those of the unit that issued who register enterprises and, where
// the holder could not be told, agents: once a day, however many offers come. What
// waits stands in the list of offers, which the notice leads to.
func (s *Service) tellStaff(tx *db.Tx, l *look, r *row, label string, told bool) error {
	n := notice.Notice{ID: "register/" + r.sort + "/" + workday.DateOf(tx.Now()).String(), Topic: topic, Org: r.issuer, Permission: permRegister, Link: ConsoleLink + "?state=" + string(Open),
		Title: "有新设企业待登记，以便申领" + label, Text: "单位信息取自证照，核对后一次登记。当天再有的不另发消息，都在“同步发放”的待申领中。"}
	if err := s.tellOnce(tx, l, n); err != nil || told {
		return err
	}
	n.Permission, n.Title = permDraft, "有企业待登记"+label+"的经办人"
	n.Text = "企业在平台还没有经办人，无法通知其申领。请核验身份证件和委托书后登记。当天再有的不另发消息，都在“同步发放”的待申领中。"
	return s.tellOnce(tx, l, n)
}

// tellOnce spares the question whether a notice was put, when it was in this
// transaction.
func (s *Service) tellOnce(tx *db.Tx, l *look, n notice.Notice) error {
	key := n.ID + " " + n.Org + " " + n.Permission
	if l.told[key] {
		return nil
	}
	l.told[key] = true
	return s.Notices.PutTx(tx, n)
}

// Basis is the certificate that an application rests on, for package sealapply;
// nil: on none.
func (s *Service) Basis(tx *db.Tx, application string) (*sealapply.Basis, error) {
	r, err := offerByApplication(tx, application)
	if err != nil || r == nil {
		return nil, err
	}
	w, err := s.openFrom(offerCell(r.id), r.content)
	if err != nil {
		return nil, err
	}
	i, err := s.standing(tx, r)
	if err != nil {
		return nil, err
	}
	return &sealapply.Basis{Identifier: r.identifier, Kind: cmp.Or(w.Title, r.kind), Name: w.Name, Code: w.Code, Stands: i.Stands, Status: i.Name}, nil
}

// retry is what makes an event come again.
func retry(draft string) error { return fmt.Errorf("%w: %s", errWait, draft) }
