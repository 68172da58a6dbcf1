package issuing

import (
	"encoding/json"
	"maps"

	"sidian/internal/catalogue"
)

// A Picture is a picture as a request gives it.
type Picture struct {
	Media string `json:"media_type"`
	Data  []byte `json:"data" doc:"Base64"`
}

// What became of a row of a table.
const (
	RowAdded   = "added"
	RowRemoved = "removed"
	RowChanged = "changed"
)

// A RowChange is a row in which two tables differ; its cells are in the order of
// the columns.
type RowChange struct {
	What   string   `json:"what" enum:"added,removed,changed"`
	Before []string `json:"before,omitempty"`
	After  []string `json:"after,omitempty"`
}

// mostCells bounds the comparison of two tables; beyond it they count as
// exchanged as a whole.
const mostCells = 1 << 20

func pictureOf(raw json.RawMessage) *Picture {
	p := &Picture{}
	if len(raw) == 0 || json.Unmarshal(raw, p) != nil || len(p.Data) == 0 {
		return nil
	}
	return p
}

func rowsOf(raw json.RawMessage) (rows []map[string]string) {
	if len(raw) == 0 || json.Unmarshal(raw, &rows) != nil {
		return nil
	}
	return rows
}

// rowChanges compares two tables: rows that stand in both keep their order, and a
// row that was removed where another was added counts as changed.
func rowChanges(columns []catalogue.Column, was, is []map[string]string, show func(string) string) (out []RowChange) {
	cells := func(row map[string]string) []string {
		texts := make([]string, len(columns))
		for i, c := range columns {
			texts[i] = show(row[c.Key])
		}
		return texts
	}
	var gone, come []map[string]string
	flush := func() {
		for i := range max(len(gone), len(come)) {
			switch {
			case i >= len(come):
				out = append(out, RowChange{What: RowRemoved, Before: cells(gone[i])})
			case i >= len(gone):
				out = append(out, RowChange{What: RowAdded, After: cells(come[i])})
			default:
				out = append(out, RowChange{What: RowChanged, Before: cells(gone[i]), After: cells(come[i])})
			}
		}
		gone, come = nil, nil
	}
	kept := common(was, is)
	for i, j := 0, 0; i < len(was) || j < len(is); {
		switch {
		case i < len(was) && j < len(is) && maps.Equal(was[i], is[j]):
			flush()
			i, j = i+1, j+1
		case j == len(is) || i < len(was) && kept(i+1, j) >= kept(i, j+1):
			gone = append(gone, was[i])
			i++
		default:
			come = append(come, is[j])
			j++
		}
	}
	flush()
	return out
}

// common tells how many rows two tables have in common, in order, from a row of
// each on.
func common(was, is []map[string]string) func(i, j int) int {
	if len(was)*len(is) > mostCells {
		return func(int, int) int { return 0 }
	}
	width := len(is) + 1
	n := make([]int, (len(was)+1)*width)
	for i := len(was) - 1; i >= 0; i-- {
		for j := len(is) - 1; j >= 0; j-- {
			if maps.Equal(was[i], is[j]) {
				n[i*width+j] = n[(i+1)*width+j+1] + 1
			} else {
				n[i*width+j] = max(n[(i+1)*width+j], n[i*width+j+1])
			}
		}
	}
	return func(i, j int) int { return n[i*width+j] }
}
