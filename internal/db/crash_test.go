package db_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"

	"sidian/internal/db"
	"sidian/internal/db/dbtest"
)

// TestCrash kills a process in the midst of its commits. What it acknowledged
// is there, nothing that it rolled back is, and pairs that were written together
// are whole.
func TestCrash(t *testing.T) {
	if url := os.Getenv("DB_CRASH_URL"); url != "" {
		crashChild(url)
		return
	}
	t.Parallel()
	for _, engine := range dbtest.Engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			url := dbtest.URL(t, engine)
			d, err := db.Open(t.Context(), url)
			if err != nil {
				t.Fatal(err)
			}
			define(t, d, "create table x_item (\n  id text primary key\n);")
			if err := d.Close(); err != nil {
				t.Fatal(err)
			}
			acknowledged := map[string]bool{}
			for range 3 {
				runAndKill(t, url, acknowledged)
				checkCrash(t, url, acknowledged)
			}
			if len(acknowledged) == 0 {
				t.Error("nothing was acknowledged before the kill")
			}
		})
	}
}

// runAndKill reads the child's acknowledgements and kills it after some.
func runAndKill(t *testing.T, url string, acknowledged map[string]bool) {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^TestCrash$")
	cmd.Env = append(os.Environ(), "DB_CRASH_URL="+url, fmt.Sprintf("DB_CRASH_FROM=%d", len(acknowledged)))
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for n := 0; lines.Scan(); {
		id, ok := strings.CutPrefix(lines.Text(), "ok ")
		if !ok {
			continue
		}
		acknowledged[id] = true
		if n++; n == 60 {
			cmd.Process.Kill() // what it still has in its pipe counts as well
		}
	}
	cmd.Wait()
}

func checkCrash(t *testing.T, url string, acknowledged map[string]bool) {
	t.Helper()
	d, err := db.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	there := map[string]bool{}
	err = d.Read(t.Context(), func(tx *db.Tx) error {
		return tx.All(`select id from x_item order by id`, nil, func(scan func(...any) error) error {
			var id string
			err := scan(&id)
			there[id] = true
			return err
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	for id := range acknowledged {
		if !there[id] {
			t.Errorf("%s was acknowledged, and is lost", id)
		}
	}
	for id := range there {
		base, isPair := strings.CutSuffix(id, "+")
		if isPair != there[base+"+"] && !there[base] || strings.HasPrefix(id, "undone") {
			t.Errorf("%s is there", id)
		}
		if !isPair && !there[id+"+"] {
			t.Errorf("%s is there without its pair", id)
		}
	}
}

// crashChild writes for ever, from several goroutines.
func crashChild(url string) {
	ctx := context.Background()
	d, err := db.Open(ctx, url)
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	var mu sync.Mutex
	for w := range 4 {
		go func() {
			for i := 0; ; i++ {
				id := fmt.Sprint(os.Getenv("DB_CRASH_FROM"), "-", w, "-", i)
				err := d.Write(ctx, func(tx *db.Tx) error {
					if i%4 == 3 {
						_, err := tx.Exec(`insert into x_item (id) values ($1)`, "undone"+id)
						return fmt.Errorf("undone: %w", err)
					}
					if _, err := tx.Exec(`insert into x_item (id) values ($1)`, id); err != nil {
						return err
					}
					_, err := tx.Exec(`insert into x_item (id) values ($1)`, id+"+")
					return err
				})
				if err == nil {
					mu.Lock()
					fmt.Println("ok", id)
					mu.Unlock()
				}
			}
		}()
	}
	select {}
}
