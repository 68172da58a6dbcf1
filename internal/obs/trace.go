package obs

import (
	"context"
	"fmt"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/sdk/resource"
	"go.opentelemetry.io/otel/sdk/trace"
)

// Trace sends a tenth of the traces to an OTLP/HTTP endpoint; with an empty
// one it does nothing. The returned function sends what is left and stops.
func Trace(ctx context.Context, endpoint, version string) (stop func(context.Context) error, err error) {
	if endpoint == "" {
		return func(context.Context) error { return nil }, nil
	}
	exporter, err := otlptracehttp.New(ctx, otlptracehttp.WithEndpointURL(endpoint))
	if err != nil {
		return nil, fmt.Errorf("obs: opening the trace endpoint: %w", err)
	}
	p := trace.NewTracerProvider(
		trace.WithBatcher(exporter),
		trace.WithSampler(trace.ParentBased(trace.TraceIDRatioBased(0.1))),
		trace.WithResource(resource.NewSchemaless(attribute.String("service.name", "sidian"), attribute.String("service.version", version))),
	)
	otel.SetTracerProvider(p)
	return p.Shutdown, nil
}
