// Package webhook tells programs what happened, by calling them (事件通知).
//
// Words: a subscription (订阅) is an address of a program and the topics it
// asked for; a delivery (推送) is one event for one subscription. What is told
// are identifiers and digests, never personal data: who wants to know more
// asks the API, where its scopes count.
//
// Form: Standard Webhooks. The body is {"id","type","at","data"}; the headers
// are webhook-id, webhook-timestamp (seconds) and webhook-signature, a list of
// v1,<base64 of HMAC-SHA256> and sm3,<base64 of HMAC-SM3> over
// id.timestamp.body. A receiver refuses what is older than five minutes and
// what it has seen by its id: a replayed call has an old time or a known id.
//
// Promises: each event is told at least once to each active subscription whose
// program may read it in the organisation it is about, with the same id each
// time, in no order. It is tried for about two days; then the delivery is dead
// and may be asked for again (Replay). A subscription that took nothing for a
// week is paused.
//
// States: a subscription is active ⇄ paused, → ended; a delivery is pending →
// delivered | dead | dropped, dead → pending.
//
// Tables: webhook_subscription, webhook_topic, webhook_delivery.
package webhook

import (
	"context"

	"sidian/internal/db"
	"sidian/internal/iam"
	"sidian/internal/keys"
)

// A Topic is something that programs may be told of.
type Topic struct {
	Name  string `json:"name"`
	Label string `json:"label" doc:"中文名称"`
	Scope string `json:"scope" doc:"程序在事件所涉单位须有的授权范围"`
}

// Caller makes the calls: httpx.Client.
type Caller interface {
	PostWith(ctx context.Context, target, media string, body []byte, header map[string]string) ([]byte, error)
	Lists(target string) bool
}

// A Service keeps subscriptions and delivers. It is safe for concurrent use.
type Service struct {
	DB     *db.DB
	IAM    *iam.Service
	Box    *keys.Box
	Call   Caller
	Topics []Topic
	// Plain allows http addresses, in a demo and in tests.
	Plain bool

	step func(string) // tests stop here
}

// Manage is the scope by which a program keeps its own subscriptions.
const Manage = "webhook.manage"
