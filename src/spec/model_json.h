// The parsed models as canonical JSON: for golden tests, `croft config plan` and debugging. Keys
// are camel case as in the files; what is empty is left out; secrets show their length only.
#pragma once

#include <boost/json/value.hpp>

#include "spec/import_model.h"

namespace croft::spec {

boost::json::value to_json(const AppConfig& config);
boost::json::value to_json(const ImportFile& file);

}  // namespace croft::spec
