package app

import (
	"context"
	"encoding/json"

	"sidian/gm"
	"sidian/internal/archive"
	"sidian/internal/outbox"
	"sidian/internal/pki"
	archivepages "sidian/internal/web/archive"
	"sidian/ofd/sign"
)

// archives takes what was sealed into the pre-archive queue. The context is
// filled in by archive, when what it needs is made.
func (a *App) archives() outbox.Consumer {
	a.Archive = &archive.Service{DB: a.DB}
	return a.Archive.Consumer()
}

// archive fills in what packing needs: documents, keys, and the verdict of
// today.
func (a *App) archive() {
	s := a.Archive
	s.Keys, s.Blob, s.Sealing, s.Due, s.Notice = a.Keys, a.Blob, a.Sealing, a.Due, a.Notice
	s.Name, s.Trust, s.TimeStamp = a.operator(), a.trustForDocuments, a.PKI.TimeStamp
	s.Issue = func(ctx context.Context, name, key string, public *gm.PublicKey) (*gm.Certificate, error) {
		return a.PKI.Issue(ctx, pki.IssueRequest{Use: pki.Unit, Name: name + "归档", Key: key, Public: public, Years: 10})
	}
	s.Verify = func(ctx context.Context, data []byte) (*sign.Report, []byte, error) {
		v, err := a.Verify.Document(ctx, "盖章文件.ofd", data)
		if err != nil {
			return nil, nil, err
		}
		record, err := json.MarshalIndent(v, "", "  ")
		return v.Report, record, err
	}
}

// filingPages makes the pages of the queue.
func (a *App) filingPages() error {
	a.Filing = &archivepages.Service{Kit: a.Web.Kit, Archive: a.Archive, Now: a.DB.Now}
	return a.Filing.Load()
}
