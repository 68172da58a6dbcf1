package onboard

import (
	"context"
	"fmt"
	"time"

	"sidian/internal/auth"
	"sidian/internal/db"
	"sidian/internal/iam"
	"sidian/internal/keys"
	"sidian/internal/table"
)

// Permission is what everything here asks for, but for deciding grants.
const Permission = "person.onboard"

// A Service brings in tables. It is safe for concurrent use.
type Service struct {
	DB   *db.DB
	IAM  *iam.Service
	Auth *auth.Service

	box    *keys.Box
	digest *keys.Index // of lines
	// Batch is how many lines are done between two looks at whether to go on;
	// 50 when zero.
	Batch int
	// BaseURL is the platform's address, with which one-time links begin.
	BaseURL string
}

// New returns a Service over the accounts of people, with its secrets from ks.
func New(ctx context.Context, people *iam.Service, signing *auth.Service, ks *keys.Store) (*Service, error) {
	s := &Service{DB: people.DB, IAM: people, Auth: signing}
	var err error
	if s.box, err = ks.Box(ctx); err != nil {
		return nil, fmt.Errorf("onboard: opening the box of columns: %w", err)
	}
	if s.digest, err = ks.Index(ctx, "onboard.line"); err != nil {
		return nil, fmt.Errorf("onboard: opening the index of lines: %w", err)
	}
	return s, nil
}

// A File is a table as it was sent.
type File struct {
	Kind Kind
	Data []byte
}

// A Problem is what is wrong with a cell of a line.
type Problem = table.Problem

// A Report is what a look at a table found; nothing was imported.
type Report struct {
	Kind     Kind      `json:"kind" enum:"units,people"`
	Digest   string    `json:"digest" doc:"文件的 SM3 摘要"`
	Total    int       `json:"total" doc:"数据行数"`
	Good     int       `json:"good" doc:"可以导入"`
	Bad      int       `json:"bad" doc:"有错误，不会导入"`
	Repeated int       `json:"repeated" doc:"以前导入过，不再导入"`
	Problems []Problem `json:"problems" doc:"逐个单元格的错误，至多 1000 个"`
	More     int       `json:"more,omitempty" doc:"还有多少个错误没有列出"`
}

// maxProblems is how many problems a Report lists.
const maxProblems = 1000

// States of a run.
const (
	Reading  = "reading"
	Draft    = "draft"
	Running  = "running"
	Paused   = "paused"
	Finished = "finished"
	Over     = "over"
)

// A Run is a table on its way in.
type Run struct {
	ID       string    `json:"id"`
	Kind     Kind      `json:"kind" enum:"units,people"`
	State    string    `json:"state" enum:"reading,draft,running,paused,finished,over"`
	By       string    `json:"by" doc:"发起人账号"`
	ByName   string    `json:"by_name,omitempty"`
	Digest   string    `json:"digest" doc:"文件的 SM3 摘要"`
	Reason   string    `json:"reason,omitempty"`
	Trouble  string    `json:"trouble,omitempty" doc:"为什么停下"`
	Total    int       `json:"total" doc:"数据行数"`
	Pending  int       `json:"pending" doc:"待导入"`
	Done     int       `json:"done" doc:"已导入"`
	Refused  int       `json:"refused" doc:"未导入，见错误报告"`
	Repeated int       `json:"repeated" doc:"以前导入过"`
	Created  time.Time `json:"created_at"`
	Started  time.Time `json:"started_at,omitzero"`
	Finished time.Time `json:"finished_at,omitzero"`
	Rate     float64   `json:"rate,omitempty" doc:"每秒行数"`
	Left     int       `json:"left,omitempty" doc:"估计还要多少秒"`
}

// Percent is how much of what was to do is done.
func (r *Run) Percent() int {
	if r.Total == 0 {
		return 100
	}
	return (r.Total - r.Pending) * 100 / r.Total
}

// Active tells whether the run may still bring something in.
func (r *Run) Active() bool {
	return r.State == Running || r.State == Paused
}

// A RunPage is a page of runs, newest first.
type RunPage struct {
	Items []Run  `json:"items"`
	Next  string `json:"cursor,omitempty" doc:"还有下一页时返回"`
}

// A ProblemPage is a page of a run's problems, by line.
type ProblemPage struct {
	Items []Problem `json:"items"`
	Next  int       `json:"after,omitempty" doc:"还有时返回：从这一行之后继续"`
}

// A Sheet is a file that is handed out.
type Sheet struct {
	Name string
	Data []byte
}
