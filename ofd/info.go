package ofd

// DocInfo is CT_DocInfo (GB/T 33190-2016 §7.4). Dates are xs:date texts as
// written, "2006-01-02".
type DocInfo struct {
	DocID          string // UUID, 32 hexadecimal digits
	Title          string
	Author         string
	Subject        string
	Abstract       string
	CreationDate   string
	ModDate        string
	DocUsage       string
	Cover          string // location as written
	Keywords       []string
	Creator        string
	CreatorVersion string
	CustomDatas    []CustomData
}

// A CustomData is one entry of CustomDatas: a certificate's metadata
// (GB/T 36905-2018).
type CustomData struct{ Name, Value string }

// Custom gives the value of the first CustomData of that name.
func (i DocInfo) Custom(name string) (string, bool) {
	for _, c := range i.CustomDatas {
		if c.Name == name {
			return c.Value, true
		}
	}
	return "", false
}

// Permissions is CT_Permission; everything is allowed unless said otherwise.
type Permissions struct {
	NoEdit        bool
	NoAnnot       bool
	NoExport      bool
	NoSignature   bool // nobody may sign or stamp the document
	NoWatermark   bool
	NoPrintScreen bool
	NoPrint       bool
	Copies        int    // of printing; 0 or -1 = any number
	ValidFrom     string // xs:dateTime as written
	ValidTo       string
}

// An Outline is an OutlineElem; PageID is where its click goes, 0 = nowhere.
type Outline struct {
	Title    string
	PageID   ID
	Children []Outline
}

// A VersionRecord is a Version of OFD.xml.
type VersionRecord struct {
	ID      string
	Index   int
	Current bool
	Part    string // part name of the DocVersion file
}
