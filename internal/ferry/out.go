package ferry

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"sidian/gm"
	"sidian/internal/audit"
	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/outbox"
)

// Consumer notes what the other zone is to be told again.
func (s *Service) Consumer() outbox.Consumer {
	c := outbox.Consumer{Name: "ferry", Handle: func(tx *db.Tx, ev outbox.Event) error {
		for _, src := range s.Sources {
			if slices.Contains(src.Topics, ev.Topic) {
				if err := wait(tx, src.Kind, ev.Key); err != nil {
					return err
				}
			}
		}
		return nil
	}}
	for _, src := range s.Sources {
		for _, t := range src.Topics {
			if !slices.Contains(c.Topics, t) {
				c.Topics = append(c.Topics, t)
			}
		}
	}
	return c
}

// Tell puts objects among what waits, for a zone that begins to ferry.
func (s *Service) Tell(ctx context.Context, kind string, objects ...string) error {
	return s.DB.Write(ctx, func(tx *db.Tx) error {
		for _, o := range objects {
			if err := wait(tx, kind, o); err != nil {
				return err
			}
		}
		return nil
	})
}

// A Made is a file that was made.
type Made struct {
	Seq     int64  `json:"seq"`
	File    string `json:"file"`
	Records int64  `json:"records"`
}

// Out makes files of all that waits and writes them to a directory, with those
// that an earlier crash left unwritten.
func (s *Service) Out(ctx context.Context, dir string) (made []Made, err error) {
	for {
		n, err := s.pack(ctx)
		if err != nil {
			return made, err
		}
		if n == 0 {
			break
		}
	}
	s.at("packed")
	var seqs []int64
	if err := s.DB.Read(ctx, func(tx *db.Tx) (err error) { seqs, err = unwritten(tx); return err }); err != nil {
		return nil, err
	}
	for _, seq := range seqs {
		m, err := s.Again(ctx, seq, dir)
		if err != nil {
			return made, err
		}
		made = append(made, m)
	}
	return made, nil
}

// pack decides on the next file, in one transaction with what it takes from
// what waits. It returns how many records are in it.
func (s *Service) pack(ctx context.Context) (int, error) {
	var waiting []waitingRow
	var last outRow
	err := s.DB.Read(ctx, func(tx *db.Tx) (err error) {
		if last, err = lastOut(tx); err == nil {
			waiting, err = firstWaiting(tx, maxRecords)
		}
		return err
	})
	if err != nil || len(waiting) == 0 {
		return 0, err
	}
	c := content{V: 1, From: s.Zone, To: s.Peer, Seq: last.seq + 1, MadeAt: s.DB.Now().UTC(), Records: []Record{}}
	if last.seq > 0 {
		c.Previous = hexOf(last.digest)
	}
	for _, w := range waiting {
		r, gone, err := s.tell(ctx, w)
		if err != nil {
			return 0, err
		}
		if !gone {
			c.Records = append(c.Records, r)
		}
	}
	file, err := s.sign(ctx, c)
	if err != nil {
		return 0, err
	}
	s.at("signed")
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		if now, err := lastOut(tx); err != nil || now.seq != last.seq {
			return errors.Join(err, errRaced(now.seq != last.seq))
		}
		if err := insertOut(tx, c.Seq, gm.Sum(file), len(c.Records), file); err != nil {
			return err
		}
		for _, w := range waiting {
			if err := told(tx, w); err != nil {
				return err
			}
		}
		return audit.Put(tx, audit.Entry{Action: "ferry.out", Object: fmt.Sprintf("ferry/%s/%d", s.Zone, c.Seq), After: gm.Sum(file)})
	})
	return len(waiting), err
}

func errRaced(raced bool) error {
	if !raced {
		return nil
	}
	return fault.Conflict.New("另一进程正在导出摆渡文件").WithCode("ferry.busy").WithHint("请稍后重试")
}

func (s *Service) tell(ctx context.Context, w waitingRow) (r Record, gone bool, err error) {
	i := slices.IndexFunc(s.Sources, func(src Source) bool { return src.Kind == w.kind })
	if i < 0 {
		return r, true, nil // this version tells nothing of it
	}
	r, gone, err = s.Sources[i].Tell(ctx, w.object)
	r.Kind, r.Object = w.kind, w.object
	return r, gone, err
}

func (s *Service) sign(ctx context.Context, c content) ([]byte, error) {
	b, err := json.Marshal(c)
	if err != nil {
		return nil, err
	}
	k, err := s.key(ctx)
	if err != nil {
		return nil, err
	}
	return gm.SignData(b, gm.SignDataOptions{Signer: k.signer, Certificate: k.certificate, Form: gm.FormContent})
}

// Again writes a file that was made, as it was made.
func (s *Service) Again(ctx context.Context, seq int64, dir string) (m Made, err error) {
	var file []byte
	if err = s.DB.Read(ctx, func(tx *db.Tx) error { m.Records, file, err = outFile(tx, seq); return err }); err != nil {
		return m, err
	}
	m.Seq, m.File = seq, Name(s.Zone, seq)
	if err = write(filepath.Join(dir, m.File), file); err != nil {
		return m, fmt.Errorf("ferry: writing a file: %w", err)
	}
	s.at("written")
	return m, s.DB.Write(ctx, func(tx *db.Tx) error { return markWritten(tx, seq) })
}

// write leaves the whole file or none, also after a loss of power.
func write(path string, b []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".ferry-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	if _, err := f.Write(b); err != nil {
		return errors.Join(err, f.Close())
	}
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return err
	}
	d, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

func (s *Service) at(step string) {
	if s.step != nil {
		s.step(step)
	}
}
