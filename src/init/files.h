// Files that the container gets before anything runs.
#pragma once

#include <vector>

#include "init/user.h"
#include "model/init_config.h"

namespace croft::init {

// Writes each file atomically with its mode, owned by `owner` (so that a file of mode 0600 can be
// read by the commands); directories above it that are missing are made, owned likewise.
Status write_files(const std::vector<InitFile>& files, const User& owner);

}  // namespace croft::init
