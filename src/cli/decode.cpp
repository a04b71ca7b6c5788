// The JSON codec of every API type, instantiated here once.
#include <boost/json.hpp>

#include "cli/api_platform.h"
#include "cli/api_types.h"
#include "cli/client.h"

namespace croft::cli {
namespace {

// The server writes null where it has nothing; for us that is the same as a missing member.
boost::json::value without_nulls(const boost::json::value& json) {
  if (const auto* object = json.if_object()) {
    boost::json::object kept;
    for (const auto& [key, item] : *object) {
      if (!item.is_null()) kept[key] = without_nulls(item);
    }
    return kept;
  }
  if (const auto* array = json.if_array()) {
    boost::json::array kept;
    for (const boost::json::value& item : *array) kept.push_back(without_nulls(item));
    return kept;
  }
  return json;
}

}  // namespace

template <class T>
Outcome<T> decode(const boost::json::value& json) {
  auto value = from_json<T>(without_nulls(json));
  if (value) return std::move(*value);
  return stop({Error(ErrorCode::kInternal,
                     "the server's answer is not understood: " + value.error().message()),
               kExitFailure, "use a croft of the server's version (croft whoami shows it)"});
}

#define CROFT_DECODES(T) template Outcome<T> decode<T>(const boost::json::value&)
CROFT_DECODES(ApiProblem);
CROFT_DECODES(ApiLogin);
CROFT_DECODES(ApiWhoami);
CROFT_DECODES(ApiProject);
CROFT_DECODES(ApiService);
CROFT_DECODES(ApiVersion);
CROFT_DECODES(ApiNewVersion);
CROFT_DECODES(ApiInstance);
CROFT_DECODES(ApiProcess);
CROFT_DECODES(ApiVariable);
CROFT_DECODES(ApiVariablesChanged);
CROFT_DECODES(ApiLogLine);
CROFT_DECODES(ApiPlan);
CROFT_DECODES(ApiImport);
CROFT_DECODES(ApiServiceCreated);
CROFT_DECODES(ApiServiceType);
CROFT_DECODES(ApiNode);
CROFT_DECODES(ApiStatus);
CROFT_DECODES(ApiDoctor);
CROFT_DECODES(ApiAuditEntry);
CROFT_DECODES(ApiAuditVerdict);
CROFT_DECODES(ApiBackup);
CROFT_DECODES(ApiRestore);
CROFT_DECODES(ApiUpgrade);
#undef CROFT_DECODES

}  // namespace croft::cli
