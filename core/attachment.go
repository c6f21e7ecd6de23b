package core

import "github.com/go-json-experiment/json/jsontext"

// Attachment is something shown beside a data row.
type Attachment struct {
	Type  string         `json:"type"` // "IMAGE", "VIDEO", "RAW_TEXT", …
	Name  string         `json:"name"`
	Value string         `json:"value"` // a URL, or the text itself
	Raw   jsontext.Value `json:"-"`
}

func (r *DataRow) readAttachments(c *cursor) {
	for range c.elements {
		if c.vacant() || !c.mustAfford(attachmentSize) {
			continue
		}
		var a Attachment
		from := c.here()
		for name := range c.members {
			switch string(name) {
			case "type", "attachment_type", "attachmentType":
				a.Type = c.text()
			case "name", "attachment_name", "attachmentName":
				a.Name = c.text()
			case "value", "attachment_value", "attachmentValue":
				a.Value = c.text()
			}
		}
		a.Raw = c.since(from)
		r.Attachments = append(room(r.Attachments, c), a)
	}
}
