// Reading an application configuration from a node tree that is already parsed: inline in an import
// file, or beside one.
#pragma once

#include "spec/app_config.h"
#include "spec/reader.h"

namespace croft::spec {

// Which form a file has, by its top-level keys.
Generation generation_of(const Node& root);

// Complains into `out`; what is right is in the result all the same.
AppConfig read_app_config(const Field& root, Complaints& out, const TypeResolver& resolver);

}  // namespace croft::spec
