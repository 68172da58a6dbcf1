package ses

import (
	"bytes"
	"crypto/sha1"
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"

	"sidian/gm"
)

// ErrCertificate says that the digital certificate needed for a check could not be read.
var ErrCertificate = errors.New("ses: digital certificate unreadable")

// VerifyMaker checks the maker's signature on the seal, over the stored octets.
// V4 and V5 sign eSealInfo (GB/T 38540-2020 §6.3), V1 signs the sequence of
// eSealInfo, certificate and algorithm (GM/T 0031-2014 §6.1.2). Makers that
// sign the other one are accepted with a note.
func (s *Seal) VerifyMaker() ([]gm.Note, error) {
	if s.Maker == nil {
		return nil, fmt.Errorf("checking the seal's signature: maker: %w", ErrCertificate)
	}
	own, other := s.Info, s.infoWithSigner()
	if s.Version == V1 {
		own, other = other, own
	}
	notes, err := s.Maker.CheckSignature(s.Algorithm, own, s.Value)
	if err == nil {
		return notes, nil
	}
	notes, otherErr := s.Maker.CheckSignature(s.Algorithm, other, s.Value)
	if otherErr != nil {
		return nil, fmt.Errorf("checking the seal's signature: %w", err)
	}
	return append(notes, note(NoteSealBytes, "印章签名覆盖的字节与本版本标准的规定不同（已按实际覆盖的内容验证）")), nil
}

// infoWithSigner is SEQUENCE { eSealInfo, cert, signAlgID } of stored elements.
func (s *Seal) infoWithSigner() []byte {
	return sequence(s.Info, s.signInfo)
}

// VerifyValue checks the signer's signature value over the stored octets of TBS_Sign.
func (s *Signature) VerifyValue() ([]gm.Note, error) {
	if s.Signer == nil {
		return nil, fmt.Errorf("checking the signature value: signer: %w", ErrCertificate)
	}
	notes, err := s.Signer.CheckSignature(s.Algorithm, s.TBS, s.Value)
	if err != nil {
		return nil, fmt.Errorf("checking the signature value: %w", err)
	}
	return notes, nil
}

// SignerInSeal tells whether the signer's digital certificate is one that the
// seal lists, by its octets or by its digest (GB/T 38540-2020 §7.3).
func (s *Signature) SignerInSeal() ([]gm.Note, bool) { return s.Seal.Lists(s.SignerRaw) }

// Lists tells whether the seal lists the digital certificate with this DER.
func (s *Seal) Lists(der []byte) ([]gm.Note, bool) {
	if len(der) == 0 {
		return nil, false
	}
	for _, c := range s.SignerCertificates {
		if bytes.Equal(c, der) {
			return nil, true
		}
	}
	for _, d := range s.SignerDigests {
		if name := digestOf(d, der); name != "" {
			if name == "SM3" && strings.EqualFold(d.Algorithm, "SM3") {
				return nil, true
			}
			return []gm.Note{note(NoteDigestName, "印章以 "+name+" 摘要登记签章人证书（标准为 SM3）")}, true
		}
	}
	return nil, false
}

// digestOf names the algorithm by which d is the digest of der, or "".
// The stated name is not relied on: lengths and values decide.
func digestOf(d SignerDigest, der []byte) string {
	switch len(d.Value) {
	case 32:
		if sum := gm.Sum(der); bytes.Equal(sum[:], d.Value) {
			return "SM3"
		}
		if sum := sha256.Sum256(der); bytes.Equal(sum[:], d.Value) {
			return "SHA-256"
		}
	case 20:
		if sum := sha1.Sum(der); bytes.Equal(sum[:], d.Value) {
			return "SHA-1"
		}
	}
	return ""
}
