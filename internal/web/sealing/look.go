package sealing

import (
	"errors"
	"net/http"
	"time"

	"sidian/internal/fault"
	"sidian/internal/web/page"
)

func (s *Service) now() time.Time { return s.IAM.DB.Now() }

// statusOf is page.StatusOf where the form stays for what its reader may not do:
// another seal or purpose helps. Package sealing records such a refusal itself.
func statusOf(err error) int {
	if errors.Is(err, fault.Forbidden) {
		return http.StatusForbidden
	}
	return page.StatusOf(err)
}
