package logging

import (
	"encoding"
	"encoding/json"
	"fmt"
	"log/slog"
	"reflect"
	"time"
)

// settle resolves the attributes so that no encoder has to look behind an any: what is left are
// slog's own kinds, and json.RawMessage for anything else.
func settle(attrs []slog.Attr) []slog.Attr {
	out := make([]slog.Attr, 0, len(attrs))
	for _, a := range attrs {
		a.Value = settleValue(a.Value)
		if a.Equal(slog.Attr{}) || (a.Value.Kind() == slog.KindGroup && len(a.Value.Group()) == 0) {
			continue
		}
		out = append(out, a)
	}
	return out
}

func settleValue(v slog.Value) slog.Value {
	v = v.Resolve()
	switch v.Kind() {
	case slog.KindGroup:
		return slog.GroupValue(settle(v.Group())...)
	case slog.KindAny:
		return settleAny(v.Any())
	default:
		return v
	}
}

// settleAny never prints a struct by its fields as %v does: that would show unexported fields, whose
// redacting methods fmt can not call. JSON sees exported fields only and honours their methods.
func settleAny(x any) (v slog.Value) {
	defer func() {
		if r := recover(); r != nil {
			v = slog.StringValue(describePanic(x, r))
		}
	}()
	switch x := x.(type) {
	case nil:
		return slog.AnyValue(nil)
	case error:
		return slog.StringValue(x.Error())
	case encoding.TextMarshaler:
		text, err := x.MarshalText()
		if err != nil {
			return slog.StringValue("!ERROR: " + err.Error())
		}
		return slog.StringValue(string(text))
	case fmt.Stringer:
		return slog.StringValue(x.String())
	case []byte:
		return slog.StringValue(string(x))
	}
	text, err := json.Marshal(x)
	if err != nil {
		return slog.StringValue("!ERROR: " + err.Error())
	}
	return slog.AnyValue(json.RawMessage(text))
}

func describePanic(x, reason any) string {
	if v := reflect.ValueOf(x); v.Kind() == reflect.Pointer && v.IsNil() {
		return "<nil>"
	}
	return fmt.Sprintf("!PANIC: %v", reason)
}

// text is the value as it stands in a line form. v is settled and no group.
func text(v slog.Value) string {
	switch v.Kind() {
	case slog.KindTime:
		return v.Time().Format(time.RFC3339Nano)
	case slog.KindAny:
		if raw, ok := v.Any().(json.RawMessage); ok {
			return string(raw)
		}
		return "<nil>"
	default:
		return v.String()
	}
}
