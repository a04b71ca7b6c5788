// The exit report: why this container ended, for the control plane.
#pragma once

#include <filesystem>

#include "model/init_config.h"

namespace croft::init {

// Replaces the report atomically; makes its directory when it is missing. Strings that are not
// UTF-8 are mended.
Status write_report(const std::filesystem::path& path, ExitReport report);

}  // namespace croft::init
