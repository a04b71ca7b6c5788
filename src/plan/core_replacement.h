// Which of a project's two cores may be replaced now (by one of another image), so that the project
// never notices: the standby first, then the active one, whose end hands over to a standby that has
// shown that it works.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string>

#include "model/core_state.h"

namespace croft {

struct CoreSlot {
  bool outdated = false;                 // it is to be replaced
  const CoreObserved* report = nullptr;  // null: it does not report
};

// It serves, or could at once.
bool is_good(const CoreObserved* report);

// The slot to replace, by its place in kCoreSlots; none while that would risk the project.
// `revision`: of a core that is not outdated. `both_bad`: for long no core of the project has been
// good, so there is nothing to lose.
std::optional<std::size_t> core_to_replace(const std::array<CoreSlot, 2>& slots,
                                           const std::string& revision, bool both_bad);

}  // namespace croft
