package main

import (
	"fmt"
	"io"
	"os"

	"sidian/internal/app"
)

// maxChallenge is far more than a challenge has.
const maxChallenge = 4 << 10

type answerCommand struct {
	Key            string `required:"" type:"existingfile" placeholder:"FILE" help:"${flag_key}"`
	Cert           string `required:"" type:"existingfile" placeholder:"FILE" help:"${flag_cert}"`
	PassphraseFile string `type:"existingfile" placeholder:"FILE" help:"${flag_passphrase}"`
	Challenge      string `arg:"" optional:"" type:"existingfile" help:"${arg_challenge}"`
}

// Run shows what is about to be signed before it is: whoever was sent a false
// challenge sees the address it is for.
func (c *answerCommand) Run(e *environment) error {
	in := io.Reader(os.Stdin)
	if c.Challenge != "" {
		f, err := os.Open(c.Challenge)
		if err != nil {
			return err
		}
		defer f.Close()
		in = f
	}
	text, err := io.ReadAll(io.LimitReader(in, maxChallenge))
	if err != nil {
		return err
	}
	fmt.Fprintf(e.err, "%s\n%s\n", e.say("将签名以下内容：", "About to sign:"), text)
	answer, err := app.Answer(app.AnswerRequest{Challenge: text, Key: c.Key, Cert: c.Cert, Passphrase: c.PassphraseFile})
	if err != nil {
		return err
	}
	return e.answer(map[string]string{"answer": string(answer)}, func(w io.Writer) { fmt.Fprint(w, string(answer)) })
}
