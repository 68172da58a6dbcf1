package httpx_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"sidian/internal/httpx"
)

// A stream that fails after its beginning must not look complete.
func TestTornAnswersAreNotTakenForWhole(t *testing.T) {
	t.Parallel()
	s := newShop(t, httpx.Options{}, func(r *httpx.Router) {
		httpx.Handle(r, "GET /error", httpx.Public(), func(context.Context, struct{}) (httpx.File, error) {
			broken := io.MultiReader(strings.NewReader(strings.Repeat("x", 10_000)), failing{})
			return httpx.File{MediaType: "application/ofd", Reader: io.NopCloser(broken)}, nil
		})
		httpx.HandleHTTP(r, "GET /panic", httpx.Public(), func(w http.ResponseWriter, _ *http.Request) error {
			if _, err := io.WriteString(w, strings.Repeat("x", 10_000)); err != nil {
				return err
			}
			panic("x")
		})
	})
	srv := httptest.NewServer(s)
	t.Cleanup(srv.Close)
	for _, path := range []string{"/error", "/panic"} {
		resp, err := http.Get(srv.URL + path)
		if err != nil {
			continue // cut before the header arrived: no whole answer either
		}
		_, err = io.ReadAll(resp.Body)
		if cerr := resp.Body.Close(); cerr != nil {
			t.Log(cerr)
		}
		if err == nil {
			t.Errorf("%s: half an answer looks whole", path)
		}
	}
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, errors.New("disk is gone") }
