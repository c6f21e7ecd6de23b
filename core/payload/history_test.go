package payload_test

import (
	"encoding/json"
	"reflect"
	"testing"

	"github.com/labelhook/labelhook/core/payload"
)

// What an export row says beyond a webhook's body is typed too, in both
// spellings.
func TestLabelHistory(t *testing.T) {
	want := struct {
		attachments []payload.Attachment
		details     payload.DataRowDetails
		label       payload.LabelDetails
		project     payload.ProjectDetails
	}{
		attachments: []payload.Attachment{{Type: "RAW_TEXT", Name: "note", Value: "look left"}, {Type: "IMAGE", Value: "https://example.com/a.png"}},
		details:     payload.DataRowDetails{DatasetID: "ds", LastActivityAt: date("2026-03-02T10:00:00Z")},
		label: payload.LabelDetails{
			UpdatedAt:        date("2026-03-01T09:00:02Z"),
			ContentUpdatedAt: date("2026-03-01T09:00:00.513Z"),
			Reviews:          []payload.Review{{ReviewedAt: date("2026-03-02T10:00:00Z"), ReviewedBy: "r@example.com"}},
		},
		project: payload.ProjectDetails{
			BatchName: "b", TaskID: "t2", TaskName: "Initial review task", SelectedLabelID: "l1", ConsensusExpected: 2,
			History: []payload.WorkflowStep{
				{Action: "Approve", CreatedAt: date("2026-03-02T10:00:00Z"), CreatedBy: "r@example.com", PreviousTaskID: "t2", PreviousTaskName: "Initial review task"},
				{Action: "Move", CreatedAt: date("2026-03-01T09:00:01Z"), CreatedBy: "l@example.com", NextTaskID: "t2", NextTaskName: "Initial review task"},
			},
		},
	}
	for name, body := range map[string]string{
		"snake case": `{"data_row":{"id":"r","details":{"dataset_id":"ds","last_activity_at":"2026-03-02T10:00:00.000+00:00"}},
			"attachments":[{"type":"RAW_TEXT","name":"note","value":"look left"},{"type":"IMAGE","value":"https://example.com/a.png"}],
			"projects":{"p":{"labels":[{"id":"l1","label_details":{"updated_at":"2026-03-01T09:00:02.000+00:00","content_last_updated_at":"2026-03-01T09:00:00.513+00:00",
				"reviews":[{"reviewed_at":"2026-03-02T10:00:00.000+00:00","reviewed_by":"r@example.com"}]},"performance_details":{"benchmark_reference_label":"l0"}}],
			"project_details":{"batch_name":"b","task_id":"t2","task_name":"Initial review task","selected_label_id":"l1","consensus_expected_label_count":2,"workflow_history":[
				{"action":"Approve","created_at":"2026-03-02T10:00:00.000+00:00","created_by":"r@example.com","previous_task_id":"t2","previous_task_name":"Initial review task"},
				{"action":"Move","created_at":"2026-03-01T09:00:01.000+00:00","created_by":"l@example.com","next_task_id":"t2","next_task_name":"Initial review task"}]}}}}`,
		"camel case": `{"data_row":{"id":"r","details":{"datasetId":"ds","lastActivityAt":"2026-03-02T10:00:00Z"},
			"attachments":[{"attachmentType":"RAW_TEXT","attachmentName":"note","attachmentValue":"look left"},{"type":"IMAGE","name":null,"value":"https://example.com/a.png"}]},
			"projects":{"p":{"labels":[{"id":"l1","labelDetails":{"updatedAt":"2026-03-01T09:00:02Z","contentLastUpdatedAt":"2026-03-01T09:00:00.513Z",
				"reviews":[{"createdAt":"2026-03-02T10:00:00Z","createdBy":"r@example.com"}]},"performanceDetails":{"benchmarkReferenceLabel":"l0"}}],
			"projectDetails":{"batchName":"b","taskId":"t2","taskName":"Initial review task","selectedLabelId":"l1","consensusExpectedLabelCount":{"Int32":2,"Valid":true},"workflowHistory":[
				{"action":"Approve","createdAt":"2026-03-02T10:00:00Z","actorId":"r@example.com","previousTaskId":"t2","previousTaskName":"Initial review task","nextTaskId":null},
				{"action":"Move","createdAt":"2026-03-01T09:00:01Z","actorId":"l@example.com","nextTaskId":"t2","nextTaskName":"Initial review task"}]}}}}`,
	} {
		t.Run(name, func(t *testing.T) {
			e, err := identified("LABEL_CREATED", []byte(body)).Label()
			if err != nil {
				t.Fatal(err)
			}
			p := e.Projects["p"]
			for i, a := range e.DataRow.Attachments {
				if !json.Valid(a.Raw) {
					t.Errorf("raw attachment %s", a.Raw)
				}
				e.DataRow.Attachments[i].Raw = nil
			}
			for i, s := range p.Details.History {
				if !json.Valid(s.Raw) {
					t.Errorf("raw step %s", s.Raw)
				}
				p.Details.History[i].Raw = nil
			}
			for i, r := range p.Labels[0].Details.Reviews {
				if !json.Valid(r.Raw) {
					t.Errorf("raw review %s", r.Raw)
				}
				p.Labels[0].Details.Reviews[i].Raw = nil
			}
			p.Details.Raw = nil
			got := want
			got.attachments, got.details, got.label, got.project = e.DataRow.Attachments, e.DataRow.Details, p.Labels[0].Details, p.Details
			if !reflect.DeepEqual(got, want) {
				t.Errorf("got  %+v\nwant %+v", got, want)
			}
			if ref := p.Labels[0].Performance.BenchmarkReference; ref != "l0" {
				t.Errorf("benchmark reference %q", ref)
			}
		})
	}
}

// One review of a form unknown here costs nothing but itself.
func TestLabelHistoryOfOtherForms(t *testing.T) {
	e, err := identified("LABEL_CREATED", []byte(`{"data_row":{"id":"r"},"attachments":{"a":1},"projects":{"p":{"labels":[{"label_details":{"reviews":[7,{"score":-1,"new":true}]}}],
		"project_details":{"workflow_history":["moved",null]}}}}`)).Label()
	if err != nil {
		t.Fatal(err)
	}
	p := e.Projects["p"]
	reviews := p.Labels[0].Details.Reviews
	if len(reviews) != 2 || string(reviews[0].Raw) != "7" || reviews[1].Score != -1 || string(reviews[1].Raw) != `{"score":-1,"new":true}` {
		t.Errorf("reviews %+v", reviews)
	}
	if h := p.Details.History; len(h) != 1 || string(h[0].Raw) != `"moved"` || len(e.DataRow.Attachments) != 0 {
		t.Errorf("history %+v, attachments %+v", h, e.DataRow.Attachments)
	}
}
