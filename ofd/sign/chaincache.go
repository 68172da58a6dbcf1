package sign

import (
	"sync"

	"sidian/gm"
)

// ChainCache keeps the chains found for certificates, and the seals whose
// maker's signature was found right, so that many documents of few signers
// cost little. It holds for one pair of pools only, and is safe for concurrent
// use. What it keeps does not depend on the time.
type ChainCache struct {
	mu            sync.Mutex
	anchors       *gm.Pool
	intermediates *gm.Pool
	chains        map[gm.Digest]gm.ChainResult
	seals         map[gm.Digest]sealResult
}

// sealResult is what checking a maker's signature found; it depends on the
// seal's octets alone.
type sealResult struct {
	notes []gm.Note
	err   error
}

// cacheLimit bounds each map; a full map is emptied, which costs little.
const cacheLimit = 4096

// NewChainCache returns an empty cache.
func NewChainCache() *ChainCache { return &ChainCache{} }
