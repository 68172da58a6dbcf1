// Package verify gives one verdict on anything that is shown to it: a document
// by its bytes, a certificate by its identifier or by the code on its face.
//
// A verdict on a document has these parts. What the document says of itself is
// the report of package ofd/sign, against our trust. What the register says is
// whether the document was issued here and what has become of it since. A
// document that verifies and that no register knows is said to be just that.
// Who made each seal is asked for a verdict of their own (package provider, 谁签章、
// 谁核验): the sources. What has become of each seal of ours is looked up at the
// same moment; nothing of that is kept, so that the verification after a freeze
// says so.
//
// # One verdict
//
// Our own cryptographic verdict is where it begins. A source changes a
// signature's verdict so:
//
//	ours          the source says   becomes
//	invalid       anything          invalid; a contrary word is told as a warning
//	valid         valid             valid
//	valid         invalid           invalid, naming the source
//	valid         undetermined      undetermined, naming the source
//	undetermined  valid             valid, naming the source, where nothing is unknown but
//	                                the chain and its revocation, and it never lied to us
//	undetermined  invalid           invalid, naming the source
//	anything      no answer that is to be believed: stays, with a warning
//
// The state of a seal of ours changes it so, since is when the state began and at
// the time of signing:
//
//	effective, expired            stays: the seal's validity was checked at the time of signing
//	frozen, cancelled, replaced   at before since, proven by a time stamp: stays, with a note
//	                              at after since: invalid
//	                              in the second of since: undetermined, for stamps tell seconds
//	frozen, cancelled             at before since as the signer claims, without a time stamp:
//	                              undetermined, for whoever has the key can claim any time
//	replaced                      the same: stays with a warning, for the key was given up in order
//	                              and never left us
//	any but effective, expired    since not known: undetermined
//
// A seal under our authority that the public register does not know (a personal
// signature's) has no state.
//
// What has become of the certificate (package cert/state) decides whether its
// document stands: only an effective one does. One that is suspended or reported
// lost cannot be confirmed for the time; one that is over is said to be, and since
// when and on what basis. Marks (抵押、质押、异议标注、年审) are reasons beside the
// verdict and take nothing of it away.
//
// # What is written down
//
// Verification by somebody who is signed in, or by a program, puts one event
// seal.verified into the outbox, with digests and numbers only: such callers are
// known and limited one by one. A stranger's verification writes nothing, so that
// nobody can fill the evidence log by asking. With signed=1, which is how other
// platforms ask (package provider), the answer is signed and nobody else is asked.
//
// It owns no table.
package verify

import (
	"context"
	"time"

	"sidian/gm"
	"sidian/internal/cert"
	"sidian/internal/db"
	"sidian/internal/outbox"
	"sidian/internal/pki"
	"sidian/internal/provider"
	"sidian/internal/seal"
	"sidian/ofd/sign"
)

// A Service verifies. It is safe for concurrent use.
type Service struct {
	DB    *db.DB
	PKI   *pki.Service
	Cert  *cert.Service
	Cache *sign.ChainCache
	// Mark is what stands across every document of this platform: 样例 in a
	// demo, otherwise empty.
	Mark string

	// Providers asks those who made a seal; nil: nobody is asked, and no answer
	// is signed.
	Providers Providers
	// Seals tells the public state of a seal of ours now, fault.NotFound where
	// the register has none; nil: states are not looked at.
	Seals func(ctx context.Context, id string) (*seal.PublicSeal, error)
	// Changed tells since when a seal is in its state; nil, or the zero time: it
	// is not known.
	Changed func(ctx context.Context, id string) (time.Time, error)
	// Records tells what was signed on a document by people through this
	// platform; nil: that is not looked at.
	Records func(ctx context.Context, document gm.Digest) ([]Record, error)
	// Copies finds the annotated copy (加注件) that a document is, or
	// fault.NotFound; nil: that is not looked at.
	Copies func(ctx context.Context, document gm.Digest) (*Copy, error)
	// Members are the permits that a certificate folds in, without their reasons; nil:
	// nobody folds any.
	Members func(ctx context.Context, certificate string) ([]Member, error)
	// Outbox carries seal.verified; nil: nothing is put.
	Outbox *outbox.Outbox
}

// Providers is package provider's Service, as far as verification needs it.
type Providers interface {
	Ask(ctx context.Context, rep *sign.Report, name string, data []byte) ([]provider.Source, error)
	Own(ctx context.Context, rep *sign.Report) ([]string, error)
	Sign(ctx context.Context, rep *sign.Report, document gm.Digest, nonce string, own, remarks []string) (string, error)
}

// A Record is one signature that somebody made through this platform, as its own
// record says. Names are masked.
type Record struct {
	Task      string    `json:"task"`
	Signature string    `json:"signature,omitempty" doc:"文件中的签名编号"`
	Name      string    `json:"name" doc:"签署人，脱敏"`
	At        time.Time `json:"at"`
	Factor    string    `json:"factor,omitempty" doc:"确认签署意愿所用的验证方式"`
	Way       string    `json:"way,omitempty" doc:"seal 签章、sign 签名"`
}
