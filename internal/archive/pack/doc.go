// Package pack makes archive information packages (归档信息包) of cases, and
// checks those of anyone by the four properties (四性检测, DA/T 70-2018):
// authenticity, integrity, usability, security.
//
// A package is a ZIP of GB/T 42727-2023 §7 and appendix B (DA/T 85-2019 before
// it): basic metadata, the files handed in, those of the process, the results;
// and beside these the means to tell in thirty years that nothing was changed:
//
//	基本信息元数据.xml
//	申报文件/    A1 A2 …
//	过程文件/    B0-审批流程信息.xml (the events) B1 …
//	结果文件/    C1 …
//	校验信息/    文件摘要.txt  SM3 of every other file, as `openssl dgst -sm3 -r` writes it
//	             文件摘要.p7s  detached SignedData over the list (GB/T 35275)
//	             电子签名.xml  what was found about signatures when the package was made
//	             数字证书/     chain and roots;  撤销列表/  revocation lists
//
// The children of base_info and the ids of checks are those met in products,
// not read in a standard; so are the patterns of codes. They are data here
// (Layout, Options), not rules.
//
// Writing is strict: the same package gives the same bytes, nothing is
// compressed, a document goes in as it is. Reading is lenient: a package of
// others is checked by what it has, and what it lacks is a row that says so.
// Nothing is asked of a network or a clock.
//
// Not covered: the encapsulation of DA/T 48 (EEP), the layout for offline
// media, the transfer over SM4 (check 1-5-2), and the continuity of 档号, which
// is a question to the archive and not to one package.
package pack
