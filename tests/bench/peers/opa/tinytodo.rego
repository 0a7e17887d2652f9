# SPDX-License-Identifier: Apache-2.0
# What policies.cedar of tinytodo says, a rule for each action so that OPA's index of
# rules finds the few that apply.
package bench

default allow := false

above(name) := data.above[name] if {
	data.above
} else := graph.reachable(data.parents, {name})

subject := concat("::", [input.subject.type, input.subject.id])

resource := data.entities[concat("::", [input.resource.type, input.resource.id])]

groups := above(subject)

editor if groups[resource.editors]

application if {
	input.resource.type == "Application"
	input.resource.id == "TinyTodo"
}

allow if resource.owner == subject

allow if {
	input.action.name == "CreateList"
	application
}

allow if {
	input.action.name == "GetLists"
	application
}

allow if {
	input.action.name == "GetList"
	groups[resource.readers]
}

allow if {
	input.action.name == "GetList"
	editor
}

allow if {
	input.action.name == "UpdateList"
	editor
}

allow if {
	input.action.name == "CreateTask"
	editor
}

allow if {
	input.action.name == "UpdateTask"
	editor
}

allow if {
	input.action.name == "DeleteTask"
	editor
}
