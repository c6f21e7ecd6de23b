package payload

import (
	"iter"
	"maps"
	"slices"
	"time"
	"unsafe"

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

	DataRow  DataRow             `json:"data_row"`
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
	Details    DataRowDetails `json:"details"`

	// Attachments are what labelers are shown beside the asset, if the payload
	// lists them.
	Attachments []Attachment   `json:"attachments,omitempty"`
	Raw         jsontext.Value `json:"-"`
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
	ID      string         `json:"-"`
	Name    string         `json:"project_name"`
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
	e := &LabelEvent{Event: event, Version: version, Raw: body}
	c := strictCursor(body)
	if version == V1 {
		e.readV1(&c)
	} else {
		e.readV2(&c)
	}
	if err := c.end(); err != nil {
		return nil, err
	}
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

// What the parts of a payload take of memory, in bytes.
const (
	projectSize    = int(unsafe.Sizeof(Project{}))
	labelSize      = int(unsafe.Sizeof(Label{}))
	stepSize       = int(unsafe.Sizeof(WorkflowStep{}))
	reviewSize     = int(unsafe.Sizeof(Review{}))
	attachmentSize = int(unsafe.Sizeof(Attachment{}))
)

func (e *LabelEvent) readV2(c *cursor) {
	for name := range c.Members {
		switch string(c.snake(name)) {
		case "data_row":
			e.DataRow.read(c)
		case "projects":
			e.Projects = make(map[string]*Project, 1)
			for id := range c.Members {
				if !c.MustAfford(2 * projectSize) {
					return
				}
				p := &Project{ID: c.Unescape(id)}
				p.read(c)
				e.Projects[p.ID] = p
			}
		case "media_attributes":
			e.Media.read(c)
		case "metadata_fields": // an export row has them out here
			e.DataRow.Metadata = c.Raw()
		case "attachments":
			e.DataRow.readAttachments(c)
		}
	}
}

// readV1 brings a v1 label into the form of v2.
func (e *LabelEvent) readV1(c *cursor) {
	label := &Label{Raw: e.Raw, Deleted: e.Event == LabelDeleted}
	project := &Project{Labels: []*Label{label}}
	var dataset DataRowDetails
	for name := range c.Members {
		switch string(c.snake(name)) {
		case "id":
			label.ID = c.Text()
		case "label":
			if c.Kind() == '"' {
				inside := c.Quoted()
				label.Content = jsonscan.AppendUnescaped(make([]byte, 0, len(inside)), inside)
			} else {
				label.Content = c.Raw()
			}
		case "created_at":
			label.Details.CreatedAt = c.moment()
		case "updated_at":
			label.Details.UpdatedAt = c.moment()
		case "user":
			for name := range c.Members {
				if string(name) == "email" {
					label.Details.CreatedBy = c.Text()
				}
			}
		case "seconds_to_label":
			label.Performance.SecondsToCreate = c.Number()
		case "skipped":
			label.Performance.Skipped = c.Truth()
		case "deleted":
			label.Deleted = c.Truth() || label.Deleted
		case "agreement":
			label.Agreement = c.Number()
		case "benchmark_agreement":
			label.Performance.BenchmarkScore = c.Number()
		case "data_row":
			e.DataRow.read(c)
		case "dataset":
			dataset.readDataset(c)
		case "project":
			project.read(c)
		}
	}
	e.DataRow.Details.DatasetID, e.DataRow.Details.DatasetName = dataset.DatasetID, dataset.DatasetName
	label.ProjectID = project.ID
	e.Projects = map[string]*Project{project.ID: project}
}

func (r *DataRow) read(c *cursor) {
	from := c.Here()
	for name := range c.Members {
		switch string(c.snake(name)) {
		case "id":
			r.ID = c.Text()
		case "external_id":
			r.ExternalID = c.Text()
		case "global_key":
			r.GlobalKey = c.Text()
		case "row_data":
			r.RowData = c.Text()
		case "metadata_fields":
			r.Metadata = c.Raw()
		case "attachments":
			r.readAttachments(c)
		case "details":
			r.Details.read(c)
		case "created_at": // v1 has no details
			r.Details.CreatedAt = c.moment()
		case "updated_at":
			r.Details.UpdatedAt = c.moment()
		}
	}
	r.Raw = c.Since(from)
}

func (d *DataRowDetails) read(c *cursor) {
	for name := range c.Members {
		switch string(c.snake(name)) {
		case "dataset_id":
			d.DatasetID = c.Text()
		case "dataset_name":
			d.DatasetName = c.Text()
		case "created_at":
			d.CreatedAt = c.moment()
		case "updated_at":
			d.UpdatedAt = c.moment()
		case "last_activity_at":
			d.LastActivityAt = c.moment()
		case "created_by":
			d.CreatedBy = c.Text()
		}
	}
}

// readDataset reads v1's dataset, which v2 has among the data row's details.
func (d *DataRowDetails) readDataset(c *cursor) {
	for name := range c.Members {
		switch string(c.snake(name)) {
		case "id":
			d.DatasetID = c.Text()
		case "name":
			d.DatasetName = c.Text()
		}
	}
}

func (p *Project) read(c *cursor) {
	from := c.Here()
	for name := range c.Members {
		switch string(c.snake(name)) {
		case "id": // v1; in v2 it is the name of the member that holds the project
			p.ID = c.Text()
		case "name", "project_name":
			p.Name = c.Text()
		case "labels":
			for range c.Elements {
				if c.Vacant() {
					continue
				}
				if !c.MustAfford(labelSize) {
					return
				}
				l := &Label{ProjectID: p.ID}
				l.read(c)
				p.Labels = append(jsonscan.Room(p.Labels, &c.Scanner), l)
			}
		case "project_details":
			p.Details.read(c)
		}
	}
	p.Raw = c.Since(from)
}

func (d *ProjectDetails) read(c *cursor) {
	from := c.Here()
	for name := range c.Members {
		switch string(c.snake(name)) {
		case "ontology_id":
			d.OntologyID = c.Text()
		case "batch_id":
			d.BatchID = c.Text()
		case "batch_name":
			d.BatchName = c.Text()
		case "priority":
			d.Priority, _ = c.Integer()
		case "workflow_status":
			d.Status = c.Text()
		case "task_id":
			d.TaskID = c.Text()
		case "task_name":
			d.TaskName = c.Text()
		case "selected_label_id":
			d.SelectedLabelID = c.Text()
		case "workflow_history":
			for range c.Elements {
				if !c.Vacant() && c.MustAfford(stepSize) {
					var step WorkflowStep
					step.read(c)
					d.History = append(jsonscan.Room(d.History, &c.Scanner), step)
				}
			}
		case "consensus_expected_label_count":
			d.ConsensusExpected = Count(c.count())
		}
	}
	d.Raw = c.Since(from)
}

func (l *Label) read(c *cursor) {
	from := c.Here()
	for name := range c.Members {
		switch string(c.snake(name)) {
		case "id":
			l.ID = c.Text()
		case "label_kind":
			l.Kind = c.Text()
		case "label_details":
			l.Details.read(c)
		case "performance_details":
			l.Performance.read(c)
		case "annotations":
			l.Content = c.Raw()
		}
	}
	l.Raw = c.Since(from)
}

func (d *LabelDetails) read(c *cursor) {
	for name := range c.Members {
		switch string(c.snake(name)) {
		case "created_at":
			d.CreatedAt = c.moment()
		case "updated_at":
			d.UpdatedAt = c.moment()
		case "created_by":
			d.CreatedBy = c.Text()
		case "content_last_updated_at":
			d.ContentUpdatedAt = c.moment()
		case "reviews":
			for range c.Elements {
				if !c.Vacant() && c.MustAfford(reviewSize) {
					var r Review
					r.read(c)
					d.Reviews = append(jsonscan.Room(d.Reviews, &c.Scanner), r)
				}
			}
		}
	}
}

func (d *PerformanceDetails) read(c *cursor) {
	for name := range c.Members {
		switch string(c.snake(name)) {
		case "seconds_to_create":
			d.SecondsToCreate = c.Number()
		case "seconds_to_review":
			d.SecondsToReview = c.Number()
		case "skipped":
			d.Skipped = c.Truth()
		case "benchmark_score":
			d.BenchmarkScore = c.Number()
		case "consensus_score":
			d.ConsensusScore = c.Number()
		case "benchmark_reference_label":
			d.BenchmarkReference = c.Text()
		}
	}
}

func (m *Media) read(c *cursor) {
	from := c.Here()
	for name := range c.Members {
		switch string(c.snake(name)) {
		case "asset_type":
			m.AssetType = c.Text()
		case "mime_type":
			m.MimeType = c.Text()
		case "width":
			m.Width = c.Number()
		case "height":
			m.Height = c.Number()
		case "content_length":
			m.ContentLength = c.Number()
		case "exif_rotation":
			m.EXIFRotation = c.Number()
		case "frame_rate":
			m.FrameRate = c.Number()
		case "frame_count":
			m.FrameCount = c.Number()
		case "page_count":
			m.PageCount = c.Number()
		}
	}
	m.Raw = c.Since(from)
}

// size is what annotations need of it.
func (m *Media) size() annotation.AssetSize {
	if m == nil {
		return annotation.AssetSize{}
	}
	return annotation.AssetSize{Width: m.Width, Height: m.Height, Rotation: m.EXIFRotation}
}
