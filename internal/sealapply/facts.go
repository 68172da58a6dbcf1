package sealapply

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/png"
	"strings"
	"time"

	"sidian/gm"
	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/iam"
	"sidian/internal/pki"
	"sidian/internal/seal"
	"sidian/workday"
)

// facts are all that the checks look at. What needs package keys, blob or the
// rights of another account is gathered outside of a transaction, the rest in
// the one that decides.
type facts struct {
	row     *row
	content content
	form    *Form
	now     time.Time

	org         iam.Org
	files       []*attachmentRow
	others      int64      // applications for the same seal under way
	present     *seal.Seal // an effective seal of the kind that the unit has; nil: none
	named       bool       // seals of persons: the account bears the name
	level       int        // and how well it is known
	personKnown bool       // that could be asked

	custodian error // why the custodian may not keep the seal
	picture   *picture
	before    *seal.Seal    // the seal that it is about; nil: none such
	renewFrom time.Time     // since when that may be renewed
	found     []pki.Finding // about the digital certificate
	held      *pki.Registered
	basis     *Basis // the certificate that it rests on; nil: none
}

// A picture is what was seen of an imprint.
type picture struct {
	data  []byte
	blank bool
}

// Bounds of an imprint are those of package seal: what it would refuse to make
// is told when it is uploaded.
const (
	maxImprint = 64 << 10
	maxPixels  = 1200
	maxSide    = 100
)

// look decodes an imprint.
func look(data []byte) (*picture, error) {
	bad := fault.Invalid.New("印模图像不符合规则").WithCode("sealapply.imprint").WithHint("请上传透明或白色背景的 PNG 图像，不超过 %d KiB", maxImprint>>10)
	if len(data) > maxImprint {
		return nil, bad.WithField("imprint", "length", fmt.Sprintf("印模图像最大 %d KiB", maxImprint>>10))
	}
	c, err := png.DecodeConfig(bytes.NewReader(data))
	if err != nil {
		return nil, bad.WithField("imprint", "picture", "印模须是 PNG 图像")
	}
	if c.Width > maxPixels || c.Height > maxPixels || c.Width < 32 || c.Height < 32 {
		return nil, bad.WithField("imprint", "pixels", fmt.Sprintf("边长应为 32 至 %d 像素", maxPixels))
	}
	img, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		return nil, bad.WithField("imprint", "picture", "印模图像已损坏")
	}
	return &picture{data: data, blank: blank(img)}, nil
}

// blank tells whether next to nothing is seen on a white page: less than one
// pixel in five hundred differs from it, or hardly one is left.
func blank(img image.Image) bool {
	b := img.Bounds()
	ink, all := 0, b.Dx()*b.Dy()
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			r, g, bl, a := img.At(x, y).RGBA()
			white := 0xffff - a // what the page adds behind a transparent pixel
			if r+white < 0xd000 || g+white < 0xd000 || bl+white < 0xd000 {
				ink++
			}
		}
	}
	return ink*500 < all || ink*100 > all*98
}

// gather learns what needs no transaction, or must not stand in one.
func (s *Service) gather(ctx context.Context, r *row) (*facts, error) {
	f := &facts{row: r, now: s.DB.Now()}
	var err error
	if f.content, err = s.open(r); err != nil {
		return nil, err
	}
	if len(r.imprint) == len(gm.Digest{}) {
		data, err := s.Blobs.Get(ctx, gm.Digest(r.imprint))
		if err != nil {
			return nil, fmt.Errorf("sealapply: reading the imprint of %s: %w", r.id, err)
		}
		if f.picture, err = look(data); err != nil {
			return nil, err
		}
	}
	if r.kind.Makes() {
		if f.custodian, err = s.mayKeep(ctx, r); err != nil {
			return nil, err
		}
		if err := s.certificateOf(ctx, f); err != nil {
			return nil, err
		}
	}
	if r.seal != "" {
		if err := s.sealBefore(ctx, f); err != nil {
			return nil, err
		}
	}
	return f, nil
}

// mayKeep tells why the custodian may not keep the seal; err is trouble.
func (s *Service) mayKeep(ctx context.Context, r *row) (refusal, err error) {
	if r.custodian == "" {
		return nil, nil
	}
	acting, err := s.IAM.As(ctx, r.custodian)
	if err != nil {
		if fault.As(err) != nil {
			return err, nil
		}
		return nil, err
	}
	return iam.Allow(acting, "seal.use", r.org), nil
}

// certificateOf looks at the digital certificate that the applicant has, if
// any. One that an outside authority has issued since it was asked is taken.
func (s *Service) certificateOf(ctx context.Context, f *facts) error {
	r := f.row
	if r.mode == BuiltIn {
		return nil
	}
	if r.serial == "" {
		return nil
	}
	err := s.DB.Read(ctx, func(tx *db.Tx) (err error) { f.held, err = pki.GetTx(tx, r.serial); return err })
	if isNotFound(err) {
		return nil
	}
	if err != nil {
		return err
	}
	var o iam.Org
	if err := s.DB.Read(ctx, func(tx *db.Tx) (err error) { o, err = iam.OrgTx(tx, r.org); return err }); err != nil {
		return err
	}
	q := pki.CheckRequest{Certificate: f.held.Certificate, Name: o.Name, Code: o.USCC, Use: f.held.Use}
	if seal.OfPerson(r.sealKind) && f.held.Use == pki.Personal {
		q.Name, q.Code = f.content.Name, ""
	}
	f.found = s.PKI.Check(ctx, q)
	return nil
}

// sealBefore looks at the seal that the application is about, on behalf of who
// applied: it is theirs, and reviewers of higher tiers may not read it.
func (s *Service) sealBefore(ctx context.Context, f *facts) error {
	x, err := s.sealFor(ctx, f.row)
	if isNotFound(err) {
		return nil
	}
	if e := fault.As(err); e != nil && e.Kind == fault.Forbidden {
		return nil
	}
	f.before = x
	return err
}

func (s *Service) sealFor(ctx context.Context, r *row) (*seal.Seal, error) {
	acting := ctx // a program acts for itself
	if r.account != "" {
		var err error
		if acting, err = s.IAM.As(ctx, r.account); err != nil {
			return nil, err
		}
	}
	x, refusal := s.Seals.Get(acting, r.seal)
	if refusal == nil || fault.As(refusal) == nil {
		return x, refusal
	}
	// What the application that made it and the register of the public know.
	var made *row
	err := s.DB.Read(ctx, func(tx *db.Tx) (err error) { made, err = madeBy(tx, r.seal); return err })
	if isNotFound(err) {
		return nil, refusal
	}
	if err != nil {
		return nil, err
	}
	p, err := s.Seals.PublicGet(ctx, r.seal)
	if err != nil {
		return nil, err
	}
	return &seal.Seal{ID: p.ID, Org: made.org, Kind: p.Kind, Person: made.person, Custodian: made.custodian, State: p.State,
		ValidFrom: p.ValidFrom, ValidTo: p.ValidTo, Number: p.Number, ReplacedBy: p.ReplacedBy}, nil
}

// settle learns the rest in the transaction that decides.
func (s *Service) settle(tx *db.Tx, f *facts) error {
	r := f.row
	f.now = tx.Now()
	var err error
	if f.form, err = formOf(tx, r.formRegion, r.formVersion); err != nil {
		return err
	}
	if f.org, err = iam.OrgTx(tx, r.org); err != nil {
		return err
	}
	if f.files, err = attachmentsOf(tx, r.id); err != nil {
		return err
	}
	if r.seal != "" {
		f.others, err = openAbout(tx, r.seal, r.id)
	} else {
		f.others, err = openOf(tx, r.org, r.sealKind, r.person, r.id)
	}
	if err != nil {
		return err
	}
	if err := s.presentTx(tx, f); err != nil {
		return err
	}
	if s.Basis != nil {
		if f.basis, err = s.Basis(tx, r.id); err != nil {
			return err
		}
	}
	if seal.OfPerson(r.sealKind) && s.Seals.Person != nil && r.person != "" {
		f.personKnown = true
		if f.level, f.named, err = s.Seals.Person(tx, r.person, f.content.Name); err != nil {
			return err
		}
	}
	return s.windowTx(tx, f)
}

// presentTx looks for a seal of the kind that the unit has already.
func (s *Service) presentTx(tx *db.Tx, f *facts) error {
	r := f.row
	if !r.kind.Makes() || r.sealKind != seal.LegalName && r.sealKind != seal.Enterprise {
		return nil
	}
	x, err := seal.ForTx(tx, r.org, r.sealKind)
	if x == nil {
		if e := fault.As(err); e != nil {
			return nil // there is none
		}
		return err
	}
	f.present = x
	return nil
}

// windowTx learns since when the seal may be renewed: by the rule of deadlines
// that is in force in the unit's region (电子印章管理暂行办法 第八条).
func (s *Service) windowTx(tx *db.Tx, f *facts) error {
	if f.row.kind != Renew || f.before == nil {
		return nil
	}
	days := 30
	if s.Due != nil {
		region, err := iam.RegionTx(tx, f.row.org)
		if err != nil {
			return err
		}
		rule, err := s.Due.Value(tx, "seal.renew", region, workday.DateOf(tx.Now()))
		switch {
		case isNotFound(err):
		case err != nil:
			return err
		default:
			days = rule.Amount
		}
	}
	f.renewFrom = workday.DateOf(f.before.ValidTo).AddDays(-days).Start()
	return nil
}

// joined names several things for people.
func joined(list []string) string { return strings.Join(list, "、") }
