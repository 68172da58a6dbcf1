// Package state is the one table of what may become of an electronic
// certificate once it is issued (STA-01): its statuses, the marks that stand
// beside them, and the actions that lead from one to another. It is pure: what
// an action does to a record, who may do it and where it is written is for
// others, which ask here.
//
// Words: a status (状态) is exclusive and says whether the certificate stands; a
// mark (标记) stands beside it and takes nothing of its effect away, such as 抵押
// or 异议标注. An action (事项) leads from some statuses to another, or sets and
// clears marks. A final status (终态) is never left.
package state

// A Status is where a certificate is in its life. Exactly one holds.
type Status string

// Statuses. Their order is that of the table.
const (
	Effective Status = "effective"
	Suspended Status = "suspended" // 暂扣
	Lost      Status = "lost"      // 挂失
	Expired   Status = "expired"   // 有效期届满
	Recalled  Status = "recalled"  // 收回
	Revoked   Status = "revoked"   // 吊销: a penalty
	Rescinded Status = "rescinded" // 撤销: it should not have been granted
	Cancelled Status = "cancelled" // 注销
	Abolished Status = "abolished" // 废止: it was wrong; a corrected one, if any, took its place
	Changed   Status = "changed"   // 变更: a version with other content took its place
	Replaced  Status = "replaced"  // 换证: a new version took its place
)

// Values of the status list (draft-ietf-oauth-status-list §7.1; from 0x0B on
// they are the application's own). A test holds them against package status.
const (
	ListValid     = 0x00
	ListInvalid   = 0x01
	ListSuspended = 0x02
	ListReplaced  = 0x03
	ListExpired   = 0x0B
)

// Info is what a status means.
type Info struct {
	Status Status
	Name   string // 中文
	List   uint8  // in the public list
	Stands bool   // the certificate may be relied on
	Passes bool   // it may stand again: what is asked now cannot be told for later
	Say    string // of the verdict: why it does not stand
}

// Statuses are all there are, in order.
func Statuses() []Info {
	return []Info{
		{Effective, "有效", ListValid, true, false, ""},
		{Suspended, "暂扣", ListSuspended, false, true, "证照暂扣中，暂扣期间不能作为有效证照使用；恢复后以届时的核验结果为准"},
		{Lost, "挂失", ListSuspended, false, true, "证照已挂失，解挂之前不能确认持有人，不能作为有效证照使用"},
		{Expired, "过期", ListExpired, false, true, "证照有效期已届满，不能作为有效证照使用"},
		{Recalled, "收回", ListInvalid, false, false, "证照已由发证机关收回，不再有效"},
		{Revoked, "吊销", ListInvalid, false, false, "证照已被依法吊销，不再有效"},
		{Rescinded, "撤销", ListInvalid, false, false, "证照已被依法撤销，不再有效"},
		{Cancelled, "注销", ListInvalid, false, false, "证照已注销，不再有效"},
		{Abolished, "废止", ListInvalid, false, false, "证照已废止，不再有效；有更正后的新版本的，以新版本为准"},
		{Changed, "已变更", ListReplaced, false, false, "证照信息已变更，这一版不再有效，以变更后的版本为准"},
		{Replaced, "已换证", ListReplaced, false, false, "证照已换发，这一版不再有效，以换发的版本为准"},
	}
}

// Of returns what a status means; false for none of these.
func Of(s Status) (Info, bool) {
	for _, i := range Statuses() {
		if i.Status == s {
			return i, true
		}
	}
	return Info{}, false
}

// A Mark stands beside the status.
type Mark string

// Marks. Of the three of inspection (年审、年检) at most one holds.
const (
	Mortgaged        Mark = "mortgaged"
	Pledged          Mark = "pledged"
	Objected         Mark = "objected"
	InspectionDue    Mark = "inspection_due"
	InspectionPassed Mark = "inspection_passed"
	InspectionFailed Mark = "inspection_failed"
)

// MarkInfo is what a mark means.
type MarkInfo struct {
	Mark Mark
	Name string
	Say  string // beside the verdict; empty: nothing has to be said
}

// Marks are all there are, in the order in which they are kept and shown.
func Marks() []MarkInfo {
	return []MarkInfo{
		{Mortgaged, "抵押", "证照所载权利已设定抵押"},
		{Pledged, "质押", "证照所载权利已设定质押"},
		{Objected, "异议标注", "证照信息存在异议，发证机关正在核查；使用前请向发证机关核实"},
		{InspectionDue, "待年审", "证照应当年审（年检），尚未完成"},
		{InspectionPassed, "年审合格", ""},
		{InspectionFailed, "年审不合格", "证照年审（年检）不合格"},
	}
}

// MarkOf returns what a mark means; false for none of these.
func MarkOf(m Mark) (MarkInfo, bool) {
	for _, i := range Marks() {
		if i.Mark == m {
			return i, true
		}
	}
	return MarkInfo{}, false
}
