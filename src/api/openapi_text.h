// api/openapi.json, as it was when this program was built.
#pragma once

#include <string_view>

namespace croft {

extern const std::string_view kOpenApiText;

}  // namespace croft
