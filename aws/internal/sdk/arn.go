package sdk

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// ARN is the name of a resource in all of AWS
// (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html).
type ARN struct {
	Region   string // "" of a bucket
	Account  string // "" of a bucket
	Resource string

	domain string // of the endpoints in its partition
}

var errNoARN = errors.New("this is not the ARN of such a resource")

// ParseARN reads the ARN of a service's resource. Its error does not repeat the
// text.
func ParseARN(text, service string) (ARN, error) {
	parts := strings.SplitN(text, ":", 6)
	if len(parts) != 6 || parts[0] != "arn" || parts[2] != service || parts[5] == "" {
		return ARN{}, errNoARN
	}
	a := ARN{Region: parts[3], Account: parts[4], Resource: parts[5]}
	for _, p := range partitions {
		if p.name == parts[1] {
			a.domain = p.domain
		}
	}
	switch {
	case a.domain == "":
		return ARN{}, errors.New("this ARN is of no partition that is known here")
	case a.Region+a.Account != "" && (!isRegion(a.Region) || !IsAccount(a.Account)):
		return ARN{}, errNoARN
	case a.Region != "" && partitionOf(a.Region) != parts[1]:
		return ARN{}, fmt.Errorf("this ARN says partition %s, but its region %s is in %s", parts[1], a.Region, partitionOf(a.Region))
	}
	return a, nil
}

// IsAccount reports whether a text has the form of an account's id.
func IsAccount(text string) bool { return len(text) == 12 && consistsOf(text, '0', '9') }

// isRegion reports whether a text has the form of a region: small letters in two
// or more parts and a number, as in us-gov-west-1. A zone (us-east-1a) has not.
func isRegion(text string) bool {
	parts := strings.Split(text, "-")
	last := len(parts) - 1
	return last >= 2 && consistsOf(parts[last], '0', '9') &&
		!slices.ContainsFunc(parts[:last], func(part string) bool { return !consistsOf(part, 'a', 'z') })
}

func consistsOf(text string, first, last rune) bool {
	return text != "" && !strings.ContainsFunc(text, func(r rune) bool { return r < first || r > last })
}

// Host is where the service is reached in the ARN's region.
func (a ARN) Host(service string) string { return service + "." + a.Region + "." + a.domain }

// partitions are those of
// https://github.com/aws/aws-sdk-go-v2/blob/main/internal/endpoints/awsrulesfn/partitions.json,
// the one without a prefix last.
var partitions = [...]struct{ name, prefix, domain string }{
	{"aws-cn", "cn-", "amazonaws.com.cn"},
	{"aws-us-gov", "us-gov-", "amazonaws.com"},
	{"aws-eusc", "eusc-", "amazonaws.eu"},
	{"aws-iso", "us-iso-", "c2s.ic.gov"},
	{"aws-iso-b", "us-isob-", "sc2s.sgov.gov"},
	{"aws-iso-e", "eu-isoe-", "cloud.adc-e.uk"},
	{"aws-iso-f", "us-isof-", "csp.hci.ic.gov"},
	{"aws", "", "amazonaws.com"},
}

func partitionOf(region string) string {
	for _, p := range partitions {
		if strings.HasPrefix(region, p.prefix) {
			return p.name
		}
	}
	return ""
}

// RegionOf returns the region that the name of one of a service's endpoints
// tells, "" if it tells none: SERVICE.REGION.amazonaws.com, its dual-stack, FIPS
// and VPC forms, and those of the other partitions.
func RegionOf(host, service string) string {
	ours := strings.HasSuffix(host, ".api.aws") || strings.HasSuffix(host, ".api.amazonwebservices.com.cn")
	for _, p := range partitions {
		ours = ours || strings.HasSuffix(host, "."+p.domain)
	}
	labels := strings.Split(host, ".")
	for i, label := range labels[1:] {
		if before := labels[i]; ours && (before == service || before == service+"-fips") && strings.Contains(label, "-") {
			return label
		}
	}
	return ""
}
