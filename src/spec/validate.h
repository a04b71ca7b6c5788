// What `croft config validate` says about one file.
#pragma once

#include <boost/json/value.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "base/random.h"
#include "base/result.h"
#include "base/time.h"
#include "spec/type_ref.h"

namespace croft::spec {

struct ValidatedService {
  std::string hostname;
  std::string type;  // as written
  int priority = 0;
};

struct ValidationReport {
  std::string file;
  std::string kind;           // file_kind.h
  bool ok = false;            // no errors
  bool has_setups = false;    // the kind has setups; the list may be empty after errors
  bool has_services = false;  // the kind has services
  std::vector<std::string> setups;
  std::vector<ValidatedService> services;
  std::vector<FieldError> errors;    // located, in file order
  std::vector<FieldError> warnings;  // an unknown type is one of these
};

struct ValidateOptions {
  TypeResolver resolver;  // null: types are not looked up
  Random& random;         // for the preprocessor, whose values are thrown away
  const Clock& clock;
};

// Looks at the text alone: shape, values, references. Files for which croft has no reader yet are
// refused with the place and the reason. Never fails: what is wrong is in the report.
ValidationReport validate_file(std::string_view file, std::string_view content,
                               const ValidateOptions& options);

// {"file","kind","ok","setups"|"services","errors","warnings"}; setups are names, services
// {"hostname","type","priority"}, complaints {"file","line","column","pointer","message"}.
boost::json::value to_json(const ValidationReport& report);

}  // namespace croft::spec
