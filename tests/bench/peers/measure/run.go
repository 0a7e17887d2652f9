// SPDX-License-Identifier: Apache-2.0

package measure

import (
	"fmt"
	"maps"
	"math"
	"runtime"
	"slices"
	"time"
)

var base = time.Now()

// Of a time with a monotonic reading this is one call of the clock and no more.
func now() time.Duration { return time.Since(base) }

func timerCost() float64 {
	cost := make([]float64, 100000)
	for i := range cost {
		t := now()
		cost[i] = float64(now() - t)
	}
	return at(cost, 0.5)
}

func at(samples []float64, share float64) float64 {
	slices.Sort(samples)
	n := len(samples)
	return samples[min(max(int(math.Ceil(share*float64(n))), 1), n)-1]
}

func round(ns float64) float64 { return math.Round(ns*10) / 10 }

// Run measures one configuration: FIELDS name it, f decides request i of the set.
// The first pass warms up, gives the decisions, and says how many requests the time
// allows, were every later pass as slow; then passes are timed, then single calls.
func (o *Options) Run(fields map[string]any, set *Set, f func(int) bool) []bool {
	start := now()
	spent := func() float64 { return (now() - start).Seconds() / o.MaxSeconds }
	got := make([]bool, 0, len(set.Requests))
	for n := cap(got); len(got) < n && (len(got) < 10 || spent() < 0.8/float64(o.Repeats+2)); {
		got = append(got, f(len(got)))
	}
	n := len(got)

	var pass []float64
	for len(pass) == 0 || len(pass) < o.Repeats && spent() < 0.8 {
		t := now()
		for i := range n {
			f(i)
		}
		pass = append(pass, float64(now()-t)/float64(n))
	}
	timer := timerCost()
	single := o.Repeats * n
	if n >= 10000 {
		single = n
	}
	call := make([]float64, 0, single)
	for len(call) == 0 || len(call) < single && spent() < 1 {
		for i := range n {
			t := now()
			f(i)
			call = append(call, max(float64(now()-t)-timer, 0))
		}
	}
	wrong := 0
	for i, g := range got {
		if e := set.Requests[i].Expected; e != nil && *e != g {
			wrong++
		}
	}
	percentiles := [][2]float64{}
	for _, p := range []float64{1, 5, 10, 25, 50, 75, 90, 95, 99, 99.5, 99.9} {
		percentiles = append(percentiles, [2]float64{p, round(at(call, p/100))})
	}
	out := map[string]any{
		"set": set.Name, "requests": n, "requests_there": set.There, "repeats": len(pass),
		"bounded": n < len(set.Requests) || len(pass) < o.Repeats,
		"min_ns":  round(at(pass, 0)), "median_ns": round(at(pass, 0.5)),
		"p50_ns": round(at(call, 0.5)), "p99_ns": round(at(call, 0.99)), "calls": len(call),
		"percentiles": percentiles,
		"timer": fmt.Sprintf("clock_gettime, %.0f ns subtracted", timer), "wrong": wrong,
		"note": fmt.Sprintf("%s, GOMAXPROCS %d, collector at its defaults", runtime.Version(), runtime.GOMAXPROCS(0)),
	}
	maps.Copy(out, fields)
	print(out)
	return got
}
