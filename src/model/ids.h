// The distinct id types.
#pragma once

#include "base/id.h"

namespace croft {

using ProjectId = Id<struct ProjectTag>;
using ServiceId = Id<struct ServiceTag>;
using VersionId = Id<struct VersionTag>;
using InstanceSetId = Id<struct InstanceSetTag>;
using ProcessId = Id<struct ProcessTag>;
using VariableId = Id<struct VariableTag>;
using UserId = Id<struct UserTag>;
using TokenId = Id<struct TokenTag>;
using NodeId = Id<struct NodeTag>;

}  // namespace croft
