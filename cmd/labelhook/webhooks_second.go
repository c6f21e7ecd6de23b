package main

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/labelhook/labelhook/labelbox"
)

// neighbours are the active webhooks that deliver to one receiver, in any
// spelling of its URL.
type neighbours struct {
	client    *labelbox.Client
	webhooks  []labelbox.Webhook
	projectOf map[string]string // by webhook id, as far as it is known; "" is all of the workspace
	partial   error             // why those of the workspace could not be read; nil if they were
}

// neighboursOf lists who delivers to the URL. A project's webhooks must be
// readable; those of the workspace need not be where a project is named, for
// many a key may not list them.
func neighboursOf(ctx context.Context, client *labelbox.Client, url, project string) (*neighbours, error) {
	n := &neighbours{client: client, projectOf: map[string]string{}}
	if project != "" {
		for w, err := range client.ProjectWebhooks(ctx, project) {
			if err != nil {
				return nil, err
			}
			n.add(w, url)
			n.projectOf[w.ID] = project
		}
	}
	for w, err := range client.OrganizationWebhooks(ctx) {
		switch {
		case errors.Is(err, labelbox.ErrAuthorization) && project != "":
			n.partial = err
		case err != nil:
			return nil, err
		default:
			n.add(w, url)
		}
	}
	return n, nil
}

func (n *neighbours) add(w labelbox.Webhook, url string) {
	known := slices.ContainsFunc(n.webhooks, func(other labelbox.Webhook) bool { return other.ID == w.ID })
	if w.Status == labelbox.Active && labelbox.SameReceiver(w.URL, url) && !known {
		n.webhooks = append(n.webhooks, w)
	}
}

// project returns the project of one of them, "" for all of the workspace.
func (n *neighbours) project(ctx context.Context, id string) (string, error) {
	if project, known := n.projectOf[id]; known {
		return project, nil
	}
	owner, err := n.client.WebhookProject(ctx, id)
	return projectID(owner), err
}

// twins returns those that are told of the same as w would be: the same topics
// and the same project. w itself is not one of them.
func (n *neighbours) twins(ctx context.Context, w labelbox.Webhook, project string) (twins []labelbox.Webhook, err error) {
	for _, other := range n.webhooks {
		if other.ID == w.ID || !sameTopics(other.Topics, w.Topics) {
			continue
		}
		owner, err := n.project(ctx, other.ID)
		if err != nil {
			return nil, err
		}
		if owner == project {
			twins = append(twins, other)
		}
	}
	return twins, nil
}

// twinsOf finds the neighbours of a webhook and, among them, its twins.
func twinsOf(ctx context.Context, client *labelbox.Client, w labelbox.Webhook, project string) (n *neighbours, twins []labelbox.Webhook, err error) {
	if n, err = neighboursOf(ctx, client, w.URL, project); err == nil {
		twins, err = n.twins(ctx, w, project)
	}
	return n, twins, err
}

// refuse returns an error if one of them is told of something that w will be
// told of as well, and was not before: before are the topics that w delivers
// there already. Those of two projects have nothing in common.
func (n *neighbours) refuse(ctx context.Context, w labelbox.Webhook, project string, before []labelbox.Topic) error {
	for _, other := range n.webhooks {
		twice := slices.DeleteFunc(slices.Clone(w.Topics), func(topic labelbox.Topic) bool {
			return slices.Contains(before, topic) || !slices.Contains(other.Topics, topic)
		})
		if other.ID == w.ID || len(twice) == 0 {
			continue
		}
		owner, err := n.project(ctx, other.ID)
		switch {
		case err != nil:
			return err
		case owner != project && owner != "" && project != "":
			continue
		}
		whose := "the same project"
		if owner == "" {
			whose = "all of the workspace"
		} else if project == "" {
			whose = "project " + owner
		}
		return failure(fmt.Errorf("%s delivers to this URL already, for %s: every %s would come twice", other.ID, whose, topicList(twice)),
			"labelhook webhooks rotate "+other.ID+" gives that one a new secret, update changes it, delete switches it off; --force has both all the same")
	}
	return nil
}

// refuseSecond refuses what would deliver events twice, as far as the API key
// may see.
func (t *tool) refuseSecond(ctx context.Context, client *labelbox.Client, w labelbox.Webhook, project string, before []labelbox.Topic) error {
	n, err := neighboursOf(ctx, client, w.URL, project)
	if err != nil && !errors.Is(err, labelbox.ErrAuthorization) {
		return err
	}
	if err != nil || n.partial != nil {
		fmt.Fprintln(t.err, "labelhook: warning: the API key may not list all webhooks; is there another one that delivers there already?")
	}
	if err != nil {
		return nil
	}
	return n.refuse(ctx, w, project, before)
}

func sameTopics(a, b []labelbox.Topic) bool {
	a, b = slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b))
	return slices.Equal(slices.Compact(a), slices.Compact(b))
}

func projectID(p *labelbox.Project) string {
	if p == nil {
		return ""
	}
	return p.ID
}
