// SPDX-License-Identifier: Apache-2.0

// opa WORKLOADDIR [options]: the requests of a workload through a prepared query of
// OPA, with the graph in its store. See ../README for the form of both.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"
	"github.com/open-policy-agent/opa/v1/storage/inmem"

	"measure"
)

func value(v any) *ast.Term {
	parsed, err := ast.InterfaceToValue(v)
	if err != nil {
		measure.Die(err)
	}
	return ast.NewTerm(parsed)
}

func item(key string, v *ast.Term) [2]*ast.Term { return ast.Item(ast.InternedTerm(key), v) }

func entity(e *measure.Entity) *ast.Term {
	id, of := item("id", ast.StringTerm(e.ID)), item("type", ast.StringTerm(e.Type))
	if e.Properties == nil {
		return ast.ObjectTerm(id, of)
	}
	return ast.ObjectTerm(id, of, item("properties", value(e.Properties)))
}

// From the texts of a request straight to OPA's own values: what EvalInput makes
// of a map is the same, and takes longer.
func input(r *measure.Request) ast.Value {
	action := item("action", ast.ObjectTerm(item("name", ast.StringTerm(r.Action.Name))))
	resource, subject := item("resource", entity(&r.Resource)), item("subject", entity(&r.Subject))
	if r.Context == nil {
		return ast.NewObject(action, resource, subject)
	}
	return ast.NewObject(action, item("context", value(r.Context)), resource, subject)
}

func prepare(o *measure.Options, ctx context.Context) rego.PreparedEvalQuery {
	policy, err := os.ReadFile(o.Path("policy.rego"))
	if err != nil {
		measure.Die(err)
	}
	file, err := os.Open(o.Path("data.json"))
	if err != nil {
		measure.Die(err)
	}
	defer file.Close()
	var data map[string]any
	decoder := json.NewDecoder(file)
	decoder.UseNumber()
	if err := decoder.Decode(&data); err != nil {
		measure.Die(fmt.Sprintf("data.json: %v", err))
	}
	// Reads that need no conversion, which is what OPA offers for speed; and what comes
	// from encoding/json need not go through it once more.
	store := inmem.NewFromObjectWithOpts(data, inmem.OptRoundTripOnWrite(false),
		inmem.OptReturnASTValuesOnRead(true))
	q, err := rego.New(rego.Query("data.bench.allow"), rego.Module("policy.rego", string(policy)),
		rego.Store(store)).PrepareForEval(ctx)
	if err != nil {
		measure.Die(err)
	}
	return q
}

func main() {
	o := measure.Args("opa")
	if o.Skipped() {
		return
	}
	ctx := context.Background()
	var q rego.PreparedEvalQuery
	fields := measure.Load(func() { q = prepare(o, ctx) })
	fields["peer"] = "opa"
	fields["version"] = measure.Version("github.com/open-policy-agent/opa")
	allowed := func(in ast.Value) bool {
		results, err := q.Eval(ctx, rego.EvalParsedInput(in))
		if err != nil {
			measure.Die(err)
		}
		return results.Allowed()
	}
	sets := o.Sets()
	var got [][]bool
	for _, set := range sets {
		requests := set.Requests
		one := maps.Clone(fields)
		one["config"] = "data"
		got = append(got, o.Run(one, set, func(i int) bool { return allowed(input(&requests[i])) }))

		inputs := make([]ast.Value, len(requests))
		for i := range requests {
			inputs[i] = input(&requests[i])
		}
		one["config"] = "parsed-input"
		o.Run(one, set, func(i int) bool { return allowed(inputs[i]) })
	}
	o.Keep(sets, got)
}
