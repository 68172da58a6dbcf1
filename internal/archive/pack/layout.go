package pack

import (
	"slices"
	"strings"
	"time"
)

// Names inside a package (GB/T 42727-2023 appendix B, as met in products).
const (
	metaName = "基本信息元数据.xml"

	filingFolder  = "申报文件"
	processFolder = "过程文件"
	resultsFolder = "结果文件"
	checkFolder   = "校验信息"

	eventsName     = processFolder + "/B0-审批流程信息.xml"
	listName       = checkFolder + "/文件摘要.txt"
	listSignature  = checkFolder + "/文件摘要.p7s"
	signaturesName = checkFolder + "/电子签名.xml"
	certFolder     = checkFolder + "/数字证书/"
	crlFolder      = checkFolder + "/撤销列表/"
)

// A folder of electronic files. Its id is the letter its files' codes begin
// with.
type folder struct{ title, id string }

var folders = []folder{{filingFolder, "A"}, {processFolder, "B"}, {resultsFolder, "C"}}

// beijing is the time zone of texts without one: the law knows no other.
var beijing = time.FixedZone("CST", 8*60*60)

// described tells whether a path is of an electronic file, which the metadata
// list, in contrast to the metadata itself and what the package is checked by.
func described(path string) bool {
	return path != metaName && !strings.HasPrefix(path, checkFolder+"/")
}

// ours tells whether a path is of what a package is checked by.
func ours(path string) bool {
	return path == listName || path == listSignature || path == signaturesName ||
		strings.HasPrefix(path, certFolder) || strings.HasPrefix(path, crlFolder)
}

// folderOf gives the first part of a path, "" for a file at the root.
func folderOf(path string) string {
	first, _, ok := strings.Cut(path, "/")
	if !ok {
		return ""
	}
	return first
}

func knownFolder(title string) bool {
	return slices.ContainsFunc(folders, func(f folder) bool { return f.title == title })
}

// A format is a kind of file by its ending.
type format struct {
	endings string // with spaces
	media   string
	keeps   bool // open and self-contained: fit for long-term keeping (GB/T 18894, DA/T 47)
}

// formats are the kinds of files that a package may hold. Programs, scripts,
// pages and archives are none of them.
var formats = []format{
	{"ofd", "application/ofd", true},
	{"pdf", "application/pdf", true},
	{"xml", "application/xml", true},
	{"txt", "text/plain", true},
	{"jpg jpeg", "image/jpeg", true},
	{"png", "image/png", true},
	{"tif tiff", "image/tiff", true},
	{"gif", "image/gif", true},
	{"bmp", "image/bmp", false},
	{"doc wps", "application/msword", false},
	{"docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document", false},
	{"xls et", "application/vnd.ms-excel", false},
	{"xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", false},
	{"csv", "text/csv", false},
	{"wav", "audio/wav", true},
	{"mp3", "audio/mpeg", true},
	{"mp4", "video/mp4", false},
	{"dwg", "image/vnd.dwg", false},
}

// ending is the lower-case ending of a name, without the dot.
func ending(name string) string {
	i := strings.LastIndexByte(name, '.')
	if i < 0 || strings.Contains(name[i:], "/") {
		return ""
	}
	return strings.ToLower(name[i+1:])
}

// formatOf finds the format of a name, nil when it is none that is taken.
func formatOf(name string) *format {
	e := ending(name)
	if e == "" {
		return nil
	}
	for i := range formats {
		if slices.Contains(strings.Fields(formats[i].endings), e) {
			return &formats[i]
		}
	}
	return nil
}

// has tells whether an ending, or a media type, is of the format.
func (f *format) has(text string) bool {
	text = strings.ToLower(strings.TrimPrefix(strings.TrimSpace(text), "."))
	return text == f.media || slices.Contains(strings.Fields(f.endings), text)
}
