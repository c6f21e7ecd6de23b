package payload

import (
	"iter"
	"maps"
	"slices"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/labelhook/labelhook/core/annotation"
	"github.com/labelhook/labelhook/internal/jsonscan"
)

// LabelEvent is the payload of the three label events, v1 and v2 alike. It has
// the form of v2, into which v1 is read: one project with one label. Members
// that Labelbox leaves out or sets to null are zero.
//
// Each part keeps its Raw JSON, with whatever members this package does not
// know. Raw values are parts of the delivery's body and must not be changed.
type LabelEvent struct {
	Event   Event   `json:"-"` // created, updated or deleted
	Version Version `json:"-"`

	DataRow  DataRow             `json:"data_row" beside:"metadata_fields attachments"`
	Projects map[string]*Project `json:"projects"` // by project id; v2 may hold several
	Media    Media               `json:"media_attributes"`
	Raw      jsontext.Value      `json:"-"`
}

// DataRow is the thing that was labeled.
type DataRow struct {
	ID         string         `json:"id"`
	ExternalID string         `json:"external_id"`
	GlobalKey  string         `json:"global_key"` // v2 only
	RowData    string         `json:"row_data"`   // the asset's URL, maybe signed and expiring; or inline content
	Metadata   jsontext.Value `json:"metadata_fields"`
	Details    DataRowDetails `json:"details" beside:"created_at updated_at"`

	// Attachments are what labelers are shown beside the asset, if the payload
	// lists them.
	Attachments []Attachment   `json:"attachments,omitempty"`
	Raw         jsontext.Value `json:"-"`
}

// Attachment is something shown beside a data row.
type Attachment struct {
	Type  string         `json:"type" also:"attachment_type"` // "IMAGE", "VIDEO", "RAW_TEXT", …
	Name  string         `json:"name" also:"attachment_name"`
	Value string         `json:"value" also:"attachment_value"` // a URL, or the text itself
	Raw   jsontext.Value `json:"-"`
}

// DataRowDetails says where a data row comes from. Times are UTC.
type DataRowDetails struct {
	DatasetID   string    `json:"dataset_id"`
	DatasetName string    `json:"dataset_name"`
	CreatedAt   time.Time `json:"created_at,omitzero"`
	UpdatedAt   time.Time `json:"updated_at,omitzero"`
	CreatedBy   string    `json:"created_by"`

	// LastActivityAt is when a label, review, comment, metadata or the workflow
	// status of the data row last changed.
	LastActivityAt time.Time `json:"last_activity_at,omitzero"`
}

// Project is a project that the data row is labeled in.
type Project struct {
	ID      string         `json:"-" also:"id"`
	Name    string         `json:"project_name" also:"name"`
	Labels  []*Label       `json:"labels"`
	Details ProjectDetails `json:"project_details"`
	Raw     jsontext.Value `json:"-"`
}

// ProjectDetails says how the data row stands in the project. v2 only.
type ProjectDetails struct {
	OntologyID string `json:"ontology_id"`
	BatchID    string `json:"batch_id"`
	BatchName  string `json:"batch_name"`
	Priority   int    `json:"priority"`
	Status     string `json:"workflow_status"` // "IN_REVIEW", "DONE", …
	TaskID     string `json:"task_id,omitempty"`
	TaskName   string `json:"task_name,omitempty"` // of the workflow task it waits in

	// SelectedLabelID names the label that counts, where there are several.
	SelectedLabelID string `json:"selected_label_id,omitempty"`

	ConsensusExpected Count          `json:"consensus_expected_label_count"`
	History           []WorkflowStep `json:"workflow_history,omitempty"` // newest first
	Raw               jsontext.Value `json:"-"`
}

// Count is a number that Labelbox writes as 1 or as {"Int32":1,"Valid":true};
// null and "Valid":false are 0.
type Count int

// UnmarshalJSON reads both forms; anything else is 0.
func (n *Count) UnmarshalJSON(b []byte) error {
	c := newCursor(b)
	*n = Count(c.count())
	return nil
}

// Label is one label: all that one labeler said about a data row.
type Label struct {
	ID          string             `json:"id"`
	ProjectID   string             `json:"-"`
	Kind        string             `json:"label_kind"` // "Default", "Video", …; "" in v1
	Details     LabelDetails       `json:"label_details"`
	Performance PerformanceDetails `json:"performance_details"`
	Deleted     bool               `json:"-"` // v1 says so; in v2 only the event does
	Agreement   float64            `json:"-"` // v1 only, 0 to 1
	Selected    bool               `json:"-"` // the project's SelectedLabelID is this one's
	Media       *Media             `json:"-"` // of the payload that the label is in

	// Content is the undecoded annotations; see [Label.Annotations]. v1 sends
	// them as JSON inside a string, which is undone here. Text in its place that
	// is not JSON ("Skip" in very old labels) is kept as it is.
	Content jsontext.Value `json:"annotations"`
	Raw     jsontext.Value `json:"-"`
}

// LabelDetails says who made a label, and when. Times are UTC.
type LabelDetails struct {
	CreatedAt time.Time `json:"created_at,omitzero"`
	UpdatedAt time.Time `json:"updated_at,omitzero"`
	CreatedBy string    `json:"created_by"` // an e-mail address

	// ContentUpdatedAt is when what was drawn or answered last changed.
	// UpdatedAt moves with reviews, too.
	ContentUpdatedAt time.Time `json:"content_last_updated_at,omitzero"`
	Reviews          []Review  `json:"reviews,omitempty"`
}

// PerformanceDetails says what a label cost and how good it was.
type PerformanceDetails struct {
	SecondsToCreate float64 `json:"seconds_to_create"`
	SecondsToReview float64 `json:"seconds_to_review"`
	Skipped         bool    `json:"skipped"`
	BenchmarkScore  float64 `json:"benchmark_score"` // 0 to 1
	ConsensusScore  float64 `json:"consensus_score"` // 0 to 1

	// BenchmarkReference is the id of the label that BenchmarkScore compares
	// with.
	BenchmarkReference string `json:"benchmark_reference_label,omitempty"`
}

// Media describes the asset. Members that make no sense for its kind are zero.
type Media struct {
	AssetType     string         `json:"asset_type"` // "image", "video", "text", …
	MimeType      string         `json:"mime_type"`
	Width         float64        `json:"width"`  // pixels
	Height        float64        `json:"height"` // pixels
	ContentLength float64        `json:"content_length"`
	EXIFRotation  float64        `json:"exif_rotation"` // 1 to 8
	FrameRate     float64        `json:"frame_rate"`    // frames a second
	FrameCount    float64        `json:"frame_count"`
	PageCount     float64        `json:"page_count"`
	Raw           jsontext.Value `json:"-"`
}

// DecodeLabel decodes the payload of a label event, which says of itself neither
// what happened nor, but by its shape, its version: see [Identify]. Every
// variation that Labelbox has been seen to send is accepted; a member of the
// wrong type is zero and costs nothing else. The error matches [ErrDecode].
func DecodeLabel(event Event, version Version, body []byte) (*LabelEvent, error) {
	e := &LabelEvent{Event: event, Version: version}
	var err error
	if version == V1 {
		err = e.decodeV1(body)
	} else {
		err = decode(body, e)
	}
	if err != nil {
		return nil, err
	}
	e.Raw = body
	for _, p := range e.Projects {
		for _, l := range p.Labels {
			l.Media = &e.Media
			l.Selected = l.ID != "" && l.ID == p.Details.SelectedLabelID
		}
	}
	return e, nil
}

// Annotations decodes what all labels of the event say, together. Where a data
// row has several labels, as with consensus, each says the same of the same asset
// once more: [LabelEvent.Selected] gives those that count, and the LabelRef of
// each annotation says whose it is. It decodes anew on each call; the error is
// that of [annotation.Read].
func (e *LabelEvent) Annotations() (*annotation.Set, error) {
	var labels []annotation.Content
	for l := range e.Labels() {
		content := l.content()
		content.Checked = e.Version != V1 // there it is a part of the body, not a text of its own
		labels = append(labels, content)
	}
	return annotation.Read(e.Media.size(), labels...)
}

// Annotations decodes what the label says, anew on each call. The error is that
// of [annotation.Read].
func (l *Label) Annotations() (*annotation.Set, error) {
	return annotation.Read(l.Media.size(), l.content())
}

func (l *Label) content() annotation.Content {
	return annotation.Content{JSON: l.Content, Label: annotation.LabelRef{
		ID: l.ID, ProjectID: l.ProjectID, CreatedBy: l.Details.CreatedBy,
		Selected: l.Selected, Skipped: l.Performance.Skipped, Deleted: l.Deleted,
	}}
}

// Selected yields the label that counts of each project, ordered by project id.
// It is what training should use: a data row may have a label by each of several
// people (consensus), and skipped or deleted ones. See [Project.Selected].
func (e *LabelEvent) Selected() iter.Seq[*Label] {
	return func(yield func(*Label) bool) {
		for _, id := range slices.Sorted(maps.Keys(e.Projects)) {
			if l := e.Projects[id].Selected(); l != nil && !yield(l) {
				return
			}
		}
	}
}

// Selected returns the label that counts: the one that SelectedLabelID names, or
// where there is none the newest that was neither skipped nor deleted. It is nil
// if no label here does. To choose otherwise, such as by BenchmarkScore or
// ConsensusScore, look at all of Labels.
func (p *Project) Selected() *Label {
	var newest *Label
	for _, l := range p.Labels {
		switch {
		case p.Details.SelectedLabelID != "":
			if l.ID == p.Details.SelectedLabelID {
				return l
			}
		case l.Performance.Skipped || l.Deleted:
		case newest == nil || newest.Details.UpdatedAt.Before(l.Details.UpdatedAt):
			newest = l
		}
	}
	return newest
}

// Labels yields the labels of all projects, ordered by project id; see Selected
// for those that count.
func (e *LabelEvent) Labels() iter.Seq[*Label] {
	return func(yield func(*Label) bool) {
		for _, id := range slices.Sorted(maps.Keys(e.Projects)) {
			for _, l := range e.Projects[id].Labels {
				if !yield(l) {
					return
				}
			}
		}
	}
}

// labelV1 is what a v1 webhook sends: a label, with all else as a part of it.
type labelV1 struct {
	ID        string    `json:"id"`
	Content   contentV1 `json:"label"`
	CreatedAt time.Time `json:"created_at"`
	UpdatedAt time.Time `json:"updated_at"`
	Seconds   float64   `json:"seconds_to_label"`
	Skipped   bool      `json:"skipped"`
	Deleted   bool      `json:"deleted"`
	Agreement float64   `json:"agreement"`
	Benchmark float64   `json:"benchmark_agreement"`
	DataRow   DataRow   `json:"data_row"`
	Project   Project   `json:"project"`

	User struct {
		Email string `json:"email"`
	} `json:"user"`
	Dataset struct {
		ID   string `json:"id"`
		Name string `json:"name"`
	} `json:"dataset"`
}

// contentV1 is JSON that v1 sends inside a string.
type contentV1 jsontext.Value

func (c *cursor) contentV1() contentV1 {
	if c.Kind() != '"' {
		return contentV1(c.Raw())
	}
	inside := c.Quoted()
	return jsonscan.AppendUnescaped(make([]byte, 0, len(inside)), inside)
}

// decodeV1 brings a v1 label into the form of v2.
func (e *LabelEvent) decodeV1(body []byte) error {
	v1 := new(labelV1)
	if err := decode(body, v1); err != nil {
		return err
	}
	e.DataRow = v1.DataRow
	e.DataRow.Details.DatasetID, e.DataRow.Details.DatasetName = v1.Dataset.ID, v1.Dataset.Name
	e.Projects = map[string]*Project{v1.Project.ID: &v1.Project}
	label := &Label{
		ID: v1.ID, ProjectID: v1.Project.ID, Content: jsontext.Value(v1.Content), Raw: body,
		Details:     LabelDetails{CreatedAt: v1.CreatedAt, UpdatedAt: v1.UpdatedAt, CreatedBy: v1.User.Email},
		Performance: PerformanceDetails{SecondsToCreate: v1.Seconds, Skipped: v1.Skipped, BenchmarkScore: v1.Benchmark},
		Deleted:     v1.Deleted || e.Event == LabelDeleted,
		Agreement:   v1.Agreement,
	}
	v1.Project.Labels = append([]*Label{label}, v1.Project.Labels...)
	return nil
}

// size is what annotations need of it.
func (m *Media) size() annotation.AssetSize {
	if m == nil {
		return annotation.AssetSize{}
	}
	return annotation.AssetSize{Width: m.Width, Height: m.Height, Rotation: m.EXIFRotation}
}
