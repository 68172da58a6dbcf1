package sealapply

import "sidian/internal/httpx"

func (s *Service) campaignRoutes(r *httpx.Router) {}
