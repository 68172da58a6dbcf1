package app

import (
	_ "embed"
	"fmt"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"sidian/gbcode"
)

//go:embed county.yaml
var countyFile []byte

// county is the demo's data, all of it invented.
type county struct {
	County struct{ Name, Region, Tier string }
	Units  []unit
	Staff  []staffMember
	People []person
	Firms  []firm
}

type unit struct {
	ID, Name, Sort, Parent, Tier string
	Seals, Kinds                 []string
	Contact                      bool
}

type staffMember struct {
	Username, Name, Org string
	Roles               []string
}

type person struct {
	Username, Name, Born string
	Seq                  int
	SignIn               bool `yaml:"sign_in"`
}

type firm struct {
	Name, Sort, Scope string
	Person            int
}

func loadCounty() (*county, error) {
	c := &county{}
	d := yaml.NewDecoder(strings.NewReader(string(countyFile)))
	d.KnownFields(true)
	if err := d.Decode(c); err != nil {
		return nil, fmt.Errorf("app: the demo's county: %w", err)
	}
	return c, nil
}

// citizen makes the person's citizen ID, with the division that is nobody's.
func (p person) citizen(region string) (string, error) {
	area, err := gbcode.ParseDivision(region)
	if err != nil {
		return "", err
	}
	born, err := time.Parse("20060102", p.Born)
	if err != nil {
		return "", err
	}
	id, err := gbcode.NewCitizenID(area, born, p.Seq)
	return id.String(), err
}

// creditCode makes the n-th code of an authority and category of institutions
// in the division that is nobody's.
func creditCode(authority, category byte, region string, n int) (string, error) {
	area, err := gbcode.ParseDivision(region)
	if err != nil {
		return "", err
	}
	org, err := gbcode.NewOrgCode(fmt.Sprintf("%08d", 990_000+n))
	if err != nil {
		return "", err
	}
	code, err := gbcode.NewCreditCode(authority, category, area, org)
	return code.String(), err
}
