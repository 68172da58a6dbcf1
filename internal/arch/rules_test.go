package arch

// The tables of the architecture. To add a package is to add a line here; to
// change an edge is a decision, argued in docs/decisions.

const module = "sidian"

// libraries stand at the root and are for anyone to import. Each lists the
// third-party modules that it, and packages below it, may import beside the
// standard library and other libraries.
var libraries = map[string][]string{
	"gbcode":      nil,
	"workday":     nil,
	"certid":      nil,
	"gm":          {"github.com/emmansun/gmsm", "golang.org/x/crypto/cryptobyte"},
	"tlog":        {"github.com/transparency-dev/merkle", "golang.org/x/mod/sumdb"},
	"ses":         {"golang.org/x/crypto/cryptobyte"},
	"ofd":         {"github.com/klauspost/compress"},
	"ofd/sign":    {"golang.org/x/crypto/cryptobyte"},
	"ofd/draw":    {"golang.org/x/image"},
	"ofd/convert": {"golang.org/x/image"},                                                             // fax pictures
	"ofd/render":  {"codeberg.org/go-pdf/fpdf", "golang.org/x/image", "github.com/boombuler/barcode"}, // a copy carries a code back to its original
	"kinds":       nil,                                                                                // data, and an embed.go
}

// offline are the commands that import libraries only.
var offline = []string{"cmd/ofd", "cmd/evidence"}

// floor carries every context and knows none of them.
var floor = []string{"fault", "db", "outbox", "audit", "due", "blob", "keys", "httpx", "conf", "obs", "table"}

// edges lists, for each bounded context, the other contexts it may import.
var edges = map[string][]string{
	"iam": {}, "auth": {"iam"}, "onboard": {"iam", "auth"}, "auditor": {"iam"}, "todo": {"iam"}, "notice": {"iam"}, "pki": {"iam"}, "ledger": {"iam"},
	"catalogue":  {"iam", "notice"},
	"status":     {}, // a list knows places and states, not whose they are
	"seal":       {"iam", "pki", "status", "ledger", "notice"},
	"sealapply":  {"iam", "pki", "seal", "notice"},
	"sealing":    {"iam", "seal", "notice"},
	"signature":  {"iam", "pki", "seal", "ledger", "notice"},
	"provider":   {"iam", "pki", "notice"},
	"webhook":    {"iam"},
	"ferry":      {"iam"},
	"complaint":  {"iam", "notice"},
	"item":       {"iam", "catalogue", "notice"},
	"listing":    {"iam", "catalogue", "item", "notice"},
	"issuing":    {"iam", "catalogue", "item", "seal", "sealing", "cert", "notice"},
	"composite":  {"iam", "catalogue", "cert", "notice"},
	"remind":     {"iam", "catalogue", "cert", "notice"},
	"batch":      {"iam", "catalogue", "cert", "notice"},
	"cert":       {"iam", "catalogue", "seal", "sealing", "ledger", "notice"},
	"annotation": {"iam", "catalogue", "seal", "cert", "notice"},
	"bound":      {"iam", "catalogue", "seal", "sealapply", "issuing", "cert", "notice"}, // sealapply does not know it: it asks a function
	"matter":     {"iam", "catalogue", "item", "cert", "notice"},                         // cert does not know it: a case number is a string there
	"feedback":   {"iam", "cert", "notice"},                                              // an act is cert's; what it is told of stands here
	"lasting":    {"iam", "cert"},                                                        // documents are digests to it
	"grant":      {"iam", "catalogue", "cert", "signature", "notice"},
	"material":   {"iam", "catalogue", "seal", "signature", "matter", "ledger"},
	"sharing":    {"iam", "catalogue", "cert", "material", "matter", "grant", "notice"},
	"archive":    {"iam", "catalogue", "seal", "sealing", "signature", "cert", "material", "matter", "sharing", "notice"},
	"quality":    {"iam", "catalogue", "cert", "material", "matter", "notice"},
	"exchange":   {"iam", "catalogue", "seal", "cert", "material", "sharing", "quality", "archive", "ledger"},
	"verify":     {"iam", "pki", "catalogue", "seal", "signature", "provider", "cert", "grant", "material", "exchange", "ledger"},
	"inspection": {"iam", "catalogue", "cert", "grant", "verify", "notice"},
	"supervise":  {"iam", "catalogue"},
}

// top are the edges of the program, in the order in which each may import those
// before it.
var top = []string{"web", "api", "app"}

// apart are packages under internal that carry no code of the program.
var apart = []string{"arch", "bench", "interop"}

// measuring are programs of the workshop: like tests, they keep clocks, talk
// HTTP and look at other engines for comparison.
var measuring = []string{"internal/bench"}

// only lists packages outside the module that only some packages may import,
// and why.
var only = []struct {
	prefix string
	by     []string
	why    string
}{
	{"github.com/emmansun/gmsm", []string{"gm"}, "gm is the only door to SM2, SM3 and SM4"},
	{"database/sql", []string{"internal/db"}, "statements run on a *db.Tx"},
	{"modernc.org/sqlite", []string{"internal/db"}, "engines stand in internal/db"},
	{"github.com/jackc/pgx", []string{"internal/db"}, "engines stand in internal/db"},
	{"github.com/minio/minio-go", []string{"internal/blob"}, "documents are kept by internal/blob"},
	{"github.com/danielgtaylor/huma", []string{"internal/httpx", "internal/api"}, "routes are mounted through internal/httpx"},
	{"math/rand", nil, "secrets and identifiers come from crypto/rand; jitter from math/rand/v2"},
	{"log", []string{"cmd"}, "the log is log/slog"},
}

// incoming are the packages that may take requests over HTTP; in contexts it is
// http.go and the files named http_*.go. Signing in, sessions and the answer to
// "who asks" are about requests, so auth and iam as a whole are among them.
var incoming = []string{"internal/httpx", "internal/api", "internal/web", "internal/app", "internal/obs", "internal/iam", "internal/auth", "cmd", "examples"}

// clocks are the packages that may ask for the time. Everyone else is told it:
// by tx.Now(), by a field, by an argument.
var clocks = []string{"internal/db", "internal/app", "internal/httpx", "internal/obs", "cmd", "examples"}

// variants are the parents of packages that only app imports.
var variants = []string{"internal/ledger/chain", "internal/exchange/peer"}

// rethrowing are the files that may panic with what they recovered.
var rethrowing = []string{"internal/httpx/guard.go"} // http.ErrAbortHandler, net/http's own
