#include "api/problem.h"

#include "base/error_mapping.h"

namespace croft {
namespace {

constexpr const char* kRetryAfterSeconds = "2";

boost::json::array errors_json(const std::vector<FieldError>& fields) {
  boost::json::array errors;
  for (const FieldError& field : fields) {
    boost::json::object one{{"pointer", field.pointer}, {"message", field.message}};
    if (!field.file.empty()) one["file"] = field.file;
    if (field.line > 0) one["line"] = field.line;
    if (field.column > 0) one["column"] = field.column;
    errors.push_back(std::move(one));
  }
  return errors;
}

}  // namespace

std::string retry_after_text(Millis wait) {
  return std::to_string((wait.count() + 999) / 1000);
}

boost::json::object problem_json(const Error& error, const std::string& request_id) {
  const std::string code(to_string(error.code()));
  return {{"type", "/docs/errors#" + code},
          {"title", problem_title(error.code())},
          {"status", http_status(error.code())},
          {"detail", error.message()},
          {"code", code},
          {"request_id", request_id},
          {"errors", errors_json(error.fields())}};
}

ApiResponse problem_response(const Error& error, const std::string& request_id) {
  ApiResponse response = json_response(http_status(error.code()), problem_json(error, request_id));
  response.content_type = "application/problem+json";
  if (response.status == 401) response.headers.set("WWW-Authenticate", "Bearer realm=\"croft\"");
  if (response.status == 429 || response.status == 503) {
    response.headers.set("Retry-After", kRetryAfterSeconds);
  }
  return response;
}

}  // namespace croft
