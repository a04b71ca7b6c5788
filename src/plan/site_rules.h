// The static routing rules of run.routing as nginx directives for the server block. Pure.
#pragma once

#include <string>

#include "base/result.h"
#include "spec/app_model.h"

namespace croft {

// kInvalid when a value would end the directive that it stands in (line ends, or unbalanced braces
// or quotes), or when two redirects have one path. Header values go in raw, as Zerops documents it,
// but may not add directives.
Result<std::string> nginx_rules(const spec::Routing& routing);

}  // namespace croft
