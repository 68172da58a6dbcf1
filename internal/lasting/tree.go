package lasting

import (
	"bytes"
	"errors"
	"slices"

	"sidian/gm"
)

// A tree is a hash tree over the groups of a batch, each of which is what is
// proved and the validation material (RFC 4998 §4.2): of two children the parent
// is the digest of both in ascending order; a last one without a sibling goes up as
// it is. It has one digest algorithm throughout.
type tree struct {
	levels   [][][]byte // from the leaves, one for each group
	leaves   [][]byte   // what is proved
	material []byte
}

// sum is the digest by an algorithm that SumBy knows: whoever reads a name from
// outside has asked.
func sum(digest string, data []byte) []byte {
	b, _ := gm.SumBy(digest, data)
	return b
}

// grow makes the tree over leaves, of which there is one at least, and validation
// material.
func grow(digest string, leaves [][]byte, material []byte) *tree {
	m := sum(digest, material)
	level := make([][]byte, len(leaves))
	for i, l := range leaves {
		level[i] = sum(digest, joined(l, m))
	}
	t := &tree{levels: [][][]byte{level}, leaves: leaves, material: m}
	for len(level) > 1 {
		above := make([][]byte, 0, (len(level)+1)/2)
		for i := 0; i+1 < len(level); i += 2 {
			above = append(above, sum(digest, joined(level[i], level[i+1])))
		}
		if len(level)%2 == 1 {
			above = append(above, level[len(level)-1])
		}
		t.levels = append(t.levels, above)
		level = above
	}
	return t
}

// joined is a list of digests in ascending order, one after the other.
func joined(list ...[]byte) []byte {
	list = slices.Clone(list)
	slices.SortFunc(list, bytes.Compare)
	return slices.Concat(list...)
}

// message is what the root is the digest of: what is time-stamped.
func (t *tree) message() []byte {
	if len(t.levels) == 1 {
		return joined(t.leaves[0], t.material)
	}
	top := t.levels[len(t.levels)-2]
	return joined(top[0], top[1])
}

// path is the reduced hash tree of a leaf (RFC 4998 §4.2): the group, then the
// sibling at each level.
func (t *tree) path(i int) [][][]byte {
	out := [][][]byte{{bytes.Clone(t.leaves[i]), bytes.Clone(t.material)}}
	for _, level := range t.levels[:len(t.levels)-1] {
		if sibling := i ^ 1; sibling < len(level) {
			out = append(out, [][]byte{bytes.Clone(level[sibling])})
		}
		i /= 2
	}
	return out
}

var errPath = errors.New("lasting: the hash tree does not lead from what is proved to a root")

// maxPath bounds a path: 2⁴⁰ leaves.
const maxPath = 41

// climb is the message that a path leads to from what is proved and the material
// (RFC 4998 §4.3). The group is exactly these two.
func climb(digest string, path [][][]byte, leaf, material []byte) ([]byte, error) {
	if len(path) == 0 || len(path) > maxPath || len(path[0]) != 2 || !bytes.Equal(joined(path[0]...), joined(leaf, material)) {
		return nil, errPath
	}
	message := joined(path[0]...)
	for _, list := range path[1:] {
		node := sum(digest, message)
		if len(list) != 1 || len(list[0]) != len(node) {
			return nil, errPath
		}
		message = joined(node, list[0])
	}
	return message, nil
}

// chained is what a further chain proves of a document (RFC 4998 §5.3, steps 2 to
// 4): the digest of the document's digest and the digest of all chains before, DER
// encoded. Without chains before it is the document's digest.
func chained(digest string, document []byte, before []Stamp) ([]byte, error) {
	h := sum(digest, document)
	if len(before) == 0 {
		return h, nil
	}
	atsc, err := sequenceDER(before)
	if err != nil {
		return nil, err
	}
	return sum(digest, slices.Concat(h, sum(digest, atsc))), nil
}
