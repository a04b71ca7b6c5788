// The store of an installation as it lies in CROFT_HOME/state: croft.db and master.key.
#pragma once

#include <filesystem>
#include <memory>

#include "store/store.h"

namespace croft {

// Creates both when there is neither. kFailed when the database is there and its key is not: a new
// key could open none of its secrets. Blocks.
Result<std::unique_ptr<Store>> open_state_dir(const std::filesystem::path& directory, Clock& clock,
                                              Random& random, StoreOptions options);

}  // namespace croft
