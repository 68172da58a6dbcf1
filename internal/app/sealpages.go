package app

import (
	"context"

	"sidian/internal/ferry"
	sealspages "sidian/internal/web/seals"
)

// toldAtOnce is how many seals of the other zone one search finds.
const toldAtOnce = 20

// zoneNames are what people call the zones.
var zoneNames = map[string]string{ferry.Extranet: "政务外网区", ferry.Internet: "互联网区"}

// sealPages makes the pages of seals as they are kept, and as anybody sees them.
func (a *App) sealPages() error {
	a.SealPages = &sealspages.Service{Kit: a.Web.Kit, Seal: a.Seal, PKI: a.PKI, IAM: a.IAM, Catalogue: a.Catalogue, Keepers: a.keepers}
	if f := a.Ferry; f != nil {
		a.SealPages.Peer = zoneNames[f.Peer]
		a.SealPages.Neighbours = func(ctx context.Context, text string) ([]*ferry.Neighbour, error) {
			return f.Neighbours(ctx, "seal", text, toldAtOnce)
		}
		a.SealPages.Neighbour = func(ctx context.Context, id string) (*ferry.Neighbour, error) { return f.Neighbour(ctx, "seal", id) }
	}
	return a.SealPages.Load()
}
