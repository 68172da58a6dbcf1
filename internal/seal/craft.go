package seal

import (
	"context"
	"time"

	"sidian/gm"
	"sidian/internal/audit"
	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/pki"
	"sidian/ses"
)

// A CraftRequest asks the maker to sign the picture of a personal signature as
// a seal.
type CraftRequest struct {
	ID, Name    string
	Certificate *gm.Certificate // of who signs with it
	Picture     ses.Picture
	From, To    time.Time // zero: as the digital certificate
}

// Craft signs it. The caller answers for who asks; nothing is kept but the
// audit row. The name must be that of the digital certificate, and the validity
// lie within its.
func (s *Service) Craft(ctx context.Context, r CraftRequest) (*ses.Seal, error) {
	made, err := s.craft(ctx, r)
	if err != nil {
		return nil, s.Refused(ctx, "seal.craft", "signature/"+r.ID, err)
	}
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		return audit.Put(tx, audit.Entry{Action: "seal.craft", Object: "signature/" + r.ID, After: gm.Sum(made.Raw)})
	})
	if err != nil {
		return nil, err
	}
	return made, nil
}

func (s *Service) craft(ctx context.Context, r CraftRequest) (*ses.Seal, error) {
	if !idForm.MatchString(r.ID) || r.Name == "" || r.Certificate == nil {
		return nil, fault.Invalid.New("制作签名图像须有编号、姓名和数字证书").WithCode("seal.craft").WithHint("请补全后重试")
	}
	if r.From.IsZero() {
		r.From = r.Certificate.NotBefore
	}
	if r.To.IsZero() {
		r.To = r.Certificate.NotAfter
	}
	if r.From.Before(r.Certificate.NotBefore) || r.To.After(r.Certificate.NotAfter) || !r.From.Before(r.To) {
		return nil, fault.Invalid.New("签名的有效期须在数字证书有效期之内").WithCode("seal.craft").WithHint("请更正有效期")
	}
	if err := pki.Refusal(s.PKI.Check(ctx, pki.CheckRequest{Certificate: r.Certificate, Name: r.Name, Use: pki.Personal})); err != nil {
		return nil, err
	}
	maker, makerCertificate, err := s.maker(ctx)
	if err != nil {
		return nil, err
	}
	made, err := ses.MakeSeal(ses.SealOptions{
		ID: r.ID, VendorID: vendor, Type: typePerson, Name: r.Name, Signers: []*gm.Certificate{r.Certificate},
		Created: s.DB.Now(), ValidFrom: r.From, ValidTo: r.To, Picture: r.Picture,
	}, maker, makerCertificate)
	if err != nil {
		return nil, fault.Invalid.Wrap(err, "签名图像不符合 GB/T 38540").WithCode("seal.craft").WithHint("请重新采集签名")
	}
	return made, nil
}
