package archive

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"sidian/gm"
	"sidian/internal/archive/pack"
	"sidian/internal/sealing"
	"sidian/ofd/sign"
)

// Names in the package. A format for data is not among those that archives take
// (DA/T 47), so evidence and verification record are texts that hold JSON.
const (
	resultName   = "盖章文件.ofd"
	originalName = "上传文件"
	evidenceName = "用印证据.txt"
	recordName   = "验证记录.txt"
)

// gather brings together what goes into the package: the document as it was
// sealed and as it was uploaded, byte for byte, the evidence of every use, and
// the verification of today.
func (p *packing) gather(ctx context.Context, trust sign.Options) (*pack.Package, error) {
	document, original, err := p.sealed(ctx)
	if err != nil {
		return nil, err
	}
	uses, err := p.Sealing.SealedEvidence(ctx, p.it.Source, p.it.SourceID)
	if err != nil {
		return nil, fmt.Errorf("archive: the evidence of the uses: %w", err)
	}
	evidence, err := json.MarshalIndent(uses, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("archive: writing the evidence: %w", err)
	}
	report, record, err := p.verified(ctx, document, trust)
	if err != nil {
		return nil, err
	}
	now := p.DB.Now()
	upload, signed := originalName+".pdf", []pack.Signature(nil)
	if !bytes.HasPrefix(bytes.TrimLeft(original[:min(len(original), 1024)], "\x00\t\n\r "), []byte("%PDF-")) {
		upload = originalName + ".ofd"
		signed = signatures("申报文件/"+upload, sign.Verify(original, trust)) // it may have been signed before it was sealed
	}
	at := p.it.SealedAt
	if len(uses) > 0 && !uses[0].At.IsZero() && uses[0].At.Before(at) {
		at = uses[0].At
	}
	return &pack.Package{
		Number: p.it.ID,
		Meta:   p.meta(now),
		Filing: []pack.File{{Name: upload, Title: "用印前上传的文件", Data: original, CreatedAt: at}},
		Process: []pack.File{
			{Name: evidenceName, Title: "用印证据", Data: evidence, CreatedAt: now},
			{Name: recordName, Title: "组包时的验证记录", Data: record, CreatedAt: now},
		},
		Results:    []pack.File{{Name: resultName, Title: p.it.Title, Data: document, CreatedAt: p.it.SealedAt}},
		Events:     p.events(uses, now),
		Signatures: append(signed, signatures("结果文件/"+resultName, report)...),
		Evidence:   evidenceOf(report, trust),
	}, nil
}

// verified gives the verdict on the document as it is today.
func (p *packing) verified(ctx context.Context, document []byte, trust sign.Options) (report *sign.Report, record []byte, err error) {
	if p.Verify != nil {
		report, record, err = p.Verify(ctx, document)
	} else {
		report = sign.Verify(document, trust)
		record, err = json.MarshalIndent(report, "", "  ")
	}
	if err != nil {
		return nil, nil, fmt.Errorf("archive: verifying a document: %w", err)
	}
	return report, record, nil
}

func (p *packing) meta(now time.Time) pack.Meta {
	it := p.it
	return pack.Meta{
		RegionCode: p.org.Region, TaskCode: "YONGYIN", SystemDescription: p.Name, ArchivesID: p.unit.ArchivesCode, ArchivesName: p.unit.Archives,
		ConstitutingUnit: p.org.Name, LeadDepartment: it.Responsible, FondsID: p.unit.Fonds, SocialCode: p.org.USCC, Retention: TermName(it.Term), Security: it.Secrecy,
		ProjectID: it.SourceID, TaskName: "用印：" + it.Purpose, ProjectName: it.Title, ArchiveTime: now, ReceiveDepartment: p.org.Name,
		TransactTime: it.SealedAt, Result: "已盖章", ArchivalCode: it.Code,
	}
}

// events are what was done, in the order in which it was.
func (p *packing) events(uses []*sealing.Evidence, now time.Time) (out []pack.Event) {
	seen := map[string]bool{}
	for _, u := range uses {
		for _, a := range u.Approvals {
			if !seen[a.ID] {
				seen[a.ID] = true
				out = append(out, pack.Event{Action: "批准用印", Code: "3", At: a.At, Actor: a.Approver, Role: levelName(a.Level), Basis: "用印审批规则 " + u.Rule, Note: u.Seal.Name})
			}
		}
		at := u.At
		if at.IsZero() {
			at = p.it.SealedAt
		}
		basis := "逐件审批"
		if u.Policy != "" {
			basis = "常备用印授权 " + u.Policy
		}
		out = append(out, pack.Event{Action: "盖章", Code: "4", At: at, Actor: u.Name, Role: "用印申请人", Basis: basis, Note: u.Seal.Name})
	}
	for i := range out {
		out[i].At = out[i].At.Truncate(time.Second) // as it is written
	}
	slices.SortStableFunc(out, func(a, b pack.Event) int { return a.At.Compare(b.At) })
	return append(out, pack.Event{Action: "整理归档", Code: "99", At: now, Actor: p.who.Name, Role: "档案管理员", Basis: "电子印章管理暂行办法第十三条"})
}

func levelName(level string) string {
	return cmp.Or(map[string]string{"custodian": "印章保管人", "leader": "单位负责人"}[level], level)
}

// signatures are those of a file, by what was found of each.
func signatures(file string, r *sign.Report) (out []pack.Signature) {
	for i := range r.Signatures {
		s := &r.Signatures[i]
		x := pack.Signature{File: file, ID: s.ID, Signer: s.Signer, At: s.Time, Algorithm: "SM2-SM3", Result: string(s.Verdict)}
		if s.Seal != nil {
			x.Seal = strings.TrimSpace(s.Seal.ID + " " + s.Seal.Name)
		}
		out = append(out, x)
	}
	return out
}

// evidenceOf is what a checker may no longer find in thirty years: every chain
// of a signature, and the revocation lists as they stand.
func evidenceOf(r *sign.Report, trust sign.Options) (e pack.Evidence) {
	seen := map[gm.Digest]bool{}
	add := func(c *gm.Certificate) {
		if c != nil && !seen[c.Digest()] {
			seen[c.Digest()] = true
			e.Certificates = append(e.Certificates, c)
		}
	}
	for i := range r.Signatures {
		s := &r.Signatures[i]
		add(s.Certificate)
		for _, c := range s.Chain {
			add(c)
		}
		if s.SES != nil && s.Certificate != nil {
			for _, c := range issuers(s.Certificate, trust) {
				add(c)
			}
		}
	}
	for _, pool := range []*gm.Pool{trust.Anchors, trust.Intermediates} {
		if pool == nil {
			continue
		}
		for _, c := range pool.Certificates() {
			add(c)
		}
	}
	for _, l := range trust.CRLs {
		e.CRLs = append(e.CRLs, l.Raw)
	}
	return e
}
