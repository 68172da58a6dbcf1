package outbox

import (
	"errors"
	"sync"
)

// Together calls do for each of a list, at most so many at a time, waits for all,
// and joins their errors.
func Together[T any](most int, list []T, do func(T) error) error {
	var wait sync.WaitGroup
	slots, results := make(chan struct{}, most), make([]error, len(list))
	for i, x := range list {
		slots <- struct{}{}
		wait.Go(func() {
			defer func() { <-slots }()
			results[i] = do(x)
		})
	}
	wait.Wait()
	return errors.Join(results...)
}
