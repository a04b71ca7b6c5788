// What went wrong in a build, said so that the reader can act on it.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace croft::build {

// An error of `action` with the last lines of `output`. kUnavailable when the output shows that an
// archive or registry could not be reached (name, connection, certificate), kExhausted when a disk
// is full, else kFailed.
Error build_trouble(std::string_view action, std::string_view reason, std::string_view output);

}  // namespace croft::build
