package issuing

import (
	"context"
	"slices"
	"strings"
	"time"

	"sidian/internal/db"
	"sidian/internal/fault"
)

// An Owed is one operation that has to be made up for.
type Owed struct {
	ID            string    `json:"id"`
	Operation     string    `json:"operation" enum:"issue,cancel,update"`
	OperationName string    `json:"operation_name"`
	Kind          string    `json:"kind,omitempty"`
	About         string    `json:"about" doc:"办件编号或证照编号；不写个人信息"`
	Draft         string    `json:"draft,omitempty" doc:"补办的经办件"`
	Note          string    `json:"note,omitempty"`
	DoneAt        time.Time `json:"done_at,omitzero"`
	DoneBy        string    `json:"done_by,omitempty"`
}

// An OweRequest writes down what cannot be done now.
type OweRequest struct {
	ID        string `path:"id" json:"-" maxLength:"64"`
	Operation string `json:"operation" enum:"issue,cancel,update" doc:"签发、注销、更新"`
	Kind      string `json:"kind,omitempty" maxLength:"64" doc:"证照种类"`
	About     string `json:"about" minLength:"1" maxLength:"100" doc:"办件编号或证照编号；不写个人信息"`
}

// Owe adds to what has to be made up for, while the incident lasts or is being
// made up for.
func (s *Service) Owe(ctx context.Context, req OweRequest) (*Incident, error) {
	e := fault.Invalid.New("待办不符合规则").WithCode("issuing.owed").WithHint("请按每一项的说明更正后重试")
	if operationNames[req.Operation] == "" {
		e = e.WithField("operation", "unknown", "应为签发、注销或更新")
	}
	e = checkText(e, "about", req.About, true, 100)
	if err := e.OrNil(); err != nil {
		return nil, err
	}
	if req.Kind != "" {
		k, err := s.kindOf(ctx, req.Kind)
		if err != nil {
			return nil, err
		}
		req.Kind = k.Name
	}
	return s.change(ctx, req.ID, "issuing.owe", func(tx *db.Tx, r *incidentRow) error {
		if r.state == Closed {
			return errClosed()
		}
		all, err := owedOf(tx, r.id)
		if err != nil {
			return err
		}
		if len(all) >= maxOwed {
			return fault.Conflict.New("待办清单已满").WithCode("issuing.owed").WithHint("请先补办已登记的")
		}
		about := strings.TrimSpace(req.About)
		if slices.ContainsFunc(all, func(o *owedRow) bool { return o.operation == req.Operation && o.kind == req.Kind && o.about == about }) {
			return nil // it stands there already
		}
		return insertOwed(tx, &owedRow{id: newID(), incident: r.id, seq: int64(len(all) + 1), operation: req.Operation, kind: req.Kind, about: about,
			addedBy: actorOf(ctx), added: milli(tx.Now())})
	})
}

// A DoneRequest says how something was made up for that no draft shows.
type DoneRequest struct {
	ID   string `path:"id" json:"-" maxLength:"64"`
	Owed string `path:"owed" json:"-" maxLength:"64"`
	Note string `json:"note" minLength:"1" maxLength:"200" doc:"怎样补办的，或为何不再需要；不写个人信息"`
}

// Done notes that a cancellation or an update was made up for, or that it is not
// needed any more. What is issued is noted by its draft.
func (s *Service) Done(ctx context.Context, req DoneRequest) (*Incident, error) {
	e := fault.Invalid.New("补办说明不符合规则").WithCode("issuing.owed").WithHint("写明怎样补办的，或为何不再需要")
	if err := checkText(e, "note", req.Note, true, 200).OrNil(); err != nil {
		return nil, err
	}
	return s.change(ctx, req.ID, "issuing.make-up", func(tx *db.Tx, r *incidentRow) error {
		o, err := owedByID(tx, req.Owed)
		if err != nil {
			return err
		}
		if o.incident != r.id {
			return fault.NotFound.New("待办清单中没有这一项").WithCode("issuing.owed").WithHint("请从突发情况的待办清单中选择")
		}
		if o.done != nil {
			return fault.Conflict.New("这一项已经补办").WithCode("issuing.owed-done").WithHint("请刷新待办清单")
		}
		now := milli(tx.Now())
		o.done, o.doneBy, o.note = &now, actorOf(ctx), strings.TrimSpace(req.Note)
		if err := saveOwed(tx, o); err != nil {
			return err
		}
		return s.closeTx(tx, r)
	})
}

// mayMakeUpTx refuses a draft that is to make up for what is not owed.
func (s *Service) mayMakeUpTx(tx *db.Tx, r *row) error {
	if r.owed == "" {
		return nil
	}
	wrong := fault.Invalid.New("补办与待办清单不符").WithCode("issuing.owed").WithHint("请从本单位突发情况的待办清单中选择要补签发的项")
	o, err := owedByID(tx, r.owed)
	if err != nil {
		if fault.As(err) != nil {
			return wrong.WithField("owed", "unknown", "没有这一项")
		}
		return err
	}
	x, err := incidentByID(tx, o.incident, false)
	if err != nil {
		return err
	}
	switch {
	case x.unit != r.unit: // another unit's is not told from none
		return wrong.WithField("owed", "unknown", "没有这一项")
	case o.operation != OweIssue || o.kind != "" && o.kind != r.kind:
		return wrong.WithField("owed", "kind", "不是补签发这类证照的项")
	case o.done != nil:
		return wrong.WithField("owed", "done", "这一项已经补办")
	}
	return nil
}

// madeUpTx notes that a draft made up for what it was begun for.
func (s *Service) madeUpTx(tx *db.Tx, r *row) error {
	if r.owed == "" {
		return nil
	}
	o, err := owedByID(tx, r.owed)
	if err != nil || o.done != nil {
		return err
	}
	x, err := incidentByID(tx, o.incident, true)
	if err != nil {
		return err
	}
	if o, err = owedByID(tx, r.owed); err != nil || o.done != nil { // somebody said so before the incident was locked
		return err
	}
	now := milli(tx.Now())
	o.done, o.doneBy, o.draft = &now, r.issuer, r.id
	if err := saveOwed(tx, o); err != nil {
		return err
	}
	if err := s.closeTx(tx, x); err != nil {
		return err
	}
	return saveIncident(tx, x)
}
