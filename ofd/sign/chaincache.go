package sign

import (
	"crypto/sha256"
	"slices"
	"sync"

	"sidian/gm"
	"sidian/ses"
)

// ChainCache keeps the chains found for certificates, and what was found about
// the makers' signatures of seals, so that many documents of few signers cost
// little. It is for one pair of pools: with others it starts anew. It is safe
// for concurrent use. What it keeps does not depend on the time, and the keys
// are digests of everything that the results depend on.
type ChainCache struct {
	mu            sync.Mutex
	anchors       *gm.Pool
	intermediates *gm.Pool
	chains        map[[sha256.Size]byte]gm.ChainResult
	seals         map[[sha256.Size]byte]sealResult
}

// sealResult is what checking a maker's signature found.
type sealResult struct {
	notes []gm.Note
	err   error
}

// cacheLimit bounds each map; a full map is emptied, which costs little.
const cacheLimit = 4096

// NewChainCache returns an empty cache.
func NewChainCache() *ChainCache {
	return &ChainCache{chains: map[[sha256.Size]byte]gm.ChainResult{}, seals: map[[sha256.Size]byte]sealResult{}}
}

// chain finds the path from cert to an anchor, with further certificates that
// came with the signature.
func (c *ChainCache) chain(o *Options, cert *gm.Certificate, extra []*gm.Certificate) gm.ChainResult {
	h := sha256.New()
	h.Write(cert.Raw)
	for _, x := range extra {
		if x != cert {
			h.Write(x.Raw)
		}
	}
	key := [sha256.Size]byte(h.Sum(nil))

	c.mu.Lock()
	if c.anchors != o.Anchors || c.intermediates != o.Intermediates {
		c.anchors, c.intermediates = o.Anchors, o.Intermediates
		clear(c.chains)
	}
	found, ok := c.chains[key]
	c.mu.Unlock()
	if ok {
		return found
	}
	pool := o.Intermediates
	if len(extra) > 0 {
		var all []*gm.Certificate
		if pool != nil {
			all = pool.Certificates()
		}
		pool = gm.NewPool(slices.Concat(all, extra)...)
	}
	found = cert.BuildChain(pool, o.Anchors)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.anchors == o.Anchors && c.intermediates == o.Intermediates {
		if len(c.chains) >= cacheLimit {
			clear(c.chains)
		}
		c.chains[key] = found
	}
	return found
}

// sealSignature checks the maker's signature on a seal.
func (c *ChainCache) sealSignature(s *ses.Seal) ([]gm.Note, error) {
	key := sha256.Sum256(s.Raw)
	c.mu.Lock()
	found, ok := c.seals[key]
	c.mu.Unlock()
	if ok {
		return found.notes, found.err
	}
	found.notes, found.err = s.VerifyMaker()
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.seals) >= cacheLimit {
		clear(c.seals)
	}
	c.seals[key] = found
	return found.notes, found.err
}
