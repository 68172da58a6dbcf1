package pack

import (
	"strings"
	"time"

	"sidian/gbcode"
)

// A field is one child of base_info: one table serves writing, reading and
// checking. Names are those met in products; lengths are ours, generous.
type field struct {
	name, title string
	most        int // characters
	required    bool
	text        func(*Meta) *string
	time        func(*Meta) *time.Time
	form        func(string) bool // what the value must look like; nil: any text
	oneOf       []string          // the value's domain; nil: any
}

const (
	short  = 64
	medium = 255
	long   = 2000
)

// numberName is the child that holds the 电子文件号, which is not in Meta.
const numberName = "electronic_record_code"

var fields = []field{
	{name: numberName, title: "电子文件号", most: 128, required: true},
	{name: "region_code", title: "行政区划代码", most: 12, form: division, text: func(m *Meta) *string { return &m.RegionCode }},
	{name: "task_code", title: "事项编码", most: short, required: true, text: func(m *Meta) *string { return &m.TaskCode }},
	{name: "information_system_description", title: "信息系统描述", most: long, text: func(m *Meta) *string { return &m.SystemDescription }},
	{name: "archives_identifier", title: "档案馆代码", most: short, text: func(m *Meta) *string { return &m.ArchivesID }},
	{name: "archives_name", title: "档案馆名称", most: medium, text: func(m *Meta) *string { return &m.ArchivesName }},
	{name: "fonds_constituting_unit_name", title: "立档单位名称", most: medium, required: true, text: func(m *Meta) *string { return &m.ConstitutingUnit }},
	{name: "lead_department", title: "牵头部门", most: medium, text: func(m *Meta) *string { return &m.LeadDepartment }},
	{name: "fonds_identifier", title: "全宗号", most: 16, required: true, text: func(m *Meta) *string { return &m.FondsID }},
	{name: "social_code", title: "统一社会信用代码", most: 18, form: creditCode, text: func(m *Meta) *string { return &m.SocialCode }},
	{name: "retention_period", title: "保管期限", most: 16, required: true, text: func(m *Meta) *string { return &m.Retention },
		oneOf: []string{"永久", "定期30年", "定期10年", "30年", "10年", "Y", "D30", "D10"}},
	{name: "security_classification", title: "密级", most: 16, required: true, text: func(m *Meta) *string { return &m.Security },
		oneOf: []string{"公开", "限制", "内部", "非密", "非涉密", "秘密", "机密", "绝密"}},
	{name: "project_id", title: "业务流水号", most: 128, required: true, text: func(m *Meta) *string { return &m.ProjectID }},
	{name: "task_name", title: "事项名称", most: medium, required: true, text: func(m *Meta) *string { return &m.TaskName }},
	{name: "task_version", title: "事项版本", most: short, text: func(m *Meta) *string { return &m.TaskVersion }},
	{name: "task_type", title: "事项类型", most: short, text: func(m *Meta) *string { return &m.TaskType }},
	{name: "project_name", title: "办件名称", most: medium, required: true, text: func(m *Meta) *string { return &m.ProjectName }},
	{name: "service_type", title: "办件类型", most: short, text: func(m *Meta) *string { return &m.ServiceType }},
	{name: "archive_time", title: "归档时间", most: 32, required: true, form: moment, time: func(m *Meta) *time.Time { return &m.ArchiveTime }},
	{name: "apply_name", title: "申请人", most: medium, text: func(m *Meta) *string { return &m.ApplyName }},
	{name: "apply_type", title: "申请人类型", most: short, text: func(m *Meta) *string { return &m.ApplyType }},
	{name: "card_type", title: "申请人证件类型", most: short, text: func(m *Meta) *string { return &m.CardType }},
	{name: "contacted_card", title: "申请人证件号码", most: short, text: func(m *Meta) *string { return &m.CardNumber }},
	{name: "address", title: "地址", most: 500, text: func(m *Meta) *string { return &m.Address }},
	{name: "legal_man", title: "法定代表人", most: medium, text: func(m *Meta) *string { return &m.LegalMan }},
	{name: "legal_man_card_type", title: "法定代表人证件类型", most: short, text: func(m *Meta) *string { return &m.LegalManCardType }},
	{name: "legal_man_card", title: "法定代表人证件号码", most: short, text: func(m *Meta) *string { return &m.LegalManCard }},
	{name: "is_project", title: "是否投资项目", most: 4, oneOf: []string{"0", "1", "是", "否"}, text: func(m *Meta) *string { return &m.IsProject }},
	{name: "project_code", title: "投资项目代码", most: short, text: func(m *Meta) *string { return &m.ProjectCode }},
	{name: "project_title", title: "投资项目名称", most: medium, text: func(m *Meta) *string { return &m.ProjectTitle }},
	{name: "project_address", title: "投资项目地址", most: 500, text: func(m *Meta) *string { return &m.ProjectAddress }},
	{name: "receive_department", title: "受理部门", most: medium, text: func(m *Meta) *string { return &m.ReceiveDepartment }},
	{name: "receive_time", title: "受理时间", most: 32, form: moment, time: func(m *Meta) *time.Time { return &m.ReceiveTime }},
	{name: "transact_time", title: "办结时间", most: 32, required: true, form: moment, time: func(m *Meta) *time.Time { return &m.TransactTime }},
	{name: "result", title: "办理结果", most: medium, required: true, text: func(m *Meta) *string { return &m.Result }},
	{name: "result_code", title: "结果证照编号", most: 128, text: func(m *Meta) *string { return &m.ResultCode }},
	{name: "accept_num", title: "受理数", most: 16, form: digits, text: func(m *Meta) *string { return &m.AcceptNumber }},
	{name: "total_number", title: "总数", most: 16, form: digits, text: func(m *Meta) *string { return &m.TotalNumber }},
	{name: "remarks", title: "备注", most: long, text: func(m *Meta) *string { return &m.Remarks }},
	{name: codeName, title: "档号", most: 128, text: func(m *Meta) *string { return &m.ArchivalCode }},
}

// codeName is the child for the 档号: the layout met has none, catalogues of
// transfer call it so.
const codeName = "archival_code"

// value gives the text of a field as it is written.
func (f *field) value(p *Package) string {
	switch {
	case f.text != nil:
		return *f.text(&p.Meta)
	case f.time != nil:
		return timeText(*f.time(&p.Meta))
	}
	return p.Number
}

func (f *field) set(m *Meta, text string) {
	switch {
	case f.text != nil:
		*f.text(m) = text
	case f.time != nil:
		*f.time(m), _ = parseTime(text)
	}
}

// times are the forms of a moment met; the first is what is written.
var times = []string{
	"2006-01-02T15:04:05Z07:00", "2006-01-02 15:04:05", "2006-01-02T15:04:05", "2006-01-02 15:04", "2006/01/02 15:04:05",
	"20060102150405", "2006-01-02", "2006/01/02", "20060102", "20060102T15:04:05Z07:00", "20060102T150405", "2006年01月02日",
}

func parseTime(text string) (time.Time, bool) {
	text = strings.TrimSpace(text)
	for _, form := range times {
		if t, err := time.ParseInLocation(form, text, beijing); err == nil {
			return t.In(beijing), true
		}
	}
	return time.Time{}, false
}

func timeText(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.In(beijing).Format(times[0])
}

func moment(text string) bool { _, ok := parseTime(text); return ok }

func digits(text string) bool { return text != "" && strings.Trim(text, "0123456789") == "" }

func division(text string) bool { _, _, err := gbcode.ParseDivisionLenient(text); return err == nil }

func creditCode(text string) bool {
	_, _, err := gbcode.ParseCreditCodeLenient(text)
	return err == nil
}
