package payload

import (
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"
	"unsafe"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/labelhook/labelhook/internal/jsonscan"
)

// A payload is read as its structs are tagged: a member goes into the field whose
// json tag has its name. Two tags say what else Labelbox has been seen to send:
//
//   - also lists further names of the member;
//   - beside lists members of a nested object that may stand beside it instead.

// form says where the members of an object go.
type form struct {
	members []member
	raw     []int // the field that keeps all of the object; nil if there is none
}

// member says into which field the value of a name goes.
type member struct {
	name  string
	field []int // as [reflect.Value.FieldByIndex] wants it
}

// field returns the field of a name, nil if it has none. A dozen names are found
// faster one by one than in a map.
func (f form) field(name []byte) []int {
	for i := range f.members {
		if f.members[i].name == string(name) {
			return f.members[i].field
		}
	}
	return nil
}

// forms are those of all structs in a payload, made when the first is read: most
// receivers pass payloads on and read none.
var forms = sync.OnceValue(func() map[reflect.Type]form {
	all := make(map[reflect.Type]form)
	for _, payload := range []any{LabelEvent{}, labelV1{}, WorkflowEvent{}, ModelRunEvent{}} {
		addForm(all, reflect.TypeOf(payload))
	}
	return all
})

// addForm adds the form of a struct and of those below it. A type that reads
// itself, such as [time.Time], has tags on no field.
func addForm(forms map[reflect.Type]form, t reflect.Type) {
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Map:
		addForm(forms, t.Elem())
		return
	case reflect.Struct:
	default:
		return
	}
	var f form
	for _, field := range reflect.VisibleFields(t) {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		if field.Name == "Raw" {
			f.raw = field.Index
		}
		if name != "" && name != "-" {
			f.members = append(f.members, member{name, field.Index})
			addForm(forms, field.Type)
		}
		for name := range strings.FieldsSeq(field.Tag.Get("also")) {
			f.members = append(f.members, member{name, field.Index})
		}
		for name := range strings.FieldsSeq(field.Tag.Get("beside")) {
			below := forms[field.Type].field([]byte(name))
			f.members = append(f.members, member{name, slices.Concat(field.Index, below)})
		}
	}
	forms[t] = f
}

// decode reads a payload into the struct that to points to.
func decode(body []byte, to any) error {
	c := newCursor(body)
	c.Unique = true
	c.read(to)
	return c.end()
}

// read reads an object into the struct that to points to.
func (c *cursor) read(to any) {
	from, v := c.Here(), reflect.ValueOf(to).Elem()
	f := forms()[v.Type()]
	for name := range c.Members {
		field := f.field(name)
		if field == nil {
			field = f.field(c.snake(name))
		}
		if field != nil {
			c.readField(to, v.FieldByIndex(field).Addr().Interface())
		}
	}
	if f.raw != nil {
		*v.FieldByIndex(f.raw).Addr().Interface().(*jsontext.Value) = c.Since(from)
	}
}

// readField reads one member into the field of an object. What is of another type
// than the field becomes its zero value.
func (c *cursor) readField(object, field any) {
	switch to := field.(type) {
	case *string:
		*to = c.Text()
	case *float64:
		*to = c.Number()
	case *int:
		*to, _ = c.Integer()
	case *bool:
		*to = c.Truth()
	case *time.Time:
		*to = c.moment()
	case *Count:
		*to = Count(c.count())
	case *jsontext.Value:
		*to = c.Raw()
	case *contentV1:
		*to = c.contentV1()
	case *[]string:
		for range c.Elements {
			*to = append(jsonscan.Room(*to, &c.Scanner), c.Text())
		}
	case *[]Attachment:
		readList(c, to)
	case *[]Review:
		readList(c, to)
	case *[]WorkflowStep:
		readList(c, to)
	case *[]*Label:
		for range c.Elements {
			if !c.Vacant() && c.MustAfford(int(unsafe.Sizeof(Label{}))) {
				l := &Label{ProjectID: object.(*Project).ID}
				c.read(l)
				*to = append(jsonscan.Room(*to, &c.Scanner), l)
			}
		}
	case *map[string]*Project:
		*to = make(map[string]*Project, 1)
		for id := range c.Members {
			if c.MustAfford(2 * int(unsafe.Sizeof(Project{}))) {
				p := &Project{ID: c.Unescape(id)}
				c.read(p)
				(*to)[p.ID] = p
			}
		}
	default:
		c.read(to)
	}
}

// readList reads those items of an array that hold anything.
func readList[T any](c *cursor, list *[]T) {
	for range c.Elements {
		var item T
		if !c.Vacant() && c.MustAfford(int(unsafe.Sizeof(item))) {
			*list = append(jsonscan.Room(*list, &c.Scanner), item)
			c.read(&(*list)[len(*list)-1])
		}
	}
}
