package listing

import (
	"context"
	"slices"
	"strings"

	"sidian/internal/iam"
)

// Compilers are the open units for which whoever acts may compile lists.
func (s *Service) Compilers(ctx context.Context) ([]iam.Org, error) { return s.where(ctx, permReview) }

// Kinds are the published kinds by name, with what people call them, to choose from.
func (s *Service) Kinds(ctx context.Context) (words []Word, err error) {
	list, err := s.Catalogue.Published(ctx)
	for _, k := range list {
		words = append(words, Word{k.Name, k.Title})
	}
	slices.SortFunc(words, func(a, b Word) int { return strings.Compare(a.Name, b.Name) })
	return words, err
}
