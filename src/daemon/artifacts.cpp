#include "daemon/artifacts.h"

#include <fmt/format.h>

#include <algorithm>
#include <system_error>

#include "app/secret_values.h"
#include "base/file.h"
#include "base/log.h"
#include "build/run_image.h"
#include "build/upload.h"
#include "reconcile/cancellable.h"
#include "task/pool.h"

namespace croft {
namespace {

constexpr Millis kEngineLimit{60'000};

ProcessError error_of(const build::StepFailure& failure, const build::SecretMask& mask) {
  ProcessError error;
  error.code = "deploy-failed";
  error.step = failure.step;
  error.exit_code = failure.exit_code;
  for (const std::string& line : failure.last_lines) error.last_lines.push_back(mask.hide(line));
  error.message = fmt::format("{}: {} ({})", failure.step, failure.reason, failure.command);
  return error;
}

using MaybeImage = std::optional<Result<std::string>>;

Task<void> ensure_into(build::ImageStore& images, build::ImageRequest request,
                       build::ImageProgress progress, MaybeImage& made) {
  made = co_await images.ensure_image(std::move(request), std::move(progress));
}

// Both outlive it.
build::BuildTrace trace_into(ProcessRun& run, const build::SecretMask& mask) {
  build::BuildTrace trace;
  trace.on_line = [&run, &mask](std::string_view, std::string_view line) {
    if (run.log_is_full()) return;  // a build may print for ever
    run.log(mask.hide(line));
  };
  return trace;
}

Error note_failure(ProcessRun& run, const build::BuildTrace& trace, const build::SecretMask& mask,
                   Error error) {
  if (!trace.failure) return error;
  run.failure = error_of(*trace.failure, mask);
  return Error(error.code(), run.failure->message, error.detail());
}

// Folders <service>/<version>; what is named otherwise is none of ours.
std::vector<VersionOnDisk> versions_below(const std::filesystem::path& bundles) {
  std::vector<VersionOnDisk> found;
  std::error_code ignored;
  for (const auto& folder : std::filesystem::directory_iterator(bundles, ignored)) {
    const auto service = ServiceId::parse(folder.path().filename().string());
    if (!service) continue;
    for (const auto& one : std::filesystem::directory_iterator(folder.path(), ignored)) {
      const auto version = VersionId::parse(one.path().filename().string());
      if (version) found.push_back({*service, *version});
    }
  }
  return found;
}

// What a container had is in use until the engine has removed that container, which takes it some
// seconds after its end.
template <typename Remove>
Task<Status> when_free(Remove remove) {
  constexpr int kTries = 40;
  constexpr Millis kPause{250};
  Status removed = co_await remove();
  for (int i = 1; i < kTries && !removed && removed.error().code() == ErrorCode::kConflict; ++i) {
    co_await sleep_for(kPause);
    removed = co_await remove();
  }
  co_return removed;
}

}  // namespace

// The build and prepare container of a version share what they are told of the host and network.
struct BuildArtifacts::Surroundings {
  std::vector<engine::NetworkAttachment> networks;
  engine::Dns dns;
  build::HostAccess host;
  engine::Labels labels;
  build::BuildLimits limits;
};

Task<Result<BuildArtifacts::Surroundings>> BuildArtifacts::surroundings(
    const RolloutSubject& subject) {
  BuildTools& tools = tools_;
  const build::HostSettings settings = co_await run_blocking(
      tools.pool, [] { return build::read_host_settings(build::current_host_paths()); });
  auto machine = co_await tools.engine.info(kEngineLimit);
  if (!machine) co_return fail(std::move(machine).error());
  const int n = subject.project.network_number;
  const AddressPair gateway = tools.addresses.gateway(n);
  Surroundings around;
  around.networks = {{.network = tools.names.project_network(n)}};
  around.dns = {.servers = {gateway.v4.str(), gateway.v6.str()}, .search = {"croft"}};
  around.host = {.env = settings.env,
                 .ca_certificates = settings.ca_certificates,
                 .apt_conf = settings.apt_transport};
  around.labels = tools.names.project_labels("build", subject.project.id);
  around.labels["croft.service"] = subject.service.id.str();
  // The engine refuses more than there is.
  around.limits.nano_cpus =
      std::min(around.limits.nano_cpus, std::max<std::int64_t>(1, machine->cpus) * 1'000'000'000);
  co_return around;
}

BuildArtifacts::BuildArtifacts(BuildTools tools)
    : tools_(std::move(tools)),
      runner_(tools_.engine, tools_.pool, tools_.names.install(), tools_.home / "cache"),
      run_images_(tools_.engine, tools_.pool, tools_.names.install()) {}

std::filesystem::path BuildArtifacts::folder_of(const Version& version) const {
  return tools_.home / "bundles" / version.service_id.str() / version.id.str();
}

std::filesystem::path BuildArtifacts::source_of(const Version& version) const {
  return folder_of(version) / "source.tar.zst";
}

Task<Result<std::string>> BuildArtifacts::run_image(const catalog::Resolved& type,
                                                    ProcessRun& run) {
  co_return co_await ensure_image({.types = {type.canonical()}}, run);
}

Task<Result<std::string>> BuildArtifacts::ensure_image(build::ImageRequest request,
                                                       ProcessRun& run) {
  MaybeImage made;
  co_await run_cancellable(
      tools_.runtime, run, "make an image",
      ensure_into(
          tools_.images, std::move(request),
          [&run](std::string_view line) { run.log(std::string(line)); }, made));
  if (made && made->has_value()) co_return std::move(**made);
  if (!made || run.cancel_wanted()) {
    co_return fail(ErrorCode::kCancelled, "cancelled while an image was made");
  }
  co_return fail(std::move(*made).error());
}

Task<Result<std::string>> BuildArtifacts::build_image(const RolloutSubject& subject,
                                                      ProcessRun& run) {
  build::ImageRequest request{.kind = catalog::ImageKind::kBuild, .types = {}};
  const catalog::FindOptions options{.role = spec::TypeRole::kBuildBase, .nearest = true};
  for (const spec::TypeUse& base : subject.setup.build->bases) {
    auto type = tools_.catalog.find(base.type, options);
    if (!type) co_return fail(std::move(type).error());
    for (const std::string& warning : type->warnings) run.log("warning: " + warning);
    request.types.push_back(type->canonical());
  }
  if (request.types.empty()) request.types.push_back("debian@trixie");
  co_return co_await ensure_image(std::move(request), run);
}

Task<Result<BuiltBundle>> BuildArtifacts::build(RolloutSubject subject, ProcessRun& run) {
  const std::filesystem::path folder = folder_of(subject.version);
  const auto keep = [&](const build::Bundle& bundle) {
    return BuiltBundle{
        .hash = bundle.hash,
        .path = std::filesystem::relative(bundle.file, tools_.home / "bundles").string()};
  };
  if (!subject.setup.build || subject.setup.build->deploy_files.empty()) {
    // No build section: what was uploaded is what runs.
    co_return co_await run_blocking(tools_.pool, [&]() -> Result<BuiltBundle> {
      const std::filesystem::path tree = folder / "tree";
      std::error_code ignored;
      std::filesystem::remove_all(tree, ignored);
      CROFT_TRY(build::unpack_upload(source_of(subject.version), tree, {}));
      auto bundle = build::bundle_from_folder(tree, {}, folder / "bundle.tar.zst");
      std::filesystem::remove_all(tree, ignored);
      if (!bundle) return fail(std::move(bundle).error());
      return keep(*bundle);
    });
  }
  CROFT_CO_TRY(co_await tools_.images.check_free_space());
  auto image = co_await build_image(subject, run);
  if (!image) co_return fail(std::move(image).error());
  auto around = co_await surroundings(subject);
  if (!around) co_return fail(std::move(around).error());
  const EnvironmentSubject whose{subject.project, subject.service, &subject.version,
                                 &subject.setup};
  auto environment = co_await tools_.store.read(
      [&](const Tx& tx) { return build_environment(tx, whose, tools_.platform); });
  if (!environment) co_return fail(std::move(environment).error());
  for (const spec::EnvWarning& warning : environment->warnings) {
    run.log("warning: build.envVariables: " + warning_text(warning));
  }

  const auto mask =
      co_await tools_.store.read([&](const Tx& tx) { return secrets_of(tx, subject.project.id); });
  if (!mask) co_return fail(mask.error());
  build::BuildJob job;
  job.build_id = subject.version.id.str();
  job.cache_scope = subject.service.id.str();
  job.labels = around->labels;
  job.image = std::move(*image);
  job.source = source_of(subject.version);
  job.config = *subject.setup.build;
  job.env = std::move(environment->values);
  job.networks = around->networks;
  job.dns = around->dns;
  job.host = around->host;
  job.limits = around->limits;
  job.work = folder;
  build::BuildTrace trace = trace_into(run, *mask);
  const CancelHook hook(run, [this, id = job.build_id] { return runner_.cancel(id); });
  auto built = co_await runner_.run(job, trace);
  if (!built) co_return fail(note_failure(run, trace, *mask, std::move(built).error()));
  if (built->run_prepare) {
    run.state()["prepare_hash"] = built->run_prepare->hash;
    run.state()["prepare_file"] = built->run_prepare->file.string();
  }
  co_return keep(built->bundle);
}

Task<Result<std::string>> BuildArtifacts::version_image(RolloutSubject subject, ProcessRun& run) {
  const std::string tag = run_images_.app_tag(subject.version.id.str());
  const auto existing = co_await tools_.engine.inspect_image(tag, kEngineLimit);
  if (existing) co_return tag;
  CROFT_CO_TRY(co_await tools_.images.check_free_space());
  const bool own_base = subject.setup.run && subject.setup.run->base;
  const spec::TypeRole role = own_base ? spec::TypeRole::kRunBase : spec::TypeRole::kService;
  auto type =
      own_base ? tools_.catalog.find(subject.setup.run->base->type, {.role = role, .nearest = true})
               : tools_.catalog.find(subject.service.type, {.role = role, .nearest = true});
  if (!type) co_return fail(std::move(type).error());
  auto image = co_await run_image(*type, run);
  if (!image) co_return image;
  auto around = co_await surroundings(subject);
  if (!around) co_return fail(std::move(around).error());
  if (subject.setup.run && !subject.setup.run->prepare_commands.empty()) {
    auto prepared = co_await prepare_image(subject, run, *image, *around);
    if (!prepared) co_return prepared;
    image = std::move(prepared);
  }
  build::AppImageJob job;
  job.version_id = subject.version.id.str();
  job.labels = tools_.names.project_labels("image", subject.project.id);
  job.labels["croft.service"] = subject.service.id.str();
  job.labels[kVersionLabel] = subject.version.id.str();
  job.image = std::move(*image);
  job.bundle = tools_.home / "bundles" / subject.version.bundle_path;
  co_return co_await run_images_.assemble(job);
}

Task<Result<std::string>> BuildArtifacts::prepare_image(const RolloutSubject& subject,
                                                        ProcessRun& run, std::string image,
                                                        const Surroundings& around) {
  const EnvironmentSubject whose{subject.project, subject.service, &subject.version,
                                 &subject.setup};
  auto environment = co_await tools_.store.read(
      [&](const Tx& tx) { return runtime_environment(tx, whose, tools_.platform); });
  if (!environment) co_return fail(std::move(environment).error());
  const auto mask =
      co_await tools_.store.read([&](const Tx& tx) { return secrets_of(tx, subject.project.id); });
  if (!mask) co_return fail(mask.error());
  build::PrepareJob job;
  job.build_id = subject.version.id.str();
  job.cache_scope = subject.service.id.str();
  job.labels = around.labels;
  job.image = std::move(image);
  job.commands = subject.setup.run->prepare_commands;
  const boost::json::value* file = run.state().if_contains("prepare_file");
  if (file != nullptr) {
    job.files = build::Bundle{
        .file = std::string(std::string_view(file->as_string())),
        .hash = std::string(std::string_view(run.state().at("prepare_hash").as_string()))};
  }
  job.env = std::move(environment->values);
  job.networks = around.networks;
  job.dns = around.dns;
  job.host = around.host;
  job.limits = around.limits;
  build::BuildTrace trace = trace_into(run, *mask);
  const CancelHook hook(run, [this, id = job.build_id] { return run_images_.cancel(id); });
  auto prepared = co_await run_images_.prepare(job, trace);
  if (!prepared) co_return fail(note_failure(run, trace, *mask, std::move(prepared).error()));
  co_return prepared;
}

Task<void> BuildArtifacts::discard(const Version& version) {
  const std::string tag = run_images_.app_tag(version.id.str());
  const Status removed =
      co_await when_free([&] { return tools_.engine.remove_image(tag, false, kEngineLimit); });
  if (!removed && removed.error().code() != ErrorCode::kNotFound) {
    log_warning("an image of an old version stays", {{"error", removed.error().describe()}});
  }
  const std::filesystem::path folder = folder_of(version);
  co_await run_blocking(tools_.pool, [folder] {
    std::error_code ignored;
    std::filesystem::remove_all(folder, ignored);
    return true;
  });
}

Task<std::vector<VersionOnDisk>> BuildArtifacts::on_disk() {
  const std::filesystem::path bundles = tools_.home / "bundles";
  co_return co_await run_blocking(tools_.pool, [bundles] { return versions_below(bundles); });
}

Task<void> BuildArtifacts::drop_build_cache(ServiceId service) {
  const Status dropped = co_await runner_.drop_cache(service.str());
  if (!dropped) log_warning("a build cache stays", {{"error", dropped.error().describe()}});
}

Task<Status> BuildArtifacts::forget_service(ServiceId service) {
  auto volumes = co_await tools_.engine.list_volumes({}, kEngineLimit);
  if (!volumes) co_return fail(std::move(volumes).error());
  const std::string prefix = tools_.names.volume(service, "");
  for (const engine::VolumeInfo& volume : *volumes) {
    if (!volume.spec.name.starts_with(prefix)) continue;
    Status removed = co_await when_free(
        [&] { return tools_.engine.remove_volume(volume.spec.name, kEngineLimit); });
    if (!removed && removed.error().code() != ErrorCode::kNotFound) co_return removed;
  }
  co_await drop_build_cache(service);
  engine::ImageFilter filter;
  filter.labels = {{"croft.service", service.str()}};
  auto images = co_await tools_.engine.list_images(filter, kEngineLimit);
  if (!images) co_return fail(std::move(images).error());
  for (const engine::ImageInfo& image : *images) {
    const Status removed = co_await when_free(
        [&] { return tools_.engine.remove_image(image.id, false, kEngineLimit); });
    if (!removed && removed.error().code() != ErrorCode::kNotFound) {
      log_warning("an image of a deleted service stays", {{"error", removed.error().describe()}});
    }
  }
  co_await run_blocking(tools_.pool, [folder = tools_.home / "bundles" / service.str()] {
    std::error_code ignored;
    std::filesystem::remove_all(folder, ignored);
    return true;
  });
  co_return Status{};
}

}  // namespace croft
