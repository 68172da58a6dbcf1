package interop

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"testing"

	"sidian/gm"
	"sidian/internal/cert/certtest"
	"sidian/internal/cert/event"
	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/lasting"
	"sidian/internal/outbox"
	"sidian/ofd/sign"
)

// The evidence of a certificate is an EvidenceRecord (RFC 4998) to openssl's parser,
// and by its SM3 and SM2 alone the document leads to what the time stamp is over.
func TestOthersBelieveEvidence(t *testing.T) {
	t.Parallel()
	d := dbtest.New(t, "sqlite")
	const kind = "road_transport"
	w := certtest.New(t, d, kind)
	c := w.Issue(t, kind)
	s := &lasting.Service{DB: d, Document: w.Blob.Get, TimeStamp: w.PKI.TimeStamp, Trust: func(ctx context.Context) (sign.Options, error) {
		x, err := w.PKI.Trust(ctx)
		if err != nil {
			return sign.Options{}, err
		}
		return sign.Options{Anchors: x.Anchors, Intermediates: x.Intermediates, CRLs: x.Lists, Now: d.Now()}, nil
	}}
	var err error
	s.Mac, err = w.Keys.Index(t.Context(), "lasting.anchor")
	must(t, err)
	var all []outbox.Event
	for i, digest := range []gm.Digest{c.Digest, gm.Sum([]byte("another")), gm.Sum([]byte("a third"))} {
		id := c.ID
		if i > 0 {
			id = fmt.Sprintf("other%d", i)
		}
		body, err := json.Marshal(event.Certificate{ID: id, Issuer: c.Issuer, Document: fmt.Sprintf("%x", digest)})
		must(t, err)
		all = append(all, outbox.Event{Topic: event.Issued, Body: json.RawMessage(body)})
	}
	must(t, d.Write(t.Context(), func(tx *db.Tx) error { return s.Consumer().HandleAll(tx, all) }))
	_, err = s.Work(t.Context())
	must(t, err)
	der, err := s.DER(w.Client, c.ID)
	must(t, err)
	roots, err := w.PKI.Roots(t.Context())
	must(t, err)
	document := w.Document(t, c)
	o := newOpenssl(t, roots, document)

	record := o.children(der) // version, digest algorithms, chains
	if len(record) != 3 || !bytes.Equal(record[0].body, []byte{1}) {
		t.Fatalf("the record has %d parts", len(record))
	}
	chains := o.children(record[2].whole)
	stamps := o.children(chains[0].whole)
	if len(chains) != 1 || len(stamps) != 1 {
		t.Fatalf("%d chains, %d time stamps", len(chains), len(stamps))
	}
	stamp := o.children(stamps[0].whole) // [0] algorithm, [1] attributes, [2] tree, token
	if len(stamp) != 4 || stamp[0].whole[0] != 0xa0 || stamp[1].whole[0] != 0xa1 || stamp[2].whole[0] != 0xa2 {
		t.Fatalf("the time stamp has %d parts", len(stamp))
	}
	var message []byte
	for i, group := range o.children(stamp[2].whole) {
		var digests [][]byte
		for _, x := range o.children(group.whole) {
			digests = append(digests, x.body)
		}
		switch {
		case i > 0:
			digests = append(digests, o.sm3(message))
		case !slices.ContainsFunc(digests, func(x []byte) bool { return bytes.Equal(x, o.sm3(document)) }):
			t.Fatal("the document's digest is not in the tree")
		}
		slices.SortFunc(digests, bytes.Compare)
		message = slices.Concat(digests...)
	}
	if at := o.timestamp(stamp[3].whole, message); d.Now().Sub(at).Abs().Hours() > 1 {
		t.Errorf("it was stamped at %v", at)
	}
}
