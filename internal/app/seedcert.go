package app

import (
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"sidian/internal/catalogue"
	"sidian/internal/cert"
)

// licence is the kind whose issue gives a firm its credit code.
const licence = "business_license"

// certificates issues what the county's people and firms hold, each through the
// use case that every certificate comes from. The licences come first: the
// other certificates of a firm carry the code that its licence gave it.
func (s *seeder) certificates(ctx context.Context) error {
	s.codes, s.licences = make([]string, len(s.Firms)), make([]string, len(s.Firms))
	for i, h := range s.Certificates {
		if h.Kind == licence {
			c, err := s.issue(ctx, h, i)
			if err != nil {
				return err
			}
			s.codes[*h.Firm], s.licences[*h.Firm] = c.Number, c.Identifier
		}
	}
	return s.several(func(i int) error {
		if s.Certificates[i].Kind == licence {
			return nil
		}
		_, err := s.issue(ctx, s.Certificates[i], i)
		return err
	})
}

// workers issue at the same time, because each waits for the disk.
const workers = 4

// several calls do for each certificate and returns the first error.
func (s *seeder) several(do func(int) error) error {
	next := make(chan int)
	failed := make(chan error, workers)
	var group sync.WaitGroup
	for range workers {
		group.Go(func() {
			var first error
			for i := range next {
				if first == nil {
					first = do(i)
				}
			}
			failed <- first
		})
	}
	for i := range s.Certificates {
		next <- i
	}
	close(next)
	group.Wait()
	for range workers {
		if err := <-failed; err != nil {
			return err
		}
	}
	return nil
}

func (s *seeder) issue(ctx context.Context, h holding, n int) (*cert.Certificate, error) {
	k, err := s.Catalogue.Get(ctx, h.Kind)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", h.Kind, err)
	}
	req, err := s.request(k, h)
	if err != nil {
		return nil, fmt.Errorf("%s %d: %w", h.Kind, n, err)
	}
	req.CaseNo = fmt.Sprintf("YL%s%04d", s.DB.Now().Format("20060102"), n+1)
	c, err := s.Cert.Issue(s.client, *req)
	if err != nil {
		return nil, fmt.Errorf("%s %d: %w", h.Kind, n, err)
	}
	return c, nil
}

// request is the kind's example with what the holding says of it.
func (s *seeder) request(k *catalogue.Kind, h holding) (*cert.IssueRequest, error) {
	req := &cert.IssueRequest{}
	if err := json.Unmarshal(k.Example, req); err != nil {
		return nil, err
	}
	day := s.DB.Now().AddDate(0, 0, -h.Ago)
	if err := shift(req, day); err != nil {
		return nil, err
	}
	known, err := s.known(h, day)
	if err != nil {
		return nil, err
	}
	s.hold(req, h, known)
	for key, v := range h.Fields {
		if v == nil {
			delete(req.Fields, key)
			continue
		}
		if text, ok := v.(string); ok {
			if v, err = fill(text, known, day); err != nil {
				return nil, err
			}
		}
		if req.Fields[key], err = json.Marshal(v); err != nil {
			return nil, err
		}
	}
	return req, nil
}

// shift moves the validity to begin on a day, and to be as long as it was.
func shift(req *cert.IssueRequest, day time.Time) error {
	from, err := time.Parse(time.DateOnly, req.ValidFrom)
	if err != nil {
		return err
	}
	req.ValidFrom = day.Format(time.DateOnly)
	if req.ValidTo == "" {
		return nil
	}
	to, err := time.Parse(time.DateOnly, req.ValidTo)
	if err != nil {
		return err
	}
	req.ValidTo = day.Add(to.Sub(from)).Format(time.DateOnly)
	return nil
}

// hold puts the holders into a request.
func (s *seeder) hold(req *cert.IssueRequest, h holding, known map[string]any) {
	switch {
	case h.Holder != "": // somebody without a code of his own: a newborn child
		req.Holders[0].Name = h.Holder
	case h.Firm != nil:
		f := s.Firms[*h.Firm]
		req.Holders = []catalogue.Holder{{Type: "legal", IDType: "001", ID: s.codes[*h.Firm], Name: f.Name}}
		if f.Sort == "个体工商户" {
			req.Holders[0].Type = "unincorporated"
		}
	default:
		req.Holders = nil
		for i, p := range h.People {
			id, _ := known["p"+strconv.Itoa(i)+".id"].(string)
			req.Holders = append(req.Holders, catalogue.Holder{Type: "person", IDType: "111", ID: id, Name: s.People[p].Name})
		}
	}
}

// known is what the placeholders of a holding stand for.
func (s *seeder) known(h holding, day time.Time) (map[string]any, error) {
	out := map[string]any{}
	for i, n := range h.People {
		p := s.People[n]
		id, err := p.citizen(s.County.Region)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", p.Name, err)
		}
		at := "p" + strconv.Itoa(i) + "."
		out[at+"name"], out[at+"id"], out[at+"home"], out[at+"age"] = p.Name, id, p.Home, p.age(day)
	}
	if h.Firm != nil {
		f := s.Firms[*h.Firm]
		legal := s.People[f.Legal]
		out["firm.name"], out["firm.sort"], out["firm.scope"], out["firm.at"], out["firm.capital"] = f.Name, f.Sort, f.Scope, f.At, f.Capital
		out["firm.legal"], out["firm.home"] = legal.Name, legal.Home
	}
	return out, nil
}

var placeholder = regexp.MustCompile(`\{[a-z0-9.]+(?::-?[0-9]+)?\}`)

// fill replaces the placeholders of a text. One that is the whole text keeps its
// type: an age is a number.
func fill(text string, known map[string]any, day time.Time) (any, error) {
	if v, ok := known[strings.Trim(text, "{}")]; ok && placeholder.FindString(text) == text {
		return v, nil
	}
	var unknown error
	out := placeholder.ReplaceAllStringFunc(text, func(p string) string {
		name, shift, _ := strings.Cut(strings.Trim(p, "{}"), ":")
		days, _ := strconv.Atoi(shift)
		switch v, ok := known[name]; {
		case ok:
			return fmt.Sprint(v)
		case name == "day":
			return day.AddDate(0, 0, days).Format(time.DateOnly)
		case name == "ymd":
			return day.AddDate(0, 0, days).Format("20060102")
		}
		unknown = fmt.Errorf("app: the county knows nothing of %s", p)
		return ""
	})
	return out, unknown
}
