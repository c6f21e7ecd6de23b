module github.com/labelhook/labelhook/bench

go 1.26.0

require (
	github.com/go-json-experiment/json v1.27.2
	github.com/go-playground/webhooks/v6 v6.4.0
	github.com/google/go-github/v84 v84.0.0
	github.com/labelhook/labelhook v0.0.0
	github.com/standard-webhooks/standard-webhooks/libraries v0.0.1
	github.com/stripe/stripe-go/v84 v84.4.1
)

require (
	github.com/google/go-querystring v1.2.0 // indirect
	github.com/tidwall/gjson v1.20.1 // indirect
	github.com/tidwall/match v1.1.1 // indirect
	github.com/tidwall/pretty v1.2.0 // indirect
	github.com/tidwall/sjson v1.2.7 // indirect
)

replace github.com/labelhook/labelhook => ../
