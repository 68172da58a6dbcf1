package iam

import (
	"slices"

	"sidian/internal/db"
)

// Path is where an organisation stands: "/a/b/", the ids from the root down, its
// own included. What lies below it begins with its path.
func (o Org) Path() string { return o.path }

// PathTx is the path of an organisation, in a caller's transaction.
func PathTx(tx *db.Tx, org string) (string, error) {
	o, err := getOrg(tx, org)
	return o.path, err
}

// PathsTx are the paths of organisations, such as [ScopeRoots] gives.
func PathsTx(tx *db.Tx, orgs []string) (paths []string, err error) {
	for _, org := range orgs {
		path, err := PathTx(tx, org)
		if err != nil {
			return nil, err
		}
		paths = append(paths, path)
	}
	return paths, nil
}

// AboveTx are an organisation and all above it, nearest first.
func AboveTx(tx *db.Tx, org string) ([]Org, error) {
	o, err := getOrg(tx, org)
	if err != nil {
		return nil, err
	}
	list := []Org{o}
	ids := o.ids()
	for _, id := range slices.Backward(ids[:len(ids)-1]) {
		if o, err = getOrg(tx, id); err != nil {
			return nil, err
		}
		list = append(list, o)
	}
	return list, nil
}

// RegionOf is the region that the first of above lies in, which are as AboveTx
// gives them: its own, or that of the nearest above. "" is the whole country.
func RegionOf(above []Org) string {
	for _, o := range above {
		if o.Region != "" {
			return o.Region
		}
	}
	return ""
}

// RegionTx is the region that an organisation lies in.
func RegionTx(tx *db.Tx, org string) (string, error) {
	above, err := AboveTx(tx, org)
	return RegionOf(above), err
}
