// SPDX-License-Identifier: Apache-2.0

// casbin WORKLOADDIR [options]: the requests of a workload through Casbin, plain and
// with its cache of decisions. See ../README for the form of both.
package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"reflect"
	"unicode"

	"github.com/casbin/casbin/v3"

	"measure"
)

// The arguments of Enforce, from requests.json or stream.json of the folder where
// they are there, from the request else.
func arguments(o *measure.Options, set *measure.Set) (args [][]any, cacheable bool) {
	file := map[string]string{"fixed": "requests.json", "stream": "stream.json"}[set.Name]
	cacheable = true
	b, err := os.ReadFile(o.Path(file))
	if err != nil {
		for _, r := range set.Requests {
			args = append(args, []any{r.Subject.ID, r.Resource.ID, r.Action.Name})
		}
		return args, true
	}
	if err := json.Unmarshal(b, &args); err != nil {
		measure.Die(fmt.Sprintf("%s: %v", file, err))
	}
	if len(args) < len(set.Requests) {
		measure.Die(fmt.Sprintf("%s has %d rows for %d requests", file, len(args), len(set.Requests)))
	}
	for _, row := range args {
		for i, v := range row {
			row[i] = native(v)
			if _, ok := row[i].(string); !ok {
				cacheable = false
			}
		}
	}
	return args, cacheable
}

// An object becomes a struct, as Casbin's own benchmarks pass it; a key that
// cannot be the name of a field leaves it a map.
func native(v any) any {
	object, ok := v.(map[string]any)
	if !ok {
		return v
	}
	var fields []reflect.StructField
	for k, f := range object {
		if k == "" || !unicode.IsUpper(rune(k[0])) || f == nil {
			return object
		}
		object[k] = native(f)
		fields = append(fields, reflect.StructField{Name: k, Type: reflect.TypeOf(object[k])})
	}
	s := reflect.New(reflect.StructOf(fields)).Elem()
	for k, f := range object {
		s.FieldByName(k).Set(reflect.ValueOf(f))
	}
	return s.Interface()
}

const only = "POLICY_BENCH_PEER"

type enforcer interface {
	Enforce(...any) (bool, error)
}

func measured(o *measure.Options, peer, config string, made func(...any) (enforcer, error)) {
	var e enforcer
	loaded := measure.Load(func() {
		var err error
		if e, err = made(o.Path("model.conf"), o.Path("policy.csv")); err != nil {
			measure.Die(err)
		}
	})
	fields := map[string]any{"peer": peer, "config": config,
		"version": measure.Version("github.com/casbin/casbin/v3")}
	maps.Copy(fields, loaded)
	sets := o.Sets()
	var got [][]bool
	for _, set := range sets {
		args, cacheable := arguments(o, set)
		if peer == "casbin-cached" && !cacheable {
			continue // it would not cache these
		}
		var failed error
		got = append(got, o.Run(fields, set, func(i int) bool {
			yes, err := e.Enforce(args[i]...)
			if err != nil {
				failed = err
			}
			return yes && err == nil
		}))
		if failed != nil {
			fmt.Fprintf(os.Stderr, "casbin: an error is a no: %v\n", failed)
		}
	}
	if peer == "casbin" {
		o.Keep(sets, got)
	}
}

// Each in a process of its own, so that neither counts the other's memory.
func main() {
	o := measure.Args("casbin")
	if o.Skipped() {
		return
	}
	switch os.Getenv(only) {
	case "casbin":
		measured(o, "casbin", "enforce", func(p ...any) (enforcer, error) { return casbin.NewEnforcer(p...) })
	case "casbin-cached":
		measured(o, "casbin-cached", "cached", func(p ...any) (enforcer, error) { return casbin.NewCachedEnforcer(p...) })
	default:
		for _, peer := range []string{"casbin", "casbin-cached"} {
			c := exec.Command("/proc/self/exe", os.Args[1:]...)
			c.Env = append(os.Environ(), only+"="+peer)
			c.Stdout, c.Stderr = os.Stdout, os.Stderr
			if err := c.Run(); err != nil {
				os.Exit(2)
			}
		}
	}
}
