// audit
#include <fmt/format.h>

#include <boost/json.hpp>

#include "cli/api_platform.h"
#include "cli/commands/commands.h"
#include "cli/session.h"
#include "cli/text.h"

namespace croft::cli {
namespace {

Outcome<void> verify(Session& session, Api& api) {
  CLI_LET(answer, api.get("/audit/verification"));
  CLI_LET(verdict, decode<ApiAuditVerdict>(answer));
  if (session.out().json()) {
    session.out().value(answer);
  } else if (verdict.intact) {
    session.out().line(
        fmt::format("intact: {} entries, {} to {}", verdict.entries, verdict.first, verdict.last));
    session.out().line(fmt::format("newest  {}", verdict.head_hash));
  }
  if (verdict.intact) return {};
  return stop({Error(ErrorCode::kFailed,
                     fmt::format("the audit trail was tampered with: {}", verdict.reason)),
               kExitFailure,
               fmt::format("entries {} to {} are as they were written; compare with a backup",
                           verdict.first, verdict.broken.value_or(verdict.first) - 1)});
}

Outcome<void> run_audit(Session& session, const Args& args) {
  CLI_LET(limit, args.number("limit", 1, 10'000));
  CLI_LET(api, session.api());
  if (args.has("verify")) return verify(session, *api);
  Query query;
  if (!session.options().project.empty()) query.add("project", session.options().project);
  CLI_LET(items, api->list("/audit", query, static_cast<std::size_t>(limit.value_or(20))));
  if (session.out().json()) {
    session.out().value(boost::json::array(items.begin(), items.end()));
    return {};
  }
  std::vector<std::vector<std::string>> rows{
      {"NUMBER", "AT", "WHO", "ACTION", "OBJECT", "RESULT", "FROM", "REQUEST"}};
  for (const auto& item : items) {
    CLI_LET(entry, decode<ApiAuditEntry>(item));
    rows.push_back({std::to_string(entry.number), session.time_text(entry.at),
                    safe_text(entry.actor, Escapes::kNone), entry.action,
                    safe_text(entry.object, Escapes::kNone),
                    session.out().paint(entry.result, tone_of(entry.result)), entry.peer,
                    entry.request_id});
    if (!entry.reason.empty()) {
      rows.push_back({"", "", "", "", "→ " + safe_text(entry.reason, Escapes::kNone)});
    }
  }
  session.out().table(rows);
  return {};
}

constexpr OptionSpec kOptions[] = {
    {.name = "limit", .letter = 'n', .value = "N", .help = "at most so many; default 20"},
    {.name = "verify", .help = "check the hash chain over the whole trail instead"}};

constexpr Command kCommands[] = {
    {.name = "audit",
     .summary = "Show who did what, or check that the record of it is whole",
     .options = kOptions,
     .examples = "croft audit\ncroft audit --project shop --limit 100 --json\ncroft audit --verify",
     .notes =
         "Without --project: of everything you may see. --verify needs an owner; exit 1 when an "
         "entry was\nchanged or removed, naming the first. Keep the hash it prints elsewhere: it "
         "shows later whether the\nwhole record was put back to an older state.",
     .run = run_audit},
};

}  // namespace

std::span<const Command> audit_commands() {
  return kCommands;
}

}  // namespace croft::cli
