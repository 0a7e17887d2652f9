# SPDX-License-Identifier: Apache-2.0
# What policies.cedar of gdrive says, a rule for each action so that OPA's index of
# rules finds the few that apply.
package bench

default allow := false

above(name) := data.above[name] if {
	data.above
} else := graph.reachable(data.parents, {name})

subject := data.entities[concat("::", [input.subject.type, input.subject.id])]

name := concat("::", [input.resource.type, input.resource.id])

folders := above(name)

owner if {
	some document in subject.ownedDocuments
	folders[document]
}

owner if {
	some folder in subject.ownedFolders
	folders[folder]
}

allow if {
	input.action.name == "read"
	data.entities[name].isPublic
}

allow if {
	input.action.name == "read"
	folders[subject.documentsAndFoldersWithViewAccess]
}

allow if {
	input.action.name == "read"
	owner
}

allow if {
	input.action.name == "write"
	owner
}

allow if {
	input.action.name == "share"
	owner
}

allow if {
	input.action.name == "changeOwner"
	name in subject.ownedDocuments
}

allow if {
	input.action.name == "createDocument"
	name in subject.ownedFolders
}
