package payload

import (
	"github.com/go-json-experiment/json/jsontext"

	"github.com/labelhook/labelhook/internal/jsonscan"
)

// Attachment is something shown beside a data row.
type Attachment struct {
	Type  string         `json:"type"` // "IMAGE", "VIDEO", "RAW_TEXT", …
	Name  string         `json:"name"`
	Value string         `json:"value"` // a URL, or the text itself
	Raw   jsontext.Value `json:"-"`
}

func (r *DataRow) readAttachments(c *cursor) {
	for range c.Elements {
		if c.Vacant() || !c.MustAfford(attachmentSize) {
			continue
		}
		var a Attachment
		from := c.Here()
		for name := range c.Members {
			switch string(c.snake(name)) {
			case "type", "attachment_type":
				a.Type = c.Text()
			case "name", "attachment_name":
				a.Name = c.Text()
			case "value", "attachment_value":
				a.Value = c.Text()
			}
		}
		a.Raw = c.Since(from)
		r.Attachments = append(jsonscan.Room(r.Attachments, &c.Scanner), a)
	}
}
