#include "store/scope.h"

#include <algorithm>

namespace croft {

Scope Scope::with(ProjectId project) const {
  Scope wider = *this;
  if (!wider.all_projects_) wider.projects_.push_back(std::move(project));
  return wider;
}

bool Scope::sees(const ProjectId& project) const {
  return all_projects_ || std::find(projects_.begin(), projects_.end(), project) != projects_.end();
}

}  // namespace croft
