package sign

import (
	"fmt"
	"time"

	"sidian/gm"
	"sidian/ofd"
	"sidian/ses"
)

// examination is the verification of one signature. The steps run in the order
// of GB/T 38540-2020 §7.3, and a failing step does not stop the ones after it.
type examination struct {
	*run
	rec ofd.SignatureRecord
	out SignatureReport

	file   *ofd.SignatureFile // Signature.xml, read
	xml    []byte             // Signature.xml as stored
	value  []byte             // SignedValue.dat
	ses    *ses.Signature     // one of these three
	signed *gm.SignedData
	bare   bool

	signer   *gm.Certificate
	embedded []*gm.Certificate // further certificates that came with the signature
	covered  map[string]bool   // parts whose digest is right

	crls []*gm.RevocationList // those given and those embedded

	claimed time.Time // the time the signature states
	at      time.Time // the time that counts; zero when there is none
	proven  bool      // by a time stamp, nothing else proves it
}

// examine verifies one signature.
func (v *run) examine(rec ofd.SignatureRecord) SignatureReport {
	e := &examination{run: v, rec: rec, covered: map[string]bool{}}
	e.out = SignatureReport{ID: rec.ID, Type: rec.Type, Form: FormUnknown, TimeSource: TimeNone, Part: rec.Part}
	if e.out.Type == "" {
		e.out.Type = "Seal" // the default of the standard
	}
	e.out.Checks = make([]CheckResult, len(CheckCodes))
	for i, code := range CheckCodes {
		e.out.Checks[i] = CheckResult{code, Skipped, "不适用"}
	}
	if e.open() {
		e.steps()
	} else {
		for _, code := range CheckCodes[1:] {
			e.set(code, Skipped, "签名无法读取，未检查")
		}
	}
	e.out.Verdict = e.verdict()
	return e.out
}

func (e *examination) steps() {
	e.checkDigests()
	e.checkValue()
	e.checkTimestamp()
	e.settleTime()
	e.checkSeal()
	e.checkSigner()
	e.checkRevocation()
	e.checkCoverage()
	e.checkStamps()
}

func (e *examination) verdict() Verdict {
	out := Valid
	for _, c := range e.out.Checks {
		switch c.Result {
		case Fail:
			return Invalid
		case Unknown:
			out = Undetermined
		}
	}
	return out
}

var severity = map[Result]int{Skipped: 0, Pass: 1, Warn: 2, Unknown: 3, Fail: 4}

// set gives a check its result. A graver one replaces what was there, an equal
// one is added to it, a lesser one is dropped.
func (e *examination) set(code string, result Result, message string) {
	for i := range e.out.Checks {
		c := &e.out.Checks[i]
		if c.Code != code {
			continue
		}
		switch old := severity[c.Result]; {
		case severity[result] > old || result == Skipped && old == 0:
			c.Result, c.Message = result, message
		case severity[result] == old && result != Pass && c.Message != message && len(c.Message) < 1000:
			c.Message += "；" + message
		}
		return
	}
}

// warn makes a check a warning and adds it to the report's warnings.
func (e *examination) warn(check, code, message string) {
	e.set(check, Warn, message)
	e.remark(code, message)
}

// remark adds to the report's warnings without touching a check.
func (e *examination) remark(code, message string) {
	if e.many {
		message = fmt.Sprintf("签名 %s：%s", e.rec.ID, message)
	}
	e.report.warn(code, message)
}

// notes makes a check a warning for each leniency.
func (e *examination) notes(check string, notes []gm.Note) {
	for _, n := range notes {
		e.warn(check, n.Code, n.Message)
	}
}
