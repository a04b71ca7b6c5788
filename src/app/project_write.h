// Making, changing and deleting projects.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "app/variable_set.h"
#include "app/views.h"

namespace croft {

struct ProjectInput {
  std::string name;
  std::string description;
  std::vector<std::string> tags;
  EnvIsolation env_isolation = EnvIsolation::kService;
  std::vector<VariableInput> variables;
};

// An empty project. kInvalid with located complaints; kConflict: the name is taken.
Task<Result<ProjectView>> create_project(const AppContext& context, const Actor& actor,
                                         ProjectInput input);

struct ProjectChange {
  std::optional<std::string> description;
  std::optional<std::vector<std::string>> tags;
  std::optional<EnvIsolation> env_isolation;
};

// `generation`: what the caller has seen (If-Match); kPrecondition when it has changed since.
Task<Result<ProjectView>> change_project(const AppContext& context, const Actor& actor,
                                         std::string project, ProjectChange change,
                                         std::optional<std::int64_t> generation);

// Starts process project.delete, or returns the one under way.
Task<Result<ProcessView>> delete_project(const AppContext& context, const Actor& actor,
                                         std::string project,
                                         std::optional<std::int64_t> generation);

}  // namespace croft
