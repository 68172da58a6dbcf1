package seal

import "context"

// Imprint is the picture of a seal and its size, as its owner gave it. Who may
// see it is the caller's to say.
func (s *Service) Imprint(ctx context.Context, id string) (*Imprint, error) {
	m, err := s.material(ctx, id)
	if err != nil {
		return nil, err
	}
	p := m.seal.Picture
	return &Imprint{PNG: p.Data, Width: p.Width, Height: p.Height}, nil
}
