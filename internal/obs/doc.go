// Package obs makes the platform observable: logs (log/slog, with the request's
// id and without personal data), metrics (Prometheus, on a listener of their
// own), traces (OpenTelemetry, when an endpoint is configured) and health,
// each dependency by its name.
package obs
