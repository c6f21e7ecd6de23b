package labelboxfake

import (
	"maps"
	"slices"

	"github.com/graphql-go/graphql"
)

// maxFirst is the longest page, in webhooks.
const maxFirst = 100

// newSchema is the documented part of Labelbox's schema. The names of the
// inputs, which no document needs, are inventions.
func (a *API) newSchema() graphql.Schema {
	topic := enum("WebhookTopic", "LABEL_CREATED", "LABEL_UPDATED", "LABEL_DELETED", "WORKFLOW_ACTION",
		"REVIEW_CREATED", "REVIEW_UPDATED", "REVIEW_DELETED")
	status := enum("WebhookStatus", "ACTIVE", "INACTIVE", "REVOKED")
	// A field without a Resolve is the Go field of that name.
	named := graphql.Fields{"id": {Type: required(graphql.ID)}, "name": {Type: required(graphql.String)}}
	owner := graphql.NewObject(graphql.ObjectConfig{Name: "Project", Fields: maps.Clone(named)})
	organization := graphql.NewObject(graphql.ObjectConfig{Name: "Organization", Fields: maps.Clone(named)})
	theOrganization := func(graphql.ResolveParams) (any, error) { return object{"organization", "Fake organization"}, nil }
	webhook := graphql.NewObject(graphql.ObjectConfig{Name: "Webhook", Fields: graphql.Fields{
		"id":           {Type: required(graphql.ID)},
		"url":          {Type: required(graphql.String)},
		"topics":       {Type: required(graphql.NewList(required(topic)))},
		"status":       {Type: required(status)},
		"createdAt":    {Type: graphql.String},
		"updatedAt":    {Type: graphql.String},
		"organization": {Type: required(organization), Resolve: theOrganization},
		"project":      {Type: owner, Resolve: func(p graphql.ResolveParams) (any, error) { return a.project(p.Source.(Webhook).ProjectID), nil }},
	}})
	owner.AddFieldConfig("webhooks", page(webhook, func(project object) []Webhook {
		return slices.DeleteFunc(a.Webhooks(), func(w Webhook) bool { return w.ProjectID != project.ID })
	}))
	organization.AddFieldConfig("webhooks", page(webhook, func(object) []Webhook { return a.Webhooks() }))

	where := argument(input("WhereUniqueIdInput", map[string]graphql.Input{"id": required(graphql.ID)}))
	topicsInput := input("WebhookTopicsInput", map[string]graphql.Input{"set": graphql.NewList(required(topic))})
	createData := input("WebhookCreateInput", map[string]graphql.Input{
		"project": input("WebhookProjectInput", map[string]graphql.Input{"id": required(graphql.ID)}),
		"topics":  required(topicsInput),
		"url":     required(graphql.String),
		"secret":  required(graphql.String),
	})
	updateData := input("WebhookUpdateInput", map[string]graphql.Input{"topics": topicsInput, "url": graphql.String, "status": status})

	schema, err := graphql.NewSchema(graphql.SchemaConfig{
		Query: graphql.NewObject(graphql.ObjectConfig{Name: "Query", Fields: graphql.Fields{
			"organization": {Type: required(organization), Resolve: theOrganization},
			"project":      {Type: owner, Args: graphql.FieldConfigArgument{"where": where}, Resolve: a.getProject},
			"webhook":      {Type: webhook, Args: graphql.FieldConfigArgument{"where": where}, Resolve: a.getWebhook},
		}}),
		Mutation: graphql.NewObject(graphql.ObjectConfig{Name: "Mutation", Fields: graphql.Fields{
			"createWebhook": {Type: webhook, Args: graphql.FieldConfigArgument{"data": argument(createData)}, Resolve: a.createWebhook},
			"updateWebhook": {Type: webhook, Args: graphql.FieldConfigArgument{"where": where, "data": argument(updateData)}, Resolve: a.updateWebhook},
		}}),
	})
	if err != nil {
		panic(err) // nothing in it depends on anything
	}
	return schema
}

func (a *API) getProject(p graphql.ResolveParams) (any, error) {
	if found := a.project(id(p.Args["where"])); found != nil {
		return found, nil
	}
	return nil, notFound("project")
}

func (a *API) getWebhook(p graphql.ResolveParams) (any, error) {
	wanted := id(p.Args["where"])
	all := a.Webhooks()
	if i := slices.IndexFunc(all, func(w Webhook) bool { return w.ID == wanted }); i >= 0 {
		return all[i], nil
	}
	return nil, notFound("webhook")
}

func (a *API) createWebhook(p graphql.ResolveParams) (any, error) {
	data := p.Args["data"].(map[string]any)
	w := Webhook{URL: data["url"].(string), Secret: data["secret"].(string), Topics: set(data["topics"])}
	if owner, ok := data["project"]; ok {
		w.ProjectID = id(owner)
		if a.project(w.ProjectID) == nil {
			return nil, notFound("project")
		}
	}
	switch {
	case w.URL == "":
		return nil, invalid("url must not be empty")
	case w.Secret == "":
		return nil, invalid("secret must not be empty")
	case len(w.Topics) == 0:
		return nil, invalid("topics must not be empty")
	}
	return a.add(w), nil
}

func (a *API) updateWebhook(p graphql.ResolveParams) (any, error) {
	wanted, data := id(p.Args["where"]), p.Args["data"].(map[string]any)
	a.mu.Lock()
	defer a.mu.Unlock()
	i := slices.IndexFunc(a.webhooks, func(w *Webhook) bool { return w.ID == wanted })
	if i < 0 {
		return nil, notFound("webhook")
	}
	w := a.webhooks[i]
	if topics, ok := data["topics"]; ok {
		w.Topics = set(topics)
	}
	if url, ok := data["url"].(string); ok {
		w.URL = url
	}
	if status, ok := data["status"].(string); ok {
		w.Status = status
	}
	w.UpdatedAt = timestamp()
	return *w, nil
}

// object is the organisation or a project.
type object struct{ ID, Name string }

// project returns nil if there is no project of that id.
func (a *API) project(id string) any {
	a.mu.Lock()
	defer a.mu.Unlock()
	if name, found := a.projects[id]; found {
		return object{id, name}
	}
	return nil
}

// page is a field that gives part of a list.
func page(row graphql.Type, rows func(owner object) []Webhook) *graphql.Field {
	return &graphql.Field{
		Type: required(graphql.NewList(required(row))),
		Args: graphql.FieldConfigArgument{
			"skip":  {Type: graphql.Int, DefaultValue: 0},
			"first": {Type: graphql.Int, DefaultValue: maxFirst},
		},
		Resolve: func(p graphql.ResolveParams) (any, error) {
			skip, first := p.Args["skip"].(int), p.Args["first"].(int)
			if skip < 0 || first < 0 || first > maxFirst {
				return nil, invalid("skip must not be negative, and first must be from 0 to %d", maxFirst)
			}
			all := rows(p.Source.(object))
			rest := all[min(skip, len(all)):]
			return rest[:min(first, len(rest))], nil
		},
	}
}

func enum(name string, values ...string) *graphql.Enum {
	config := graphql.EnumValueConfigMap{}
	for _, v := range values {
		config[v] = &graphql.EnumValueConfig{Value: v}
	}
	e := graphql.NewEnum(graphql.EnumConfig{Name: name, Values: config})
	// The library fills two maps of an enum when it first needs them, with no lock.
	e.Serialize("")
	e.ParseValue("")
	return e
}

func input(name string, fields map[string]graphql.Input) *graphql.InputObject {
	config := graphql.InputObjectConfigFieldMap{}
	for name, t := range fields {
		config[name] = &graphql.InputObjectFieldConfig{Type: t}
	}
	return graphql.NewInputObject(graphql.InputObjectConfig{Name: name, Fields: config})
}

func argument(t graphql.Input) *graphql.ArgumentConfig {
	return &graphql.ArgumentConfig{Type: required(t)}
}

func required(t graphql.Type) *graphql.NonNull { return graphql.NewNonNull(t) }

// id reads {id: …}, of which the schema has seen to it that it is that.
func id(where any) string { return where.(map[string]any)["id"].(string) }

// set reads {set: […]}.
func set(topics any) []string {
	var names []string
	object, _ := topics.(map[string]any)
	list, _ := object["set"].([]any)
	for _, name := range list {
		names = append(names, name.(string))
	}
	return names
}
