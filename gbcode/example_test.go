package gbcode_test

import (
	"fmt"

	"sidian/gbcode"
)

func ExampleParseCreditCode() {
	c, err := gbcode.ParseCreditCode("91350100M000100Y43")
	fmt.Println(c, c.Area(), c.Org().Print(), c.Mask(), err)
	_, err = gbcode.ParseCreditCode("91350100M000100Y44")
	fmt.Println(err)
	// Output:
	// 91350100M000100Y43 350100 M000100Y-4 9135**********0Y43 <nil>
	// gbcode: credit code: position 18: check character does not match
}

func ExampleParseCitizenIDLenient() {
	id, warnings, err := gbcode.ParseCitizenIDLenient("110105491231002")
	fmt.Println(id, id.Sex(), id.Birth().Format("2006-01-02"), id.Mask(), err)
	fmt.Println(warnings[0].Message)
	// Output:
	// 11010519491231002X 女 1949-12-31 110***********002X <nil>
	// 15 位身份证号已升为 18 位
}
