// init
#include <fmt/format.h>

#include <boost/json.hpp>

#include "base/file.h"
#include "cli/commands/commands.h"
#include "cli/detect.h"
#include "cli/project_file.h"
#include "model/service.h"

namespace croft::cli {
namespace {

std::string with_setup(std::string text, const std::string& setup) {
  for (auto at = text.find("SETUP"); at != std::string::npos;
       at = text.find("SETUP", at + setup.size())) {
    text.replace(at, 5, setup);
  }
  return text;
}

Outcome<void> run_init(Session& session, const Args& args) {
  const std::filesystem::path folder =
      (session.io().cwd / args.text("dir", ".")).lexically_normal();
  std::error_code ignored;
  if (!std::filesystem::is_directory(folder, ignored)) {
    return stop({Error(ErrorCode::kNotFound, fmt::format("{}: no such folder", folder.string())),
                 kExitFailure});
  }
  const std::string existing = find_project_file(folder);
  if (!existing.empty() && !args.has("force")) {
    return stop({Error(ErrorCode::kConflict, fmt::format("{} is here already", existing)),
                 kExitConflict, "--force writes a new croft.yml all the same"});
  }
  const std::string setup = args.text("setup", hostname_from(folder));
  if (!valid_hostname(setup)) {
    return stop_usage(fmt::format("--setup: '{}' is no hostname", setup),
                      "lower-case letters and digits, a letter first, at most 25");
  }
  const Detected found = detect_project(folder);
  if (found.technology.empty()) {
    return stop({Error(ErrorCode::kUnsupported,
                       fmt::format("{}: found no package.json, go.mod, composer.json, index.php, "
                                   "requirements.txt, pyproject.toml or index.html",
                                   folder.string())),
                 kExitFailure, "run it where the code is, or write croft.yml by hand"});
  }
  CLI_TRY(write_file_atomically(folder / "croft.yml", with_setup(found.croft_yml, setup)));
  if (session.out().json()) {
    session.out().value(boost::json::object{{"file", (folder / "croft.yml").string()},
                                            {"technology", found.technology},
                                            {"type", found.type},
                                            {"setup", setup},
                                            {"findings", boost::json::value_from(found.findings)}});
    return {};
  }
  session.out().line((folder / "croft.yml").string());
  session.out().progress(fmt::format("{} ({})", found.technology, found.type));
  for (const std::string& finding : found.findings) session.out().progress("  " + finding);
  session.out().progress(fmt::format(
      "read it, then: croft service create {0} --type {1}; croft deploy {0}", setup, found.type));
  return {};
}

constexpr ArgSpec kArgs[] = {{.name = "DIR",
                              .help = "folder with the code; default: the current one",
                              .required = false,
                              .completes = Completes::kFile}};
constexpr OptionSpec kOptions[] = {
    {.name = "setup",
     .letter = 's',
     .value = "NAME",
     .help = "name of the setup (and service); default: the folder's name"},
    {.name = "force", .help = "write croft.yml even when there is one"}};

constexpr Command kCommands[] = {
    {.name = "init",
     .summary = "Look at a folder of code and write a croft.yml for it",
     .args = kArgs,
     .options = kOptions,
     .examples = "croft init\ncroft init ./backend --setup api",
     .notes = "Knows Node.js, Go, PHP, Python and static files. Never overwrites without --force.",
     .run = run_init},
};

}  // namespace

std::span<const Command> init_commands() {
  return kCommands;
}

}  // namespace croft::cli
