package main

import (
	"testing"

	"sidian/gm"
	"sidian/ofd/sign"
)

func BenchmarkIssue(b *testing.B) {
	x, err := newBench()
	if err != nil {
		b.Fatal(err)
	}
	for n := int64(1); b.Loop(); n++ {
		if _, err := x.issue(n, false); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkVerify(b *testing.B) {
	x, err := newBench()
	if err != nil {
		b.Fatal(err)
	}
	data, err := x.issue(1, false)
	if err != nil {
		b.Fatal(err)
	}
	o := sign.Options{Anchors: gm.NewPool(x.root), Now: x.now, ChainCache: sign.NewChainCache()}
	for b.Loop() {
		if r := sign.Verify(data, o); r.Verdict != sign.Valid {
			b.Fatal(r.Verdict)
		}
	}
}

func BenchmarkStamp(b *testing.B) {
	x, err := newBench()
	if err != nil {
		b.Fatal(err)
	}
	plain, err := x.plain()
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := x.stampBytes(plain, false); err != nil {
			b.Fatal(err)
		}
	}
}
