package keys

import (
	"slices"
	"time"

	"sidian/internal/db"
	"sidian/internal/fault"
)

const (
	// expiry is longer than anything lives that is sealed and expires by itself.
	expiry = 48 * time.Hour
	// recall is how long a retired root can be had back.
	recall = 30 * 24 * time.Hour
)

// Retire ends the use of an older root: nothing opens under it any more. It is
// refused with a fault.Conflict while anything may still be sealed under it:
// until every resealer has finished with a newer root, and that is two days old.
// Other processes follow within half a minute.
func (r *Rotation) Retire(tx *db.Tx, id string) error {
	old, next, err := r.older(tx, id)
	if err != nil {
		return err
	}
	if !old.Retired.IsZero() {
		return fault.Conflict.New("根密钥已停用").WithCode("key.retired").WithHint("无需再次停用")
	}
	wait := next.Created.Add(expiry)
	if len(r.resealers) == 0 && r.p != Session {
		return fault.Conflict.New("没有登记该用途的加密数据由谁重新加密，不能停用旧根密钥").WithCode("key.inuse").WithHint("请联系系统维护人员")
	}
	names := make([]string, len(r.resealers))
	for i, x := range r.resealers {
		names[i] = x.Name()
	}
	slices.Sort(names)
	names = slices.Compact(names)
	if len(names) > 0 {
		n, err := finishedSince(tx, r.p, old.Created, names)
		if err != nil {
			return err
		}
		if n < int64(len(names)) {
			return fault.Conflict.New("仍可能有数据在该根密钥下加密，不能停用：%d 项重新加密只完成 %d 项", len(names), n).
				WithCode("key.inuse").WithHint("请等重新加密全部完成后再停用；进度见 sidian rotate --status")
		}
	}
	if tx.Now().Before(wait) {
		return fault.Conflict.New("新的根密钥启用不满 48 小时，旧的还不能停用").WithCode("key.inuse").WithHint("请在临时数据全部过期后再停用")
	}
	return setRetired(tx, id, tx.Now())
}

// Recall takes a retired root back into use for opening, where a value turned
// up that needs it. A destroyed one is a fault.Conflict.
func (r *Rotation) Recall(tx *db.Tx, id string) error {
	old, _, err := r.older(tx, id)
	if err != nil {
		return err
	}
	if old.Retired.IsZero() || old.Destroyed {
		return fault.Conflict.New("根密钥没有停用，或已销毁").WithCode("key.retired").WithHint("已销毁的密钥不能恢复；请从备份恢复数据库")
	}
	return setRetired(tx, id, time.Time{})
}

// Destroy wipes the secret of a root that was retired a month ago; its record
// stays. The first root of a purpose is never destroyed: blind indexes and
// other secrets that outlive rotation are derived from it.
func (r *Rotation) Destroy(tx *db.Tx, id string) error {
	old, _, err := r.older(tx, id)
	if err != nil {
		return err
	}
	switch {
	case old.First:
		return fault.Conflict.New("首个根密钥派生盲索引等长期密钥，不能销毁").WithCode("key.first").WithHint("停用后它不再解密任何数据")
	case old.Retired.IsZero():
		return fault.Conflict.New("根密钥尚未停用，不能销毁").WithCode("key.inuse").WithHint("请先停用，30 天后再销毁")
	case tx.Now().Before(old.Retired.Add(recall)):
		return fault.Conflict.New("根密钥停用不满 30 天，不能销毁").WithCode("key.recall").WithHint("这期间发现仍需它的数据，可以恢复使用")
	}
	return wipe(tx, id)
}

// older finds a root that has a successor, and the current one.
func (r *Rotation) older(tx *db.Tx, id string) (old, current Root, err error) {
	all, err := roots(tx, r.p)
	if err != nil {
		return old, current, err
	}
	i := slices.IndexFunc(all, func(x Root) bool { return x.ID == id })
	switch {
	case i < 0:
		return old, current, fault.NotFound.New("该用途没有这个根密钥").WithCode("key.unknown").WithHint("请用 sidian rotate --status 核对")
	case all[i].Current:
		return old, current, fault.Conflict.New("当前的根密钥不能停用").WithCode("key.current").WithHint("请先轮换")
	}
	return all[i], all[i+1], nil
}
