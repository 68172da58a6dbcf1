// Package table reads lists that people filled in with a spreadsheet, and writes
// such lists: XLSX (ISO/IEC 29500), or CSV in UTF-8 or GB 18030.
//
// What is read is hostile until shown otherwise: macros, links to other files and
// embedded objects are refused, a part unpacks to no more than a limit, and a cell
// that is computed says so. Columns are found by their titles, in any order.
//
// It decides nothing about what stands in the cells.
package table
