package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/labelhook/labelhook/internal/inbox"
)

// settling are the deliveries of a replay that had failed to be passed on, by
// their place in it, and which of them were taken now.
type settling struct {
	failed map[int]string // keys
	taken  []string
}

func (s *settling) add(index int, r inbox.Record) {
	if r.Status == inbox.Failed {
		if s.failed == nil {
			s.failed = map[int]string{}
		}
		s.failed[index] = r.Key
	}
}

func (s *settling) note(index int) {
	if key, had := s.failed[index]; had {
		s.taken = append(s.taken, key)
		delete(s.failed, index)
	}
}

// settle notes in the inbox that those that were taken have failed no more. The
// receiver has them, whatever comes of the note, so its error is only said.
func (t *tool) settle(ctx context.Context, file string, s settling) {
	if len(s.taken) == 0 {
		return
	}
	if err := settle(context.WithoutCancel(ctx), file, s.taken); err != nil {
		fmt.Fprintf(t.err, "labelhook: what was taken stays failed in the inbox: %v\n", err)
	}
}

func settle(ctx context.Context, file string, keys []string) (err error) {
	box, err := inbox.Open(file)
	if err != nil {
		return err
	}
	defer closing(&err, box)
	for _, key := range keys {
		records, err := box.Get(ctx, key)
		if errors.Is(err, inbox.ErrNotFound) {
			continue // somebody has removed it since
		}
		if err != nil {
			return err
		}
		for _, r := range records {
			if r.Status != inbox.Failed {
				continue // it has come again since, and is settled or under way
			}
			if err := box.SetStatus(ctx, r.Delivery(), inbox.Accepted); err != nil {
				return err
			}
		}
	}
	return nil
}
