// platform limits; platform backup, restore, upgrade and rollback, which croftd does on the machine
// where it lives
#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <charconv>

#include "base/spawn.h"
#include "cli/api_platform.h"
#include "cli/commands/commands.h"
#include "cli/prompts.h"
#include "cli/session.h"

namespace croft::cli {
namespace {

constexpr const char* kPassphraseVariable = "CROFT_BACKUP_PASSPHRASE";
constexpr std::chrono::hours kLongest{6};

Outcome<std::string> home_of(Session& session, const Args& args) {
  const std::string home = args.text("home", session.io().variable("CROFT_HOME"));
  if (home.empty()) {
    return stop_usage("say where the installation is: --home DIR, or CROFT_HOME");
  }
  return (session.io().cwd / home).string();
}

Outcome<Secret> passphrase_of(Session& session, const Args& args, bool again) {
  if (args.has("passphrase-stdin")) {
    auto line = session.io().read_line();
    if (!line || line->empty()) return stop_usage("--passphrase-stdin: standard input is empty");
    return Secret(std::move(*line));
  }
  const std::string variable = session.io().variable(kPassphraseVariable);
  if (!variable.empty()) return Secret(variable);
  CLI_LET(first, prompt_secret(session, "Passphrase", "--passphrase-stdin"));
  if (!again) return first;
  CLI_LET(second, prompt_secret(session, "The same again", "--passphrase-stdin"));
  if (!first.equals(second.reveal())) return stop_usage("the two passphrases differ");
  return first;
}

// croftd lies beside this program; CROFT_PROGRAMS names another folder.
std::string croftd_of(Session& session) {
  const std::string folder = session.io().variable("CROFT_PROGRAMS");
  if (!folder.empty()) return (session.io().cwd / folder / "croftd").string();
  std::error_code error;
  const auto self = std::filesystem::read_symlink("/proc/self/exe", error);
  const auto beside = self.parent_path() / "croftd";
  return !error && std::filesystem::exists(beside) ? beside.string() : "croftd";
}

// What croftd printed, as JSON.
Outcome<boost::json::object> run_croftd(Session& session, std::vector<std::string> words,
                                        const Secret& passphrase) {
  words.insert(words.begin(), croftd_of(session));
  const auto run = run_program({.argv = words,
                                .env = std::nullopt,
                                .cwd = session.io().cwd,
                                .input = passphrase.reveal() + "\n",
                                .timeout = kLongest,
                                .on_output = nullptr});
  if (!run) {
    return stop({run.error(), kExitFailure,
                 "run this on the machine of the control plane, or set CROFT_PROGRAMS"});
  }
  if (run->exit_code != 0) {
    std::string said = run->errors;
    while (!said.empty() && said.back() == '\n') said.pop_back();
    const std::size_t last = said.rfind('\n');
    if (last != std::string::npos) said.erase(0, last + 1);
    if (said.starts_with("croftd: ")) said.erase(0, 8);
    return stop(
        {Error(ErrorCode::kFailed, said.empty() ? "croftd failed" : said), run->exit_code, ""});
  }
  const auto json = parse_json(run->output);
  if (!json || !json->is_object()) {
    return stop(Error(ErrorCode::kInternal, "croftd's answer is not understood"));
  }
  return json->as_object();
}

Outcome<void> run_backup(Session& session, const Args& args) {
  CLI_LET(home, home_of(session, args));
  std::string name = "croft-" + format_rfc3339(session.now()) + ".backup";
  std::replace(name.begin(), name.end(), ':', '-');
  const std::string file = (session.io().cwd / args.text("out", name)).string();
  CLI_LET(passphrase, passphrase_of(session, args, true));
  CLI_LET(manifest, run_croftd(session, {"--home", home, "--backup", file}, passphrase));
  if (session.out().json()) {
    manifest["file"] = file;
    session.out().value(manifest);
    return {};
  }
  CLI_LET(told, decode<ApiBackup>(manifest));
  session.out().line(file);
  session.out().progress(fmt::format(
      "installation {} with {} projects, {} services; written and opened again to check it",
      told.install_id, told.rows["projects"], told.rows["services"]));
  session.out().note(
      "without the passphrase nobody can restore it; keep both away from this machine");
  return {};
}

Outcome<void> run_restore(Session& session, const Args& args) {
  CLI_LET(home, home_of(session, args));
  const std::string file = (session.io().cwd / args.text("file")).string();
  CLI_LET(passphrase, passphrase_of(session, args, false));
  std::vector<std::string> words{"--home", home, "--restore", file};
  if (args.has("confirm")) words.emplace_back("--confirm");
  CLI_LET(report, run_croftd(session, words, passphrase));
  if (session.out().json()) {
    session.out().value(report);
    return {};
  }
  CLI_LET(told, decode<ApiRestore>(report));
  session.out().progress(fmt::format("installation {} is as it was at {}; start croftd",
                                     told.manifest.install_id, told.manifest.created_at));
  if (!told.kept_under.empty()) {
    session.out().note(fmt::format("what was there is kept in {}", told.kept_under));
  }
  return {};
}

Outcome<void> wait_for_trial(Session& session, std::vector<std::string> words) {
  CLI_LET(answer, run_croftd(session, std::move(words), Secret("")));
  if (session.out().json()) {
    session.out().value(answer);
    return {};
  }
  CLI_LET(told, decode<ApiUpgrade>(answer));
  session.out().progress(told.release.empty() ? "the release runs that croft was started with"
                                              : fmt::format("release {} runs", told.release));
  return {};
}

Outcome<void> run_upgrade(Session& session, const Args& args) {
  CLI_LET(home, home_of(session, args));
  const std::string folder = (session.io().cwd / args.text("folder")).string();
  session.out().progress("the state is kept aside, then the release is tried");
  return wait_for_trial(session, {"--home", home, "--upgrade", folder});
}

Outcome<void> run_rollback(Session& session, const Args& args) {
  CLI_LET(home, home_of(session, args));
  std::vector<std::string> words{"--home", home, "--upgrade-back"};
  if (args.has("restore-state")) words.emplace_back("--restore-state");
  return wait_for_trial(session, std::move(words));
}

// "NAME=NUMBER" words as the body of a change.
Outcome<boost::json::object> changes_from(const Args& args) {
  boost::json::object changes;
  for (const std::string& word : args.list("set")) {
    const std::size_t equals = word.find('=');
    std::int64_t value = 0;
    const char* end = word.data() + word.size();
    const auto parsed = equals == std::string::npos
                            ? std::from_chars_result{end, std::errc::invalid_argument}
                            : std::from_chars(word.data() + equals + 1, end, value);
    if (parsed.ec != std::errc() || parsed.ptr != end) {
      return stop_usage(fmt::format("--set {}: not NAME=NUMBER", word), "croft platform limits");
    }
    changes[word.substr(0, equals)] = value;
  }
  return changes;
}

Outcome<void> run_limits(Session& session, const Args& args) {
  CLI_LET(changes, changes_from(args));
  CLI_LET(api, session.api());
  const std::string path = "/platform/limits";
  CLI_LET(answer, changes.empty() ? api->get(path)
                                  : api->call({.method = "PATCH", .path = path, .body = changes}));
  if (session.out().json() || !answer.is_object()) {
    session.out().value(answer);
    return {};
  }
  std::vector<std::vector<std::string>> rows{{"LIMIT", "AT MOST"}};
  for (const auto& [name, value] : answer.as_object()) {
    rows.push_back({std::string(name), boost::json::serialize(value)});
  }
  session.out().table(rows);
  return {};
}

constexpr OptionSpec kLimitOptions[] = {{.name = "set",
                                         .value = "NAME=NUMBER",
                                         .help = "change one; several times for several",
                                         .repeated = true}};
constexpr OptionSpec kHome{
    .name = "home", .value = "DIR", .help = "of the installation; default: CROFT_HOME"};
constexpr OptionSpec kPassphraseStdin{.name = "passphrase-stdin",
                                      .help = "the passphrase is the first line of input"};
constexpr OptionSpec kBackupOptions[] = {{.name = "out",
                                          .letter = 'o',
                                          .value = "FILE",
                                          .help = "where to; default: croft-TIME.backup here",
                                          .completes = Completes::kFile},
                                         kHome,
                                         kPassphraseStdin};
constexpr ArgSpec kFileArg[] = {
    {.name = "FILE", .help = "made by croft platform backup", .completes = Completes::kFile}};
constexpr OptionSpec kRestoreOptions[] = {
    kHome,
    kPassphraseStdin,
    {.name = "confirm",
     .help = "replace the installation that is there; its files are kept aside"}};

constexpr ArgSpec kFolderArg[] = {
    {.name = "FOLDER", .help = "of a release: bin/ and share/", .completes = Completes::kFile}};
constexpr OptionSpec kUpgradeOptions[] = {kHome};
constexpr OptionSpec kRollbackOptions[] = {
    kHome,
    {.name = "restore-state", .help = "with the state of before: what was changed since is lost"}};

constexpr Command kCommands[] = {
    {.name = "platform limits",
     .summary = "Show or change what one project, token and address may take",
     .options = kLimitOptions,
     .examples = "croft platform limits\ncroft platform limits --set containers=100 --set builds=4",
     .notes = "Changing needs an owner. Memory, disk and logs in bytes; requests per second.",
     .run = run_limits},
    {.name = "platform backup",
     .summary = "Save the state of the platform to one encrypted file, while it runs",
     .options = kBackupOptions,
     .examples = "croft platform backup --home /var/lib/croft --out croft.backup\n"
                 "croft platform backup --passphrase-stdin < passphrase",
     .notes =
         "On the machine of the control plane. The file holds the database and the key that opens "
         "its\nsecrets, encrypted with the passphrase (12 characters or more; or "
         "CROFT_BACKUP_PASSPHRASE). Not in it:\nlogs, images, bundles, and the data of services.",
     .run = run_backup},
    {.name = "platform restore",
     .summary = "Put the state of the platform back from such a file",
     .args = kFileArg,
     .options = kRestoreOptions,
     .examples = "croft platform restore croft.backup --home /var/lib/croft\n"
                 "croft platform restore croft.backup --confirm",
     .notes =
         "On the machine of the control plane, with croftd stopped. Checks the whole file before "
         "it "
         "touches\nanything. When croftd starts again it goes on with the containers that run; it "
         "restarts none of those\nthat the backup knows.",
     .run = run_restore},
    {.name = "platform upgrade",
     .summary = "Run another release of croft, and take it back if it does not work",
     .args = kFolderArg,
     .options = kUpgradeOptions,
     .examples = "croft platform upgrade ./croft-0.2 --home /var/lib/croft",
     .notes =
         "On the machine of the control plane, which croftd --supervise runs. The state is copied "
         "and the copy\nchecked first. A release that does not become ready is stopped, and the "
         "one "
         "before it goes on; its\nstate is put back when the release has changed it in a way that "
         "the older one cannot read. What your\nservices do is not touched.",
     .run = run_upgrade},
    {.name = "platform rollback",
     .summary = "Run the release of croft that ran before the last upgrade",
     .options = kRollbackOptions,
     .examples = "croft platform rollback --home /var/lib/croft",
     .notes = "Loses nothing: the state stays. A release that cannot read it any more is refused; "
              "--restore-state\nputs back the state that was kept aside before the upgrade.",
     .run = run_rollback},
};

}  // namespace

std::span<const Command> platform_commands() {
  return kCommands;
}

}  // namespace croft::cli
