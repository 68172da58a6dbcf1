package pack

import "time"

// Meta is the basic metadata (基本信息元数据) of a case: the children of
// base_info. The number stands in the Package.
type Meta struct {
	RegionCode        string // 行政区划
	TaskCode          string // 事项编码
	SystemDescription string // 信息系统描述
	ArchivesID        string // 档案馆代码
	ArchivesName      string // 档案馆名称
	ConstitutingUnit  string // 立档单位名称
	LeadDepartment    string // 牵头部门
	FondsID           string // 全宗号
	SocialCode        string // 立档单位统一社会信用代码
	Retention         string // 保管期限: 永久, 定期30年, 定期10年
	Security          string // 密级: 公开, 内部, 秘密, 机密, 绝密
	ProjectID         string // 业务流水号
	TaskName          string // 事项名称
	TaskVersion       string
	TaskType          string
	ProjectName       string // 办件名称
	ServiceType       string // 办件类型
	ArchiveTime       time.Time
	ApplyName         string // 申请人
	ApplyType         string // 申请人类型
	CardType          string // GB/T 36903 code
	CardNumber        string // contacted_card
	Address           string
	LegalMan          string // 法定代表人
	LegalManCardType  string
	LegalManCard      string
	IsProject         string // 是否投资项目: 0 or 1
	ProjectCode       string
	ProjectTitle      string
	ProjectAddress    string
	ReceiveDepartment string // 受理部门
	ReceiveTime       time.Time
	TransactTime      time.Time // 办结时间
	Result            string    // 办理结果
	ResultCode        string    // 结果证照编号
	AcceptNumber      string    // accept_num
	TotalNumber       string    // total_number
	Remarks           string

	ArchivalCode string // 档号; "" until the archive gives one
}
