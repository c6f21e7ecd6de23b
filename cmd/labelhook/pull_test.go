package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	awssqs "github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/labelhook/labelhook/aws/s3"
	"github.com/labelhook/labelhook/aws/sqs"
	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/core/destination"
	"github.com/labelhook/labelhook/core/secret"
	"github.com/labelhook/labelhook/internal/pull"
	"github.com/labelhook/labelhook/internal/test/conformance"
	"github.com/labelhook/labelhook/internal/test/moto"
	"github.com/labelhook/labelhook/internal/test/required"
)

// genuine are signed deliveries: the last is more than a message holds.
func genuine(t *testing.T, n int) (all []*core.Delivery) {
	key := keyOf(t, conformance.Secret)
	for i := range n {
		body := fmt.Appendf(nil, `{"data_row":{"id":"row"},"projects":{},"number":%d,"more":"%s"}`, i, strings.Repeat("x", max(0, i-n+2)*1_100_000))
		all = append(all, core.Identify(http.Header{
			core.SignatureHeader: {core.Sign(body, key)}, core.IDHeader: {fmt.Sprintf("delivery-%d", i)}, core.EventHeader: {"LABEL_CREATED"},
			"Content-Type": {"application/json"},
		}, body))
	}
	return all
}

// pulling is "labelhook pull" on moto.
func pulling(t *testing.T, service, dir string, args ...string) *exec.Cmd {
	command := exec.Command(built(t), append([]string{"pull"}, args...)...)
	variables := maps.Clone(moto.Environment(service))
	variables["LABELBOX_WEBHOOK_SECRET"] = conformance.Secret
	command.Dir, command.Env = dir, environ(variables)
	return command
}

// sumOf runs it to its end, and returns the sum that it prints.
func sumOf(t *testing.T, command *exec.Cmd) (sum pull.Counts) {
	t.Helper()
	out, err := command.Output()
	lines := bytes.Split(bytes.TrimSpace(out), []byte("\n"))
	required.NoError(t, json.Unmarshal(lines[len(lines)-1], &sum))
	if failed := err != nil; failed != (sum.Trouble() > 0) {
		t.Errorf("ended with %v, and said %+v", err, sum)
	}
	return sum
}

// onMoto has a queue and a bucket, and a destination of each.
func onMoto(t *testing.T) (service string, client *awssqs.Client, url string, queue, bucket core.Handler) {
	service = moto.Start(t)
	c, err := config.LoadDefaultConfig(t.Context())
	required.NoError(t, err)
	client = awssqs.NewFromConfig(c)
	made, err := client.CreateQueue(t.Context(), &awssqs.CreateQueueInput{
		QueueName:  awssdk.String("labels"),
		Attributes: map[string]string{"VisibilityTimeout": "2"}, // so that what a killed process had comes back soon
	})
	required.NoError(t, err)
	_, err = awss3.NewFromConfig(c, func(o *awss3.Options) { o.UsePathStyle = true }).CreateBucket(t.Context(), &awss3.CreateBucketInput{
		Bucket: awssdk.String("labels"), CreateBucketConfiguration: &types.CreateBucketConfiguration{LocationConstraint: moto.Region},
	})
	required.NoError(t, err)
	queue, err = sqs.Open("sqs://labels")
	required.NoError(t, err)
	overflow, err := s3.Open("s3://labels/overflow")
	required.NoError(t, err)
	queue.(destination.Overflower).OverflowTo(overflow.(destination.Bucket))
	bucket, err = s3.Open("s3://labels/raw")
	required.NoError(t, err)
	return service, client, *made.QueueUrl, queue, bucket
}

func TestPullTakesAllOfAQueueOnceAlsoWhenKilled(t *testing.T) {
	service, client, url, queue, _ := onMoto(t)
	all := genuine(t, 60)
	for _, d := range all {
		required.NoError(t, queue.Handle(t.Context(), d))
	}
	forged := genuine(t, 2)[0]
	forged = core.Identify(http.Header{core.SignatureHeader: {"sha1=" + strings.Repeat("0", 40)}, core.EventHeader: {"LABEL_CREATED"}}, append(forged.Body, ' '))
	required.NoError(t, queue.Handle(t.Context(), forged))
	_, err := client.SendMessage(t.Context(), &awssqs.SendMessageInput{QueueUrl: &url, MessageBody: awssdk.String(`{"order":7}`)})
	required.NoError(t, err)

	dir := t.TempDir()
	args := []string{"sqs://labels", "--json", "--overflow", "s3://labels/overflow"}
	killed := pulling(t, service, dir, args...)
	out, err := killed.StdoutPipe()
	required.NoError(t, err)
	required.NoError(t, killed.Start())
	lines := bufio.NewScanner(out)
	for n := 0; n < 10 && lines.Scan(); n++ {
	}
	killed.Process.Kill()
	killed.Wait()

	sum := sumOf(t, pulling(t, service, dir, args...))
	if sum.Foreign != 1 || sum.Refused != 1 || sum.Failed != 0 || sum.New == 0 || sum.New >= len(all) {
		t.Errorf("the second run says %+v", sum)
	}
	checkPulled(t, filepath.Join(dir, "labelhook.db"), all)
	again := sumOf(t, pulling(t, service, dir, append(args, "--peek")...))
	if again != (pull.Counts{Foreign: 1, Refused: 1}) {
		t.Errorf("left in the queue are %+v", again)
	}
}

func TestPullReadsABucketOnce(t *testing.T) {
	service, _, _, _, bucket := onMoto(t)
	all := genuine(t, 40)
	for _, d := range all {
		required.NoError(t, bucket.Handle(t.Context(), d))
	}
	dir := t.TempDir()
	if sum := sumOf(t, pulling(t, service, dir, "s3://labels/raw", "--json")); sum != (pull.Counts{New: len(all)}) {
		t.Errorf("the first run says %+v", sum)
	}
	checkPulled(t, filepath.Join(dir, "labelhook.db"), all)
	if sum := sumOf(t, pulling(t, service, dir, "s3://labels/raw", "--json")); sum != (pull.Counts{Known: len(all)}) {
		t.Errorf("the second run says %+v", sum)
	}
}

// checkPulled wants each delivery in the inbox, once, as it was signed.
func checkPulled(t *testing.T, file string, all []*core.Delivery) {
	t.Helper()
	records := recordsOf(t, file)
	got := map[string]bool{}
	for _, r := range records {
		got[r.Key] = true
		if err := core.Verify(r.Body, r.Signature, []secret.Secret{keyOf(t, conformance.Secret)}); err != nil || r.Repeats != 0 || r.Origin != "" || r.ID == "" {
			t.Errorf("%s: %v, %d repeats, origin %q", r.Key, err, r.Repeats, r.Origin)
		}
	}
	for _, d := range all {
		if !got[d.Key()] {
			t.Errorf("%s is missing", d.ID)
		}
	}
	if len(records) != len(all) {
		t.Errorf("%d deliveries, want %d", len(records), len(all))
	}
}
