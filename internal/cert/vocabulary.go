package cert

import (
	"context"
	"strings"

	"sidian/internal/cert/state"
	"sidian/internal/fault"
)

// GetIn is [Service.Get], which also says the status by the words of another body
// (STA-01): those of a vocabulary of statuses, by its name; empty: of none.
func (s *Service) GetIn(ctx context.Context, id, vocabulary string) (*Certificate, error) {
	v, err := vocabularyOf(vocabulary)
	if err != nil {
		return nil, err
	}
	c, err := s.Get(ctx, id)
	if err != nil || v == nil {
		return c, err
	}
	said := v.Say(c.Status)
	c.Outside = &said
	return c, nil
}

// vocabularyOf finds a vocabulary of statuses; nil for the empty name.
func vocabularyOf(name string) (*state.Vocabulary, error) {
	if name == "" {
		return nil, nil
	}
	all, err := state.Vocabularies()
	if err != nil {
		return nil, err
	}
	var known []string
	for _, v := range all {
		if v.Of != state.OfStatus {
			continue
		}
		if v.Name == name {
			return v, nil
		}
		known = append(known, v.Name)
	}
	return nil, fault.Invalid.New("没有这个状态词表").WithCode("cert.vocabulary").WithHint("可用的有 %s", strings.Join(known, "、")).
		WithField("vocabulary", "unknown", "应为 "+strings.Join(known, "、")+" 之一")
}

type vocabularyList struct {
	Items []*state.Vocabulary `json:"items"`
}

func (s *Service) getVocabularies(context.Context, struct{}) (vocabularyList, error) {
	all, err := state.Vocabularies()
	return vocabularyList{all}, err
}
