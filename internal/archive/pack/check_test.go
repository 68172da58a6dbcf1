package pack

import (
	"archive/zip"
	"bytes"
	"crypto/x509"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"io/fs"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"sidian/gm"
	"sidian/ofd"
	"sidian/ses/sestest"
)

const (
	application = filingFolder + "/A1-申请书.pdf"
	photo       = filingFolder + "/A2-照片.png"
	receipt     = processFolder + "/B1-收件凭证.txt"
	licence     = resultsFolder + "/C1-营业执照.ofd"
)

// broken are packages with one thing wrong: exactly the check named fails.
var broken = []struct {
	name, id string
	say      string // in the evidence
	change   func(w *world, m *parcelling)
	options  func(w *world, o *Options)
}{
	{"list changed after signing", "1-1-1", "签名无效", func(w *world, m *parcelling) {
		m.value = func([]byte) []byte { v, err := m.signer.SignDetached([]byte("another list")); w.must(err); return v }
	}, nil},
	{"signature taken away", "1-1-1", "缺失", func(_ *world, m *parcelling) { m.value = func([]byte) []byte { return nil } }, nil},
	{"file missing from the list", "1-1-2", "不在清单里", func(_ *world, m *parcelling) {
		m.list = func(l []byte) []byte { return bytes.Join(bytes.SplitAfter(l, []byte("\n"))[1:], nil) }
	}, nil},
	{"digest of another file", "1-1-2", "内容被改动", func(_ *world, m *parcelling) {
		m.list = func(l []byte) []byte { return append(bytes.Repeat([]byte("0"), 64), l[64:]...) }
	}, nil},
	{"list names what is not there", "1-1-2", "不在包内", func(_ *world, m *parcelling) {
		m.list = func(l []byte) []byte { return append(l, []byte(strings.Repeat("0", 64)+" *结果文件/C2.ofd\n")...) }
	}, nil},
	{"list of another form", "1-1-2", "格式不对", func(_ *world, m *parcelling) { m.list = func([]byte) []byte { return []byte("SM3(a)= 00\n") } }, nil},
	{"document changed after sealing", "1-1-3", "无效", func(w *world, m *parcelling) { m.put(licence, w.altered()) }, nil},
	{"signer under another root", "1-1-4", "不能到达", func(w *world, m *parcelling) {
		k := *w.signer()
		other := sestest.New(w.t)
		k.Signer, k.Certificate, k.Issuers = other.SignerKey, other.Signer, []*gm.Certificate{other.Root}
		m.signer = &k
	}, nil},
	{"signer no longer valid", "1-1-4", "有效期", func(w *world, m *parcelling) {
		k := *w.signer()
		k.Signer, k.Certificate = w.pki.MakerKey, w.certificateFor(w.pki.MakerKey, func(t *gm.CertificateTemplate) { t.NotAfter = sestest.Now })
		m.signer = &k
	}, nil},
	{"signed in the future", "1-1-4", "晚于现在", func(w *world, m *parcelling) {
		k := *w.signer()
		k.Time, k.Timestamp = now.AddDate(0, 1, 0), w.pki.Timestamp(now.AddDate(0, 1, 0))
		m.signer = &k
	}, nil},
	{"signer revoked", "1-1-4", "撤销", func(w *world, m *parcelling) {
		k := *w.signer()
		c := w.certificateFor(w.pki.MakerKey, func(*gm.CertificateTemplate) {})
		k.Signer, k.Certificate = w.pki.MakerKey, c
		m.signer = &k
		m.find(crlFolder + "001.crl").data = w.pki.CRL(gm.Revoked{Serial: c.SerialNumber, At: sestest.Now}).Raw
	}, nil},
	{"stamp over something else", "1-1-5", "时间戳无效", func(w *world, m *parcelling) {
		k := *w.signer()
		k.Timestamp = func([]byte) ([]byte, error) { return w.pki.Timestamp(now)([]byte("another value")) }
		m.signer = &k
	}, nil},
	{"stamp of a stranger", "1-1-5", "不能到达", func(w *world, m *parcelling) {
		k := *w.signer()
		k.Timestamp = sestest.New(w.t).Timestamp(now)
		m.signer = &k
	}, nil},
	{"code of no form", "1-2-1", "形式", func(_ *world, m *parcelling) { m.record.values[codeName] = "2026第1号" }, nil},
	{"code of another fonds", "1-2-1", "全宗号", func(_ *world, m *parcelling) { m.record.values[codeName] = "Z110-WS·2026-Y-DJK-0001" }, nil},
	{"code of another period", "1-2-1", "保管期限", func(_ *world, m *parcelling) { m.record.values[codeName] = "Z109-WS·2026-D30-DJK-0001" }, nil},
	{"code against the archive's rule", "1-2-1", "本馆", func(*world, *parcelling) {}, func(_ *world, o *Options) { o.Pattern = regexp.MustCompile(`^[0-9]+$`) }},
	{"two files of one code", "1-2-2", "重复", func(_ *world, m *parcelling) { m.recordOf(photo).Code = "A1" }, nil},
	{"long value", "1-2-3", "全宗号", func(_ *world, m *parcelling) {
		m.record.values["fonds_identifier"] = strings.Repeat("Z", 17)
		m.record.values[codeName] = ""
	}, nil},
	{"time that is none", "1-2-4", "办结时间", func(_ *world, m *parcelling) { m.record.values["transact_time"] = "2026-13-01" }, nil},
	{"size that is none", "1-2-4", "字节数", func(_ *world, m *parcelling) { m.recordOf(photo).Size = "8 KB" }, nil},
	{"code with a wrong check digit", "1-2-4", "信用代码", func(_ *world, m *parcelling) { m.record.values["social_code"] = "11100000MB0143028X" }, nil},
	{"value out of its domain", "1-2-5", "密级", func(_ *world, m *parcelling) { m.record.values["security_classification"] = "很密" }, nil},
	{"done before received", "1-2-6", "办结时间早于受理时间", func(_ *world, m *parcelling) { m.record.values["receive_time"] = "2026-03-02 23:59:59" }, nil},
	{"archived in the future", "1-2-6", "晚于现在", func(w *world, m *parcelling) {
		k := *w.signer()
		k.Time, k.Timestamp = sestest.Now, w.pki.Timestamp(sestest.Now)
		m.signer = &k
	}, func(_ *world, o *Options) { o.Now = now.Add(-time.Minute) }},
	{"file made after the archiving", "1-2-6", "形成时间", func(_ *world, m *parcelling) { m.recordOf(photo).CreatedAt = "2027-01-01" }, nil},
	{"events out of order", "1-2-6", "早于前一环节", func(w *world, m *parcelling) {
		list := w.dossier().Events
		slices.Reverse(list)
		m.put(eventsName, encodeEvents(list))
	}, nil},
	{"text that turns around", "1-2-7", "U+202E", func(_ *world, m *parcelling) { m.record.values["result"] = "准予\u202e登记" }, nil},
	{"file without record", "1-3-2", "没有著录", func(_ *world, m *parcelling) {
		m.parts = append(m.parts, part{filingFolder + "/多余.txt", []byte("x")})
	}, nil},
	{"record without file", "1-3-2", "不在包内", func(_ *world, m *parcelling) {
		m.parts = slices.DeleteFunc(m.parts, func(p part) bool { return p.name == receipt })
	}, nil},
	{"size other than recorded", "1-3-2", "字节", func(_ *world, m *parcelling) { m.recordOf(photo).Size = "1" }, nil},
	{"record in another folder", "1-3-2", "不在包内", func(_ *world, m *parcelling) { m.recordOf(photo).folder = processFolder }, nil},
	{"another certificate's number", "1-4-1", "不符", func(_ *world, m *parcelling) { m.record.values["result_code"] = "市监〔2026〕18号" }, nil},
	{"signatures not as recorded", "1-4-2", "著录 0 个签名", func(_ *world, m *parcelling) { m.find(signaturesName).data = encodeSignatures(nil) }, nil},
	{"signature of a file that is not there", "1-4-2", "不在包内", func(w *world, m *parcelling) {
		m.find(signaturesName).data = encodeSignatures(append(w.dossier().Signatures, Signature{File: "结果文件/C9.ofd", At: now}))
	}, nil},
	{"folder of no name", "1-5-1", "规定的文件夹", func(_ *world, m *parcelling) {
		m.parts = append(m.parts, part{"附件/说明.txt", []byte("x")})
		one := `<folder title="附件"><file><file_code>D1</file_code><file_standard_name>说明</file_standard_name><computer_file_name>说明.txt</computer_file_name><computer_file_size>1</computer_file_size></file></folder></fileset>`
		m.parts[0].data = bytes.Replace(m.parts[0].data, []byte("</fileset>"), []byte(one), 1)
	}, nil},
	{"stowaway among the evidence", "1-5-1", "不是校验信息", func(_ *world, m *parcelling) {
		m.parts = append(m.parts, part{checkFolder + "/说明.txt", []byte("x")})
	}, nil},
	{"no metadata", "1-5-1", "缺少", func(_ *world, m *parcelling) { m.parts = m.parts[1:] }, nil},
	{"bytes other than told", "2-1-1", "字节", func(*world, *parcelling) {}, func(_ *world, o *Options) { o.Expected = &Expected{Bytes: 5} }},
	{"digest other than told", "2-1-1", "SM3", func(*world, *parcelling) {}, func(_ *world, o *Options) { o.Expected = &Expected{SM3: strings.Repeat("0", 64)} }},
	{"files other than told", "2-1-2", "4 个", func(*world, *parcelling) {}, func(_ *world, o *Options) { o.Expected = &Expected{Files: 4} }},
	{"required value missing", "2-2-1", "全宗号", func(_ *world, m *parcelling) {
		m.record.values["fonds_identifier"] = " "
		m.record.values[codeName] = ""
	}, nil},
	{"required file missing", "2-2-2", "B9", func(*world, *parcelling) {}, func(_ *world, o *Options) { o.Required = []string{"A1", "B9"} }},
	{"no result", "2-2-2", "结果文件", func(_ *world, m *parcelling) {
		m.drop(licence)
		m.find(signaturesName).data = encodeSignatures(nil)
	}, func(_ *world, o *Options) { o.Required = nil }},
	{"bytes torn", "2-3-1", "损坏", func(_ *world, m *parcelling) {
		m.zip = func(b []byte) []byte { b[bytes.Index(b, []byte("收件凭证"+"PK"))] ^= 1; return b }
	}, nil},
	{"metadata of another root", "3-1-1", "base_info", func(_ *world, m *parcelling) { m.parts[0].data = []byte("<info/>") }, nil},
	{"metadata cut off", "3-1-1", "XML", func(_ *world, m *parcelling) { m.parts[0].data = []byte("<base_info><task_code>") }, nil},
	{"document cut off", "3-2-1", "营业执照", func(w *world, m *parcelling) {
		m.put(licence, w.cert[:len(w.cert)/2])
		m.find(signaturesName).data = encodeSignatures([]Signature{{File: licence, At: now}})
	}, nil},
	{"PDF without pages", "3-2-1", "申请书", func(_ *world, m *parcelling) { m.put(application, []byte("%PDF-1.7\nnothing")) }, nil},
	{"picture cut off", "3-2-1", "照片", func(w *world, m *parcelling) { m.put(photo, picturePNG(w.t)[:40]) }, nil},
	{"text of no encoding", "3-2-1", "编码", func(_ *world, m *parcelling) { m.put(receipt, []byte("a\xff\xff")) }, nil},
	{"XML not well-formed", "3-2-1", "XML", func(_ *world, m *parcelling) { m.add(processFolder, "B2.xml", []byte("<a><b></a>")) }, nil},
	{"empty file", "3-2-2", "空文件", func(_ *world, m *parcelling) { m.put(receipt, nil) }, nil},
	{"picture of another format", "3-2-3", "JPG", func(w *world, m *parcelling) { m.put(photo, pictureJPEG(w.t)) }, nil},
	{"format other than recorded", "3-2-3", "格式信息", func(_ *world, m *parcelling) { m.recordOf(photo).Format = "OFD" }, nil},
	{"PDF encrypted", "3-3-1", "加密", func(_ *world, m *parcelling) {
		m.put(application, onePagePDF("/Encrypt<</Filter/Standard/V 1/R 2/O<00>/U<00>/P -4>>"))
	}, nil},
	{"entry encrypted", "3-3-1", "加密", func(_ *world, m *parcelling) {
		m.zip = func(b []byte) []byte { return patched(b, receipt, 6, 8, 1) }
	}, nil},
	{"compressed by a method of one's own", "3-3-1", "压缩方法", func(_ *world, m *parcelling) {
		m.zip = func(b []byte) []byte { return patched(b, receipt, 8, 10, 99) }
	}, nil},
	{"malware", "4-1-1", "Test.Pattern", func(_ *world, m *parcelling) { m.put(receipt, []byte("EVIL-TEST-PATTERN")) }, nil},
	{"program by its name", "4-2-1", "文件类型", func(_ *world, m *parcelling) { m.rename(receipt, "B1.bat") }, nil},
	{"program under another name", "4-2-1", "可执行", func(_ *world, m *parcelling) { m.put(photo, []byte("\x7fELF\x02\x01\x01")) }, nil},
	{"archive inside", "4-2-1", "文件类型", func(_ *world, m *parcelling) { m.rename(receipt, "B1.zip") }, nil},
	{"path out of the package", "4-2-2", "离开", func(_ *world, m *parcelling) { m.parts = append(m.parts, part{"../evil.txt", []byte("x")}) }, nil},
	{"absolute path", "4-2-2", "绝对路径", func(_ *world, m *parcelling) { m.parts = append(m.parts, part{"/etc/evil.txt", []byte("x")}) }, nil},
	{"path of Windows", "4-2-2", "反斜线", func(_ *world, m *parcelling) { m.parts = append(m.parts, part{`结果文件\evil.txt`, []byte("x")}) }, nil},
	{"one name twice", "4-2-2", "重名", func(_ *world, m *parcelling) {
		m.parts = append(m.parts, part{filingFolder + "/a1-申请书.PDF", []byte("x")})
	}, nil},
	{"link", "4-2-2", "链接", func(_ *world, m *parcelling) { m.zip = func(b []byte) []byte { return linked(b) } }, nil},
	{"bytes in front", "4-3-1", "包首", func(_ *world, m *parcelling) {
		m.zip = func(b []byte) []byte { return append([]byte("MZ hidden"), b...) }
	}, nil},
	{"bytes behind", "4-3-1", "包尾", func(_ *world, m *parcelling) { m.zip = func(b []byte) []byte { return append(b, "hidden"...) } }, nil},
	{"bytes between", "4-3-1", "目录之间", func(_ *world, m *parcelling) { m.zip = gap }, nil},
	{"two names for one file", "4-3-1", "不一致", func(_ *world, m *parcelling) {
		m.zip = func(b []byte) []byte { b[bytes.Index(b, []byte(receipt))+len(processFolder)+1] = 'X'; return b }
	}, nil},
	{"bomb", "4-3-2", "炸弹", func(_ *world, m *parcelling) { m.zip = func(b []byte) []byte { return bombed(b) } }, nil},
	{"file over the limit", "4-3-2", "上限", func(*world, *parcelling) {}, func(w *world, o *Options) { o.Limits.File = int64(len(w.cert)) - 1 }},
	{"all over the limit", "4-3-2", "总量", func(*world, *parcelling) {}, func(_ *world, o *Options) { o.Limits.Total, o.Signed = 9_000, false }},
}

func TestOneThingBroken(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	clean := w.check(w.by(func(*parcelling) {}), w.options())
	if clean.Result != Pass {
		t.Fatalf("what nothing is wrong with: %+v", clean)
	}
	failing := map[string]bool{}
	for _, c := range broken {
		failing[c.id] = true
		t.Run(c.id+" "+c.name, func(t *testing.T) {
			t.Parallel()
			w := *w
			w.t = t
			o := w.options()
			if c.options != nil {
				c.options(&w, &o)
			}
			r := w.check(w.by(func(m *parcelling) { c.change(&w, m) }), o)
			for _, row := range r.Checks {
				if (row.Result == Fail) != (row.ID == c.id) {
					t.Errorf("%s %s: %s %s", row.ID, row.Name, row.Result, row.Evidence)
				}
			}
			if got := r.Row(c.id).Evidence; !strings.Contains(got, c.say) {
				t.Errorf("evidence %q, want something about %q", got, c.say)
			}
			if blocks := c.id[0] == '1' || c.id[0] == '2'; r.Result != Fail || r.Blocks() != blocks {
				t.Errorf("result %s, blocks %v", r.Result, r.Blocks())
			}
		})
	}
	for i := range checks {
		if !failing[checks[i].id] {
			t.Errorf("nothing here makes check %s fail", checks[i].id)
		}
	}
}

// altered is the licence with a page changed after the seal.
func (w *world) altered() []byte {
	w.t.Helper()
	d, err := ofd.Open(w.cert)
	w.must(err)
	const name = "Doc_0/Pages/Page_0/Content.xml"
	data, err := d.Part(name).Data()
	w.must(err)
	d, err = d.With(ofd.NewPart(name, bytes.Replace(data, []byte("营业"), []byte("停业"), 1)))
	w.must(err)
	out, err := d.Bytes()
	w.must(err)
	return out
}

// patched changes a byte of an entry's headers, in the local one at its offset
// and in the central one at its.
func patched(b []byte, name string, local, central int, v byte) []byte {
	i, j := bytes.Index(b, []byte(name)), bytes.LastIndex(b, []byte(name))
	b[i-lenLocal+local] |= v
	b[j-lenCentral+central] |= v
	return b
}

// rewritten copies a package with a change.
func rewritten(b []byte, change func(h *zip.FileHeader, data []byte) []byte, more func(z *zip.Writer) error) []byte {
	r, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		return nil
	}
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	for _, f := range r.File {
		data, err := inflate(f)
		if err != nil {
			return nil
		}
		h := f.FileHeader
		h.Method = zip.Deflate
		data = change(&h, data)
		to, err := z.CreateHeader(&zip.FileHeader{Name: h.Name, Method: h.Method, ExternalAttrs: h.ExternalAttrs, CreatorVersion: h.CreatorVersion})
		if err != nil {
			return nil
		}
		if _, err := to.Write(data); err != nil {
			return nil
		}
	}
	if more != nil && more(z) != nil || z.Close() != nil {
		return nil
	}
	return out.Bytes()
}

func linked(b []byte) []byte {
	return rewritten(b, func(h *zip.FileHeader, data []byte) []byte {
		if h.Name == receipt {
			h.SetMode(fs.ModeSymlink | 0o777)
		}
		return data
	}, nil)
}

func bombed(b []byte) []byte {
	return rewritten(b, func(h *zip.FileHeader, data []byte) []byte {
		if h.Name == receipt {
			return make([]byte, 4<<20)
		}
		return data
	}, nil)
}

// gap puts bytes between the last file and the directory, and tells the
// directory's new place.
func gap(b []byte) []byte {
	at := binary.LittleEndian.Uint32(b[len(b)-6:])
	b = slices.Insert(b, int(at), []byte("hidden")...)
	binary.LittleEndian.PutUint32(b[len(b)-6:], at+6)
	return b
}

// TestDeflated: what an archiver made of the same files passes as well.
func TestDeflated(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	data := rewritten(w.write(w.dossier()), func(_ *zip.FileHeader, data []byte) []byte { return data }, nil)
	if r := w.check(data, w.options()); r.Result != Pass {
		t.Errorf("%+v", r)
	}
}

// TestOthers: a package of another system is checked by what it has.
func TestOthers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	o := w.options()
	o.Signed, o.Scanner, o.Roots = false, nil, nil
	stripped := func(m *parcelling) {
		m.bare = true
		m.parts = slices.DeleteFunc(m.parts, func(p part) bool { return strings.HasPrefix(p.name, checkFolder) })
		m.record.values[codeName] = ""
	}
	r := w.check(w.by(stripped), o)
	for id, want := range map[string]Result{"1-1-1": Skip, "1-1-2": Skip, "1-1-3": Warn, "1-1-4": Skip, "1-1-5": Skip, "1-2-1": Skip,
		"1-4-2": Skip, "2-1-1": Skip, "2-1-2": Skip, "4-1-1": Skip, "1-3-2": Pass, "1-5-1": Pass, "3-2-1": Pass} {
		if got := r.Row(id); got.Result != want || got.Evidence == "" {
			t.Errorf("%s: %s %s, want %s", id, got.Result, got.Evidence, want)
		}
	}
	if r.Result != Warn || r.Blocks() {
		t.Errorf("result %s", r.Result)
	}

	o.Signed = true // the same in the place of a package of ours
	if r := w.check(w.by(stripped), o); r.Row("1-1-1").Result != Fail || r.Row("1-1-2").Result != Fail || !r.Blocks() {
		t.Error("a package of ours without its list passes")
	}
	o.Signed = false

	t.Run("packed with its folder, names in GBK", func(t *testing.T) {
		t.Parallel()
		data := w.by(func(m *parcelling) {
			stripped(m)
			m.parts[0].data = m.record.encode()
			for i := range m.parts {
				m.parts[i].name = "Z109-2026-000001/" + m.parts[i].name
			}
			m.zip = func(b []byte) []byte { return gbk(t, b) }
		})
		r := w.check(data, o)
		if row := r.Row("1-5-1"); row.Result != Warn || !strings.Contains(row.Evidence, "GB 18030") || !strings.Contains(row.Evidence, "文件夹") {
			t.Errorf("%+v", row)
		}
		if row := r.Row("1-3-2"); row.Result != Pass {
			t.Errorf("%+v", row)
		}
	})
	t.Run("metadata in GBK", func(t *testing.T) {
		t.Parallel()
		r := w.check(w.by(func(m *parcelling) {
			stripped(m)
			m.parts[0].data = gbkXML(t, m.record.encode())
		}), o)
		if r.Row("3-1-1").Result != Pass || r.Meta.TaskName != "企业设立登记" {
			t.Errorf("%+v %+v", r.Row("3-1-1"), r.Meta)
		}
	})
}

// TestListHidden: a second list cannot make that the first is not looked at.
func TestListHidden(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	whole := w.write(w.dossier())
	again := rewritten(whole, func(_ *zip.FileHeader, data []byte) []byte { return data }, func(z *zip.Writer) error {
		_, err := z.Create(listName)
		return err
	})
	if r := w.check(again, w.options()); r.Row("4-2-2").Result != Fail || r.Row("1-1-1").Result != Pass {
		t.Errorf("%+v %+v", r.Row("4-2-2"), r.Row("1-1-1"))
	}
	o := w.options()
	o.Limits.Total = 9_000
	if r := w.check(whole, o); r.Row("1-1-1").Result != Fail || !r.Blocks() {
		t.Errorf("%+v", r.Row("1-1-1"))
	}
}

// TestScannerThatCannotTell is a warning, not a pass.
func TestScannerThatCannotTell(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	o := w.options()
	o.Scanner = unsure{}
	if row := w.check(w.write(w.dossier()), o).Row("4-1-1"); row.Result != Warn {
		t.Errorf("%+v", row)
	}
}

type unsure struct{}

func (unsure) Scan(string, []byte) (string, error) { return "", errors.New("no answer") }

// TestUntrusted: without roots nothing fails, and nothing claims to be proven.
func TestUntrusted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	o := w.options()
	o.Roots = nil
	r := w.check(w.write(w.dossier()), o)
	for _, id := range []string{"1-1-3", "1-1-4", "1-1-5"} {
		if row := r.Row(id); row.Result != Warn {
			t.Errorf("%+v", row)
		}
	}
	if r.Result != Warn {
		t.Errorf("result %s", r.Result)
	}
}

func TestUnreadable(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	whole := w.write(w.dossier())
	for name, c := range map[string]struct {
		data []byte
		o    Options
	}{
		"empty":       {nil, Options{}},
		"no ZIP":      {[]byte("hello"), Options{}},
		"cut off":     {whole[:len(whole)-200], Options{}},
		"too large":   {whole, Options{Limits: Limits{Package: 100}}},
		"too many":    {whole, Options{Limits: Limits{Entries: 3}}},
		"only an end": {whole[len(whole)-lenEnd:], Options{}},
		"ZIP64":       {append(bytes.Clone(whole[:len(whole)-6]), 0xFF, 0xFF, 0xFF, 0xFF, 0, 0), Options{}},
		"both ends":   {slices.Concat([]byte("front"), whole, []byte("back")), Options{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, err := Check(bytes.NewReader(c.data), int64(len(c.data)), c.o)
			if !errors.Is(err, ErrUnreadable) || r != nil {
				t.Errorf("%v %v", r, err)
			}
		})
	}
}

// TestMoved: a directory that says to lie elsewhere.
func TestMoved(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	whole := w.write(w.dossier())
	data := append(bytes.Clone(whole[:len(whole)-6]), 0xFE, 0xFF, 0xFF, 0x7F, 0, 0)
	if r := w.check(data, Options{}); r.Row("4-3-1").Result != Fail {
		t.Errorf("%+v", r.Row("4-3-1"))
	}
}

// TestNoValues: evidence names metadata, never what they say of people.
func TestNoValues(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := w.check(w.by(func(m *parcelling) {
		for _, name := range []string{"apply_name", "contacted_card", "address", "legal_man", "social_code", "receive_time"} {
			m.record.values[name] = "\u202e秘密的人" + strings.Repeat("长", 600)
		}
	}), w.options())
	for _, row := range r.Checks {
		if strings.Contains(row.Evidence, "秘密的人") {
			t.Errorf("%+v", row)
		}
	}
	if r.Row("1-2-3").Result != Fail || r.Row("1-2-7").Result != Fail {
		t.Error("nothing was found")
	}
}

// TestDigest: the report names the package by what everyone can compute.
func TestDigest(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	data := w.write(w.dossier())
	d := gm.Sum(data)
	if r := w.check(data, w.options()); r.Digest != hex.EncodeToString(d[:]) || r.Size != int64(len(data)) {
		t.Errorf("%s %d", r.Digest, r.Size)
	}
}

// TestCannotSign: a key that is for something else signs no package.
func TestCannotSign(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	k := w.signer()
	k.Signer, k.Certificate = w.pki.MakerKey, w.certificateFor(w.pki.MakerKey, func(t *gm.CertificateTemplate) { t.KeyUsage = x509.KeyUsageKeyAgreement })
	if err := w.dossier().Write(&bytes.Buffer{}, k); err == nil {
		t.Error("signed")
	}
}
