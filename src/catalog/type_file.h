// Reading one file of the catalog.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/result.h"
#include "catalog/types.h"

namespace croft::catalog {

// Parses and checks one file; keys are those of catalog/README.md, unknown ones are errors. Fails
// with kInvalid and a located complaint for each thing that is wrong.
Result<ServiceType> parse_type_file(std::string_view file, std::string_view text);

// "512MiB", "2GiB", "64KiB": digits and a unit. nullopt for anything else, and for more than 1 TiB.
std::optional<std::int64_t> parse_size(std::string_view text);

}  // namespace croft::catalog
