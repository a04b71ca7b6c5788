#include "build/run_image.h"

#include <fmt/format.h>

#include "build/archive_writer.h"
#include "build/image_hash.h"

namespace croft::build {
namespace {

constexpr Millis kCall{60'000};
constexpr Millis kTransfer{15 * 60'000};
constexpr const char* kHome = "/home/zerops";
constexpr const char* kAppFolder = "/var/www";

std::string prepare_key(const PrepareJob& job) {
  ContentHash hash;
  hash.add("prepared-1").add(job.image);
  for (const std::string& command : job.commands) hash.add(command);
  if (job.files) hash.add(job.files->hash);
  return hash.finish();
}

// What a commit must say anew: the container ran as a build.
engine::ImageConfig image_config(const std::string& install_id, const engine::Labels& labels) {
  engine::ImageConfig config;
  config.entrypoint = {"/croft/init"};
  config.user = "root";
  config.labels = labels;
  config.labels["croft.install"] = install_id;
  config.labels["croft.role"] = "image";
  config.labels["croft.build"] = "";
  return config;
}

}  // namespace

RunImages::RunImages(engine::Engine& engine, Pool& pool, std::string install_id)
    : engine_(engine), pool_(pool), install_id_(std::move(install_id)) {}

std::string RunImages::app_tag(const std::string& version_id) const {
  return fmt::format("croft-{}-app:{}", install_id_, version_id);
}

Task<Result<std::string>> RunImages::prepare(const PrepareJob& job, BuildTrace& trace) {
  if (job.commands.empty()) co_return job.image;
  const std::string tag =
      fmt::format("croft-{}-prepared:{}-{}", install_id_, job.cache_scope, prepare_key(job));
  auto known = co_await engine_.inspect_image(tag, kCall);
  if (known) {
    trace.say("run.prepareCommands", "taken from the cache");
    co_return tag;
  }
  if (known.error().code() != ErrorCode::kNotFound) co_return fail(std::move(known).error());
  BuildContainerSpec spec;
  // The name of a build container of this version: it is found again after a crash.
  spec.name = fmt::format("croft-{}-build-{}", install_id_, job.build_id);
  spec.image = job.image;
  spec.labels = job.labels;
  spec.labels["croft.install"] = install_id_;
  spec.labels["croft.role"] = "build";
  spec.labels["croft.build"] = job.build_id;
  spec.limits = job.limits;
  spec.network_mode = job.network_mode;
  spec.networks = job.networks;
  spec.dns = job.dns;
  spec.host = job.host;
  BuildContainer container(engine_, std::move(spec), trace);
  running_[job.build_id] = &container;
  Status done = co_await run_prepare(container, job, trace);
  Result<std::string> image = tag;
  if (done) {
    auto committed = co_await engine_.commit_container(
        container.id(), tag, image_config(install_id_, job.labels), kTransfer);
    if (!committed) done = fail(std::move(committed).error());
  }
  running_.erase(job.build_id);
  co_await container.remove();
  if (container.cancelled()) co_return fail(ErrorCode::kCancelled, "the build was cancelled");
  if (!done) co_return fail(std::move(done).error());
  co_return image;
}

Task<void> RunImages::cancel(std::string build_id) {
  const auto found = running_.find(build_id);
  if (found != running_.end()) co_await found->second->cancel();
}

Task<Status> RunImages::run_prepare(BuildContainer& container, const PrepareJob& job,
                                    BuildTrace& trace) {
  CROFT_CO_TRY(co_await container.start());
  if (job.files) {
    auto entries = open_archive(job.files->file, ArchiveOrigin::kContainer, kTreeLimits);
    if (!entries) co_return fail(std::move(entries).error());
    const auto tar = archive_stream(pool_, std::move(*entries),
                                    {.compress = false, .uid = kServiceUid, .gid = kServiceUid});
    CROFT_CO_TRY(co_await engine_.put_archive(container.id(), kHome, *tar, kTransfer));
  }
  for (std::size_t i = 0; i < job.commands.size(); ++i) {
    const std::string step = fmt::format("run.prepareCommands[{}]", i);
    trace.say(step, "$ " + job.commands[i]);
    CROFT_CO_TRY(co_await container.run(
        {step, shell_line(job.commands[i]), job.commands[i], "zerops", kHome, job.env}));
  }
  co_return co_await container.remove_host_settings();
}

Task<Result<std::string>> RunImages::assemble(const AppImageJob& job) {
  const std::string name = fmt::format("croft-{}-image-{}", install_id_, job.version_id);
  const Status cleared = co_await engine_.remove_container(name, true, kCall);
  if (!cleared && cleared.error().code() != ErrorCode::kNotFound) {
    co_return fail(Error(cleared.error()));
  }
  // Never started: it only gives the files of the image a place to get the bundle.
  engine::ContainerSpec spec;
  spec.name = name;
  spec.network_mode = "none";
  spec.settings.image = job.image;
  spec.settings.command = {"/croft/init"};
  spec.settings.labels = {{"croft.install", install_id_}, {"croft.role", "image"}};
  auto container = co_await engine_.create_container(spec, kCall);
  if (!container) co_return fail(std::move(container).error());
  auto tag = co_await put_bundle(job, *container);
  const Status removed = co_await engine_.remove_container(*container, true, kCall);
  if (tag && !removed && removed.error().code() != ErrorCode::kNotFound) {
    co_return fail(Error(removed.error()));
  }
  co_return tag;
}

Task<Result<std::string>> RunImages::put_bundle(const AppImageJob& job, std::string container) {
  auto entries = open_archive(job.bundle, ArchiveOrigin::kContainer, kTreeLimits);
  if (!entries) co_return fail(std::move(entries).error());
  const auto tar = archive_stream(pool_, std::move(*entries),
                                  {.compress = false, .uid = kServiceUid, .gid = kServiceUid});
  CROFT_CO_TRY(co_await engine_.put_archive(container, kAppFolder, *tar, kTransfer));
  auto image = co_await engine_.commit_container(container, app_tag(job.version_id),
                                                 image_config(install_id_, job.labels), kTransfer);
  if (!image) co_return fail(std::move(image).error());
  co_return app_tag(job.version_id);
}

}  // namespace croft::build
