package catalogue

import (
	"strings"

	"sidian/ofd"
	"sidian/workday"
)

// metadata is the core elements of GB/T 36903-2018 by their short names, and
// the fields that have a published key; what has no value is left out.
func (k *Kind) metadata(f *facts) []ofd.CustomData {
	compact := func(d workday.Date) string { return strings.ReplaceAll(day(d), "-", "") }
	core := []ofd.CustomData{
		{Name: "ZZMC", Value: k.Title},
		{Name: "ZZLXMC", Value: k.Title},
		{Name: "ZZLXDM", Value: k.Code.String()},
		{Name: "ZZBH", Value: f.number},
		{Name: "ZZBS", Value: f.ident},
		{Name: "ZZBFJG", Value: f.iss.Issuer.Name},
		{Name: "ZZBFJGDM", Value: f.iss.Issuer.Code.String()},
		{Name: "ZZBFRQ", Value: compact(f.iss.Issued)},
		{Name: "CZZT", Value: f.join(",", func(h Holder) string { return h.Name })},
		{Name: "CZZTDM", Value: f.join(",", func(h Holder) string { return h.ID })},
		{Name: "CZZTDMLX", Value: f.join(",", idTypeOnce(f))},
		{Name: "CZZTDMLXDM", Value: f.holders[0].IDType},
		{Name: "ZZYXQQSRQ", Value: compact(f.from)},
		{Name: "ZZYXQJZRQ", Value: compact(f.to)},
	}
	out := make([]ofd.CustomData, 0, len(core)+len(k.Fields))
	for _, c := range core {
		if from := k.Metadata[c.Name]; from != "" {
			c.Value = f.get(from)
		}
		if c.Value != "" {
			out = append(out, c)
		}
	}
	for i := range k.Fields {
		field := &k.Fields[i]
		if v := f.fields[field.Key]; v.Text != "" {
			out = append(out, ofd.CustomData{Name: metadataName(field.Key), Value: v.Text})
		}
	}
	return out
}

// metadataName is the key of a field in the file: extension elements begin
// with KZ_ (GB/T 36903 §6).
func metadataName(key string) string {
	if strings.HasPrefix(key, "KZ_") {
		return key
	}
	return "KZ_" + key
}
