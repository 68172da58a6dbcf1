package sealing

import (
	crand "crypto/rand"
	"slices"
	"testing"
)

func fresh() string { return crand.Text() }

func TestPageList(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		typed string
		pages int
		want  []int
	}{
		{"3", 5, []int{3}}, {"1,3,5-7", 9, []int{1, 3, 5, 6, 7}}, {"2、1，1", 3, []int{1, 2}}, {" 1 - 2 ", 2, []int{1, 2}},
		{"", 3, nil}, {"0", 3, nil}, {"4", 3, nil}, {"3-1", 3, nil}, {"1-999999999", 3, nil}, {"一", 3, nil}, {"1,", 3, nil}, {"-1", 3, nil},
	} {
		got, err := pageList(c.typed, c.pages)
		if !slices.Equal(got, c.want) || (err == nil) != (c.want != nil) {
			t.Errorf("%q of %d: %v, %v", c.typed, c.pages, got, err)
		}
	}
}

func TestRunsOf(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		from, to, most int
		want           [][2]int
	}{
		{1, 30, 42, [][2]int{{1, 30}}}, {1, 85, 42, [][2]int{{1, 28}, {29, 56}, {57, 85}}}, {3, 3, 42, [][2]int{{3, 3}}}, {1, 43, 42, [][2]int{{1, 21}, {22, 43}}},
	} {
		got := runsOf(c.from, c.to, c.most)
		if !slices.Equal(got, c.want) {
			t.Errorf("%d to %d by %d: %v, want %v", c.from, c.to, c.most, got, c.want)
		}
	}
}

func TestGroupsClose(t *testing.T) {
	t.Parallel()
	list := []chosen{{Group: 2}, {Group: 2}, {Group: 5}, {Group: 9}}
	closeGaps(list)
	for i, want := range []int{1, 1, 2, 3} {
		if list[i].Group != want {
			t.Errorf("seal %d is in group %d, want %d", i, list[i].Group, want)
		}
	}
}
