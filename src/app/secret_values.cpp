#include "app/secret_values.h"

#include "store/variables.h"

namespace croft {
namespace {

// Generated values are names too (user, database): only those count that nobody writes by hand.
constexpr std::size_t kShortestGenerated = 16;

}  // namespace

Result<build::SecretMask> secrets_of(const Tx& tx, const ProjectId& project) {
  auto variables = all_variables(tx, Scope::platform(), project);
  if (!variables) return fail(std::move(variables).error());
  std::vector<Secret> secrets;
  for (Variable& variable : *variables) {
    const bool generated = variable.kind == VariableKind::kGenerated &&
                           variable.value.reveal().size() >= kShortestGenerated;
    if (variable.kind == VariableKind::kSecret || generated) {
      secrets.push_back(std::move(variable.value));
    }
  }
  return build::SecretMask(secrets);
}

Task<Result<std::string>> hide_secrets(const AppContext& context, ProjectId project,
                                       std::string text) {
  auto mask =
      co_await context.store.read([&project](const Tx& tx) { return secrets_of(tx, project); });
  if (!mask) co_return fail(std::move(mask).error());
  co_return mask->hide(text);
}

}  // namespace croft
