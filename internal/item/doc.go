// Package item owns service items (政务服务事项) and what binds them to kinds of
// certificates.
//
// Words: an item (事项) is what a unit does for people, known by its code (实施编码:
// the unit's credit code, the tier that exercises it, and the base code, 基本编码,
// which all units that do the same share). What an item says is its Content; a
// change is a new version, and versions stay: which one is in force is a question
// of the day.
//
// A binding ties an item to a kind of certificate: the item needs it (input), makes
// it (result), or is inspected by it (inspect: then it says which fields an officer
// sees). An input may be exempt (免提交): neither original nor copy may be asked for.
// A need is what an item needs from another department before there is a kind for
// it: that department, or the item's own unit, names the kind or says that there is
// none.
//
// A kind that every item which makes it needs, itself or by a way round, can never
// be had for the first time: such a binding is refused. A kind that no item makes
// comes from elsewhere.
//
// Lists of items come in by table, line by line: see Draft and Start. What is
// right comes in, what is not is told by its cell, and no line comes in twice.
//
// Items and bindings are public (办事指南): see Guide. Who manages them: item.manage
// for the item's unit. Tables: item_item, item_version, item_binding, item_need,
// item_run, item_line.
package item
