package onboard

import (
	"context"

	"sidian/internal/iam"
	"sidian/internal/table"
)

// Template is an empty table of a kind: headings, drop-downs, an example line
// that is refused if it is left in, and a sheet that explains each column.
func (s *Service) Template(ctx context.Context, k Kind) (*Sheet, error) {
	if err := k.check(); err != nil {
		return nil, err
	}
	if err := iam.Allow(ctx, Permission, ""); err != nil {
		return nil, err
	}
	data, err := table.Template(k.Title(), s.Columns(k), []string{
		"一个文件至多 20000 行、5 MB；每个单元格至多 500 个字。不要改动标题，不要填写公式。",
		"上传后先预检，逐个单元格列出错误，此时什么都不导入。开始导入后，没有错误的行逐行导入，有错误的行跳过并写入错误报告，改好后可以再次上传：导入过的行不会重复导入。",
		map[Kind]string{Units: "先导入单位，再导入人员。上级单位可以在本表中，行的先后不限。",
			People: "导入后账号还不能登录：请下载一次性链接，交给本人设置密码和第二因素，72 小时内有效。角色由安全管理员批准后生效。"}[k],
	})
	return &Sheet{Name: "批量导入模板-" + k.Title() + ".xlsx", Data: data}, err
}
