package interest_test

import (
	"fmt"
	"slices"

	"natsd/internal/interest"
)

func ExampleIndex() {
	x := interest.New[string]()
	x.Insert("orders.new", "", "alice")
	x.Insert("orders.*", "", "bob")
	x.Insert("orders.>", "workers", "carol")
	x.Insert("orders.new", "workers", "dave")

	var r interest.Result[string]
	x.Match([]byte("orders.new"), &r)
	slices.Sort(r.Plain)
	fmt.Println("each of", r.Plain)
	for _, g := range r.Groups {
		slices.Sort(g.Members)
		fmt.Println("one of", g.Name, g.Members)
	}
	// Output:
	// each of [alice bob]
	// one of workers [carol dave]
}

func ExampleIndex_Walk() {
	x := interest.New[int]()
	x.Insert("orders.new", "", 1)
	x.Insert("orders.*", "workers", 2)

	for cursor, more := 0, true; more; more = cursor != 0 {
		cursor = x.Walk(cursor, 100, func(filter, queue string, v int) {
			fmt.Printf("%s %q %d\n", filter, queue, v)
		})
	}
	// Output:
	// orders.new "" 1
	// orders.* "workers" 2
}
