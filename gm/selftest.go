package gm

import (
	"encoding/hex"
	"errors"
	"fmt"

	"github.com/emmansun/gmsm/sm4"
)

// Known answers. SM2: GB/T 32918.5-2017 annex A.2; SM3: GB/T 32905-2016 annex A.1; SM4: GB/T 32907-2016 annex A.1 and
// RFC 8998 annex A.1 (GCM); HMAC-SM3: computed by another implementation (openssl).
const (
	knownKey = "0409f9df311e5421a150dd7d161e4bc5c672179fad1833fc076bb08ff356f35020" +
		"ccea490ce26775a52dc6ea718cc1aa600aed05fbf35e084a6632f6072da9ad13"
	knownMessage   = "message digest"
	knownSignature = "3046022100f5a03b0648d2c4630eeac513e1bb81a15944da3827d5b74143ac7eaceee720b3" +
		"022100b1b6aa29df212fd8763182bc0d421ca1bb9038fd1f7f42d4840b69c485bbc1aa"
	knownDigest  = "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"
	knownMAC     = "bd4a34077888162b210645b8ebf74b9af357303789357a27c7fc457244ebd398"
	knownSM4Key  = "0123456789abcdeffedcba9876543210" // also the plaintext
	knownSM4     = "681edf34d206965e86b3e94f536e4246"
	knownGCMText = "aaaaaaaaaaaaaaaabbbbbbbbbbbbbbbbccccccccccccccccddddddddddddddddeeeeeeeeeeeeeeeeffffffffffffffffeeeeeeeeeeeeeeeeaaaaaaaaaaaaaaaa"
	knownGCMAAD  = "feedfacedeadbeeffeedfacedeadbeefabaddad2"
	knownGCMIV   = "00001234567800000000abcd"
	knownGCM     = "17f399f08c67d5ee19d0dc9969c4bb7d5fd46fd3756489069157b282bb200735d82710ca5c22f0ccfa7cbf93d496ac15a56834cbcf98c397b4024a2691233b8d" +
		"83de3541e4c2b58177e065a9bf7b62ec"
)

// SelfTest runs known answers of SM2, SM3, SM4 and HMAC-SM3, signs and verifies once, and makes sure that a flipped
// bit is refused. A program must not serve when it returns an error.
func SelfTest() error {
	for _, test := range []struct {
		name string
		run  func() error
	}{
		{"SM3", testSM3}, {"HMAC-SM3", testHMAC}, {"SM4", testSM4}, {"SM4-GCM", testGCM},
		{"SM2 known answer", testKnownSignature}, {"SM2 sign and verify", testFreshSignature},
	} {
		if err := test.run(); err != nil {
			return fmt.Errorf("gm: self-test of %s: %w", test.name, err)
		}
	}
	return nil
}

var errAnswer = errors.New("wrong answer")

func equalHex(got []byte, want string) error {
	if hex.EncodeToString(got) != want {
		return errAnswer
	}
	return nil
}

func testSM3() error {
	digest := Sum([]byte("abc"))
	return equalHex(digest[:], knownDigest)
}

func testHMAC() error {
	mac := HMAC([]byte("key"), []byte("The quick brown fox jumps over the lazy dog"))
	return equalHex(mac[:], knownMAC)
}

func testSM4() error {
	key, err := hex.DecodeString(knownSM4Key)
	if err != nil {
		return err
	}
	block, err := sm4.NewCipher(key)
	if err != nil {
		return err
	}
	out := make([]byte, 16)
	block.Encrypt(out, key)
	if err := equalHex(out, knownSM4); err != nil {
		return err
	}
	block.Decrypt(out, out)
	return equalHex(out, knownSM4Key)
}

func testGCM() error {
	var parts [4][]byte
	for i, text := range []string{knownSM4Key, knownGCMIV, knownGCMText, knownGCMAAD} {
		var err error
		if parts[i], err = hex.DecodeString(text); err != nil {
			return err
		}
	}
	aead, err := NewGCM(parts[0])
	if err != nil {
		return err
	}
	out := aead.Seal(nil, parts[1], parts[2], parts[3])
	if err := equalHex(out, knownGCM); err != nil {
		return err
	}
	out[0] ^= 1
	if _, err := aead.Open(nil, parts[1], out, parts[3]); err == nil {
		return errors.New("a flipped bit was accepted")
	}
	return nil
}

func testKnownSignature() error {
	point, err := hex.DecodeString(knownKey)
	if err != nil {
		return err
	}
	sig, err := hex.DecodeString(knownSignature)
	if err != nil {
		return err
	}
	pub, err := NewPublicKey(point)
	if err != nil {
		return err
	}
	return verifiesAndRefuses(pub, []byte(knownMessage), sig)
}

func testFreshSignature() error {
	key, err := GenerateKey()
	if err != nil {
		return err
	}
	sig, err := key.Sign([]byte(knownMessage))
	if err != nil {
		return err
	}
	return verifiesAndRefuses(key.Public(), []byte(knownMessage), sig)
}

// verifiesAndRefuses: the signature is good, and with one bit of it or of the message changed it is not.
func verifiesAndRefuses(pub *PublicKey, message, sig []byte) error {
	if err := Verify(pub, message, sig); err != nil {
		return err
	}
	flipped := append([]byte{}, sig...)
	flipped[len(flipped)-1] ^= 1
	other := append([]byte{}, message...)
	other[0] ^= 1
	if !errors.Is(Verify(pub, message, flipped), ErrInvalidSignature) || !errors.Is(Verify(pub, other, sig), ErrInvalidSignature) {
		return errors.New("a flipped bit was accepted")
	}
	return nil
}
