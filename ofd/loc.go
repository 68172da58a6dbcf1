package ofd

import (
	"errors"
	"strings"
)

// ErrOutside is the error of a location that leaves the package.
var ErrOutside = errors.New("location leaves the package")

var errNoLoc = errors.New("location is empty")

// Resolve gives the part name of a location (ST_Loc, GB/T 33190-2016 §7.2)
// that is written in the part base: from the root when it begins with a slash
// (any number of them), else relative to the folder of base. "." and ".." are
// followed as long as they stay inside.
func Resolve(base, loc string) (string, error) {
	dir := ""
	if at := strings.LastIndexByte(base, '/'); at >= 0 {
		dir = base[:at]
	}
	return resolveIn(dir, loc)
}

// resolveIn is Resolve against a folder.
func resolveIn(dir, loc string) (string, error) {
	loc = strings.TrimSpace(loc)
	if loc == "" {
		return "", errNoLoc
	}
	if loc[0] == '/' {
		dir = ""
	}
	dir = strings.TrimLeft(dir, "/")
	if plainPath(loc) {
		if loc[0] == '/' {
			return loc[1:], nil
		}
		if dir == "" {
			return loc, nil
		}
		if plainPath(dir) {
			return dir + "/" + loc, nil
		}
	}
	var segs []string
	for _, path := range []string{dir, loc} {
		for seg := range strings.SplitSeq(path, "/") {
			switch seg {
			case "", ".":
			case "..":
				if len(segs) == 0 {
					return "", ErrOutside
				}
				segs = segs[:len(segs)-1]
			default:
				segs = append(segs, seg)
			}
		}
	}
	if len(segs) == 0 {
		return "", errNoLoc
	}
	name := strings.Join(segs, "/")
	if strings.ContainsAny(name, "\\\x00") || len(name) > 1 && name[1] == ':' {
		return "", ErrOutside
	}
	return name, nil
}

// plainPath tells that a path has no empty, "." or ".." segment and nothing
// odd, so that it need not be taken apart. One leading slash is let be.
func plainPath(p string) bool {
	if len(p) > 1 && (p[1] == ':' || p[0] == '/' && p[1] == '/') {
		return false
	}
	last := byte('/')
	for i := 0; i < len(p); i++ {
		c := p[i]
		if c == '\\' || c == 0 || c == '.' && last == '/' || c == '/' && last == '/' && i > 0 {
			return false
		}
		last = c
	}
	return last != '/'
}
