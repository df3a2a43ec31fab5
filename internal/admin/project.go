package admin

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
)

// jsonKeys lists the keys of the JSON of a struct.
func jsonKeys(v any) []string {
	var out []string
	for _, f := range reflect.VisibleFields(reflect.TypeOf(v)) {
		if name, _, _ := strings.Cut(f.Tag.Get("json"), ","); name != "" && name != "-" {
			out = append(out, name)
		}
	}
	return out
}

// project returns the JSON of a struct with these of its keys, in that order. Those that it leaves out
// stay out.
func project(v any, keys []string) (json.RawMessage, error) {
	whole, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("encode a row: %w", err)
	}
	var all map[string]json.RawMessage
	if err := json.Unmarshal(whole, &all); err != nil {
		return nil, fmt.Errorf("encode a row: %w", err)
	}
	var out bytes.Buffer
	out.WriteByte('{')
	for _, k := range keys {
		val, ok := all[k]
		if !ok {
			continue
		}
		delete(all, k) // asked for twice is there once
		if out.Len() > 1 {
			out.WriteByte(',')
		}
		fmt.Fprintf(&out, "%q:%s", k, val)
	}
	out.WriteByte('}')
	return out.Bytes(), nil
}
