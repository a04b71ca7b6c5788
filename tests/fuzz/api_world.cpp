#include "api_world.h"

#include "build/upload.h"
#include "fuzz.h"
#include "logs/log_store.h"
#include "memory_stream.h"
#include "net/http_connection.h"
#include "store/instance_sets.h"
#include "store/processes.h"
#include "store/projects.h"
#include "store/services.h"
#include "store/sqlite/sqlite_database.h"
#include "store/tokens.h"
#include "store/users.h"
#include "store/versions.h"
#include "task/group.h"

namespace croft::fuzz {
namespace {

// The value; what cannot fail here is our bug.
template <class T>
T must(Result<T> result) {
  check(result.has_value(), result ? "" : result.error().describe());
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}

class NoContainers final : public RunningPlatform {
 public:
  NoContainers(Clock& clock, std::filesystem::path home)
      : home_(std::move(home)),
        started_(clock.now()),
        logs_(must(LogStore::open(sqlite_memory(), clock, {}))) {}

  std::vector<LiveInstance> instances(const InstanceSetId&) override {
    return {{.id = "task",
             .container_id = "container",
             .name = "api-1",
             .node = "here",
             .address4 = "10.64.16.2",
             .address6 = "fd00::2",
             .running = true,
             .state = InstanceState::kReady,
             .detail = "",
             .in_rotation = true,
             .started_at = started_}};
  }
  Task<Result<std::unique_ptr<engine::ExecSession>>> exec(std::string, std::vector<std::string>,
                                                          bool, std::uint16_t,
                                                          std::uint16_t) override {
    co_return fail(ErrorCode::kUnavailable, "no container runs here");
  }
  Task<Status> begin_work() override { co_return Status(); }
  Task<Result<std::uint64_t>> receive_source(const Version& version, ByteSource& body) override {
    auto upload = co_await build::receive_upload(pool_, body, home_ / version.id.str(),
                                                 {.compressed_bytes = 1u << 20});
    if (!upload) co_return fail(std::move(upload).error());
    co_return upload->bytes;
  }
  LogStore& logs() override { return *logs_; }
  Task<std::vector<ComponentStatus>> components() override {
    co_return std::vector<ComponentStatus>{
        {.name = "engine", .status = "down", .detail = "there is none", .fix = "start it"}};
  }
  Task<std::vector<DoctorCheck>> doctor() override {
    co_return std::vector<DoctorCheck>{
        {.name = "engine", .status = "fail", .message = "there is none", .fix = "start it"}};
  }
  Task<std::vector<ReadyCheck>> readiness() override {
    co_return std::vector<ReadyCheck>{{.name = "engine", .ok = false, .detail = "there is none"}};
  }
  Task<Result<std::vector<std::string>>> ready_types() override {
    co_return std::vector<std::string>{"nodejs@22"};
  }
  Timestamp started_at() const override { return started_; }

 private:
  std::filesystem::path home_;
  Timestamp started_;
  Pool pool_{1};
  std::unique_ptr<LogStore> logs_;
};

std::unique_ptr<Store> open_store(Clock& clock, Random& random) {
  return must(Store::open(sqlite_memory(), MasterKeys::generate(random), clock, random,
                          {.own_threads = false}));
}

Task<void> serve(Runtime& runtime, HttpHandler& handler, std::string bytes, std::string& output) {
  Group group(runtime);
  HttpServing serving{.runtime = runtime, .handler = handler, .options = {}, .tasks = group};
  {
    HttpConnection connection(serving,
                              std::make_shared<fuzz::MemoryStream>(std::move(bytes), 4096, output),
                              {.address = "192.0.2.7"});
    co_await connection.serve();
  }
  group.cancel();
  co_await group.join();
}

}  // namespace

struct ApiWorld::Parts {
  Parts(Runtime& runtime_, Clock& clock_, Random& random_, const catalog::Catalog& catalog,
        std::filesystem::path home)
      : runtime(runtime_),
        random(random_),
        store(open_store(clock_, random_)),
        running(clock_, std::move(home)),
        app{.store = *store,
            .catalog = catalog,
            .clock = clock_,
            .random = random_,
            .platform = {},
            .wake = [] {},
            .cancel = [](const ProcessId&) {}},
        auth(*store, pool, clock_, random_, {.passes = 1, .memory_bytes = 8192}),
        changes(runtime_),
        context{.app = app,
                .auth = auth,
                .runtime = runtime_,
                .changes = changes,
                .install_id = "abc123",
                .version = "0.1.0",
                .begin_work = [this] { return running.begin_work(); },
                .rates = {.per_token = 1'000'000, .per_address = 1'000'000}},
        frame(context, router) {
    store->on_events([this](std::int64_t) { changes.notify(); });
    add_all_routes(router, context, running, [] { return NodeFacts{}; });
  }

  template <class F>
  auto write(F fn) {
    return must(runtime.run_until_done(store->write(std::move(fn))));
  }

  Runtime& runtime;
  Random& random;
  std::unique_ptr<Store> store;
  NoContainers running;
  AppContext app;
  Pool pool{1};
  Auth auth;
  Broadcast changes;
  ApiContext context;
  Router router;
  ApiHandlerFrame frame;
};

ApiWorld::ApiWorld(Runtime& runtime, Clock& clock, Random& random, const catalog::Catalog& catalog,
                   std::filesystem::path home)
    : parts_(std::make_unique<Parts>(runtime, clock, random, catalog, std::move(home))) {}
ApiWorld::~ApiWorld() = default;

HttpHandler& ApiWorld::handler() {
  return parts_->frame;
}

std::string ApiWorld::answer(std::string request) {
  std::string output;
  parts_->runtime.run_until_done(serve(parts_->runtime, parts_->frame, std::move(request), output));
  return output;
}

const Router& ApiWorld::router() const {
  return parts_->router;
}

void ApiWorld::make_shop() {
  parts_->write([](Tx& tx) -> Result<ProjectId> {
    const Scope all = Scope::platform();
    const ProjectId shop = must(create_project(tx, all, {.name = "shop", .tags = {"a"}})).id;
    const ServiceId api = must(create_service(tx, all,
                                              {.project_id = shop,
                                               .hostname = "api",
                                               .type = "nodejs@22",
                                               .ports = {{.port = 3000}}}))
                              .id;
    must(create_service(tx, all,
                        {.project_id = shop,
                         .hostname = "db",
                         .type = "postgresql@17",
                         .category = ServiceCategory::kDatabase,
                         .status = ServiceStatus::kActive}));
    const Version version = must(create_version(tx, all, {.service_id = api, .name = "first"}));
    must(create_instance_set(tx, all, {.service_id = api, .version_id = version.id}));
    must(create_process(tx, all, {.project_id = shop, .service_id = api, .kind = "deploy"}));
    return shop;
  });
}

std::string ApiWorld::token_of(const std::string& user, UserRole role, TokenScope scope,
                               const std::string& project) {
  const Secret token = make_token(parts_->random);
  parts_->write([&](Tx& tx) -> Result<Token> {
    const Scope all = Scope::platform();
    UserId owner;
    if (auto known = get_user_by_name(tx, all, user)) {
      owner = known->user.id;
    } else {
      owner = must(create_user(tx, all, {.name = user, .role = role})).id;
    }
    ProjectId only;
    if (!project.empty()) only = must(get_project_by_name(tx, all, project)).id;
    return create_token(tx, all,
                        {.user_id = owner,
                         .name = "fuzz",
                         .hint = token_hint(token),
                         .hash = sha256_hex(token.reveal()),
                         .scopes = {scope},
                         .project_id = only});
  });
  return token.reveal();
}

}  // namespace croft::fuzz
