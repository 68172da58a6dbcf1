package obs

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"strings"
)

// NewLog returns a logger that writes text or JSON lines of at least level to
// w, each with the id of the request in its context, and without the values
// of attributes that are known to be personal or secret.
func NewLog(w io.Writer, format, level string) (*slog.Logger, error) {
	var l slog.Level
	if err := l.UnmarshalText([]byte(level)); err != nil {
		return nil, fmt.Errorf("obs: log level: %w", err)
	}
	o := &slog.HandlerOptions{Level: l, ReplaceAttr: redact}
	var h slog.Handler
	switch format {
	case "json":
		h = slog.NewJSONHandler(w, o)
	case "text":
		h = slog.NewTextHandler(w, o)
	default:
		return nil, fmt.Errorf("obs: log format must be text or json")
	}
	return slog.New(requestHandler{h}), nil
}

// hidden are words in the names of attributes whose values nobody may read in
// a log: what is personal (GB/T 35273) or secret. Their presence is a mistake
// that this makes harmless.
var hidden = []string{"password", "secret", "token", "cookie", "authorization", "citizen", "id_no", "idno", "phone", "mobile", "address_text", "holder_name", "username", "身份证", "姓名", "手机"}

func redact(_ []string, a slog.Attr) slog.Attr {
	key := strings.ToLower(a.Key)
	for _, word := range hidden {
		if strings.Contains(key, word) {
			return slog.String(a.Key, "[隐去]")
		}
	}
	return a
}

// requestHandler adds the request's id.
type requestHandler struct{ slog.Handler }

func (h requestHandler) Handle(ctx context.Context, r slog.Record) error {
	if id := RequestID(ctx); id != "" {
		r.AddAttrs(slog.String("request", id))
	}
	return h.Handler.Handle(ctx, r)
}

func (h requestHandler) WithAttrs(a []slog.Attr) slog.Handler {
	return requestHandler{h.Handler.WithAttrs(a)}
}

func (h requestHandler) WithGroup(name string) slog.Handler {
	return requestHandler{h.Handler.WithGroup(name)}
}
