// Scope: for whom a store function acts. Every function of the store takes one (rule S2), and an
// object outside it answers exactly like one that does not exist.
#pragma once

#include <vector>

#include "model/ids.h"

namespace croft {

class Scope {
 public:
  // croft itself: reconcilers, processes, agents.
  static Scope platform() { return Scope({}, true, {}); }
  // A user who sees every project.
  static Scope owner(UserId user) { return Scope(std::move(user), true, {}); }
  // A user, or a token of theirs, who sees these projects only.
  static Scope of(UserId user, std::vector<ProjectId> projects) {
    return Scope(std::move(user), false, std::move(projects));
  }

  // The same scope, and a project just created in it.
  Scope with(ProjectId project) const;

  bool is_platform() const { return all_projects_ && user_.empty(); }
  bool all_projects() const { return all_projects_; }
  bool sees(const ProjectId& project) const;
  bool sees_user(const UserId& user) const { return all_projects_ || user == user_; }
  // Empty for the platform.
  const UserId& user() const { return user_; }
  // What a limited scope sees; empty and without meaning when all_projects().
  const std::vector<ProjectId>& projects() const { return projects_; }

 private:
  Scope(UserId user, bool all_projects, std::vector<ProjectId> projects)
      : user_(std::move(user)), all_projects_(all_projects), projects_(std::move(projects)) {}

  UserId user_;
  bool all_projects_;
  std::vector<ProjectId> projects_;
};

}  // namespace croft
