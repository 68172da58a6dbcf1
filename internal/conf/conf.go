// Package conf is the platform's configuration: one documented struct, read
// from a YAML file and from the environment (SIDIAN_…), in which an unknown key
// is an error. Secrets are not in it: they are named by the path of a file.
package conf

import (
	"time"
)

// Config is everything that an operator may set. Tags: koanf is the key, doc
// what stands beside it in the example (Chinese, because operators read it).
type Config struct {
	Listen         string   `koanf:"listen" doc:"监听地址"`
	BaseURL        string   `koanf:"base_url" doc:"用户看到的网址，例如 https://zz.example.gov.cn；必填"`
	DataDir        string   `koanf:"data_dir" doc:"数据目录；相对路径以此文件所在目录为准"`
	Region         string   `koanf:"region" doc:"本平台的行政区划代码（GB/T 2260，6 位）"`
	MasterKeyFile  string   `koanf:"master_key_file" doc:"主密钥文件；不填则为数据目录下的 master.key"`
	TrustedProxies []string `koanf:"trusted_proxies" doc:"可信反向代理的地址段，只相信它们的 X-Forwarded-For，例如 [10.0.0.0/8]"`

	Zone string `koanf:"zone" doc:"所在区：extranet 政务外网，internet 互联网；不填则两区的印章都办（演示）"`

	Keys      KeyModule `koanf:"keys"`
	Database  Database  `koanf:"database"`
	Blob      Blob      `koanf:"blob"`
	TLS       TLS       `koanf:"tls"`
	Authority Authority `koanf:"authority"`
	Timestamp Timestamp `koanf:"timestamp"`
	Session   Session   `koanf:"session"`
	Identity  Identity  `koanf:"identity"`
	Seals     Seals     `koanf:"seals"`
	Ferry     Ferry     `koanf:"ferry"`
	Limits    Limits    `koanf:"limits"`
	Outgoing  Outgoing  `koanf:"outgoing"`
	Notice    Notice    `koanf:"notice"`
	Log       Log       `koanf:"log"`
	Metrics   Metrics   `koanf:"metrics"`
	Trace     Trace     `koanf:"trace"`
}

// KeyModule says what keeps keys: the master key file, a token by PKCS#11, or a
// cryptographic device by GM/T 0018.
type KeyModule struct {
	Module string   `koanf:"module" doc:"soft：主密钥文件；pkcs11：PKCS#11 密码模块；sdf：GM/T 0018 密码设备（后两种须用带相应标签编译的程序）"`
	Others []string `koanf:"others" doc:"更换密码模块期间，仍保管着以前密钥的模块，例如 [sdf]"`
	PKCS11 PKCS11   `koanf:"pkcs11"`
	SDF    SDF      `koanf:"sdf"`
}

// PKCS11 is a token, and the wrapping key in it.
type PKCS11 struct {
	Library string `koanf:"library" doc:"PKCS#11 模块的路径（.so）"`
	Token   string `koanf:"token" doc:"令牌的标签"`
	PinFile string `koanf:"pin_file" doc:"存放 PIN 的文件"`
	Label   string `koanf:"label" doc:"包裹密钥的标签"`
}

// SDF is a device, and what in it is this platform's.
type SDF struct {
	Library string `koanf:"library" doc:"设备厂商的库的路径（.so）"`
	PinFile string `koanf:"pin_file" doc:"存放私钥访问口令的文件；不填则设备不签名"`
	Label   string `koanf:"label" doc:"包裹密钥的名称；更换密钥时须改"`
	KEK     uint   `koanf:"kek" doc:"包裹密钥（KEK）的索引"`
	First   uint   `koanf:"first" doc:"归本平台使用的第一个签名密钥对的索引；0：没有"`
	Last    uint   `koanf:"last" doc:"归本平台使用的最后一个签名密钥对的索引"`
}

// Seals are the rules of applying for seals.
type Seals struct {
	Top     string `koanf:"top" doc:"印章申请逐级报送到哪一级：county、city、province；不填则到最高一级的管理单位"`
	Persons string `koanf:"persons" doc:"审核个人印章的管理单位编号；不填则由申请人选择"`
}

// Ferry says how files are carried between the extranet and the Internet.
type Ferry struct {
	OutDir       string `koanf:"out_dir" doc:"摆渡文件的导出目录；不填则不定时导出"`
	InDir        string `koanf:"in_dir" doc:"摆渡文件的导入目录；不填则不定时导入"`
	PeerCertFile string `koanf:"peer_cert_file" doc:"另一区平台的签名证书（PEM，可有几张）；不填则不收摆渡文件"`
}

// Database says where records are.
type Database struct {
	URL          string `koanf:"url" doc:"sqlite:路径 或 postgres://…（不含口令）；不填则为数据目录下的 sidian.db"`
	PasswordFile string `koanf:"password_file" doc:"存放数据库口令的文件"`
}

// Blob says where documents are: a directory, or an S3 bucket.
type Blob struct {
	Dir string `koanf:"dir" doc:"文件目录；不填则为数据目录下的 blob"`
	S3  S3     `koanf:"s3"`
}

// S3 is a bucket; unset unless Endpoint is.
type S3 struct {
	Endpoint      string `koanf:"endpoint" doc:"对象存储地址，主机:端口；填写后不再使用目录"`
	Bucket        string `koanf:"bucket" doc:"存储桶"`
	Region        string `koanf:"region" doc:"区域"`
	AccessKeyFile string `koanf:"access_key_file" doc:"存放访问标识的文件"`
	SecretKeyFile string `koanf:"secret_key_file" doc:"存放访问密钥的文件"`
	Plain         bool   `koanf:"plain" doc:"不用 TLS；只在隔离的网络中"`
}

// TLS names the files of the server's digital certificate. Without them the
// platform stands behind a proxy that has one.
type TLS struct {
	CertFile string `koanf:"cert_file" doc:"服务器数字证书（PEM）；更换文件后自动生效，不用重启"`
	KeyFile  string `koanf:"key_file" doc:"服务器私钥（PEM）"`
	Redirect string `koanf:"redirect_listen" doc:"另外监听的明文地址，只把访问转到 https，例如 :80；不填则不开"`
}

// Authority says who signs the digital certificates of seals.
type Authority struct {
	Mode      string `koanf:"mode" doc:"builtin：内置签发机构；files：外部机构签发的证书和私钥文件"`
	CertFile  string `koanf:"cert_file" doc:"mode: files 时，签发机构证书（PEM）"`
	KeyFile   string `koanf:"key_file" doc:"mode: files 时，签发机构私钥（PEM）"`
	ChainFile string `koanf:"chain_file" doc:"mode: files 时，上级证书（PEM）"`
	TrustDir  string `koanf:"trust_dir" doc:"另外信任的根证书所在目录"`
}

// Timestamp says who stamps the time.
type Timestamp struct {
	Mode     string `koanf:"mode" doc:"builtin：内置；files：外部机构签发的证书和私钥文件；url：外部时间戳服务"`
	URL      string `koanf:"url" doc:"mode: url 时，RFC 3161 服务地址"`
	CertFile string `koanf:"cert_file" doc:"mode: files 时，时间戳证书（PEM）"`
	KeyFile  string `koanf:"key_file" doc:"mode: files 时，时间戳私钥（PEM）"`

	Ends []string `koanf:"ends" doc:"密码算法停用日期，凭证在此之前改用别的算法续期：sm3、sm2、sha256、ecdsa-p256、sha384、ecdsa-p384、rsa，例如 [sm3=2040-12-31]；不写的按程序所带的日期"`
}

// Session says how long people stay signed in.
type Session struct {
	Idle       time.Duration `koanf:"idle" doc:"闲置多久自动退出"`
	Absolute   time.Duration `koanf:"absolute" doc:"最长多久须重新登录"`
	SecondStep bool          `koanf:"second_step" doc:"工作人员登录须用第二因素（一次性口令、通行密钥或数字证书）"`
	LockAfter  int           `koanf:"lock_after" doc:"15 分钟内失败多少次锁定账号 30 分钟"`

	PasswordDays    int `koanf:"password_days" doc:"工作人员的密码用多少天须更换；0 不限"`
	PasswordHistory int `koanf:"password_history" doc:"新密码不得与最近多少个相同"`
}

// Identity names the unified sign-in platforms (OpenID Connect) that people may
// come from: one of staff, one of holders. Unset unless Issuer is.
type Identity struct {
	Staff  Provider `koanf:"staff"`
	Holder Provider `koanf:"holder"`
}

// Provider is a unified sign-in platform.
type Provider struct {
	Name         string   `koanf:"name" doc:"登录按钮上的名称，例如 省统一身份认证平台"`
	Issuer       string   `koanf:"issuer" doc:"OpenID Connect 签发者网址；不填则不用"`
	ClientID     string   `koanf:"client_id" doc:"本平台在那里的应用标识"`
	SecretFile   string   `koanf:"secret_file" doc:"存放应用密钥的文件"`
	CitizenClaim string   `koanf:"citizen_claim" doc:"公民身份号码的声明名"`
	LevelClaim   string   `koanf:"level_claim" doc:"实名等级的声明名"`
	Levels       []string `koanf:"levels" doc:"实名等级的对应，值=等级（1 自报、2 实名、3 实人），例如 [real-name=2, face=3]"`
}

// Limits bound what a request may take.
type Limits struct {
	Body         int64   `koanf:"body" doc:"请求正文的字节数"`
	Upload       int64   `koanf:"upload" doc:"上传文件的字节数"`
	AddressRate  float64 `koanf:"address_rate" doc:"每个网络地址每秒的请求数；0 不限"`
	AddressBurst int     `koanf:"address_burst" doc:"每个网络地址一次可连发的请求数"`
	CallerRate   float64 `koanf:"caller_rate" doc:"每个用户或应用每秒的请求数；0 不限"`
	CallerBurst  int     `koanf:"caller_burst" doc:"每个用户或应用一次可连发的请求数"`
}

// Outgoing lists the hosts that the platform may call.
type Outgoing struct {
	Hosts   []string `koanf:"hosts" doc:"平台可以访问的主机"`
	Private []string `koanf:"private" doc:"其中可以解析到内网地址的主机"`
}

// Notice says how people are told outside the platform. A channel that is not set
// is not offered.
type Notice struct {
	Mail Mail    `koanf:"mail"`
	SMS  Gateway `koanf:"sms"`
	App  Gateway `koanf:"app"`
}

// Mail is a mail server; unset unless Server is.
type Mail struct {
	Server       string `koanf:"server" doc:"邮件服务器，主机:端口；不填则不发邮件"`
	From         string `koanf:"from" doc:"发件地址"`
	User         string `koanf:"user" doc:"登录名；不填则不登录"`
	PasswordFile string `koanf:"password_file" doc:"存放登录口令的文件"`
	Security     string `koanf:"security" doc:"starttls：先明文后加密；tls：一开始就加密（465 端口）；plain：服务器不支持时不加密，只在隔离的网络中"`
}

// Gateway is a program that passes messages on, by the form of package notice;
// unset unless URL is.
type Gateway struct {
	URL        string `koanf:"url" doc:"发送通道的地址；不填则不用"`
	SecretFile string `koanf:"secret_file" doc:"存放签名密钥的文件，双方相同，至少 16 个字节"`
	Private    bool   `koanf:"private" doc:"该地址在内网"`
}

// Log says what is logged; never personal data.
type Log struct {
	Level  string `koanf:"level" doc:"debug info warn error"`
	Format string `koanf:"format" doc:"text 或 json"`
}

// Metrics has a listener of its own, which is not for the world.
type Metrics struct {
	Listen string `koanf:"listen" doc:"指标（/metrics）的监听地址；不填则不开"`
}

// Trace says where traces go.
type Trace struct {
	Endpoint string `koanf:"endpoint" doc:"OTLP/HTTP 地址；不填则不开"`
}

// Default is the configuration before anything is set.
func Default() Config {
	return Config{
		Listen: "localhost:8080", DataDir: ".",
		Keys:      KeyModule{Module: "soft"},
		Authority: Authority{Mode: "builtin"},
		Timestamp: Timestamp{Mode: "builtin"},
		Session:   Session{Idle: 30 * time.Minute, Absolute: 12 * time.Hour, LockAfter: 5, SecondStep: true, PasswordDays: 90, PasswordHistory: 5},
		Identity: Identity{
			Staff:  Provider{CitizenClaim: "id_number", LevelClaim: "acr"},
			Holder: Provider{CitizenClaim: "id_number", LevelClaim: "acr"},
		},
		Limits: Limits{Body: 1 << 20, Upload: 32 << 20, AddressRate: 200, AddressBurst: 400},
		Notice: Notice{Mail: Mail{Security: "starttls"}},
		Log:    Log{Level: "info", Format: "text"},
	}
}
