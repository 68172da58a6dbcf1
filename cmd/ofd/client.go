package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"net/url"
	"time"

	"sidian/gm"
)

// Limits of a time-stamp request: a token is a few kilobytes and takes milliseconds to make.
const (
	tsaTimeout  = 20 * time.Second
	tsaMaxReply = 1 << 20
)

// tsaClient asks an RFC 3161 service over HTTP (RFC 3161 §3.4).
type tsaClient struct {
	url  string
	http *http.Client
}

func newTSAClient(address string) (*tsaClient, error) {
	u, err := url.Parse(address)
	if err == nil && (u.Scheme != "http" && u.Scheme != "https" || u.Host == "") {
		err = errors.New("not an http or https address")
	}
	if err != nil {
		return nil, &problem{where: "--tsa", zh: "时间戳服务地址有误", en: "the address of the time-stamp service is wrong", err: err,
			todoZH: "写完整地址，如 https://tsa.example.cn/tsa", todoEN: "write the whole address, such as https://tsa.example.cn/tsa"}
	}
	return &tsaClient{url: u.String(), http: &http.Client{Timeout: tsaTimeout}}, nil
}

// token gets a time stamp over value and checks that it answers this very request. Whom the service's certificate leads
// to is for the verifier to judge.
func (c *tsaClient) token(ctx context.Context, value []byte) ([]byte, error) {
	token, err := c.ask(ctx, value)
	if err != nil {
		return nil, &problem{where: c.url, zh: "没有得到时间戳", en: "gave no time stamp", err: err,
			todoZH: "检查地址与网络，稍后重试，或去掉 --tsa（时间将只是签章人所称）", todoEN: "check address and network, try again later, or leave --tsa out (the time is then only claimed)"}
	}
	return token, nil
}

func (c *tsaClient) ask(ctx context.Context, value []byte) ([]byte, error) {
	nonce, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 63))
	if err != nil {
		return nil, fmt.Errorf("choosing a nonce: %w", err)
	}
	body, err := gm.NewTimestampRequest(value, nonce)
	if err != nil {
		return nil, err
	}
	reply, err := c.post(ctx, body)
	if err != nil {
		return nil, err
	}
	token, err := gm.ParseTimestampResponse(reply)
	if err != nil {
		return nil, err
	}
	stamp, err := gm.ParseTimestamp(token)
	if err != nil {
		return nil, err
	}
	if stamp.Nonce == nil || stamp.Nonce.Cmp(nonce) != 0 {
		return nil, errors.New("the token answers another request: nonce differs")
	}
	if _, _, err := stamp.Verify(gm.Candidate{Name: "value", Message: value}); err != nil {
		return nil, err
	}
	return token, nil
}

func (c *tsaClient) post(ctx context.Context, body []byte) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.url, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/timestamp-query")
	req.Header.Set("Accept", "application/timestamp-reply")
	res, err := c.http.Do(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("the service answered %s", res.Status)
	}
	reply, err := io.ReadAll(io.LimitReader(res.Body, tsaMaxReply+1))
	if err != nil {
		return nil, err
	}
	if len(reply) > tsaMaxReply {
		return nil, errors.New("the answer is too long")
	}
	return reply, nil
}
