package archive

import "sidian/internal/fault"

// States of an item.
const (
	Waiting  = "waiting"
	Ready    = "ready"
	Failed   = "failed"
	Packed   = "packed"
	Handed   = "handed"
	Excluded = "excluded"
)

// States lists them in the order in which an item goes through them.
func States() []string { return []string{Waiting, Ready, Failed, Packed, Handed, Excluded} }

var stateNames = map[string]string{
	Waiting: "待整理", Ready: "待检测", Failed: "检测不通过", Packed: "已组包", Handed: "已移交", Excluded: "不归档",
}

// Label is the Chinese word for a state.
func Label(state string) string { return stateNames[state] }

// An act is what happens to an item.
type act string

const (
	actTake    act = "take"    // it comes in
	actFile    act = "file"    // the archivist says what it is
	actPack    act = "pack"    // a package was made and passed
	actFail    act = "fail"    // a package was made and did not
	actHand    act = "hand"    // the archives gave a receipt
	actReturn  act = "return"  // the archives refused it
	actExclude act = "exclude" // it is not filed
	actInclude act = "include" // it is, after all
)

// actNames are the Chinese words for them.
var actNames = map[act]string{
	actTake: "进入预归档", actFile: "整理", actPack: "组包，检测通过", actFail: "组包，检测不通过", actHand: "移交档案馆", actReturn: "档案馆退回",
	actExclude: "不归档", actInclude: "恢复归档",
}

// moves are all moves of an item; what is not here is refused.
var moves = map[string]map[act]string{
	Waiting:  {actFile: Ready, actExclude: Excluded},
	Ready:    {actFile: Ready, actPack: Packed, actFail: Failed, actExclude: Excluded},
	Failed:   {actFile: Ready, actPack: Packed, actFail: Failed, actExclude: Excluded},
	Packed:   {actHand: Handed, actReturn: Waiting},
	Handed:   {},
	Excluded: {actInclude: Waiting},
}

// hints say what can be done in a state.
var hints = map[string]string{
	Waiting: "请先整理：填写题名、保管期限等", Ready: "请先组包检测", Failed: "请按检测结果更正后重新组包",
	Packed: "如需更正，请先登记档案馆退回", Handed: "已移交的文件由档案馆管理，不能再变更", Excluded: "如需归档，请先恢复",
}

// move returns the state that an act leads to.
func (it *Item) move(a act) (string, error) {
	if to, ok := moves[it.State][a]; ok {
		return to, nil
	}
	return "", fault.Conflict.New("这份文件处于“%s”，不能进行此操作", Label(it.State)).WithCode("archive.state").WithHint("%s", hints[it.State])
}

// Retention periods (保管期限).
var terms = []Term{{"Y", "永久"}, {"D30", "定期30年"}, {"D10", "定期10年"}}

// A Term is a retention period, with its code in archival codes.
type Term struct {
	Code string `json:"code"`
	Name string `json:"name"`
}

// Terms lists the retention periods.
func Terms() []Term { return append([]Term(nil), terms...) }

// TermName is a retention period in Chinese.
func TermName(code string) string {
	for _, t := range terms {
		if t.Code == code {
			return t.Name
		}
	}
	return code
}

// Secrecies are what may be filed here. State secrets may not (保守国家秘密法): this
// platform is no place for them.
var secrecies = []string{"公开", "内部"}

// Secrecies lists them.
func Secrecies() []string { return append([]string(nil), secrecies...) }
