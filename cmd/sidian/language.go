package main

import (
	"bytes"
	"strings"

	"github.com/alecthomas/kong"

	"sidian/internal/app"
)

// readsChinese follows the locale, as other programs do.
func readsChinese(getenv func(string) string) bool {
	for _, name := range []string{"LC_ALL", "LC_MESSAGES", "LANG"} {
		if v := getenv(name); v != "" {
			return strings.HasPrefix(v, "zh")
		}
	}
	return false
}

// texts are the words of the help, which the commands' tags name.
func texts(e *environment) kong.Vars {
	return kong.Vars{
		"version": "sidian " + app.Version,

		"demo":          e.say("运行一个样例县，全部数据在一个目录里", "Serve a sample county, all of it in one directory."),
		"init":          e.say("按配置建立一个实例", "Create the instance of a configuration."),
		"serve":         e.say("运行实例", "Serve the instance."),
		"migrate":       e.say("升级数据库结构", "Bring the database's schema up to this program's."),
		"doctor":        e.say("逐项检查实例的各项依赖", "Check everything that the instance depends on, by name."),
		"kind":          e.say("证照种类：检查和导入", "Kinds of certificate: check and import."),
		"kind_check":    e.say("检查一个证照种类，并可画出样例", "Lint the kind in a folder, and draw its example."),
		"kind_import":   e.say("把一个证照种类放进目录", "Put the kind in a folder into the catalogue."),
		"rescue":        e.say("在服务器上为一位管理员开新的一次性链接", "Make a new one-time link for one of the three administrators, at the machine."),
		"recount":       e.say("查清 doctor 所报的缺行、多行之后，按现状重新计数", "Count the guarded tables anew, once what doctor found was looked into."),
		"rotate":        e.say("更换数据加密密钥，不停机；中断后再次运行即继续", "Replace the keys of encrypted columns while serving; run it again to go on."),
		"answer":        e.say("用文件里的 SM2 私钥签名登录页给出的挑战", "Sign the challenge of the sign-in page with an SM2 key in a file."),
		"ferry":         e.say("在政务外网和互联网两区之间摆渡印章状态", "Carry the state of seals between the extranet and the Internet."),
		"ferry_out":     e.say("导出给另一区的摆渡文件", "Make files for the other zone."),
		"ferry_in":      e.say("导入另一区的摆渡文件", "Take in files of the other zone."),
		"archive":       e.say("归档信息包：四性检测", "Archive information packages: the four-property check."),
		"archive_check": e.say("检测一个归档信息包的真实性、完整性、可用性、安全性，每项一行；不联网", "Check a package's authenticity, integrity, usability and security, a row a check; offline."),
		"unbuilt":       e.say("尚未建成", "Not built yet."),

		"ferry_certificate":     e.say("写出本区的签名证书，供另一区的 ferry.peer_cert_file", "Write the digital certificate that the other zone pins."),
		"arg_ferry_dir":         e.say("摆渡文件所在的目录", "Directory of the files."),
		"arg_ferry_certificate": e.say("证书文件（PEM）", "File of the digital certificate (PEM)."),
		"flag_ferry_all":        e.say("导出全部已备案的印章，用于开始摆渡时", "Every seal that was ever filed, for a zone that begins to ferry."),
		"flag_ferry_again":      e.say("重新写出第 N 号文件", "Write file N once more."),
		"flag_master":           e.say("把全部密钥改由这个主密钥文件保护（没有则新建）；之后改配置、重启，再运行 --master-finish", "Wrap all keys under this master key file as well (made when absent); then change the configuration, restart, and run --master-finish."),
		"flag_master_config":    e.say("把全部密钥改由这份配置里的密码模块保护", "Wrap all keys under the key module of this configuration as well."),
		"flag_master_finish":    e.say("新的主密钥已在用：停用原来的", "The new master key is in use: end the one of before."),
		"flag_master_abandon":   e.say("放弃更换主密钥", "Give up the exchange of the master key."),

		"arg_package":      e.say("归档信息包（ZIP）", "The package (ZIP)."),
		"flag_trust":       e.say("所信任的根证书，文件或目录，可写多次；不写则签名者不追溯", "Root certificate to trust, a file or a directory; may be repeated. Without any, signers are not traced."),
		"flag_require":     e.say("归档材料目录要求的文件编号，如 A1，可写多次", "Code of a file that must be there, such as A1; may be repeated."),
		"flag_signed":      e.say("必须有签名的文件摘要清单（本平台的归档信息包都有）", "A signed list of digests must be there, as in every package of this platform."),
		"flag_files":       e.say("交接单上的电子文件数", "Number of electronic files by the transfer list."),
		"flag_bytes":       e.say("交接单上的字节数", "Bytes of the package by the transfer list."),
		"flag_sm3":         e.say("交接单上的 SM3 摘要", "SM3 of the package by the transfer list, hexadecimal."),
		"flag_version":     e.say("显示版本", "Show the version."),
		"flag_json":        e.say("输出一个 JSON 对象", "Answer with one JSON object."),
		"flag_config":      e.say("配置文件（YAML）", "The configuration file (YAML)."),
		"flag_located":     e.say("配置文件；省略时用 sidian.yaml 或 sidian-demo/sidian.yaml", "The configuration file; else sidian.yaml or sidian-demo/sidian.yaml."),
		"flag_listen":      e.say("监听地址", "Address to listen at."),
		"flag_data":        e.say("数据目录，没有则新建", "Directory of everything; created when absent."),
		"flag_credentials": e.say("把登录方法写入此文件（JSON，权限 0600）", "Write how to sign in to this file (JSON, mode 0600)."),
		"flag_example":     e.say("不建实例，只写出一份带说明的配置，已有的文件不覆盖", "Do not create; write a configuration with explanations, unless the file exists."),
		"flag_name":        e.say("平台运行单位的全称", "Legal name of the unit that runs the platform."),
		"flag_uscc":        e.say("它的统一社会信用代码（GB 32100）", "Its credit code (GB 32100)."),
		"flag_out":         e.say("把样例照面画到此文件（SVG）", "Draw the face of the example into this file (SVG)."),
		"flag_issuer":      e.say("签发单位编号，可写多次", "Id of an organisation that issues it; may be repeated."),
		"arg_username":     e.say("系统管理员、安全管理员或审计管理员的用户名", "User name of the system, security or audit administrator."),
		"flag_reason":      e.say("事由，记入审计", "Why; it is audited."),
		"flag_status":      e.say("只看进度", "Only tell how far it is."),
		"flag_pause":       e.say("暂停", "Pause."),
		"flag_resume":      e.say("继续", "Go on."),
		"flag_adopt":       e.say("升级中断过、权限数据尚未加校验时用：按现状加上", "After an upgrade that broke off: take the rows of access control for right as they stand."),
		"flag_key":         e.say("SM2 私钥文件", "File of the SM2 private key."),
		"flag_cert":        e.say("私钥的数字证书文件", "File of the key's digital certificate."),
		"flag_passphrase":  e.say("存放私钥口令的文件", "File of the key's passphrase."),
		"arg_challenge":    e.say("存放挑战文字的文件；省略则读标准输入", "File of the challenge; else the standard input."),
		"arg_kind":         e.say("证照种类的文件夹", "The kind's folder."),
	}
}

// headings of the help, which kong writes in English.
var headings = strings.NewReplacer(
	"Usage: ", "用法：", "Arguments:\n", "参数：\n", "Flags:\n", "选项：\n", "Commands:\n", "命令：\n",
	"Show context-sensitive help.", "显示帮助", "Run \"", "用 \"", "\" for more information on a command.", "\" 查看某个命令的用法",
	"[flags]", "[选项]", "<command>", "<命令>",
)

// help is kong's, with its headings in the reader's language.
func (e *environment) help(options kong.HelpOptions, ctx *kong.Context) error {
	if !e.chinese {
		return kong.DefaultHelpPrinter(options, ctx)
	}
	var b bytes.Buffer
	to := ctx.Stdout
	ctx.Stdout = &b
	err := kong.DefaultHelpPrinter(options, ctx)
	ctx.Stdout = to
	if err != nil {
		return err
	}
	_, err = headings.WriteString(to, b.String())
	return err
}
