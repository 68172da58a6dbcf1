package obs

import (
	"context"
	"net/http"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"
)

// Spans makes the spans of requests. The zero value uses the provider that
// [Trace] has set, which drops them where none is set.
type Spans struct{ Provider trace.TracerProvider }

// Begin begins the span of a request; done ends it with the pattern of its
// route ("GET /v/{code}", "-" where there is none) and the status. Nothing else
// of the request stands in the span: no path, no query, no address, no name,
// no text of an error. What a stranger sends as a trace's parent is not taken.
func (s Spans) Begin(ctx context.Context, method string) (_ context.Context, done func(pattern string, status int)) {
	p := s.Provider
	if p == nil {
		p = otel.GetTracerProvider()
	}
	method = Method(method)
	ctx, span := p.Tracer("sidian/http").Start(ctx, method, trace.WithSpanKind(trace.SpanKindServer), trace.WithNewRoot())
	return ctx, func(pattern string, status int) {
		if pattern != "-" {
			span.SetName(pattern)
			span.SetAttributes(attribute.String("http.route", pattern))
		}
		span.SetAttributes(attribute.String("http.request.method", method), attribute.Int("http.response.status_code", status))
		if status >= http.StatusInternalServerError {
			span.SetStatus(codes.Error, "") // the error itself is in the log, under the request's id
		}
		span.End()
	}
}
