// doctor
#include <fmt/format.h>
#include <sys/stat.h>

#include <boost/json.hpp>

#include "cli/commands/commands.h"
#include "cli/project_file.h"
#include "cli/session.h"

namespace croft::cli {
namespace {

class Doctor {
 public:
  explicit Doctor(Session& session) : session_(session) {}

  Outcome<void> run() {
    check_contexts_file();
    check_project_file();
    if (check_connection()) check_server();
    return report();
  }

 private:
  void add(std::string name, std::string status, std::string message, std::string fix = {}) {
    checks_.push_back({std::move(name), std::move(status), std::move(message), std::move(fix)});
  }

  void check_contexts_file() {
    const auto path = context_path(session_.io());
    if (!path) return add("contexts file", "warn", path.error().error.message(), path.error().hint);
    struct stat info = {};
    if (::stat(path->c_str(), &info) != 0) {
      return add("contexts file", "pass", "none yet: only the environment counts");
    }
    if ((info.st_mode & 0077) != 0) {
      return add("contexts file", "fail",
                 fmt::format("{}: others may read your token", path->string()),
                 fmt::format("chmod 600 {}", path->string()));
    }
    const auto file = load_contexts(session_.io());
    if (!file) return add("contexts file", "fail", file.error().error.message(), file.error().hint);
    add("contexts file", "pass", path->string());
  }

  void check_project_file() {
    const std::string name = find_project_file(session_.io().cwd);
    if (name.empty()) return add("croft.yml", "pass", "none in this folder");
    const auto file = load_project_file(session_, session_.io().cwd, "");
    if (!file) {
      return add("croft.yml", "fail", file.error().error.message(),
                 fmt::format("croft config validate {}", name));
    }
    add("croft.yml", "pass", fmt::format("{}: {} setups", name, file->config.setups.size()));
  }

  bool check_connection() {
    auto api = session_.api();
    if (!api) {
      add("login", "fail", api.error().error.message(), api.error().hint);
      return false;
    }
    const SystemClock clock;
    const Millis before = clock.steady();
    auto answer = (*api)->get("/whoami");
    if (!answer) {
      add("server", "fail", answer.error().error.message(),
          answer.error().hint.empty() ? "./dev logs on the server's machine" : answer.error().hint);
      return false;
    }
    const auto whoami = decode<ApiWhoami>(*answer);
    add("server", "pass",
        fmt::format("{} answered in {} ms", (*api)->url(), (clock.steady() - before).count()));
    if (whoami) add("login", "pass", fmt::format("{}", whoami->user.name));
    return true;
  }

  void check_server() {
    auto api = session_.api();
    auto answer = (*api)->get("/doctor");
    if (!answer) {
      return add("server checks", "warn", answer.error().error.message(),
                 "croft status says what it knows");
    }
    const auto report = decode<ApiDoctor>(*answer);
    if (!report)
      return add("server checks", "fail", report.error().error.message(), report.error().hint);
    for (const ApiCheck& check : report->checks) checks_.push_back(check);
  }

  Outcome<void> report() {
    bool ok = true;
    boost::json::array all;
    for (const ApiCheck& check : checks_) {
      ok = ok && check.status != "fail";
      all.push_back(boost::json::object{{"name", check.name},
                                        {"status", check.status},
                                        {"message", check.message},
                                        {"fix", check.fix}});
      if (session_.out().json()) continue;
      session_.out().line(fmt::format("{} {}: {}",
                                      session_.out().paint(check.status, tone_of(check.status)),
                                      check.name, check.message));
      if (check.status != "pass") session_.out().line("     → " + check.fix);
    }
    if (session_.out().json()) {
      session_.out().value(boost::json::object{{"ok", ok}, {"checks", std::move(all)}});
    }
    return ok ? Outcome<void>() : Outcome<void>(stop_quietly(kExitFailure));
  }

  Session& session_;
  std::vector<ApiCheck> checks_;
};

Outcome<void> run_doctor(Session& session, const Args&) {
  return Doctor(session).run();
}

constexpr Command kCommands[] = {
    {.name = "doctor",
     .summary = "Check this machine, the connection and the server; say what to do",
     .examples = "croft doctor",
     .notes = "Exit 1 when a check failed. Each failing check has a line that says what to do.",
     .run = run_doctor},
};

}  // namespace

std::span<const Command> doctor_commands() {
  return kCommands;
}

}  // namespace croft::cli
