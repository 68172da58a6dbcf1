package ukey

import (
	"encoding/pem"
	"fmt"
	"strings"

	"sidian/gm"
)

// Answer signs a challenge, for people whose key is in a file: PEM of
// SignedData with the content in it, as Verify takes it. Text that has not the
// form of a challenge is refused, so that nobody can be led to sign something
// else; line ends that a clipboard or an editor changed are put right. The
// caller shows the text before it asks for the key.
func Answer(challenge []byte, key gm.Signer, cert *gm.Certificate) ([]byte, error) {
	text := strings.TrimRight(strings.ReplaceAll(strings.TrimPrefix(string(challenge), "\ufeff"), "\r\n", "\n"), "\n") + "\n"
	if !isChallenge(text) {
		return nil, fmt.Errorf("ukey: this is not the text of a sign-in challenge: copy all lines from the sign-in page")
	}
	der, err := gm.SignData([]byte(text), gm.SignDataOptions{Signer: key, Certificate: cert, Form: gm.FormContent})
	if err != nil {
		return nil, fmt.Errorf("ukey: signing the challenge: %w", err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PKCS7", Bytes: der}), nil
}
