package certid

import (
	"fmt"
	"strings"

	"sidian/gbcode"
)

// Parse reads an identifier that conforms to the standard in every part: kind
// and issuer hold credit codes, and the check character is right. Lower case
// is refused, not mended: an identifier is a key.
func Parse(s string) (ID, error) {
	id, err := split(s)
	if err != nil {
		return ID{}, fmt.Errorf("certid: %w", err)
	}
	if _, err := ParseKind(id.kind); err != nil {
		return ID{}, err
	}
	if _, err := gbcode.ParseCreditCode(id.issuer); err != nil {
		return ID{}, fmt.Errorf("certid: %w: %w", ErrIssuer, err)
	}
	if id.version == 0 {
		return ID{}, fmt.Errorf("certid: %w", ErrVersion)
	}
	if c, _ := Check3736(id.body()); c != id.check {
		return ID{}, fmt.Errorf("certid: %w", ErrCheck)
	}
	return id, nil
}

// A Warning is a deviation that [ParseLenient] accepted.
type Warning struct {
	Code    string // stable: "space", "root", "kind", "issuer", "version", "check"
	Message string // Chinese, for people
}

// ParseLenient reads what other platforms send. It keeps every part as it was
// given, a wrong check character included, and tells each deviation: collected
// data is stored as it came and marked, not thrown away. What has not the
// shape of an identifier is an error.
func ParseLenient(s string) (ID, []Warning, error) {
	var warnings []Warning
	if t := strings.TrimSpace(s); t != s {
		s, warnings = t, append(warnings, Warning{"space", "去掉了首尾空白"})
	}
	if !strings.HasPrefix(s, Root+".") && strings.Count(s, ".") == 4 {
		s, warnings = Root+"."+s, append(warnings, Warning{"root", "缺少根代码 " + Root + "，已补上"})
	}
	id, err := split(s)
	if err != nil {
		return ID{}, warnings, fmt.Errorf("certid: %w", err)
	}
	return id, append(warnings, id.deviations()...), nil
}

func (id ID) deviations() (w []Warning) {
	if _, err := ParseKind(id.kind); err != nil {
		w = append(w, Warning{"kind", "证照类型代码的前 18 位不是合规的统一社会信用代码"})
	}
	if _, err := gbcode.ParseCreditCode(id.issuer); err != nil {
		w = append(w, Warning{"issuer", "颁发机构代码不是合规的统一社会信用代码"})
	}
	if id.version == 0 {
		w = append(w, Warning{"version", "版本号应从 001 起"})
	}
	if c, _ := Check3736(id.body()); c != id.check {
		w = append(w, Warning{"check", fmt.Sprintf("校验位为 %c，按 GB/T 36904 应为 %c", id.check, c)})
	}
	return w
}

// split reads the shape alone.
func split(s string) (ID, error) {
	rest, ok := strings.CutPrefix(s, Root+".")
	if !ok {
		return ID{}, ErrShape
	}
	p := strings.Split(rest, ".")
	if len(p) != 5 {
		return ID{}, ErrShape
	}
	for _, x := range p {
		if !alphanumeric(x) {
			return ID{}, ErrCharset
		}
	}
	if len(p[0]) != 21 || len(p[1]) < 6 || len(p[1]) > 18 || p[2] == "" || len(p[2]) > maxSerial ||
		len(p[3]) != 3 || len(p[4]) != 1 {
		return ID{}, ErrLength
	}
	version := 0
	for i := range 3 {
		if p[3][i] > '9' {
			return ID{}, ErrVersion
		}
		version = version*10 + int(p[3][i]-'0')
	}
	return ID{kind: p[0], issuer: p[1], serial: p[2], version: uint16(version), check: p[4][0]}, nil
}

// Series is what the identifiers of all versions of a certificate have in common:
// without version and check character (GB/T 36904-2018 §4). What has not the shape
// of an identifier is a series of its own.
func Series(identifier string) string {
	parts := strings.Split(identifier, ".")
	if len(parts) < 3 {
		return identifier
	}
	return strings.Join(parts[:len(parts)-2], ".")
}
