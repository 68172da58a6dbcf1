package pack

import (
	"bytes"
	"crypto/x509"
	"fmt"
	"image"
	"image/jpeg"
	"image/png"
	"slices"
	"testing"
	"time"

	"sidian/gm"
	"sidian/ofd"
	"sidian/ofd/sign"
	"sidian/ses/sestest"
)

// now is when packages of these tests are made.
var now = sestest.Now.Add(24 * time.Hour)

// A world is a platform with its keys, and a case that is done.
type world struct {
	t    testing.TB
	pki  *sestest.PKI
	cert []byte // an OFD certificate with a seal
}

func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{t: t, pki: sestest.New(t)}
	w.cert = w.document("市监〔2026〕17号", true)
	return w
}

// document makes an OFD certificate.
func (w *world) document(number string, sealed bool) []byte {
	w.t.Helper()
	b := ofd.New(ofd.DocInfo{DocID: "0123456789abcdef0123456789abcdef", Title: "营业执照", CustomDatas: []ofd.CustomData{{Name: "ZZBH", Value: number}}})
	font := b.AddFont(ofd.FontSpec{Name: "SimSun"})
	b.AddPage(210, 297).Text(ofd.TextObject{
		Graphic: ofd.Graphic{Boundary: ofd.Box{X: 20, Y: 30, W: 20, H: 6}}, Font: font, Size: 5,
		Codes: []ofd.TextCode{{Y: 5, DeltaX: []float64{5, 5, 5}, Text: "营业执照"}},
	})
	d, err := b.Build()
	w.must(err)
	if sealed {
		d, err = sign.Stamp(d, sign.StampOptions{Seal: w.pki.Seal(), Signer: w.pki.SignerKey, Certificate: w.pki.Signer,
			Places: []sign.Place{{X: 140, Y: 220, W: 40, H: 40}}, Time: sestest.Now})
		w.must(err)
	}
	data, err := d.Bytes()
	w.must(err)
	return data
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// signer signs packages.
func (w *world) signer() *Key {
	return &Key{Signer: w.pki.SignerKey, Certificate: w.pki.Signer, Issuers: []*gm.Certificate{w.pki.Root}, Time: now,
		Timestamp: w.pki.Timestamp(now)}
}

// dossier is a case with files of every folder.
func (w *world) dossier() *Package {
	at := sestest.Now
	return &Package{
		Number: "Z109-2026-000001",
		Meta: Meta{
			RegionCode: "370100", TaskCode: "11100000MB0143028R4370131001000", ConstitutingUnit: "样例县市场监督管理局", FondsID: "Z109",
			SocialCode: "11100000MB0143028R", Retention: "永久", Security: "公开", ProjectID: "370100202603020001", TaskName: "企业设立登记",
			ProjectName: "样例公司设立登记", ArchiveTime: now, ApplyName: "样例 & <公司>", ReceiveTime: at.Add(-48 * time.Hour), TransactTime: at,
			Result: "准予登记", ResultCode: "市监〔2026〕17号", ArchivalCode: "Z109-WS·2026-Y-DJK-0001",
		},
		Filing: []File{
			{Name: "A1-申请书.pdf", Title: "申请书", Data: onePagePDF(), CreatedAt: at.Add(-48 * time.Hour)},
			{Name: "A2-照片.png", Title: "场所照片", Media: "image/png", Data: picturePNG(w.t), CreatedAt: at.Add(-48 * time.Hour), Shared: true, Terms: "仅限本事项"},
		},
		Process: []File{{Name: "B1-收件凭证.txt", Title: "收件凭证", Data: []byte("收件凭证"), CreatedAt: at.Add(-47 * time.Hour)}},
		Results: []File{{Name: "C1-营业执照.ofd", Title: "营业执照", Media: "application/ofd", Data: w.cert, CreatedAt: at}},
		Events: []Event{
			{Action: "申请", At: at.Add(-48 * time.Hour), Actor: "样例公司", Role: "申请人"},
			{Action: "办结", Code: "4", At: at, Actor: "样例县市场监督管理局", Role: "签发人", Basis: "市场主体登记管理条例"},
		},
		Signatures: []Signature{{File: "结果文件/C1-营业执照.ofd", ID: "1", Seal: "测试章", Signer: w.pki.Signer.SubjectName(), At: at, Algorithm: "SM2-SM3", Result: "valid"}},
		Evidence:   Evidence{CRLs: [][]byte{w.pki.CRL().Raw}},
	}
}

func (w *world) write(p *Package) []byte {
	w.t.Helper()
	var b bytes.Buffer
	w.must(p.Write(&b, w.signer()))
	return b.Bytes()
}

// options are those of a reader who knows everything.
func (w *world) options() Options {
	return Options{Now: now.Add(time.Hour), Roots: []*gm.Certificate{w.pki.Root}, Name: "Z109-2026-000001.zip", Scanner: scanner{},
		Required: []string{"A1", "B0", "C1"}, Signed: true}
}

func (w *world) check(data []byte, o Options) *Report {
	w.t.Helper()
	r, err := Check(bytes.NewReader(data), int64(len(data)), o)
	w.must(err)
	return r
}

// scanner finds one word.
type scanner struct{}

func (scanner) Scan(_ string, data []byte) (string, error) {
	if bytes.Contains(data, []byte("EVIL-TEST-PATTERN")) {
		return "Test.Pattern", nil
	}
	return "", nil
}

// A parcelling is a package about to be put together by hand, so that one thing
// in it can be wrong and all else right.
type parcelling struct {
	record *record
	parts  []part // without the list and its signature
	signer Signer
	list   func(list []byte) []byte      // changes the list before it is signed
	value  func(signature []byte) []byte // changes the signature
	zip    func(data []byte) []byte      // changes the whole
	bare   bool                          // no list at all
}

// by makes the dossier's package with changes.
func (w *world) by(change func(*parcelling)) []byte {
	w.t.Helper()
	p := w.dossier()
	parts, err := p.parts()
	w.must(err)
	r, err := decodeRecord(parts[0].data)
	w.must(err)
	m := &parcelling{record: r, parts: parts, signer: w.signer()}
	m.parts = append(m.parts, part{certFolder + "001.pem", w.pki.Root.PEM()}, part{crlFolder + "001.crl", w.pki.CRL().Raw})
	first := m.parts[0].data
	change(m)
	if len(m.parts) > 0 && m.parts[0].name == metaName && bytes.Equal(m.parts[0].data, first) {
		m.parts[0].data = m.record.encode()
	}
	parts = m.parts
	if !m.bare {
		list := digestList(parts)
		if m.list != nil {
			list = m.list(list)
		}
		value, err := m.signer.SignDetached(list)
		w.must(err)
		if m.value != nil {
			value = m.value(value)
		}
		parts = append(slices.Clone(parts), part{listName, list})
		if value != nil {
			parts = append(parts, part{listSignature, value})
		}
	}
	var b bytes.Buffer
	w.must(writeZip(&b, parts))
	if m.zip != nil {
		return m.zip(b.Bytes())
	}
	return b.Bytes()
}

// find gives a part by the end of its name.
func (m *parcelling) find(name string) *part {
	i := slices.IndexFunc(m.parts, func(p part) bool { return p.name == name })
	return &m.parts[i]
}

// put changes a file and what the metadata say of its size.
func (m *parcelling) put(name string, data []byte) {
	m.find(name).data = data
	m.recordOf(name).Size = fmt.Sprint(len(data))
}

func (m *parcelling) recordOf(path string) *fileRecord {
	i := slices.IndexFunc(m.record.files, func(f fileRecord) bool { return f.path() == path })
	return &m.record.files[i]
}

// rename gives a file another name, in the metadata too.
func (m *parcelling) rename(path, name string) {
	r := m.recordOf(path)
	r.Name = name
	r.Format = ""
	m.find(path).name = r.folder + "/" + name
}

// drop takes a file out, of the metadata too.
func (m *parcelling) drop(path string) {
	m.parts = slices.DeleteFunc(m.parts, func(p part) bool { return p.name == path })
	m.record.files = slices.DeleteFunc(m.record.files, func(f fileRecord) bool { return f.path() == path })
}

// add puts a file in, with its record.
func (m *parcelling) add(folder, name string, data []byte) {
	m.parts = append(m.parts, part{folder + "/" + name, data})
	m.record.files = append(m.record.files, fileRecord{folder: folder, Code: "X" + fmt.Sprint(len(m.record.files)), Title: name, Name: name, Size: fmt.Sprint(len(data))})
}

func picturePNG(t testing.TB) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, 8, 8))); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func pictureJPEG(t testing.TB) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, image.NewGray(image.Rect(0, 0, 8, 8)), nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// onePagePDF writes a PDF of one empty page; more are further entries of its
// trailer.
func onePagePDF(more ...string) []byte {
	var b bytes.Buffer
	b.WriteString("%PDF-1.7\n")
	var at []int
	for i, o := range []string{"<</Type/Catalog/Pages 2 0 R>>", "<</Type/Pages/Kids[3 0 R]/Count 1>>",
		"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Resources<<>>>>"} {
		at = append(at, b.Len())
		fmt.Fprintf(&b, "%d 0 obj%s endobj\n", i+1, o)
	}
	start := b.Len()
	b.WriteString("xref\n0 4\n0000000000 65535 f \n")
	for _, n := range at {
		fmt.Fprintf(&b, "%010d 00000 n \n", n)
	}
	b.WriteString("trailer<</Size 4/Root 1 0 R")
	for _, m := range more {
		b.WriteString(m)
	}
	fmt.Fprintf(&b, ">>\nstartxref\n%d\n%%%%EOF\n", start)
	return b.Bytes()
}

// certificateFor issues a certificate under the root, valid as told.
func (w *world) certificateFor(key *gm.PrivateKey, change func(*gm.CertificateTemplate)) *gm.Certificate {
	t := sestest.Template("另一签名人")
	t.KeyUsage = x509.KeyUsageDigitalSignature
	change(t)
	return w.pki.Issue(t, key)
}
