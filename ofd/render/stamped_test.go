package render

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"testing"
	"time"

	"sidian/gm"
	"sidian/ofd"
	"sidian/ofd/sign"
	"sidian/ses"
)

// stamped puts a seal with this picture at the places given. Key and digital certificate serve as maker's and signer's.
func stamped(t *testing.T, picture ses.Picture, places ...sign.Place) *ofd.Document {
	t.Helper()
	now := time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)
	key, err := gm.GenerateKey()
	if err != nil {
		t.Fatal(err)
	}
	cert, err := gm.CreateCertificate(&gm.CertificateTemplate{Subject: pkix.Name{CommonName: "seal"}, NotBefore: now.AddDate(-1, 0, 0), NotAfter: now.AddDate(1, 0, 0),
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageContentCommitment}, key.Public(), nil, key)
	if err != nil {
		t.Fatal(err)
	}
	seal, err := ses.MakeSeal(ses.SealOptions{ID: "1", VendorID: "t", Type: 1, Name: "章", Signers: []*gm.Certificate{cert}, Created: now,
		ValidFrom: now.AddDate(0, -1, 0), ValidTo: now.AddDate(0, 1, 0), Picture: picture}, key, cert)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := sign.Stamp(paints(rgbPath("0 255 0", "", "M 0 0 L 5 0 L 5 5 C")).open(t), sign.StampOptions{Seal: seal, Signer: key, Certificate: cert, Places: places, Time: now})
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

func TestSealPictures(t *testing.T) {
	t.Parallel()
	// A seal whose picture is an OFD page of 100 × 80 mm: its upper left quarter is red, clipped by its boundary.
	inner := paints(`<ofd:PathObject ID="5" Boundary="0 0 50 40" Stroke="false" Fill="true"><ofd:FillColor Value="255 0 0"/><ofd:AbbreviatedData>M -9 -9 L 200 -9 L 200 200 L -9 200 C</ofd:AbbreviatedData></ofd:PathObject>`)
	document := ses.Picture{Type: "ofd", Data: inner.pack(t), Width: 40, Height: 40}
	flat := ses.Picture{Type: "PNG", Data: []byte(flatPNG(t, colorOf(red))), Width: 40, Height: 40}
	broken := ses.Picture{Type: "PNG", Data: []byte("not a picture"), Width: 40, Height: 40}
	tests := []struct {
		name    string
		doc     *ofd.Document
		spots   []spot
		warning string
	}{
		{"PNG", stamped(t, flat, sign.Place{X: 50, Y: 20, W: 40, H: 40}), []spot{{51, 21, red}, {89, 59, red}, {49, 40, white}, {91, 40, white}}, ""},
		{"OFD", stamped(t, document, sign.Place{X: 50, Y: 20, W: 40, H: 40}), []spot{{51, 21, red}, {69, 39, red}, {71, 30, white}, {60, 41, white}, {49, 30, white}}, ""},
		{"slice of a straddle seal", stamped(t, flat, sign.Place{X: 80, Y: 20, W: 40, H: 40, Clip: &sign.Clip{X: 10, Y: 0, W: 10, H: 40}}), []spot{{95, 30, red}, {85, 30, white}}, ""},
		{"slice of an OFD seal", stamped(t, document, sign.Place{X: 50, Y: 20, W: 40, H: 40, Clip: &sign.Clip{X: 10, Y: 0, W: 30, H: 40}}), []spot{{55, 30, white}, {65, 30, red}, {71, 30, white}}, ""},
		{"two places", stamped(t, flat, sign.Place{X: 10, Y: 20, W: 20, H: 20}, sign.Place{X: 60, Y: 50, W: 20, H: 20}), []spot{{20, 30, red}, {70, 60, red}, {45, 45, white}}, ""},
		{"not a picture", stamped(t, broken, sign.Place{X: 50, Y: 20, W: 40, H: 40}), []spot{{60, 30, white}, {4, 1, green}}, WarnSeal},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			img, warnings := pixels4(t, tt.doc)
			for _, s := range tt.spots {
				if got := at(img, s.x, s.y); !near(got, s.want, 4) {
					t.Errorf("at %v, %v: %v, want %v", s.x, s.y, got, s.want)
				}
			}
			if (tt.warning == "") != (len(warnings) == 0) || tt.warning != "" && warnings[0].Code != tt.warning {
				t.Errorf("warnings %v, want code %q", warnings, tt.warning)
			}
		})
	}
}
