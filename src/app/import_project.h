// Import: a project with its services from a YAML file, or services into a project (A9).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "app/app_context.h"
#include "app/auth/actor.h"
#include "model/process.h"
#include "model/project.h"
#include "model/service.h"

namespace croft {

struct ImportRequest {
  std::string file;     // its name, for located errors
  std::string text;     // at most spec::kMaxImportBytes
  std::string project;  // name or id: into this one; empty: the file names a new one
  bool nearest_versions = false;
  bool dry_run = false;
};

// One thing that is done, or would be.
struct ImportStep {
  std::string object;  // project or service
  std::string name;    // shop, or shop/api
  std::string detail;
};

struct ImportAnswer {
  std::optional<Project> project;  // null only in a dry run that would create one
  std::vector<Service> services;   // created
  std::vector<ImportStep> plan;
  std::vector<FieldError> warnings;  // located
  std::optional<Process> process;    // brings managed services up; null in a dry run
};

// All or nothing: rows are created in one transaction, or none is. kInvalid with located fields,
// kConflict for taken names, kUnsupported for what croft does not do yet, located too.
Task<Result<ImportAnswer>> import_project(AppContext& context, const Actor& actor,
                                          ImportRequest request);

}  // namespace croft
