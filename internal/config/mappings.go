package config

import (
	"fmt"
	"slices"

	"natsd/internal/config/syntax"
	"natsd/internal/subject"
)

// mappingKeys describes a block of subject mappings: a subject, one block or an array of blocks under
// each source.
func mappingKeys(prefix string) []Key {
	destination := []Key{
		{Path: ".destination", Aliases: []string{"dest"}, Type: Text, Doc: "Subject that messages go to."},
		{Path: ".weight", Type: Int | Text, Parse: parseWeight, Doc: "Share of the messages, 0 to 100 or `\"30%\"`."},
		{Path: ".cluster", Type: Text, Doc: "Cluster on whose servers this counts."},
	}
	const unknown = "Unknown field %q for mapping destination"
	return slices.Concat([]Key{
		{Path: prefix, Aliases: []string{"maps"}, Type: Names, Pending: "subject mappings", Refuse: true, Doc: "Publishes messages under other subjects."},
		{Path: prefix + ".*", Type: Text | Block | Blocks, UnknownText: unknown, Doc: "A subject, or one or several destinations with weights."},
	}, under(prefix+".*", destination), under(prefix+".*[]", destination))
}

func parseWeight(v *syntax.Value) (any, error) {
	n, err := parsePercent(v)
	if err != nil || n < 0 || n > 100 {
		return nil, fmt.Errorf("Invalid weight %s for mapping destination", cut(v.Raw)) //nolint:staticcheck // the peer's words
	}
	return n, nil
}

// decodeMappings reads the mappings of an account, or those of the global account at the top level.
func decodeMappings(b *block) []Mapping {
	var out []Mapping
	for _, nv := range b.names("mappings") {
		m := Mapping{Source: nv.Name, Pos: nv.Pos}
		if !subject.Valid(m.Source) {
			b.d.errorAt(nv.Pos, "mappings", "Subject %q is not a valid subject", m.Source)
			continue
		}
		switch to, plain := nv.Plain.(string); {
		case plain:
			if err := checkTransform(m.Source, to); err != nil {
				b.d.errorAt(nv.Pos, "mappings", "Error adding mapping for %q to %q : %s", m.Source, to, err)
			}
			m.Destinations = []Destination{{Subject: to, Weight: 100}}
		case nv.Block != nil:
			m.Destinations = decodeDestinations(m.Source, []*block{nv.Block})
		default:
			m.Destinations = decodeDestinations(m.Source, nv.Items)
		}
		checkWeights(b.d, m)
		out = append(out, m)
	}
	return out
}

func decodeDestinations(source string, list []*block) []Destination {
	var out []Destination
	for _, b := range list {
		to := Destination{Subject: b.str("destination"), Weight: b.int("weight"), Cluster: b.str("cluster")}
		switch err := checkTransform(source, to.Subject); {
		case !b.has("destination"):
			b.errorf("", "a mapping for %q has no destination", source)
		case !b.has("weight"):
			b.errorf("", "Missing weight for mapping destination %q", to.Subject)
		case err != nil:
			b.errorf("destination", "Error adding mapping for %q to %q : %s", source, to.Subject, err)
		}
		out = append(out, to)
	}
	return out
}

// checkWeights looks at all destinations of one source: those for every cluster, and those of each.
func checkWeights(d *decoder, m Mapping) {
	total, seen := map[string]int{}, map[Destination]bool{}
	for _, to := range m.Destinations {
		total[to.Cluster] += to.Weight
		same := Destination{Subject: to.Subject, Cluster: to.Cluster}
		if seen[same] {
			d.errorAt(m.Pos, "mappings", "Error adding mapping for %q : duplicate entry for %q", m.Source, to.Subject)
		}
		seen[same] = true
	}
	for _, sum := range total {
		if sum > 100 {
			d.errorAt(m.Pos, "mappings", "Error adding mapping for %q : total weight needs to be <= 100", m.Source)
			return
		}
	}
}
