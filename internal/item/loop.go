package item

// A link is a binding that matters for the question which kinds can be had: an
// item makes a kind, or cannot do without it.
type link struct{ item, role, kind string }

// stuck are the kinds that nobody can have for the first time: each item that makes
// one needs one of them. A kind that no item makes comes from elsewhere and can be
// had.
func stuck(links []link) map[string]bool {
	made, needs, makers := map[string][]string{}, map[string]int{}, map[string]int{}
	users := map[string][]string{} // items by what they need
	for _, l := range links {
		if l.role == Result {
			made[l.item] = append(made[l.item], l.kind)
			makers[l.kind]++
		}
	}
	seen := map[link]bool{}
	for _, l := range links {
		if key := (link{l.item, Input, l.kind}); l.role == Input && makers[l.kind] > 0 && !seen[key] {
			seen[key] = true
			needs[l.item]++
			users[l.kind] = append(users[l.kind], l.item)
		}
	}
	had := map[string]bool{}
	var free []string // items all of whose needs can be had
	for item := range made {
		if needs[item] == 0 {
			free = append(free, item)
		}
	}
	for len(free) > 0 {
		item := free[len(free)-1]
		free = free[:len(free)-1]
		for _, kind := range made[item] {
			if had[kind] {
				continue
			}
			had[kind] = true
			for _, user := range users[kind] {
				if needs[user]--; needs[user] == 0 {
					free = append(free, user)
				}
			}
		}
	}
	out := map[string]bool{}
	for kind := range makers {
		if !had[kind] {
			out[kind] = true
		}
	}
	return out
}
