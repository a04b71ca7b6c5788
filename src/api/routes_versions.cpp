#include <fmt/format.h>

#include <charconv>

#include "api/dto.h"
#include "api/json_reader.h"
#include "api/place.h"
#include "api/routes_services.h"
#include "app/version_actions.h"
#include "store/versions.h"

namespace croft {
namespace {

// Largest upload, compressed; a bigger one is refused while it comes.
constexpr std::int64_t kMaxUploadBytes = 512ll << 20;

// The body of a request as a source.
class BodySource final : public ByteSource {
 public:
  explicit BodySource(HttpExchange& exchange) : exchange_(exchange) {}
  Task<Result<std::optional<std::string>>> next() override {
    co_return co_await exchange_.read_body_piece(static_cast<std::size_t>(kMaxUploadBytes));
  }

 private:
  HttpExchange& exchange_;
};

// By id, by number, or by the name its author gave it.
Result<Version> find_version(const Tx& tx, const Scope& scope, const Service& service,
                             const std::string& wanted) {
  if (const auto id = VersionId::parse(wanted)) {
    auto version = get_version(tx, scope, *id);
    if (version && version->service_id == service.id) return version;
  }
  int number = 0;
  const auto [end, error] = std::from_chars(wanted.data(), wanted.data() + wanted.size(), number);
  if (error == std::errc() && end == wanted.data() + wanted.size()) {
    return get_version_by_number(tx, scope, service.id, number);
  }
  auto versions = list_versions(tx, scope, service.id, {.limit = 200});
  if (!versions) return fail(std::move(versions).error());
  for (const Version& one : versions->items) {
    if (!one.name.empty() && one.name == wanted) return one;
  }
  return fail(ErrorCode::kNotFound,
              fmt::format("service {} has no version '{}'; see croft releases {}", service.hostname,
                          wanted, service.hostname));
}

Task<Result<Version>> version_of(ApiContext& context, ApiRequest& request, const Place& place) {
  const Scope& scope = request.actor().scope;
  const std::string wanted = request.param("version");
  co_return co_await context.app.store.read(
      [&](const Tx& tx) { return find_version(tx, scope, place.service, wanted); });
}

Task<Result<ApiResponse>> one_response(ApiContext& context, int status, Version version) {
  auto view =
      co_await context.app.store.read([&](const Tx& tx) { return view_version(tx, version); });
  if (!view) co_return fail(std::move(view).error());
  co_return json_response(status, version_json(*view));
}

// What a deployment of this configuration would do; nothing is created.
boost::json::object deploy_plan(const Place& place, const NewVersionRequest& wanted,
                                const std::vector<FieldError>& warnings) {
  const std::string name = place.project.name + "/" + place.service.hostname;
  const bool first = place.service.active_version_id.empty();
  boost::json::array actions;
  actions.push_back(
      {{"action", first ? "create" : "redeploy"},
       {"object", "version"},
       {"name", name},
       {"detail", fmt::format("build and start {} container{} from {}", place.service.containers,
                              place.service.containers == 1 ? "" : "s", wanted.config_file)},
       {"replaces_containers", !first},
       {"downtime", false}});
  return {
      {"changes", true}, {"actions", std::move(actions)}, {"warnings", warnings_json(warnings)}};
}

Task<Result<ApiResponse>> create_route(ApiContext& context, ApiRequest& request) {
  auto place = co_await find_place(context, request, Action::kDeploy);
  if (!place) co_return fail(std::move(place).error());
  auto body = request.json_body();
  if (!body) co_return fail(std::move(body).error());
  JsonReader reader(*body);
  NewVersionRequest wanted;
  wanted.config = reader.text("config");
  wanted.config_file = reader.optional_text("config_file").value_or(wanted.config_file);
  wanted.setup = reader.optional_text("setup").value_or("");
  wanted.name = reader.optional_text("name").value_or("");
  reader.optional_text("source");
  CROFT_CO_TRY(reader.finish());
  auto dry_run = request.query_flag("dry_run");
  if (!dry_run) co_return fail(std::move(dry_run).error());
  const Scope& scope = request.actor().scope;
  if (*dry_run) {
    auto warnings = co_await check_version(context.app, scope, place->service.id, wanted);
    if (!warnings) co_return fail(std::move(warnings).error());
    co_return json_response(200, deploy_plan(*place, wanted, *warnings));
  }
  CROFT_CO_TRY(co_await check_can_begin(context, "deploy " + place->service.hostname));
  auto created = co_await create_version_use_case(context.app, scope, place->service.id, wanted);
  if (!created) co_return fail(std::move(created).error());
  auto view = co_await context.app.store.read(
      [&](const Tx& tx) { return view_version(tx, created->version); });
  if (!view) co_return fail(std::move(view).error());
  const std::string self =
      fmt::format("{}/projects/{}/services/{}/versions/{}", kApiPrefix, place->project.id.str(),
                  place->service.id.str(), created->version.id.str());
  ApiResponse response =
      json_response(201, boost::json::object{{"version", version_json(*view)},
                                             {"upload_url", self + "/source"},
                                             {"max_upload_bytes", kMaxUploadBytes},
                                             {"warnings", warnings_json(created->warnings)}});
  response.headers.add("Location", self);
  co_return response;
}

Task<Result<ApiResponse>> upload_route(ApiContext& context, RunningPlatform& running,
                                       ApiRequest& request) {
  auto place = co_await find_place(context, request, Action::kDeploy);
  if (!place) co_return fail(std::move(place).error());
  auto version = co_await version_of(context, request, *place);
  if (!version) co_return fail(std::move(version).error());
  if (version->status != VersionStatus::kUploading) {
    co_return fail(ErrorCode::kConflict,
                   fmt::format("version {} has its source already", version->number));
  }
  BodySource body(request.exchange());
  auto bytes = co_await running.receive_source(*version, body);
  const Scope& scope = request.actor().scope;
  if (!bytes) {
    co_await drop_upload(context.app, scope, version->id);
    co_return fail(std::move(bytes).error());
  }
  CROFT_CO_TRY(co_await version_uploaded(context.app, scope, version->id, *bytes));
  auto stored = co_await context.app.store.read(
      [&](const Tx& tx) { return get_version(tx, scope, version->id); });
  if (!stored) co_return fail(std::move(stored).error());
  co_return co_await one_response(context, 200, std::move(*stored));
}

Task<Result<ApiResponse>> deploy_route(ApiContext& context, ApiRequest& request) {
  auto place = co_await find_place(context, request, Action::kDeploy);
  if (!place) co_return fail(std::move(place).error());
  auto version = co_await version_of(context, request, *place);
  if (!version) co_return fail(std::move(version).error());
  auto process = co_await deploy_version(context.app, request.actor(), version->id);
  if (!process) co_return fail(std::move(process).error());
  co_return co_await accepted_process(context, std::move(*process));
}

Task<Result<ApiResponse>> rollback_route(ApiContext& context, ApiRequest& request) {
  auto place = co_await find_place(context, request, Action::kDeploy);
  if (!place) co_return fail(std::move(place).error());
  auto body = request.json_body();
  if (!body) co_return fail(std::move(body).error());
  JsonReader reader(*body);
  const auto wanted = reader.optional_text("version");
  CROFT_CO_TRY(reader.finish());
  const Scope& scope = request.actor().scope;
  std::optional<int> number;
  if (wanted && !wanted->empty()) {
    auto version = co_await context.app.store.read(
        [&](const Tx& tx) { return find_version(tx, scope, place->service, *wanted); });
    if (!version) co_return fail(std::move(version).error());
    number = version->number;
  }
  auto process =
      co_await activate_version_use_case(context.app, request.actor(), place->service.id, number);
  if (!process) co_return fail(std::move(process).error());
  co_return co_await accepted_process(context, std::move(*process));
}

}  // namespace

void add_version_routes(Router& router, ApiContext& context, RunningPlatform& running) {
  const std::string service = "/api/v1/projects/{project}/services/{service}";
  const std::string one = service + "/versions/{version}";
  router
      .add({"POST", service + "/versions", Access::kDeploy, BodyKind::kJson,
            [&context](ApiRequest& r) { return create_route(context, r); }})
      .audit_as = "version.create";
  router
      .add({"PUT", one + "/source", Access::kDeploy, BodyKind::kStream,
            [&context, &running](ApiRequest& r) { return upload_route(context, running, r); }})
      .audit_as = "version.upload";
  router.add({"POST", one + "/deploy", Access::kDeploy, BodyKind::kNone,
              [&context](ApiRequest& r) { return deploy_route(context, r); }});
  router.add({"POST", service + "/rollback", Access::kDeploy, BodyKind::kJson,
              [&context](ApiRequest& r) { return rollback_route(context, r); }});
}

}  // namespace croft
