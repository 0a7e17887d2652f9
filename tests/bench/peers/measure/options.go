// SPDX-License-Identifier: Apache-2.0

// Package measure is what the drivers in Go share: options, requests, time and memory.
// The protocol is the one of ../cedar/measure.rs.
package measure

import (
	"flag"
	"fmt"
	"math"
	"os"
	"runtime/debug"
	"syscall"
	"unsafe"
)

// Options of a driver's command line.
type Options struct {
	Dir, Folder, Decisions string
	Requests, Repeats, cpu int
	MaxSeconds             float64
}

var peer string

// Die ends the driver with what went wrong.
func Die(what any) {
	fmt.Fprintf(os.Stderr, "%s: %v\n", peer, what)
	os.Exit(2)
}

// Args reads WORKLOADDIR and the options, and keeps the process on one processor
// when asked to.
func Args(name string) *Options {
	peer = name
	o := &Options{}
	if len(os.Args) < 2 {
		Die("usage: DRIVER WORKLOADDIR [--requests N] [--repeats R] [--max-seconds S] " +
			"[--decisions FILE] [--cpu N] [--folder NAME]")
	}
	o.Dir = os.Args[1]
	f := flag.NewFlagSet(name, flag.ExitOnError)
	f.IntVar(&o.Requests, "requests", math.MaxInt, "how many requests of each file to use")
	f.IntVar(&o.Repeats, "repeats", 7, "timed passes")
	f.Float64Var(&o.MaxSeconds, "max-seconds", 60, "time for one line of output")
	f.StringVar(&o.Decisions, "decisions", "", "file for the decisions")
	f.IntVar(&o.cpu, "cpu", -1, "processor to stay on")
	f.StringVar(&o.Folder, "folder", name, "the peer's folder in the workload")
	f.Parse(os.Args[2:])
	if f.NArg() > 0 {
		Die("what is " + f.Arg(0) + "?")
	}
	o.Repeats = max(o.Repeats, 1)
	if o.cpu >= 0 {
		pin(o.cpu)
	}
	return o
}

// Affinity is a thread's and Go has threads before main, so the program starts
// anew after setting it: then every thread, and GOMAXPROCS, follows.
func pin(cpu int) {
	const done = "POLICY_BENCH_PINNED"
	if os.Getenv(done) != "" {
		return
	}
	var set [128]byte
	if cpu >= len(set)*8 {
		Die("no such processor")
	}
	set[cpu/8] = 1 << (cpu % 8)
	_, _, e := syscall.RawSyscall(syscall.SYS_SCHED_SETAFFINITY, 0, uintptr(len(set)),
		uintptr(unsafe.Pointer(&set)))
	if e == 0 {
		os.Setenv(done, "1")
		e, _ = syscall.Exec("/proc/self/exe", os.Args, os.Environ()).(syscall.Errno)
	}
	fmt.Fprintf(os.Stderr, "%s: cannot be kept on processor %d: %v\n", peer, cpu, e)
}

// Version of the module PATH that this program was built with.
func Version(path string) string {
	info, ok := debug.ReadBuildInfo()
	if ok {
		for _, d := range info.Deps {
			if d.Path == path {
				return d.Version
			}
		}
	}
	return "?"
}
