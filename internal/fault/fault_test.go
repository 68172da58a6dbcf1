package fault

import (
	"errors"
	"fmt"
	"testing"
)

func TestErrorTree(t *testing.T) {
	t.Parallel()
	cause := errors.New("cause")
	e := Conflict.Wrap(cause, "已存在 %d 份", 2).WithCode("cert.exists").WithHint("请改用 %s", "变更")
	wrapped := fmt.Errorf("issuing: %w", e)
	for name, target := range map[string]error{"kind": Conflict, "cause": cause, "itself": e} {
		if !errors.Is(wrapped, target) {
			t.Errorf("%s is not in the tree", name)
		}
	}
	if errors.Is(wrapped, NotFound) {
		t.Error("another kind is in the tree")
	}
	if k, msg := Of(wrapped); k != Conflict || msg != "已存在 2 份" {
		t.Errorf("Of: %q %q", k, msg)
	}
	if got := As(wrapped); got.Code != "cert.exists" || got.Hint != "请改用 变更" {
		t.Errorf("As: %+v", got)
	}
	if got := e.Error(); got != "已存在 2 份: cause" {
		t.Errorf("Error: %s", got)
	}
}

func TestInternal(t *testing.T) {
	t.Parallel()
	for name, err := range map[string]error{"nil": nil, "plain": errors.New("dial 10.0.0.7")} {
		if k, msg := Of(err); k != "" || msg != "" || As(err) != nil {
			t.Errorf("%s: %q %q", name, k, msg)
		}
	}
	if k, msg := Of(fmt.Errorf("x: %w", TooMany)); k != TooMany || msg != "" {
		t.Errorf("bare kind: %q %q", k, msg)
	}
}

func TestFields(t *testing.T) {
	t.Parallel()
	base := Invalid.New("申请内容有误")
	if base.OrNil() != nil {
		t.Error("no field is wrong, and yet an error")
	}
	one := base.WithField("name", "required", "请填写姓名")
	two := one.WithField("id", "check-digit", "校验位不符")
	three := one.WithField("from", "range", "日期有误")
	if len(base.Fields) != 0 || len(one.Fields) != 1 || two.Fields[1].Name != "id" || three.Fields[1].Name != "from" {
		t.Errorf("copies share fields: %v %v %v", one.Fields, two.Fields, three.Fields)
	}
	if !errors.Is(two.OrNil(), Invalid) {
		t.Error("fields are wrong, and no error")
	}
}

func TestKinds(t *testing.T) {
	t.Parallel()
	seen := map[Kind]bool{}
	for _, k := range Kinds() {
		if k == "" || seen[k] || k.Error() != string(k) {
			t.Errorf("kind %q", k)
		}
		seen[k] = true
	}
}

func TestFinal(t *testing.T) {
	t.Parallel()
	for _, k := range Kinds() {
		want := k == Invalid || k == NotFound || k == Conflict || k == Forbidden || k == Unauthorized || k == TooLarge
		if got := Final(fmt.Errorf("issuing: %w", k.New("不行"))); got != want {
			t.Errorf("%s is final: %t", k, got)
		}
	}
	if Final(nil) || Final(errors.New("disk full")) {
		t.Error("what may pass is final")
	}
}
