package sqs

import (
	"strings"
	"testing"

	"github.com/labelhook/labelhook/internal/test/destinationtest"
)

func TestURLs(t *testing.T) {
	const amazon, ours = "https://sqs.us-east-2.amazonaws.com/123456789012/", "http://localhost:4566/queue/us-east-1/000000000000/labels"
	long := strings.Repeat("q", 75)
	for url, want := range map[string]address{
		"labels":        {name: "labels"},
		"labels.fifo":   {name: "labels.fifo"},
		long + "qqqqq":  {name: long + "qqqqq"},
		long + ".fifo":  {name: long + ".fifo"},
		ours:            {name: "labels", url: ours},
		amazon + "lab1": {"lab1", amazon + "lab1", "us-east-2"},
		"sqs.us-east-2.amazonaws.com/123456789012/labels":                             {"labels", amazon + "labels", "us-east-2"},
		"https://SQS.us-east-2.AmazonAWS.com/123456789012/labels/":                    {"labels", amazon + "labels", "us-east-2"},
		"arn:aws:sqs:us-east-2:123456789012:labels":                                   {"labels", amazon + "labels", "us-east-2"},
		"arn:aws:sqs:us-east-2:123456789012:l.fifo":                                   {"l.fifo", amazon + "l.fifo", "us-east-2"},
		"sqs.cn-north-1.amazonaws.com.cn/123456789012/l.fifo":                         {"l.fifo", "https://sqs.cn-north-1.amazonaws.com.cn/123456789012/l.fifo", "cn-north-1"},
		"arn:aws-cn:sqs:cn-north-1:123456789012:labels":                               {"labels", "https://sqs.cn-north-1.amazonaws.com.cn/123456789012/labels", "cn-north-1"},
		"arn:aws-us-gov:sqs:us-gov-west-1:123456789012:labels":                        {"labels", "https://sqs.us-gov-west-1.amazonaws.com/123456789012/labels", "us-gov-west-1"},
		"https://sqs-fips.us-gov-west-1.amazonaws.com/123456789012/labels":            {"labels", "https://sqs-fips.us-gov-west-1.amazonaws.com/123456789012/labels", "us-gov-west-1"},
		"https://sqs.eusc-de-east-1.amazonaws.eu/123456789012/labels":                 {"labels", "https://sqs.eusc-de-east-1.amazonaws.eu/123456789012/labels", "eusc-de-east-1"},
		"https://sqs.us-east-2.api.aws/123456789012/labels":                           {"labels", "https://sqs.us-east-2.api.aws/123456789012/labels", "us-east-2"},
		"https://vpce-0a1b-2c3d.sqs.us-east-2.vpce.amazonaws.com/123456789012/labels": {"labels", "https://vpce-0a1b-2c3d.sqs.us-east-2.vpce.amazonaws.com/123456789012/labels", "us-east-2"},
		"https://us-east-2.queue.amazonaws.com/123456789012/labels":                   {"labels", "https://us-east-2.queue.amazonaws.com/123456789012/labels", "us-east-2"},
		"https://queue.amazonaws.com/123456789012/labels":                             {"labels", "https://queue.amazonaws.com/123456789012/labels", "us-east-1"},
		"https://sqs.us-east-2.example.com/123456789012/labels":                       {name: "labels", url: "https://sqs.us-east-2.example.com/123456789012/labels"},
	} {
		for _, scheme := range []string{"sqs://", "sqs:", "SQS://"} {
			if got, err := parse(scheme + url); err != nil || got != want {
				t.Errorf("%s%s is %+v, %v", scheme, url, got, err)
			}
		}
	}
	const arn = "sqs://arn:aws:sqs:us-east-2:123456789012:"
	destinationtest.CheckRefused(t, Open, "write sqs://NAME",
		"", "sqs", "sqs://", "sqs://labels/", "sqs://a.b", "sqs://.fifo", "sqs://"+long+"qqqqqq", "sqs://host/labels",
		"sqs://arn:", arn, arn+"a/b", "sqs://arn:aws:sqs:us-east-2:12345:labels", "sqs://arn:aws:sqs:::labels",
		"sqs://arn:aws:sns:us-east-2:123456789012:labels", "sqs://arn:aws:sqs:cn-north-1:123456789012:labels",
		"sqs://arn:aws-moon:sqs:us-east-2:123456789012:labels", "sqs://arn:aws:sqs:US-EAST-2:123456789012:labels",
		"sqs://arn:aws:sqs:us-east-2a:123456789012:labels", "sqs://arn:aws:sqs:useast2:123456789012:labels",
		"sqs://arn:aws:sqs:us--2:123456789012:labels", "sqs://arn:aws:sqs:-:123456789012:labels",
		"sqs://"+amazon, "sqs://"+amazon+"/labels", "sqs://https://sqs.us-east-2.amazonaws.com", "sqs://https://sqs.us-east-2.amazonaws.com/labels",
		"sqs://https://sqs.us-east-2.amazonaws.com/12345/labels", "sqs://https://sqs.us-east-2.amazonaws.com/a/123456789012/labels",
		"sqs://https:///123456789012/labels", "sqs://https://key@sqs.amazonaws.com/1/labels", "sqs://https://sqs.amazonaws.com/1/labels?key=value",
		"sqs://ftp://sqs.amazonaws.com/1/labels", "sqs://https://exa mple/1/labels", "sqs://https://sqs.amazonaws.com/1/lab%zzels")
}
