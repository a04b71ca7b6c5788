// For tests: the whole API of croftd with its real catalog and store, served on 127.0.0.1 by a
// thread of its own, and the command line client that talks to it. Only what runs containers is
// missing: processes stay pending until a test says how they ended.
#pragma once

#include <boost/asio/co_spawn.hpp>
#include <future>
#include <thread>

#include "api/all_routes.h"
#include "api/fake_exchange.h"
#include "app/running.h"
#include "engine/docker/docker_engine.h"
#include "net/http_server.h"
#include "store/store_fixture.h"
#include "task/broadcast.h"
#include "task/group.h"

namespace croft {

// croftd's own refusals, without an engine behind them.
class PlatformForTests final : public RunningPlatform {
 public:
  PlatformForTests(Runtime& runtime, Clock& clock, std::filesystem::path home);

  bool engine_down = false;
  std::vector<ComponentStatus> more_components;
  std::uint64_t least_free_bytes = 0;
  // What runs, of whichever set, and what happens there; without it, nobody answers.
  std::vector<LiveInstance> live;
  std::function<std::unique_ptr<engine::ExecSession>(const std::string& container,
                                                     const std::vector<std::string>& command)>
      run_command;

  std::vector<LiveInstance> instances(const InstanceSetId& set) override;
  Task<Result<std::unique_ptr<engine::ExecSession>>> exec(std::string container,
                                                          std::vector<std::string> command,
                                                          bool tty, std::uint16_t rows,
                                                          std::uint16_t columns) override;
  Task<Status> begin_work() override;
  Task<Result<std::uint64_t>> receive_source(const Version& version, ByteSource& body) override;
  LogStore& logs() override { return *logs_; }
  Task<std::vector<ComponentStatus>> components() override;
  Task<std::vector<DoctorCheck>> doctor() override;
  Task<std::vector<ReadyCheck>> readiness() override { co_return std::vector<ReadyCheck>(); }
  Task<Result<std::vector<std::string>>> ready_types() override;
  Timestamp started_at() const override { return {}; }

 private:
  std::filesystem::path home_;
  engine::DockerEngine nowhere_;  // at a socket that nobody listens on
  Pool pool_{1};
  std::unique_ptr<LogStore> logs_;
};

// One run of `croft`.
struct CliRun {
  std::vector<std::string> words;
  int exit = 0;
  std::string out;
  std::string err;
};
std::ostream& operator<<(std::ostream& out, const CliRun& run);

class RealApi : public StoreTest {
 protected:
  RealApi();
  ~RealApi() override;

  // `croft WORDS` in the folder here(), as the owner ann unless `token` says otherwise; no
  // terminal.
  CliRun croft(std::vector<std::string> words) { return croft_as(owner_, std::move(words)); }
  CliRun croft_as(const std::string& token, std::vector<std::string> words);
  // A request that the client would not send.
  FakeExchange::Answer call(const std::string& method, const std::string& path,
                            const std::string& body, HttpHeaders headers = {});
  void write_file(const std::string& name, const std::string& content);
  std::filesystem::path here() const { return directory_ / "here"; }
  // The project shop with the runtime service api and the database db.
  void make_shop();
  // A folder with a croft.yml of the setup api, whose `run` has these lines (indented by 6) too.
  std::string code(const std::string& run_lines = "");
  std::string made_token(const std::string& user, UserRole role);

  // What there is, of every tenant: "project shop", "service api", "version 1", "process deploy".
  std::vector<std::string> everything();
  // On the server's thread.
  template <class F>
  auto change(F fn) {
    using R = typename std::invoke_result_t<F, Tx&>;
    std::promise<R> done;
    boost::asio::co_spawn(runtime_.io(), store().write(std::move(fn)),
                          [&](std::exception_ptr, R value) { done.set_value(std::move(value)); });
    return must(done.get_future().get());
  }
  void on_server(std::function<void()> work);

  PlatformForTests platform_;
  std::string owner_;
  std::string url_;
  std::uint16_t port_ = 0;

 private:
  Task<void> serve();

  const catalog::Catalog catalog_;
  AppContext app_;
  Pool pool_{1};

 protected:
  Auth auth_;
  Broadcast changes_;
  ApiContext context_;
  Router router_;
  ApiHandlerFrame frame_;
  HttpServer server_;

 private:
  Signal stop_;
  std::thread thread_;
};

}  // namespace croft
