#include "app/project_write.h"

#include <fmt/format.h>

#include "app/process_start.h"
#include "app/resolve.h"
#include "model/variable.h"
#include "store/processes.h"
#include "store/projects.h"
#include "store/variables.h"

namespace croft {
namespace {

constexpr std::size_t kMaxDescription = 255;
constexpr std::size_t kMaxTags = 50;
constexpr std::size_t kMaxTag = 64;

void check_description(const std::string& text, std::vector<FieldError>& complaints) {
  if (text.size() > kMaxDescription || !is_valid_utf8(text)) {
    complaints.push_back(
        {"/description", fmt::format("at most {} bytes of UTF-8", kMaxDescription)});
  }
}

void check_tags(const std::vector<std::string>& tags, std::vector<FieldError>& complaints) {
  if (tags.size() > kMaxTags) complaints.push_back({"/tags", fmt::format("at most {}", kMaxTags)});
  for (std::size_t i = 0; i < tags.size(); ++i) {
    if (tags[i].empty() || tags[i].size() > kMaxTag || !is_valid_utf8(tags[i])) {
      complaints.push_back(
          {fmt::format("/tags/{}", i), fmt::format("1 to {} bytes of UTF-8", kMaxTag)});
    }
  }
}

Status refuse(std::vector<FieldError> complaints, std::string_view what) {
  if (complaints.empty()) return {};
  return fail(Error(ErrorCode::kInvalid,
                    fmt::format("{}: {} {}", what, complaints[0].pointer, complaints[0].message))
                  .with_fields(std::move(complaints)));
}

Status check_input(const ProjectInput& input) {
  std::vector<FieldError> complaints;
  if (!valid_project_name(input.name)) {
    const std::string near = project_name_from(input.name);
    complaints.push_back(
        {"/name", fmt::format("lower-case letters, digits and single dashes, "
                              "starting with a letter, at most {} characters{}",
                              kMaxProjectName, near.empty() ? "" : "; \"" + near + "\" would do")});
  }
  check_description(input.description, complaints);
  check_tags(input.tags, complaints);
  CROFT_TRY(refuse(std::move(complaints), "the project cannot be created"));
  return check_variables(input.variables);
}

Status check_seen(const Project& project, std::optional<std::int64_t> generation) {
  if (!generation || *generation == project.generation) return {};
  return fail(
      ErrorCode::kPrecondition,
      fmt::format("project {}: it has changed meanwhile; read it again and repeat", project.name));
}

Status add_variables(Tx& tx, const Scope& scope, const ProjectId& project,
                     const std::vector<VariableInput>& inputs) {
  for (const VariableInput& input : inputs) {
    CROFT_TRY(set_variable(
        tx, scope,
        {.project_id = project,
         .key = input.key,
         .value = input.value,
         .kind = input.secret.value_or(false) ? VariableKind::kSecret : VariableKind::kUser}));
  }
  return {};
}

// An open deletion of the project, if there is one.
Result<std::optional<Process>> deletion_under_way(const Tx& tx, const Scope& scope,
                                                  const ProjectId& project) {
  const auto open = list_processes(
      tx, scope,
      {.project_id = project, .statuses = {ProcessStatus::kPending, ProcessStatus::kRunning}},
      {.after = {}, .limit = 200});
  if (!open) return fail(open.error());
  for (const Process& process : open->items) {
    if (process.kind == "project.delete") return std::optional<Process>(process);
  }
  return std::optional<Process>();
}

}  // namespace

Task<Result<ProjectView>> create_project(const AppContext& context, const Actor& actor,
                                         ProjectInput input) {
  CROFT_CO_TRY(authorize(actor, Action::kCreateProject, {}));
  CROFT_CO_TRY(check_input(input));
  co_return co_await context.store.write([&](Tx& tx) -> Result<ProjectView> {
    const auto made = croft::create_project(tx, actor.scope,
                                            {.name = input.name,
                                             .description = input.description,
                                             .tags = input.tags,
                                             .env_isolation = input.env_isolation});
    if (!made) return fail(made.error());
    const Scope inside = actor.scope.with(made->id);
    CROFT_TRY(add_variables(tx, inside, made->id, input.variables));
    // Nothing is left to do for an empty project: its network follows from the row.
    CROFT_TRY(set_project_status(tx, inside, made->id, ProjectStatus::kActive));
    CROFT_TRY(audit_done(tx, actor, "project.create", made->id, "project " + made->name));
    auto project = get_project(tx, inside, made->id);
    if (!project) return fail(std::move(project).error());
    return view_project(tx, inside, std::move(*project));
  });
}

Task<Result<ProjectView>> change_project(const AppContext& context, const Actor& actor,
                                         std::string project, ProjectChange change,
                                         std::optional<std::int64_t> generation) {
  std::vector<FieldError> complaints;
  if (change.description) check_description(*change.description, complaints);
  if (change.tags) check_tags(*change.tags, complaints);
  CROFT_CO_TRY(refuse(std::move(complaints), "the project cannot be changed"));
  co_return co_await context.store.write([&](Tx& tx) -> Result<ProjectView> {
    auto found = find_project(tx, actor.scope, project);
    if (!found) return fail(std::move(found).error());
    CROFT_TRY(authorize(actor, Action::kWrite, found->id));
    CROFT_TRY(check_seen(*found, generation));
    if (change.description) found->description = *change.description;
    if (change.tags) found->tags = *change.tags;
    if (change.env_isolation) found->env_isolation = *change.env_isolation;
    auto changed = update_project(tx, actor.scope, *found);
    if (!changed) return fail(std::move(changed).error());
    CROFT_TRY(audit_done(tx, actor, "project.change", found->id, "project " + found->name));
    return view_project(tx, actor.scope, std::move(*changed));
  });
}

Task<Result<ProcessView>> delete_project(const AppContext& context, const Actor& actor,
                                         std::string project,
                                         std::optional<std::int64_t> generation) {
  co_return co_await context.store.write([&](Tx& tx) -> Result<ProcessView> {
    const auto found = find_project(tx, actor.scope, project);
    if (!found) return fail(found.error());
    CROFT_TRY(authorize(actor, Action::kWrite, found->id));
    CROFT_TRY(check_seen(*found, generation));
    auto open = deletion_under_way(tx, actor.scope, found->id);
    if (!open) return fail(std::move(open).error());
    if (*open) return view_process(tx, std::move(**open));
    auto process = start_process(tx, actor,
                                 {.project_id = found->id,
                                  .kind = "project.delete",
                                  .params = {{"name", found->name}},
                                  .object = "project " + found->name});
    if (!process) return fail(std::move(process).error());
    // Not even while it waits for its turn: the project would stay "deleting" with nobody at it.
    process->cancellable = false;
    process = update_process(tx, actor.scope, *process);
    if (!process) return fail(std::move(process).error());
    CROFT_TRY(set_project_status(tx, actor.scope, found->id, ProjectStatus::kDeleting));
    return view_process(tx, std::move(*process));
  });
}

}  // namespace croft
