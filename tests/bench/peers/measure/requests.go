// SPDX-License-Identifier: Apache-2.0

package measure

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
)

// Entity is a subject or a resource.
type Entity struct {
	Type       string         `json:"type"`
	ID         string         `json:"id"`
	Properties map[string]any `json:"properties"`
}

// Request as the host holds it.
type Request struct {
	Subject, Resource Entity
	Action            struct {
		Name string `json:"name"`
	}
	Context  map[string]any `json:"context"`
	Expected *bool          `json:"expected"`
}

// Set is one file of requests: those that are used, and how many there are.
type Set struct {
	Name     string
	Requests []Request
	There    int
}

// Skipped says why there is nothing to measure when the peer has no folder.
func (o *Options) Skipped() bool {
	if s, err := os.Stat(o.Path("")); err == nil && s.IsDir() {
		return false
	}
	print(map[string]any{"skipped": "no folder " + o.Folder + " in the workload"})
	return true
}

// Path of a file in the peer's folder of the workload.
func (o *Options) Path(name string) string { return filepath.Join(o.Dir, o.Folder, name) }

// Sets are "fixed" and, where the file is there, "stream".
func (o *Options) Sets() []*Set {
	sets := []*Set{o.read("fixed", "requests.jsonl")}
	if _, err := os.Stat(filepath.Join(o.Dir, "stream.jsonl")); err == nil {
		sets = append(sets, o.read("stream", "stream.jsonl"))
	}
	return sets
}

func (o *Options) read(name, file string) *Set {
	f, err := os.Open(filepath.Join(o.Dir, file))
	if err != nil {
		Die(err)
	}
	defer f.Close()
	set := &Set{Name: name}
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<24)
	for lines.Scan() {
		if len(lines.Bytes()) == 0 {
			continue
		}
		set.There++
		if len(set.Requests) >= o.Requests {
			continue
		}
		var r Request
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			Die(fmt.Sprintf("%s:%d: %v", file, set.There, err))
		}
		set.Requests = append(set.Requests, r)
	}
	if err := lines.Err(); err != nil {
		Die(err)
	}
	return set
}

// Keep writes a byte for each request of both files: '1', '0', or '.' for one
// that was not asked.
func (o *Options) Keep(sets []*Set, got [][]bool) {
	if o.Decisions == "" {
		return
	}
	var out []byte
	for i, s := range sets {
		for j := range s.There {
			c := byte('.')
			if j < len(got[i]) {
				c = '0'
				if got[i][j] {
					c = '1'
				}
			}
			out = append(out, c)
		}
	}
	if err := os.WriteFile(o.Decisions, out, 0o644); err != nil {
		Die(err)
	}
}

func print(fields map[string]any) {
	b, err := json.Marshal(fields)
	if err != nil {
		Die(err)
	}
	fmt.Println(string(b))
}
