package subject_test

import (
	"fmt"

	"natsd/internal/subject"
)

func ExampleMatches() {
	fmt.Println(subject.Matches("orders.*", "orders.eu"))
	fmt.Println(subject.Matches("orders.*", "orders.eu.berlin"))
	fmt.Println(subject.Matches("orders.>", "orders.eu.berlin"))
	// Output:
	// true
	// false
	// true
}

func ExampleCovers() {
	fmt.Println(subject.Covers("orders.>", "orders.*.new"))
	fmt.Println(subject.Covers("orders.*", "orders.>"))
	// Output:
	// true
	// false
}

func ExampleOverlaps() {
	fmt.Println(subject.Overlaps("orders.*.new", "orders.eu.>"))
	// Output: true
}
