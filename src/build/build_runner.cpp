#include "build/build_running.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/log.h"
#include "build/archive_writer.h"
#include "engine/labels.h"

namespace croft::build {
namespace {

constexpr const char* kHome = "/home/zerops";
// Layers pile up, one per build, and the engine takes 127: then the pile starts again.
constexpr int kMaxDepth = 40;
constexpr const char* kBuildLabel = "croft.build";

std::string last_step(std::string_view path) {
  return std::string(path.substr(path.rfind('/') + 1));
}

engine::Labels with(engine::Labels labels, const engine::Labels& more) {
  labels.insert(more.begin(), more.end());
  return labels;
}

}  // namespace

BuildRunner::BuildRunner(engine::Engine& engine, Pool& pool, std::string install_id,
                         std::filesystem::path cache)
    : engine_(engine), pool_(pool), install_id_(std::move(install_id)), cache_(std::move(cache)) {}

std::string BuildRunner::container_name(const std::string& build_id) const {
  return fmt::format("croft-{}-build-{}", install_id_, build_id);
}

Task<Result<BuildResult>> BuildRunner::run(const BuildJob& job, BuildTrace& trace) {
  cancel_wanted_[job.build_id] = false;
  Running running{.job = job, .trace = trace, .key = layer_key(job)};
  BuildResult result;
  Status done = co_await build_in(running, result);
  running_.erase(job.build_id);
  if (running.container) co_await running.container->remove();
  const bool cancelled = cancel_wanted_[job.build_id];
  cancel_wanted_.erase(job.build_id);
  if (cancelled) co_return fail(ErrorCode::kCancelled, "the build was cancelled");
  if (!done) co_return fail(std::move(done).error());
  co_return result;
}

Task<void> BuildRunner::cancel(std::string build_id) {
  const auto wanted = cancel_wanted_.find(build_id);
  if (wanted == cancel_wanted_.end()) co_return;
  wanted->second = true;
  const auto found = running_.find(build_id);
  if (found != running_.end()) co_await found->second->cancel();
}

Task<Status> BuildRunner::build_in(Running& running, BuildResult& result) {
  auto image = co_await choose_image(running, result);
  if (!image) co_return fail(std::move(image).error());
  const BuildJob& job = running.job;
  BuildContainerSpec spec;
  spec.name = container_name(job.build_id);
  spec.image = std::move(*image);
  spec.labels =
      with(job.labels,
           {{"croft.install", install_id_}, {"croft.role", "build"}, {kBuildLabel, job.build_id}});
  spec.limits = job.limits;
  spec.network_mode = job.network_mode;
  spec.networks = job.networks;
  spec.dns = job.dns;
  spec.host = job.host;
  running.container = std::make_unique<BuildContainer>(engine_, std::move(spec), running.trace);
  running_[job.build_id] = running.container.get();
  CROFT_CO_TRY(co_await running.container->start());
  if (cancel_wanted_[job.build_id]) co_return fail(ErrorCode::kCancelled, "cancelled");
  if (!running.prepared) CROFT_CO_TRY(co_await prepare(running));
  CROFT_CO_TRY(co_await place_files(running));
  CROFT_CO_TRY(co_await run_commands(running));
  running.trace.say("bundle", "collecting the files to deploy");
  auto bundle = co_await collect(running, job.config.deploy_files, "deployFiles",
                                 job.work / "bundle.tar.zst");
  if (!bundle) co_return fail(std::move(bundle).error());
  result.bundle = std::move(*bundle);
  if (!job.config.add_to_run_prepare.empty()) {
    auto files = co_await collect(running, job.config.add_to_run_prepare, "addToRunPrepare",
                                  job.work / "prepare.tar.zst");
    if (!files) co_return fail(std::move(files).error());
    result.run_prepare = std::move(*files);
  }
  co_await save_caches(running);
  co_return Status();
}

// The layer after the last build, else the one after the prepare commands, else the plain image.
Task<Result<std::string>> BuildRunner::choose_image(Running& running, BuildResult& result) {
  for (const char* kind : {"built", "prepared"}) {
    const std::string tag = fmt::format("croft-{}-buildcache:{}-{}-{}", install_id_,
                                        running.job.cache_scope, running.key, kind);
    auto info = co_await engine_.inspect_image(tag, kCall);
    if (!info && info.error().code() == ErrorCode::kNotFound) continue;
    if (!info) co_return fail(std::move(info).error());
    running.depth = std::atoi(engine::label(info->labels, kDepthLabel).c_str());
    if (running.depth >= kMaxDepth) continue;
    running.prepared = result.prepared_from_cache = true;
    running.trace.say("prepareCommands", "taken from the build cache");
    co_return tag;
  }
  running.depth = 0;
  co_return running.job.image;
}

Task<Status> BuildRunner::prepare(Running& running) {
  const BuildJob& job = running.job;
  const auto& commands = job.config.prepare_commands;
  if (commands.empty()) co_return Status();
  for (std::size_t i = 0; i < commands.size(); ++i) {
    const std::string step = fmt::format("prepareCommands[{}]", i);
    running.trace.say(step, "$ " + commands[i]);
    CROFT_CO_TRY(co_await running.container->run(
        {step, shell_line(commands[i]), commands[i], "zerops", kHome, job.env}));
  }
  const std::string tag =
      fmt::format("croft-{}-buildcache:{}-{}-prepared", install_id_, job.cache_scope, running.key);
  const Status kept = co_await commit_layer(running, tag, 0);
  if (!kept) {
    log_warning("the prepared layer of a build was not kept", {{"error", kept.error().describe()}});
  }
  co_await prune_layers(job, running.key);
  co_return Status();
}

Task<Status> BuildRunner::place_files(Running& running) {
  const Status restored = co_await restore_cache(running);
  if (!restored) {
    running.trace.say("cache", "could not be restored, the build goes on without it");
    log_warning("a build cache was not restored", {{"error", restored.error().describe()}});
  }
  // After the cache: what the source has wins.
  auto entries = co_await run_blocking(pool_, [&running] {
    return open_archive(running.job.source, ArchiveOrigin::kUpload, ArchiveLimits{});
  });
  if (!entries) co_return fail(std::move(entries).error());
  const auto tar = archive_stream(pool_, std::move(*entries),
                                  {.compress = false, .uid = kServiceUid, .gid = kServiceUid});
  co_return co_await engine_.put_archive(running.container->id(), kSource, *tar, kTransfer);
}

Task<Status> BuildRunner::run_commands(Running& running) {
  const auto& commands = running.job.config.build_commands;
  for (std::size_t i = 0; i < commands.size(); ++i) {
    const std::string step = fmt::format("buildCommands[{}]", i);
    running.trace.say(step, "$ " + commands[i]);
    CROFT_CO_TRY(co_await running.container->run(
        {step, shell_line(commands[i]), commands[i], "zerops", kSource, running.job.env}));
  }
  co_return Status();
}

Task<Result<Bundle>> BuildRunner::collect(Running& running, const std::vector<std::string>& paths,
                                          std::string key, std::filesystem::path file) {
  auto entries = parse_deploy_files(paths, key);
  if (!entries) co_return fail(std::move(entries).error());
  std::string ignore_text;
  if (key == "deployFiles") {
    auto text = co_await running.container->query({"cat", "/build/source/.deployignore"}, "root");
    if (text) ignore_text = std::move(*text);
  }
  auto maker = BundleMaker::create(file, spec::IgnoreList(ignore_text));
  if (!maker) co_return fail(std::move(maker).error());
  for (std::size_t i = 0; i < entries->size(); ++i) {
    const Status added = co_await add_path(running, **maker, (*entries)[i]);
    if (!added && added.error().code() == ErrorCode::kNotFound) {
      co_return fail(missing_deploy_file(*entries, i, key));
    }
    if (!added) co_return fail(Error(added.error()).in("build." + key));
  }
  co_return co_await run_blocking(pool_, [&maker] { return (*maker)->finish(); });
}

// Through a temporary file: the engine's stream is read once, the archive wants to be pulled.
Task<Status> BuildRunner::add_path(Running& running, BundleMaker& maker,
                                   const spec::DeployEntry& entry) {
  const std::string path = entry.path.empty() ? kSource : fmt::format("{}/{}", kSource, entry.path);
  auto tar = co_await engine_.get_archive(running.container->id(), path, kTransfer);
  if (!tar) co_return fail(std::move(tar).error());
  const std::filesystem::path file = running.job.work / "tree.tar";
  auto spooled = co_await spool_to_file(pool_, **tar, file, kTreeLimits.compressed_bytes);
  if (!spooled) co_return fail(std::move(spooled).error());
  Status added = co_await run_blocking(pool_, [&]() -> Status {
    auto entries = open_archive(file, ArchiveOrigin::kContainer, kTreeLimits);
    if (!entries) return fail(std::move(entries).error());
    return maker.add(entry, **entries, last_step(path));
  });
  std::error_code ignored;
  std::filesystem::remove(file, ignored);
  co_return added;
}

Task<Status> BuildRunner::remove_leftovers() {
  auto containers = co_await engine_.list_containers(
      {.labels = {{"croft.install", install_id_}, {"croft.role", "build"}}}, true, kCall);
  if (!containers) co_return fail(std::move(containers).error());
  for (const engine::ContainerInfo& container : *containers) {
    const auto build = container.labels.find(kBuildLabel);
    // Containers of an app inherit labels from the image: the name decides.
    if (build == container.labels.end() || container.name != container_name(build->second) ||
        cancel_wanted_.contains(build->second)) {
      continue;
    }
    const Status removed = co_await engine_.remove_container(container.id, true, kCall);
    if (!removed && removed.error().code() != ErrorCode::kNotFound) {
      co_return fail(Error(removed.error()));
    }
  }
  co_return Status();
}

}  // namespace croft::build
