# SPDX-License-Identifier: Apache-2.0
# What policies.cedar of github says: an action is allowed to whoever is inside a group
# of the repository, or of the organisation that owns it, which has the action. The
# hierarchy read < triage < write < maintain < admin is written out in the two tables.
package bench

default allow := false

groups_with := {
	"read": ["readers", "triagers", "writers", "maintainers", "admins"],
	"triage": ["triagers", "writers", "maintainers", "admins"],
	"write": ["writers", "maintainers", "admins"],
	"maintain": ["maintainers", "admins"],
	"admin": ["admins"],
}

owners_with := {
	"read": ["readers", "writers", "admins"],
	"triage": ["writers", "admins"],
	"write": ["writers", "admins"],
	"maintain": ["admins"],
	"admin": ["admins"],
}

above(name) := data.above[name] if {
	data.above
} else := graph.reachable(data.parents, {name})

groups := above(concat("::", [input.subject.type, input.subject.id]))

resource := data.entities[concat("::", [input.resource.type, input.resource.id])]

allow if {
	some key in groups_with[input.action.name]
	groups[resource[key]]
}

allow if {
	owner := data.entities[resource.owner]
	some key in owners_with[input.action.name]
	groups[owner[key]]
}
