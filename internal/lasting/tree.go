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
// it is.
type tree struct {
	levels   [][]gm.Digest // from the leaves, one for each group
	leaves   []gm.Digest   // what is proved
	material gm.Digest
}

func grow(leaves []gm.Digest, material gm.Digest) *tree {
	level := make([]gm.Digest, len(leaves))
	for i, l := range leaves {
		level[i] = gm.Sum(joined(l[:], material[:]))
	}
	t := &tree{levels: [][]gm.Digest{level}, leaves: leaves, material: material}
	for len(level) > 1 {
		above := make([]gm.Digest, 0, (len(level)+1)/2)
		for i := 0; i+1 < len(level); i += 2 {
			above = append(above, gm.Sum(joined(level[i][:], level[i+1][:])))
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
		return joined(t.leaves[0][:], t.material[:])
	}
	top := t.levels[len(t.levels)-2]
	return joined(top[0][:], top[1][:])
}

// path is the reduced hash tree of a leaf (RFC 4998 §4.2): the group, then the
// sibling at each level.
func (t *tree) path(i int) [][][]byte {
	out := [][][]byte{{bytes.Clone(t.leaves[i][:]), bytes.Clone(t.material[:])}}
	for _, level := range t.levels[:len(t.levels)-1] {
		if sibling := i ^ 1; sibling < len(level) {
			out = append(out, [][]byte{bytes.Clone(level[sibling][:])})
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
func climb(path [][][]byte, leaf, material gm.Digest) ([]byte, error) {
	if len(path) == 0 || len(path) > maxPath || !bytes.Equal(joined(path[0]...), joined(leaf[:], material[:])) || len(path[0]) != 2 {
		return nil, errPath
	}
	message := joined(path[0]...)
	for _, list := range path[1:] {
		if len(list) != 1 || len(list[0]) != len(gm.Digest{}) {
			return nil, errPath
		}
		node := gm.Sum(message)
		message = joined(node[:], list[0])
	}
	return message, nil
}
