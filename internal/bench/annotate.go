package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"sidian/gm"
)

// annotated is of how many certificates copies are made in turn.
const annotated = 64

// annotateHTTP is how many annotated copies a second are made through the API of a
// seeded county, the clients included in the two cores: drawn, sealed, stored and
// on record, each durable.
func annotateHTTP(ctx context.Context, span time.Duration) (f figure, err error) {
	h, _, end, err := servedCounty(ctx, "")
	if err != nil {
		return f, err
	}
	defer func() { err = errors.Join(err, end()) }()
	var ids []string
	for range annotated {
		b, err := h.post(ctx, "/api/v1/certificates", h.body)
		if err != nil {
			return f, err
		}
		var made struct{ ID string }
		if err := json.Unmarshal(b, &made); err != nil {
			return f, err
		}
		ids = append(ids, made.ID)
	}
	ask, err := json.Marshal(map[string]string{
		"purpose": "申请流动资金贷款", "recipient": "样例农村商业银行青禾支行", "item": "小微企业贷款", "case_no": "BJ-20260101-1",
		"expires_at": time.Now().AddDate(0, 1, 0).Format(time.RFC3339),
	})
	if err != nil {
		return f, err
	}
	var n, size atomic.Int64
	one := func(ctx context.Context) error {
		b, err := h.post(ctx, "/api/v1/certificates/"+ids[n.Add(1)%annotated]+"/annotations", ask)
		if err != nil {
			return err
		}
		var made struct{ Size int64 }
		err = json.Unmarshal(b, &made)
		size.Store(made.Size)
		return err
	}
	if _, err := many(ctx, span/5, one); err != nil { // caches, connections
		return f, err
	}
	f.unit = "per_s"
	if f.value, err = many(ctx, span, one); err != nil {
		return f, err
	}
	f.note = fmt.Sprintf("copy of %d bytes, the original in it; both cores, the floor one", size.Load())
	f.floor, err = signAndKeep(int(size.Load()), span/2)
	return f, err
}

// signAndKeep is the floor: the digest of a document, one signature for the seal
// and one for the time stamp, and the document written and synced to a file.
func signAndKeep(size int, span time.Duration) (float64, error) {
	dir, err := workplace()
	if err != nil {
		return 0, err
	}
	key, err := gm.GenerateKey()
	if err != nil {
		return 0, err
	}
	data := make([]byte, size)
	rand.Read(data) // never fails
	return rate(span, func(n int64) error {
		sum := gm.Sum(data)
		for range 2 {
			if _, err := key.Sign(sum[:]); err != nil {
				return err
			}
		}
		file, err := os.Create(filepath.Join(dir, fmt.Sprintf("floor%d", n%1000)))
		if err != nil {
			return err
		}
		_, err = file.Write(data)
		return errors.Join(err, file.Sync(), file.Close())
	})
}

// post asks with a key of its own, and wants something made.
func (h *load) post(ctx context.Context, path string, body []byte) ([]byte, error) {
	q, err := http.NewRequestWithContext(ctx, "POST", h.base+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	q.Header.Set("Authorization", "Bearer "+h.token)
	q.Header.Set("Content-Type", "application/json")
	q.Header.Set("Idempotency-Key", rand.Text())
	return h.do(q, http.StatusCreated)
}
