// Errors on the wire: RFC 9457 problem details.
#pragma once

#include <string>

#include "api/api_request.h"
#include "base/result.h"

namespace croft {

// {"type", "title", "status", "detail", "code", "request_id", "errors"}. Never the error's detail,
// which is for the log.
boost::json::object problem_json(const Error& error, const std::string& request_id);

// Whole seconds, rounded up.
std::string retry_after_text(Millis wait);

// With WWW-Authenticate for 401, and Retry-After for 429 and 503.
ApiResponse problem_response(const Error& error, const std::string& request_id);

}  // namespace croft
