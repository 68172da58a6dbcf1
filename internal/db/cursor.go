package db

import (
	"encoding/base64"
	"math"
	"strconv"
	"strings"

	"sidian/internal/fault"
)

// Cursor is where a page of a list by time ended: at the row made at a time, in
// milliseconds, with an id.
func Cursor(at int64, id string) string {
	return base64.RawURLEncoding.EncodeToString([]byte(strconv.FormatInt(at, 10) + " " + id))
}

// ParseCursor returns where the page before ended; without a cursor, behind
// everything. It says nothing of what the caller may see, so that a forged one
// gains nothing. A malformed one is a fault.Invalid.
func ParseCursor(c string) (before int64, id string, err error) {
	if c == "" {
		return math.MaxInt64, "", nil
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(c)
	at, id, _ := strings.Cut(string(b), " ")
	before, bad := strconv.ParseInt(at, 10, 64)
	if err != nil || bad != nil || strings.Trim(id, "abcdefghijklmnopqrstuvwxyz234567") != "" {
		return 0, "", fault.Invalid.New("游标不正确").WithCode("cursor").WithHint("请从第一页重新查询").WithField("cursor", "malformed", "请原样使用上一页返回的游标")
	}
	return before, id, nil
}
