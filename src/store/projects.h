// Projects and who may see them. "Not found" also stands for "outside the scope", everywhere.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "model/project.h"
#include "store/tx.h"

namespace croft {

struct NewProject {
  std::string name;  // valid_project_name
  std::string description;
  std::vector<std::string> tags;
  EnvIsolation env_isolation = EnvIsolation::kService;
};

// Takes the smallest free network number; a user becomes a member of what they create (use
// scope.with(project.id) afterwards). kConflict: the name is taken. kExhausted: 1023 projects.
Result<Project> create_project(Tx& tx, const Scope& scope, const NewProject& wanted);
Result<Project> get_project(const Tx& tx, const Scope& scope, const ProjectId& id);
Result<Project> get_project_by_name(const Tx& tx, const Scope& scope, std::string_view name);
// By name; `after` is a name.
Result<Paged<Project>> list_projects(const Tx& tx, const Scope& scope, const Page& page);
// All of them, by name: for reconcilers.
Result<std::vector<Project>> all_projects(const Tx& tx, const Scope& scope);

// Writes description, tags and env_isolation; generation + 1. kPrecondition when project.generation
// is not the stored one.
Result<Project> update_project(Tx& tx, const Scope& scope, const Project& project);
// What the world looks like; leaves the generation alone.
Status set_project_status(Tx& tx, const Scope& scope, const ProjectId& id, ProjectStatus status);
// Something in the project changed that its core or nodes must hear of: generation + 1.
Result<std::int64_t> touch_project(Tx& tx, const Scope& scope, const ProjectId& id);
// With its services, versions, instance sets and variables. Its processes, events and audit
// entries stay, and so do its members, who may still read them.
Status delete_project(Tx& tx, const Scope& scope, const ProjectId& id);

// The projects a user is a member of, deleted ones included. Only for a scope that sees the user.
Result<std::vector<ProjectId>> member_projects(const Tx& tx, const Scope& scope,
                                               const UserId& user);
// Does nothing when they are one already.
Status add_member(Tx& tx, const Scope& scope, const ProjectId& project, const UserId& user);
Status remove_member(Tx& tx, const Scope& scope, const ProjectId& project, const UserId& user);

}  // namespace croft
