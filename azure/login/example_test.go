package login_test

import (
	"fmt"

	"github.com/labelhook/labelhook/azure/login"
	"github.com/labelhook/labelhook/azure/queue"
)

func Example() {
	login.Use()
	q, err := queue.OpenQueue("azqueue://examplelabels/deliveries") // nothing is asked of Azure yet
	fmt.Println(q, err)
	// Output: azqueue://examplelabels/deliveries <nil>
}
