package admin

import (
	"cmp"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"natsd/internal/admin/api"
	"natsd/internal/version"
)

// object is a JSON object of the OpenAPI document.
type object = map[string]any

// openAPI makes the OpenAPI 3.1 document of a table of routes. What it says of parameters, bodies and
// answers comes from the table and from the Go types of package api.
func openAPI(table []route) object {
	g := &schemas{all: object{}}
	paths := object{}
	for i := range table {
		rt := &table[i]
		path, vars := openPath(rt.path)
		item, ok := paths[path].(object)
		if !ok {
			item = object{}
			if len(vars) > 0 {
				item["parameters"] = vars
			}
			paths[path] = item
		}
		item[strings.ToLower(rt.method)] = g.operation(rt)
	}
	return object{
		"openapi": "3.1.0",
		"info": object{
			"title": "natsd admin API", "version": version.Natsd,
			"description": "See and change a running natsd. Errors are application/problem+json.",
			"license":     object{"name": "Apache-2.0", "identifier": "Apache-2.0"},
		},
		"servers":  []object{{"url": base}},
		"security": []object{{"bearer": []string{}}, {"mtls": []string{}}, {}},
		"paths":    paths,
		"components": object{
			"schemas": g.all,
			"securitySchemes": object{
				"bearer": object{"type": "http", "scheme": "bearer", "description": "A token of the configuration, or one that the API made."},
				"mtls":   object{"type": "mutualTLS", "description": "A client certificate that is named like a token. On the unix socket the process is known without either."},
			},
		},
	}
}

// openPath writes a path of the router as OpenAPI does, with its variables.
func openPath(path string) (string, []object) {
	var vars []object
	elems := strings.Split(path, "/")
	for i, e := range elems {
		name, ok := strings.CutPrefix(e, "{")
		name = strings.TrimSuffix(name, "}")
		if e == "*" {
			name, ok = "pointer", true
			elems[i] = "{pointer}"
		}
		if ok {
			vars = append(vars, object{"name": name, "in": "path", "required": true, "schema": object{"type": "string"}})
		}
	}
	return strings.Join(elems, "/"), vars
}

func (g *schemas) operation(rt *route) object {
	op := object{
		"operationId": operationID(rt), "summary": rt.summary, "tags": []string{rt.heading()},
		"x-role": rt.role.String(), "responses": g.responses(rt),
	}
	if rt.scope != "" {
		op["x-scope"] = rt.scope
	}
	if rt.disabled() {
		op["x-disabled"] = true
	}
	if rt.stream {
		op["x-stream"] = true
	}
	if len(rt.query) > 0 {
		params := make([]object, 0, len(rt.query))
		for _, p := range rt.query {
			params = append(params, object{"name": p.name, "in": "query", "description": p.doc, "schema": p.schema()})
		}
		op["parameters"] = params
	}
	if rt.body != nil || rt.media != nil {
		op["requestBody"] = object{"content": g.content(rt.body, rt.media)}
	}
	return op
}

// operationID names an operation after its method and path.
func operationID(rt *route) string {
	var b strings.Builder
	b.WriteString(strings.ToLower(rt.method))
	for _, e := range strings.FieldsFunc(rt.path, func(r rune) bool { return strings.ContainsRune("/{}-_*.", r) }) {
		b.WriteString(strings.ToUpper(e[:1]) + e[1:])
	}
	return b.String()
}

func (p *param) schema() object {
	s := object{"type": "string"}
	switch p.kind {
	case "boolean", "integer":
		s["type"] = p.kind
	case "time":
		s["format"] = "date-time"
	case "duration":
		s["description"] = "such as 30s or 1h30m"
	}
	if len(p.words) > 0 {
		s["enum"] = p.words
	}
	return s
}

// commonCodes are the problems that any request can have.
var commonCodes = []api.Code{api.BadRequest, api.Unauthenticated, api.Misdirected, api.RateLimited, api.Internal, api.Timeout}

func (g *schemas) responses(rt *route) object {
	out := object{}
	codes := slices.Concat(commonCodes, rt.codes)
	if rt.role > none {
		codes = append(codes, api.Forbidden)
	}
	if rt.mutates() {
		codes = append(codes, api.AuditUnavailable)
	}
	if rt.mutates() && rt.method == http.MethodPost {
		codes = append(codes, api.Conflict) // of an Idempotency-Key
	}
	if rt.body != nil || rt.mutates() {
		codes = append(codes, api.TooLarge, api.UnsupportedMediaType)
	}
	byStatus := map[int][]string{}
	for _, c := range codes {
		byStatus[c.Status()] = append(byStatus[c.Status()], string(c))
	}
	problem := object{api.ProblemType: object{"schema": g.ref(reflect.TypeFor[api.Problem]())}}
	for status, names := range byStatus {
		slices.Sort(names)
		out[strconv.Itoa(status)] = object{
			"description": http.StatusText(status) + ": " + strings.Join(slices.Compact(names), ", "), "content": problem,
		}
	}
	if rt.disabled() {
		return out
	}
	status := cmp.Or(rt.status, http.StatusOK)
	if rt.result == nil && rt.produces == nil && rt.status == 0 {
		status = http.StatusNoContent
	}
	ok := object{"description": http.StatusText(status)}
	if rt.result != nil || rt.produces != nil {
		ok["content"] = g.content(rt.result, rt.produces)
	}
	if rt.projects() {
		whole := g.of(reflect.TypeOf(rt.result))
		ok["content"].(object)[jsonType] = object{"schema": object{"anyOf": []object{whole, g.of(reflect.TypeFor[api.List[api.Fields]]())}}}
	}
	out[strconv.Itoa(status)] = ok
	if rt.cached {
		out[strconv.Itoa(http.StatusNotModified)] = object{"description": "Nothing has changed."}
	}
	for _, s := range rt.also {
		other := object{"description": http.StatusText(s.status)}
		if s.result != nil {
			other["content"] = g.content(s.result, nil)
		}
		out[strconv.Itoa(s.status)] = other
	}
	return out
}

// content describes a body that is JSON of some type, or of other media types.
func (g *schemas) content(value any, media []string) object {
	out := object{}
	if value != nil {
		out[jsonType] = object{"schema": g.of(reflect.TypeOf(value))}
	}
	for _, m := range media {
		s := object{}
		if !strings.HasSuffix(m, "json") {
			s["type"] = "string"
		}
		out[m] = object{"schema": s}
	}
	return out
}

// schemas collects the schemas of named types.
type schemas struct{ all object }

// ref returns a reference to a named type, whose schema is made at the first use.
func (g *schemas) ref(t reflect.Type) object {
	name := typeName(t)
	if _, ok := g.all[name]; !ok {
		g.all[name] = object{} // it may refer to itself
		g.all[name] = g.structure(t)
	}
	return object{"$ref": "#/components/schemas/" + name}
}

// typeName is the name of a type; that of a generic one holds the names of its arguments.
func typeName(t reflect.Type) string {
	name, args, generic := strings.Cut(t.Name(), "[")
	if !generic {
		return name
	}
	arg := strings.TrimSuffix(args, "]")
	return arg[strings.LastIndexByte(arg, '.')+1:] + name
}

var timeType = reflect.TypeFor[time.Time]()

// of returns the schema of a type.
func (g *schemas) of(t reflect.Type) object {
	switch t.Kind() {
	case reflect.Pointer:
		return g.of(t.Elem())
	case reflect.Bool:
		return object{"type": "boolean"}
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64, reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return object{"type": "integer"}
	case reflect.Float32, reflect.Float64:
		return object{"type": "number"}
	case reflect.String:
		return object{"type": "string"}
	case reflect.Slice, reflect.Array:
		return object{"type": "array", "items": g.of(t.Elem())}
	case reflect.Map:
		return object{"type": "object", "additionalProperties": g.of(t.Elem())}
	case reflect.Struct:
		if t == timeType {
			return object{"type": "string", "format": "date-time"}
		}
		if t.Name() != "" {
			return g.ref(t)
		}
		return g.structure(t)
	default:
		return object{} // anything
	}
}

// structure describes the fields of a struct as encoding/json writes them.
func (g *schemas) structure(t reflect.Type) object {
	props := object{}
	required := g.fields(t, props)
	out := object{"type": "object", "properties": props, "additionalProperties": false}
	if len(required) > 0 {
		out["required"] = required
	}
	return out
}

func (g *schemas) fields(t reflect.Type, props object) (required []string) {
	for f := range t.Fields() {
		tag := f.Tag.Get("json")
		name, options, _ := strings.Cut(tag, ",")
		switch {
		case !f.IsExported(), tag == "-":
			continue
		case f.Anonymous && name == "" && f.Type.Kind() == reflect.Pointer:
			g.fields(f.Type.Elem(), props) // all or none of them
			continue
		case f.Anonymous && name == "":
			required = append(required, g.fields(f.Type, props)...)
			continue
		}
		s := g.of(f.Type)
		optional := strings.Contains(options, "omitempty") || strings.Contains(options, "omitzero")
		if f.Type.Kind() == reflect.Pointer && !optional {
			s = object{"anyOf": []object{s, {"type": "null"}}}
		}
		if !optional {
			required = append(required, name)
		}
		props[name] = s
	}
	return required
}
