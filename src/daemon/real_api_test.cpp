#include "daemon/real_api_test.h"

#include <boost/asio/post.hpp>

#include "base/file.h"
#include "base/free_space.h"
#include "cli/program.h"
#include "daemon/source_inbox.h"
#include "store/processes.h"
#include "store/projects.h"
#include "store/services.h"
#include "store/tokens.h"
#include "store/users.h"
#include "store/versions.h"

namespace croft {
namespace {

constexpr Millis kLimit{5000};

constexpr const char* kShop = R"(project:
  name: shop
services:
  - hostname: db
    type: postgresql@17
    priority: 10
  - hostname: api
    type: nodejs@22
    enableSubdomainAccess: true
)";

}  // namespace

PlatformForTests::PlatformForTests(Runtime& runtime, Clock& clock, std::filesystem::path home)
    : home_(std::move(home)),
      nowhere_(runtime, (home_ / "no-engine.sock").string()),
      logs_(must(LogStore::open(sqlite_memory(), clock, {}))) {}

std::vector<LiveInstance> PlatformForTests::instances(const InstanceSetId&) {
  return live;
}

Task<Result<std::unique_ptr<engine::ExecSession>>> PlatformForTests::exec(
    std::string container, std::vector<std::string> command, bool, std::uint16_t, std::uint16_t) {
  if (run_command) co_return run_command(container, command);
  co_return co_await nowhere_.exec(std::move(container), {.command = std::move(command)}, kLimit);
}

Task<Status> PlatformForTests::begin_work() {
  CROFT_CO_TRY(check_free_space(home_, least_free_bytes));
  if (!engine_down) co_return Status();
  auto info = co_await nowhere_.info(kLimit);
  if (!info) co_return fail(std::move(info).error());
  co_return Status();
}

Task<Result<std::uint64_t>> PlatformForTests::receive_source(const Version& version,
                                                             ByteSource& body) {
  CROFT_CO_TRY(check_free_space(home_, least_free_bytes));
  co_return co_await receive_into(pool_, body,
                                  home_ / "bundles" / version.id.str() / "source.tar.zst");
}

Task<std::vector<ComponentStatus>> PlatformForTests::components() {
  std::vector<ComponentStatus> all = more_components;
  all.push_back({.name = "engine",
                 .status = engine_down ? "down" : "ok",
                 .detail = engine_down ? "it does not answer" : "",
                 .fix = engine_down ? "start the container engine" : ""});
  co_return all;
}

Task<std::vector<DoctorCheck>> PlatformForTests::doctor() {
  co_return std::vector<DoctorCheck>{
      {.name = "engine", .status = "pass", .message = "version 27", .fix = ""}};
}

Task<Result<std::vector<std::string>>> PlatformForTests::ready_types() {
  co_return std::vector<std::string>{"nodejs@22"};
}

std::ostream& operator<<(std::ostream& out, const CliRun& run) {
  out << "croft";
  for (const std::string& word : run.words) out << ' ' << word;
  return out << " ended with " << run.exit << "\n--- output\n"
             << run.out << "--- errors\n"
             << run.err;
}

RealApi::RealApi()
    : StoreTest(StoreKind::kInline),
      platform_(runtime_, clock_, directory_),
      catalog_(must(catalog::Catalog::load(CROFT_SOURCE_DIR "/catalog"))),
      app_{.store = store(),
           .catalog = catalog_,
           .clock = clock_,
           .random = random_,
           .platform = {},
           .wake = [] {},
           .cancel = [](const ProcessId&) {}},
      auth_(store(), pool_, clock_, random_, {.passes = 1, .memory_bytes = 8192}),
      changes_(runtime_),
      context_{.app = app_,
               .auth = auth_,
               .runtime = runtime_,
               .changes = changes_,
               .install_id = "abc123",
               .version = "0.1.0",
               .begin_work = [this] { return platform_.begin_work(); }},
      frame_(context_, router_),
      server_(runtime_, frame_, {}),
      stop_(runtime_) {
  store().on_events([this](std::int64_t) { changes_.notify(); });
  add_all_routes(router_, context_, platform_, [] { return NodeFacts{}; });
  std::filesystem::create_directories(here());
  port_ = must(server_.listen_tcp("127.0.0.1", 0));
  url_ = "http://127.0.0.1:" + std::to_string(port_);
  thread_ = std::thread([this] { runtime_.run_until_done(serve()); });
  owner_ = made_token("ann", UserRole::kOwner);
}

RealApi::~RealApi() {
  boost::asio::post(runtime_.io(), [this] { stop_.notify(); });
  thread_.join();
}

Task<void> RealApi::serve() {
  Group group(runtime_);
  group.spawn("server", server_.run());
  while (!co_await stop_.wait_for(Millis(60'000))) {
  }
  co_await server_.stop(Millis(0));
  co_await group.join();
}

void RealApi::on_server(std::function<void()> work) {
  std::promise<void> done;
  boost::asio::post(runtime_.io(), [&] {
    work();
    done.set_value();
  });
  done.get_future().get();
}

std::string RealApi::made_token(const std::string& name, UserRole role) {
  const Secret token = make_token(random_);
  change([&](Tx& tx) -> Result<Token> {
    auto user = create_user(tx, Scope::platform(), {.name = name, .role = role});
    if (!user) return fail(std::move(user).error());
    return create_token(tx, Scope::platform(),
                        {.user_id = user->id,
                         .name = "t",
                         .hash = sha256_hex(token.reveal()),
                         .scopes = {TokenScope::kAdmin}});
  });
  return token.reveal();
}

CliRun RealApi::croft_as(const std::string& token, std::vector<std::string> words) {
  CliRun run{.words = words};
  cli::Io io;
  io.cwd = here();
  io.env = {{"XDG_CONFIG_HOME", (directory_ / "config").string()},
            {"CROFT_URL", url_},
            {"CROFT_TOKEN", token}};
  io.read_line = [] { return std::optional<std::string>(); };
  io.read_hidden_line = [](const std::string&) { return std::optional<std::string>(); };
  io.read_all = []() -> Result<std::string> { return std::string(); };
  io.open_browser = [](const std::string&) { ADD_FAILURE() << "a test opened a browser"; };
  io.out = [&run](std::string_view text) { run.out += text; };
  io.err = [&run](std::string_view text) { run.err += text; };
  run.exit = cli::run_program_line(io, words);
  return run;
}

FakeExchange::Answer RealApi::call(const std::string& method, const std::string& path,
                                   const std::string& body, HttpHeaders headers) {
  headers.set("Authorization", "Bearer " + owner_);
  FakeExchange exchange(method, "/api/v1" + path, std::move(headers), body);
  std::promise<void> done;
  boost::asio::co_spawn(runtime_.io(), frame_.handle(exchange),
                        [&](std::exception_ptr) { done.set_value(); });
  done.get_future().get();
  return exchange.answer();
}

void RealApi::write_file(const std::string& name, const std::string& content) {
  must(make_directories((here() / name).parent_path()));
  must(write_file_atomically(here() / name, content));
}

void RealApi::make_shop() {
  write_file("shop.yml", kShop);
  const CliRun run = croft({"project", "import", "shop.yml"});
  ASSERT_EQ(run.exit, 0) << run;
}

std::string RealApi::code(const std::string& run_lines) {
  write_file("code/croft.yml",
             "croft:\n"
             "  - setup: api\n"
             "    build:\n"
             "      base: nodejs@22\n"
             "      deployFiles: ./\n"
             "    run:\n"
             "      start: node server.js\n" +
                 run_lines);
  write_file("code/server.js", "// hello\n");
  return "code";
}

std::vector<std::string> RealApi::everything() {
  return change([](Tx& tx) -> Result<std::vector<std::string>> {
    std::vector<std::string> found;
    const Scope all = Scope::platform();
    for (const Project& project : must(all_projects(tx, all))) {
      found.push_back("project " + project.name);
    }
    for (const Service& service : must(all_services(tx, all))) {
      found.push_back("service " + service.hostname);
      for (const Version& version : must(list_versions(tx, all, service.id, {})).items) {
        found.push_back("version " + std::to_string(version.number));
      }
    }
    for (const Process& process : must(list_processes(tx, all, {}, {})).items) {
      found.push_back("process " + process.kind);
    }
    return found;
  });
}

}  // namespace croft
