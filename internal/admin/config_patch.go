package admin

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"natsd/internal/admin/api"
	"natsd/internal/config"
	"natsd/internal/config/syntax"
	"natsd/internal/reload"
)

// The media types of a change of the configuration. Plain JSON is taken for a merge patch.
const (
	mergePatchType = "application/merge-patch+json" // RFC 7396
	jsonPatchType  = "application/json-patch+json"  // RFC 6902
)

// patchConfig serves PATCH /config. The values are written into the text of the configuration file, so
// that comments, includes and variables stay.
func (a *API) patchConfig(c *call) (any, error) {
	req, wait, err := c.reloadQuery()
	if err != nil {
		return nil, err
	}
	if err := c.needMatch(); err != nil {
		return nil, err
	}
	body, media, err := c.raw(mergePatchType, jsonPatchType, jsonType)
	if err != nil {
		return nil, err
	}
	if c.options.Archive == nil || c.options.ConfigFile == "" {
		return nil, api.Problemf(api.Conflict, "this server has no configuration file")
	}
	e, err := c.options.Archive.Effective(false)
	if err != nil {
		return nil, fmt.Errorf("read the configuration: %w", err)
	}
	p := patcher{effective: e, file: c.options.Shown}
	if media == jsonPatchType {
		err = p.operations(body)
	} else {
		err = p.merge(body)
	}
	if err != nil {
		return nil, err
	}
	text, err := syntax.Apply(c.options.ConfigFile, c.options.Archive.Text().Reveal(), p.edits)
	if err != nil {
		return nil, api.Problemf(api.Conflict, "%v", err)
	}
	req.IfDigest = c.options.Digest // whatever If-Match says: the text is made from that one
	return c.attempt(wait, func(ctx context.Context) (*reload.Report, error) { return a.Server.ApplyText(ctx, text, req) })
}

// patcher turns a patch into changes of the text of the configuration file.
type patcher struct {
	effective *config.Effective
	file      string // that is changed, as places in it are shown
	edits     []syntax.Edit
}

// merge takes a merge patch: what it holds is set, null removes.
func (p *patcher) merge(body []byte) error {
	var patch map[string]any
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	if err := d.Decode(&patch); err != nil {
		return bodyProblem(err, d.InputOffset())
	}
	return p.mergeAt(nil, patch)
}

func (p *patcher) mergeAt(path []string, patch map[string]any) error {
	for _, key := range slices.Sorted(maps.Keys(patch)) {
		at := append(slices.Clip(path), key)
		inner, isMap := patch[key].(map[string]any)
		if isMap && len(inner) > 0 {
			if err := p.mergeAt(at, inner); err != nil {
				return err
			}
			continue
		}
		if err := p.set(at, patch[key], patch[key] == nil); err != nil {
			return err
		}
	}
	return nil
}

// operation is one step of a JSON Patch.
type operation struct {
	Op    string `json:"op"`
	Path  string `json:"path"`
	Value any    `json:"value"`
}

// operations takes a JSON Patch. Copying and moving is not for configurations.
func (p *patcher) operations(body []byte) error {
	var ops []operation
	if err := json.Unmarshal(body, &ops); err != nil {
		return bodyProblem(err, 0)
	}
	for i, op := range ops {
		elems := config.PointerElements(op.Path)
		var err error
		switch op.Op {
		case "add", "replace":
			err = p.set(elems, op.Value, false)
		case "remove":
			err = p.set(elems, nil, true)
		case "test":
			if !reflect.DeepEqual(normal(valueAt(p.effective.Tree, elems)), op.Value) {
				err = api.Problemf(api.PreconditionFailed, "the test of %s failed", op.Path)
			}
		default:
			err = api.Problemf(api.BadRequest, "operation %d: %q is not add, replace, remove or test", i, op.Op)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// normal gives a value the types that a JSON decoder gives.
func normal(v any) any {
	text, err := json.Marshal(v)
	if err != nil {
		return nil
	}
	var out any
	if json.Unmarshal(text, &out) != nil {
		return nil
	}
	return out
}

// set notes one change. What stands in another file than the configuration file itself cannot be changed
// from here: the same key in two places would hide the one in the include.
func (p *patcher) set(elems []string, value any, remove bool) error {
	for i := range p.effective.Settings {
		s := &p.effective.Settings[i]
		if s.Origin.Layer == config.FromFile && s.Elems[0] == elems[0] && s.Origin.Pos.File != p.file {
			return api.Problemf(api.Conflict, "%s stands in %s: change it there", elems[0], s.Origin.Pos)
		}
		if s.Path == strings.Join(elems, ".") && s.Origin.Layer > config.FromFile {
			return api.Problemf(api.Conflict, "%s is set by %s, which wins over the file", s.Path, s.Origin)
		}
	}
	change := syntax.Edit{Path: elems}
	if !remove {
		text, err := json.Marshal(value)
		if err != nil {
			return fmt.Errorf("write %s: %w", config.Pointer(elems...), err)
		}
		change.Value = string(text)
	}
	p.edits = append(p.edits, change)
	return nil
}
