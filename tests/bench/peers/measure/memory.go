// SPDX-License-Identifier: Apache-2.0

package measure

import (
	"fmt"
	"os"
	"runtime/debug"
	"strings"
	"time"
)

// Resident and highest resident memory, in KiB.
func memory() (rss, peak int) {
	var size, pages int
	b, _ := os.ReadFile("/proc/self/statm")
	fmt.Sscan(string(b), &size, &pages)
	b, _ = os.ReadFile("/proc/self/status")
	if _, after, ok := strings.Cut(string(b), "VmHWM:"); ok {
		fmt.Sscan(after, &peak)
	}
	return pages * (os.Getpagesize() / 1024), peak
}

// Load calls f and gives the fields on what it cost. Garbage is collected on both
// sides, so that what is counted is what stays.
func Load(f func()) map[string]any {
	debug.FreeOSMemory()
	before, _ := memory()
	// The highest mark starts anew here; where it may not, it holds what came before.
	os.WriteFile("/proc/self/clear_refs", []byte("5"), 0)
	start := time.Now()
	f()
	took := time.Since(start)
	_, peak := memory()
	debug.FreeOSMemory()
	after, _ := memory()
	return map[string]any{
		"load_ms": round(float64(took.Microseconds())) / 1e3,
		"rss_kb":  after - before, "peak_kb": max(peak-before, 0),
	}
}
