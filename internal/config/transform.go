package config

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"natsd/internal/subject"
)

var errSubject = errors.New("invalid subject")

// transformError is a token of a destination that cannot be used.
type transformError struct{ token, reason string }

func (e transformError) Error() string {
	return fmt.Sprintf("invalid mapping destination: %s in %s", e.reason, e.token)
}

// checkTransform tells what is wrong with mapping source to destination, whose tokens may be literal,
// $1 or {{function(…)}}.
func checkTransform(source, destination string) error {
	wildcards, err := transformShape(source, destination)
	if err != nil {
		return err
	}
	for token := range strings.SplitSeq(destination, ".") {
		if n, ok := dollar(token); ok && (n < 1 || n > wildcards) {
			return indexError(token, n)
		}
		if strings.HasPrefix(token, "{{") {
			if _, err := checkFunction(token, wildcards); err != nil {
				return err
			}
		}
	}
	return nil
}

// checkRename tells what is wrong with calling the imported subject local. Every wildcard must be used,
// by name or, as *, in its order.
func checkRename(imported, local string) error {
	tokens := strings.Split(local, ".")
	next := 0
	for i, token := range tokens {
		if token == "*" {
			next++
			tokens[i] = "$" + strconv.Itoa(next)
		}
	}
	local = strings.Join(tokens, ".")
	wildcards, err := transformShape(imported, local)
	if err != nil {
		return err
	}
	used := map[int]bool{}
	for _, token := range tokens {
		n, placeholder := dollar(token)
		if strings.HasPrefix(token, "{{") {
			if !strings.HasPrefix(strings.ToLower(strings.TrimSpace(token[2:])), "wildcard") {
				return transformError{token, "the only mapping function allowed for import transforms is {{Wildcard()}}"}
			}
			if n, err = checkFunction(token, wildcards); err != nil {
				return err
			}
			placeholder = true
		}
		if placeholder {
			if n < 1 || n > wildcards {
				return indexError(token, n)
			}
			used[n] = true
		}
	}
	if len(used) < wildcards {
		return transformError{local, "not using all of the token wildcard(s)"}
	}
	return nil
}

// transformShape checks both subjects as such and returns how many * the source has.
func transformShape(source, destination string) (wildcards int, err error) {
	from, to := strings.Split(source, "."), strings.Split(destination, ".")
	if !subject.Valid(source) || (from[len(from)-1] == ">") != (to[len(to)-1] == ">") {
		return 0, errSubject
	}
	for i, token := range to {
		switch {
		case token == "", token == "*", token == ">" && i < len(to)-1:
			return 0, errSubject
		case strings.HasPrefix(token, "{{"):
		case strings.ContainsAny(token, " \t\r\n"):
			return 0, errSubject
		}
	}
	for _, token := range from {
		if token == "*" {
			wildcards++
		}
	}
	return wildcards, nil
}

// dollar reads $N. What is no number is literal text.
func dollar(token string) (int, bool) {
	rest, ok := strings.CutPrefix(token, "$")
	n, err := strconv.Atoi(rest)
	return n, ok && err == nil
}

func indexError(token string, n int) error {
	return fmt.Errorf("%w: [%d]", transformError{token, "wildcard index out of range"}, n)
}

// functions gives for each mapping function how many numbers it takes: the first is a wildcard index
// for all but partition and random. split takes a delimiter after it.
var functions = map[string]struct{ least, most int }{
	"wildcard": {1, 1}, "partition": {1, 1 << 10}, "random": {1, 1}, "split": {2, 2},
	"splitfromleft": {2, 2}, "splitfromright": {2, 2}, "slicefromleft": {2, 2}, "slicefromright": {2, 2},
}

// checkFunction checks {{name(arguments)}} and returns its first argument.
func checkFunction(token string, wildcards int) (int, error) {
	inner, closed := strings.CutSuffix(token[2:], "}}")
	name, rest, open := strings.Cut(strings.TrimSpace(inner), "(")
	list, done := strings.CutSuffix(rest, ")")
	name = strings.ToLower(strings.TrimSpace(name))
	want, known := functions[name]
	if !closed || !open || !done || !known {
		return 0, transformError{token, "unknown function"}
	}
	args := strings.Split(list, ",")
	if strings.TrimSpace(list) == "" {
		args = nil
	}
	switch {
	case len(args) < want.least:
		return 0, transformError{token, "not enough arguments passed to the function"}
	case len(args) > want.most:
		return 0, transformError{token, "too many arguments passed to the function"}
	}
	numbers, err := functionArguments(name, args)
	if err != nil {
		return 0, transformError{token, err.Error()}
	}
	indexes := numbers[:1]
	switch name {
	case "partition":
		indexes = numbers[1:]
	case "random":
		indexes = nil
	}
	if i := slices.IndexFunc(indexes, func(n int) bool { return n < 1 || n > wildcards }); i >= 0 {
		return 0, indexError(token, indexes[i])
	}
	return numbers[0], nil
}

func functionArguments(name string, args []string) ([]int, error) {
	wrong := errors.New("function argument is invalid or in the wrong format")
	var numbers []int
	for i, a := range args {
		if name == "split" && i == 1 {
			if strings.ContainsAny(a, " .") || a == "" {
				return nil, wrong
			}
			continue
		}
		n, err := strconv.Atoi(strings.TrimSpace(a))
		if err != nil {
			return nil, wrong
		}
		numbers = append(numbers, n)
	}
	return numbers, nil
}
