package catalogue

import (
	"regexp"
	"strings"
)

// marking is how a state secret is marked: the grade, a star, and how long it is
// kept (秘密★10年, 机密★长期, 绝密★启用前), or nothing behind the star. The words
// alone are not one: 绝密 may stand in the name of a firm.
var marking = regexp.MustCompile(`[绝机秘][\s\p{Zs}]*密[\s\p{Zs}]*[★☆⭐✭][\s\p{Zs}]*` +
	`($|[，。；、,.;)）】\]]|[0-9０-９一二三四五六七八九十百]+[\s\p{Zs}]*(年|个月|月|日)|长期|启用前|公开前|解密前)`)

// SecretMarked reports whether a text bears the marking of a state secret
// (保守国家秘密法: what bears one is kept in systems for it, and never here).
func SecretMarked(text string) bool {
	return strings.ContainsAny(text, "★☆⭐✭") && marking.MatchString(text) // few texts have a star
}

// secretMarked is the refusal of such a text.
const secretMarked = "“%s”带有国家秘密标志（如“秘密★10年”）：国家秘密不得进入本平台，请按保密规定在涉密系统办理；如系误写，请删去标志"
