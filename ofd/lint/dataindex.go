package lint

// dataIndex: the fields of the data index point to objects there are.
var dataIndex = &rule{id: "data_index", clause: "GB/T 33190-2016 §16; GB/T 36905-2018", severity: Error, in: always, check: func(c *context) {
	for _, b := range c.doc.Bodies() {
		index, err := b.DataIndex()
		if err != nil {
			continue
		}
		for _, e := range index {
			for _, ref := range e.Refs {
				page := b.Page(ref.PageID)
				if page == nil {
					c.report(e.Part, "数据索引 %s 所指的页面 %d 不存在", e.Field, ref.PageID)
					continue
				}
				content, err := page.Content()
				if err == nil && content.Find(ref.ObjectID) == nil {
					c.report(e.Part, "数据索引 %s 所指的图元 %d 不在页面 %d 上", e.Field, ref.ObjectID, ref.PageID)
				}
			}
		}
	}
}}
