package catalogue

import (
	"encoding/json"
	"regexp"
	"slices"
)

// An Exclusion is what the law keeps out of certificates of a kind: a value of
// a field, or of the holders, for which none is issued here.
type Exclusion struct {
	Field  string `yaml:"field" json:"field"`   // key of a text field, or holder.type, holder.id_type, holder.name
	Match  string `yaml:"match" json:"match"`   // regular expression for the whole value
	Reason string `yaml:"reason" json:"reason"` // shown to who tries, with the way out
	Basis  string `yaml:"basis" json:"basis"`   // law or rule

	match *regexp.Regexp
}

var holderParts = []string{"holder.type", "holder.id_type", "holder.name"}

func (k *Kind) checkExclusions(p *problems) {
	for i := range k.Excluded {
		x := &k.Excluded[i]
		where := at("excluded", i)
		filled(p, where+".reason", x.Reason, 200)
		filled(p, where+".basis", x.Basis, 200)
		if f := k.Field(x.Field); !slices.Contains(holderParts, x.Field) && (f == nil || f.Type == Pict || f.Type == Table || f.Source != "") {
			p.add(where+".field", "value", "应是由人填写的文字照面项的键，或 holder.type、holder.id_type、holder.name")
		}
		var err error
		if x.match, err = regexp.Compile(`^(?:` + x.Match + `)$`); err != nil || x.Match == "" {
			p.add(where+".match", "regexp", "应是正则表达式")
		}
	}
}

// exclude refuses what the law keeps out.
func (k *Kind) exclude(p *problems, r Request) {
	for i := range k.Excluded {
		x := &k.Excluded[i]
		if x.match == nil {
			continue
		}
		refuse := func(where, value string) {
			if value != "" && x.match.MatchString(value) {
				p.add(where, "excluded", "%s（%s）", x.Reason, x.Basis)
			}
		}
		for j, h := range r.Holders {
			switch x.Field {
			case "holder.type":
				refuse(at("holders", j)+".type", h.Type)
			case "holder.id_type":
				refuse(at("holders", j)+".id_type", h.IDType)
			case "holder.name":
				refuse(at("holders", j)+".name", h.Name)
			}
		}
		var text string
		if raw, given := r.Fields[x.Field]; given && json.Unmarshal(raw, &text) == nil {
			refuse("fields."+x.Field, text)
		}
	}
}
