package draw

// verticalForms are the shapes of punctuation in vertical text (GB/T 15834-2011
// §5.2), from the Unicode blocks Vertical Forms and CJK Compatibility Forms:
// characters, so that any reader shows them without layout tables.
var verticalForms = map[rune]rune{
	'，': '︐', '、': '︑', '。': '︒', '：': '︓', '；': '︔', '！': '︕', '？': '︖',
	'…': '︙', '—': '︱', '（': '︵', '）': '︶', '｛': '︷', '｝': '︸',
	'〔': '︹', '〕': '︺', '【': '︻', '】': '︼', '《': '︽', '》': '︾',
	'〈': '︿', '〉': '﹀', '「': '﹁', '」': '﹂', '『': '﹃', '』': '﹄',
	'“': '﹃', '”': '﹄', '‘': '﹁', '’': '﹂',
}

// upright gives the form of a character in a column, or itself.
func (f *Family) upright(r rune) rune {
	if form, ok := verticalForms[r]; ok {
		if found, _ := f.find(form); found != nil {
			return form
		}
	}
	return r
}
