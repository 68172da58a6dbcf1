package auth

import (
	_ "embed" // common.txt
	"regexp"
	"strings"
	"sync"
	"unicode/utf8"
)

//go:embed common.txt
var commonList string

// common are the words of common.txt, and how long the longest is.
var common = sync.OnceValue(func() (c struct {
	words   map[string]bool
	longest int
}) {
	c.words = map[string]bool{}
	for line := range strings.Lines(commonList) {
		if line = strings.TrimSpace(line); line != "" && line[0] != '#' {
			c.words[line] = true
			c.longest = max(c.longest, len(line))
		}
	}
	return c
})

// platformNames are what a password here is guessed to hold.
var platformNames = []string{"sidian", "四电"}

// numbers are what others know of a person: a run of digits as long as a phone
// number (eleven digits) or a citizen ID (GB 11643-1999).
var numbers = regexp.MustCompile(`[0-9]{11,}|[0-9]{17}x`)

// unknownAtLeast is how many characters of a password must be left when what
// everybody guesses is taken out of it.
const unknownAtLeast = 4

// guessable tells why a password would be guessed early; "" when it would not.
func guessable(username, password string) (code, say string) {
	lower := strings.ToLower(password)
	if name := strings.ToLower(username); len(name) > 2 && strings.Contains(lower, name) {
		return "password.username", "不得包含用户名"
	}
	for _, name := range platformNames {
		if strings.Contains(lower, name) {
			return "password.platform", "不得包含平台名称"
		}
	}
	if numbers.MatchString(lower) {
		return "password.number", "不得包含手机号、身份证号一类的长串数字"
	}
	if unknown([]rune(lower)) < unknownAtLeast {
		return "password.common", "这是常见密码或键盘上相邻的字符，容易被猜中；请换一个不常见的"
	}
	return "", ""
}

// unknown is how many characters of p are left at least when words, walks over
// the keyboard, repetitions and years are taken out.
func unknown(p []rune) int {
	least := make([]int, len(p)+1)
	for end := 1; end <= len(p); end++ {
		least[end] = least[end-1] + 1
		for begin := max(0, end-common().longest); begin <= end-3; begin++ {
			if least[begin] < least[end] && foreseen(p[begin:end]) {
				least[end] = least[begin]
			}
		}
	}
	if u := repeated(p); u > 0 && u < len(p) {
		return min(least[len(p)], unknown(p[:u]))
	}
	return least[len(p)]
}

// repeated is the length of what p repeats, from beginning to end; 0: nothing.
func repeated(p []rune) int {
	for n := 1; n <= len(p)/2; n++ {
		same := true
		for i := n; i < len(p) && same; i++ {
			same = p[i] == p[i-n]
		}
		if same {
			return n
		}
	}
	return 0
}

// foreseen tells whether a part is one that is guessed as a whole.
func foreseen(part []rune) bool {
	text := string(part)
	if len(part) == 4 && (strings.HasPrefix(text, "19") || strings.HasPrefix(text, "20")) && digits(text) {
		return true
	}
	if common().words[text] {
		return true
	}
	for _, spelled := range spellings {
		if common().words[spelled.Replace(text)] {
			return true
		}
	}
	return walk(text)
}

func digits(s string) bool { return strings.Trim(s, "0123456789") == "" }

// spellings undo what is put in the place of letters.
var spellings = []*strings.Replacer{
	strings.NewReplacer("@", "a", "4", "a", "0", "o", "1", "i", "!", "i", "3", "e", "$", "s", "5", "s", "7", "t", "8", "b"),
	strings.NewReplacer("@", "a", "0", "o", "1", "l", "|", "l", "3", "e", "$", "s", "5", "s", "7", "t"),
}

// walks are neighbours on the keyboard, and in the alphabet.
var walks = []string{"1234567890", "01234567890", "qwertyuiop", "asdfghjkl", "zxcvbnm", "abcdefghijklmnopqrstuvwxyz", "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p"}

// shifted are the signs above the digits.
var shifted = strings.NewReplacer("!", "1", "@", "2", "#", "3", "$", "4", "%", "5", "^", "6", "&", "7", "*", "8", "(", "9", ")", "0")

// walk tells whether three characters or more are one after the other in a walk,
// forwards or backwards, or all the same.
func walk(text string) bool {
	text = shifted.Replace(text)
	for _, w := range walks {
		if strings.Contains(w, text) || strings.Contains(w, reversed(text)) {
			return true
		}
	}
	first, _ := utf8.DecodeRuneInString(text)
	return strings.Trim(text, string(first)) == ""
}

func reversed(s string) string {
	b := []byte(s)
	for i, j := 0, len(b)-1; i < j; i, j = i+1, j-1 {
		b[i], b[j] = b[j], b[i]
	}
	return string(b)
}
