package seal

import (
	"context"
	"fmt"

	"sidian/internal/audit"
	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/keys"
	"sidian/internal/pki"
)

// plan writes down that a seal is being made, before anything of it is, so that
// a repetition after a crash finds the key that was made for it.
func (s *Service) plan(ctx context.Context, w *work) error {
	err := s.DB.Write(ctx, func(tx *db.Tx) error {
		m, err := makingOf(tx, w.ID)
		switch {
		case err != nil:
			return err
		case m == nil:
			m = &making{id: w.ID, request: w.digest(), key: w.Key}
			if err := insertMaking(tx, m, w.Org, audit.ActorFrom(ctx).Account); err != nil {
				return err
			}
		case m.request != w.digest():
			return errOtherRequest()
		default:
			w.again = true
		}
		w.key = m.key
		return nil
	})
	if err != nil {
		return err
	}
	s.step("plan")
	if w.Certificate != "" || w.key != "" {
		return nil
	}
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		m, err := makingOf(tx, w.ID)
		if err != nil {
			return err
		}
		if w.key = m.key; w.key != "" {
			return nil // a repetition was faster
		}
		if w.key, err = s.Keys.GenerateTx(tx, keys.Seal); err != nil {
			return fmt.Errorf("seal: making a key: %w", err)
		}
		return setMakingKey(tx, w.ID, w.key)
	})
	s.step("key")
	return err
}

// certify finds the digital certificate of the seal: the one that the request
// names, the one that was issued for the planned key already, or a new one. None
// goes on that may not sign for the seal's owner.
func (s *Service) certify(ctx context.Context, w *work) error {
	switch found, err := s.registered(ctx, w); {
	case err != nil:
		return err
	case found != nil:
		w.certificate = found.Certificate
	}
	if w.certificate == nil {
		if err := s.issue(ctx, w); err != nil {
			return err
		}
		s.step("certificate")
	}
	signer, err := s.Keys.Signer(ctx, w.key, keys.Seal) // a key for something else does not stamp
	if err != nil {
		return err
	}
	r := pki.CheckRequest{Certificate: w.certificate, Name: w.org.Name, Code: w.org.USCC, Public: signer.Public(), Use: use(w.Kind)}
	if OfPerson(w.Kind) {
		r.Name, r.Code = w.Name, ""
	}
	if err := pki.Refusal(s.PKI.Check(ctx, r)); err != nil {
		return err
	}
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		if err := setMakingKey(tx, w.ID, w.key); err != nil {
			return err
		}
		return setMakingSerial(tx, w.ID, w.certificate.SerialNumber.Text(16))
	})
	s.step("certified")
	return err
}

// registered returns the digital certificate that stands in the register for
// the work, or nil. One that a crash left unrecorded here is found by its key.
func (s *Service) registered(ctx context.Context, w *work) (found *pki.Registered, err error) {
	switch {
	case w.Certificate == "" && w.again:
		return s.issuedFor(ctx, w)
	case w.Certificate == "":
		return nil, nil
	}
	if err := s.DB.Read(ctx, func(tx *db.Tx) (err error) { found, err = pki.GetTx(tx, w.Certificate); return err }); err != nil {
		return nil, err
	}
	if w.key == "" {
		w.key = found.Key
	}
	switch {
	case found.Org != w.Org:
		return nil, fault.Forbidden.New("这张数字证书不是该单位的").WithCode("seal.certificate").WithHint("请选用本单位持有的数字证书，或由平台签发")
	case found.Account != w.Person:
		return nil, fault.Forbidden.New("这张数字证书不是本人的").WithCode("seal.certificate").WithHint("请选用本人持有的数字证书，或由平台签发")
	case w.key == "":
		return nil, fault.Conflict.New("这张数字证书的密钥不在本平台，不能用于制作印章").WithCode("seal.key").WithHint("请选用密钥在本平台的数字证书，或由平台签发")
	}
	return found, nil
}

func (s *Service) issue(ctx context.Context, w *work) (err error) {
	signer, err := s.Keys.Signer(ctx, w.key, keys.Seal)
	if err != nil {
		return err
	}
	r := pki.IssueRequest{Use: use(w.Kind), Org: w.Org, Name: w.org.Name, Code: w.org.USCC, Public: signer.Public(), Key: w.key}
	if OfPerson(w.Kind) {
		r.Name, r.Code, r.Account = w.Name, "", w.Person
	}
	w.certificate, err = s.PKI.Issue(ctx, r)
	w.issued = true
	return err
}

func (s *Service) issuedFor(ctx context.Context, w *work) (*pki.Registered, error) {
	held, err := s.held(ctx, w)
	for _, c := range held {
		if c.Key == w.key {
			return &c, err
		}
	}
	return nil, err
}

func (s *Service) held(ctx context.Context, w *work) ([]pki.Registered, error) {
	if OfPerson(w.Kind) {
		return s.PKI.HeldByAccount(ctx, w.Person)
	}
	return s.PKI.HeldBy(ctx, w.Org)
}
