package sealing

import (
	"time"
)

func (s *Service) now() time.Time { return s.IAM.DB.Now() }
