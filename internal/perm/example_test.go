package perm_test

import (
	"fmt"

	"natsd/internal/perm"
)

func ExampleSet() {
	set, err := perm.Compile(&perm.Rules{
		Publish:   &perm.SubjectRules{Allow: []string{"orders.*"}},
		Subscribe: &perm.SubjectRules{Allow: []string{"orders.>", "jobs workers"}, Deny: []string{"orders.secret"}},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("publish orders.new:", set.Publish([]byte("orders.new")))
	fmt.Println("publish orders.new.eu:", set.Publish([]byte("orders.new.eu")))
	fmt.Println("subscribe orders.secret:", set.Subscribe([]byte("orders.secret"), nil))
	fmt.Println("subscribe jobs:", set.Subscribe([]byte("jobs"), nil))
	fmt.Println("subscribe jobs as worker:", set.Subscribe([]byte("jobs"), []byte("workers")))

	filter := set.Filter([]byte("orders.>"), nil)
	fmt.Println("orders.secret is kept from orders.>:", filter.Denies([]byte("orders.secret")))
	// Output:
	// publish orders.new: true
	// publish orders.new.eu: false
	// subscribe orders.secret: false
	// subscribe jobs: false
	// subscribe jobs as worker: true
	// orders.secret is kept from orders.>: true
}
