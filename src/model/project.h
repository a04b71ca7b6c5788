// A project: services under one name, with one private network.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/json_codec.h"
#include "model/ids.h"

namespace croft {

BOOST_DEFINE_ENUM_CLASS(ProjectStatus, kCreating, kActive, kStopped, kDeleting)
BOOST_DEFINE_ENUM_CLASS(EnvIsolation, kService, kNone)

// Longest project name: it becomes a DNS label together with a hostname (25) and a port (5) and two
// dashes.
inline constexpr std::size_t kMaxProjectName = 30;

struct Project {
  ProjectId id;
  std::string name;         // unique on the platform; see valid_project_name
  std::string description;  // at most 255 characters
  ProjectStatus status = ProjectStatus::kCreating;
  std::vector<std::string> tags;
  EnvIsolation env_isolation = EnvIsolation::kService;
  int network_number = 0;  // 1..1007, unique among living projects; see plan/address_plan.h
  std::int64_t generation = 1;
  Timestamp created_at;
};
BOOST_DESCRIBE_STRUCT(Project, (),
                      (id, name, description, status, tags, env_isolation, network_number,
                       generation, created_at))

// [a-z0-9] and single inner dashes, starting with a letter, 1..kMaxProjectName characters.
bool valid_project_name(std::string_view name);
// The nearest valid name to whatever a foreign file says ("My Shop!" -> "my-shop"); empty if none.
std::string project_name_from(std::string_view text);

}  // namespace croft
