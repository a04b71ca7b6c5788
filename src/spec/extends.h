// `extends`: setups that inherit from others of the same file.
#pragma once

#include <string>
#include <vector>

#include "spec/reader.h"

namespace croft::spec {

struct ExtendedSetup {
  Field field;               // with everything inherited in it
  NodePtr owner;             // keeps a merged tree alive; null when nothing was inherited
  bool is_template = false;  // others extend it, so it may be incomplete itself
};

// Merges parents in order, later ones over earlier ones and the child over all: key by key inside
// build, deploy and run, variable by variable in envVariables (a null there removes an inherited
// one), whole values otherwise. Setups that extend nothing come back as they are. Complains about
// unknown parents, cycles, more than 10 levels or 20 parents, and setups without a name or with one
// taken.
std::vector<ExtendedSetup> resolve_extends(const std::vector<Field>& setups, Complaints& out);

}  // namespace croft::spec
