#include "app/limits.h"

#include <fmt/format.h>

#include "store/limits.h"

namespace croft {

Task<Result<Limits>> show_limits(const AppContext& context, const Actor& actor) {
  CROFT_CO_TRY(authorize(actor, Action::kRead, {}));
  co_return co_await context.store.read([](const Tx& tx) { return read_limits(tx); });
}

Task<Result<Limits>> change_limits(const AppContext& context, const Actor& actor,
                                   std::map<std::string, std::int64_t> changes) {
  CROFT_CO_TRY(authorize(actor, Action::kAdmin, {}));
  co_return co_await context.store.write([&](Tx& tx) -> Result<Limits> {
    auto limits = read_limits(tx);
    if (!limits) return limits;
    std::string said;
    for (const NamedLimit& one : kNamedLimits) {
      const auto change = changes.find(std::string(one.name));
      if (change == changes.end()) continue;
      one.of(*limits) = change->second;
      said += fmt::format(" {}={}", one.name, change->second);
    }
    CROFT_TRY(write_limits(tx, actor.scope, *limits));
    CROFT_TRY(audit_done(tx, actor, "platform.limits", {}, "limits" + said));
    return limits;
  });
}

}  // namespace croft
