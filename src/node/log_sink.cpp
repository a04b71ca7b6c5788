#include "node/log_sink.h"

#include <fmt/format.h>

namespace croft::node {
namespace {

constexpr Millis kLimit{30'000};

Status refusal(const HttpResponse& response, const char* what) {
  ErrorCode code = ErrorCode::kFailed;
  if (response.status == 400 || response.status == 422) code = ErrorCode::kInvalid;
  if (response.status == 413) code = ErrorCode::kTooLarge;
  return fail(code, fmt::format("{}: the control plane answered {}", what, response.status),
              response.body.substr(0, 300));
}

}  // namespace

AgentLogSink::AgentLogSink(Runtime& runtime, HttpEndpoint control_plane, std::string node_id)
    : client_(runtime, std::move(control_plane)), node_id_(std::move(node_id)) {}

Task<Status> AgentLogSink::store(std::vector<LogRecord> records) {
  HttpRequest request{.method = "POST", .target = "/agent/v1/logs?node=" + node_id_};
  request.headers.set("Content-Type", "application/x-ndjson");
  request.body = write_log_records(records);
  request.limit = kLimit;
  auto response = co_await client_.send(request);
  if (!response) co_return fail(std::move(response).error().in("send log lines"));
  if (response->status / 100 != 2) co_return refusal(*response, "send log lines");
  co_return Status();
}

Task<Result<std::vector<LogCursor>>> AgentLogSink::cursors() {
  HttpRequest request{.target = "/agent/v1/cursors?node=" + node_id_};
  request.limit = kLimit;
  auto response = co_await client_.send(request);
  if (!response) co_return fail(std::move(response).error().in("read log cursors"));
  if (response->status != 200) co_return fail(refusal(*response, "read log cursors").error());
  co_return from_json_text<std::vector<LogCursor>>(response->body);
}

}  // namespace croft::node
