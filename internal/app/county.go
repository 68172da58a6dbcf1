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
	County       struct{ ID, Authority, Name, Region, Tier string }
	Units        []unit
	Staff        []staffMember
	Posts        []unitPosts
	Waiting      []waiting
	People       []person
	Firms        []firm
	Certificates []holding
	Items        []serviceItem
	Drafts       []journey
	Schemes      []scheme
}

type unit struct {
	ID, Name, Sort, Parent, Tier string
	Seals, Kinds                 []string
	Any                          bool
}

// A staffMember has the roles in their unit, or in For and all below it.
type staffMember struct {
	Username, Name, Org, For string
	Roles                    []string
}

// unitPosts are the user names of who answers for certificates in a unit.
type unitPosts struct{ Unit, Contact, Custodian, Reviewer string }

// waiting is a grant that is proposed and not decided.
type waiting struct{ Username, Role, Org, Reason string }

type person struct {
	Username, Name, Born, Home string
	Seq                        int
	SignIn                     bool `yaml:"sign_in"`
}

type firm struct {
	Name, Sort, Scope, At string
	Legal                 int // place in People
	Capital               int64
}

// A holding is a certificate that somebody has from the beginning.
type holding struct {
	Kind   string
	People []int // places in People
	Firm   *int  // place in Firms
	Holder string
	Ago    int // days
	Fields map[string]any
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

// unitTypes are the sorts of the county's units in the words of iam.
var unitTypes = map[string]string{
	"政府": "government", "管理单位": "authority", "制发单位": "department", "应用单位": "department", "医疗机构": "medical", "学校": "school",
	"档案部门": "archive", "乡镇": "township", "公用事业": "utility",
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

// age is the person's at a day.
func (p person) age(day time.Time) int {
	born, err := time.Parse("20060102", p.Born)
	if err != nil {
		return 0 // citizen has refused it before
	}
	years := day.Year() - born.Year()
	if day.YearDay() < born.YearDay() {
		years--
	}
	return years
}

// unitCode is the credit code of the n-th unit.
func (c *county) unitCode(n int) (string, error) {
	authority, category := byte('1'), byte('1') // 机构编制, 机关
	switch c.Units[n].Sort {
	case "公用事业":
		authority = '9' // 市场监管, 企业
	case "学校", "医疗机构", "档案部门":
		category = '2' // 事业单位
	}
	return creditCode(authority, category, c.County.Region, n)
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
