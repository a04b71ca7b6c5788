#include "build/image_store.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>

#include "base/file.h"
#include "base/free_space.h"
#include "base/log.h"
#include "build/image_base.h"
#include "build/image_hash.h"
#include "build/image_lock.h"
#include "build/image_trouble.h"
#include "model/cpu_shares.h"
#include "task/stoppable.h"

namespace croft::build {
namespace {

namespace fs = std::filesystem;
using catalog::ImageKind;

constexpr Millis kShort{30'000};
constexpr Millis kStepLimit{30 * 60'000};
constexpr std::string_view kStageLabel = "croft.image.stage";
constexpr std::string_view kHashLabel = "croft.image.hash";

// "croft-init" is /croft/init in the image.
std::string program_path(std::string_view binary) {
  return "croft/" + std::string(binary.starts_with("croft-") ? binary.substr(6) : binary);
}

std::string json_array(const std::vector<std::string>& words) {
  boost::json::array array(words.begin(), words.end());
  return boost::json::serialize(array);
}

// A value in a Dockerfile: quoted, with what the builder would expand or end the quotes at escaped.
std::string docker_quoted(std::string_view value) {
  std::string text = "\"";
  for (const char c : value) {
    if (c == '"' || c == '\\' || c == '$') text += '\\';
    text += c;
  }
  return text + '"';
}

spec::TypeRole role_of(ImageKind kind) {
  return kind == ImageKind::kBuild ? spec::TypeRole::kBuildBase : spec::TypeRole::kService;
}

// The path for the free-space check and the removal of the file when it goes.
class TemporaryFile {
 public:
  explicit TemporaryFile(fs::path path) : path_(std::move(path)) {}
  TemporaryFile(const TemporaryFile&) = delete;
  ~TemporaryFile() {
    std::error_code ignored;
    fs::remove_all(path_.parent_path(), ignored);
  }
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

}  // namespace

ImageStore::ImageStore(engine::Engine& engine, Pool& pool, const catalog::Catalog& catalog,
                       ImageStoreOptions options)
    : engine_(engine), pool_(pool), catalog_(catalog), options_(std::move(options)) {}

std::map<std::string, std::string> ImageStore::hash_binaries() const {
  std::map<std::string, std::string> hashes;
  for (const auto& type : catalog_.types()) {
    for (const std::string& name : type->binaries) {
      if (hashes.contains(name)) continue;
      ContentHash hash;
      // A missing program is an error only when an image needs it: final_context() says so.
      hashes[name] = hash.add_file(options_.binaries / name) ? hash.finish() : "missing";
    }
  }
  return hashes;
}

Task<Result<ImageStore::Inputs>> ImageStore::read_inputs() {
  co_return co_await run_blocking(pool_, [this]() -> Result<Inputs> {
    auto recipes = RecipeSet::load(options_.recipes);
    if (!recipes) return fail(std::move(recipes).error());
    ImagePlanInputs plan{.pin = options_.pin, .binary_hashes = hash_binaries()};
    return Inputs{std::move(*recipes), std::move(plan)};
  });
}

Result<ImagePlan> ImageStore::plan(const ImageRequest& request, const Inputs& inputs) const {
  std::vector<catalog::Resolved> types;
  for (const std::string& name : request.types) {
    auto found = catalog_.find(name, {.role = role_of(request.kind), .internal = true});
    if (!found) return fail(std::move(found).error());
    types.push_back(std::move(*found));
  }
  if (types.empty()) return fail(ErrorCode::kInvalid, "an image needs at least one type");
  auto made = plan_image(inputs.recipes, types, request.kind, inputs.plan);
  if (made) name_for_installation(*made, options_.install_id);
  return made;
}

Task<Result<bool>> ImageStore::exists(const ImageStep& step) {
  auto info = co_await engine_.inspect_image(step.tag, kShort);
  if (info) co_return true;
  if (info.error().code() != ErrorCode::kNotFound) {
    co_return fail(std::move(info).error().in("look for the image " + step.tag));
  }
  engine::ImageFilter filter;
  filter.labels = {{std::string(kHashLabel), step.hash}};
  auto same = co_await engine_.list_images(filter, kShort);
  if (!same) co_return fail(std::move(same).error().in("look for the image " + step.tag));
  // What is made on top of it inherits the label: the name decides.
  const auto ours = [&step](const engine::ImageInfo& image) {
    return std::ranges::any_of(image.tags, [&step](const std::string& tag) {
      return content_tag(tag) == content_tag(step.tag);
    });
  };
  const auto found = std::ranges::find_if(*same, ours);
  if (found == same->end()) co_return false;
  auto tagged = co_await engine_.tag_image(found->id, step.tag, kShort);
  if (tagged) co_return true;
  // The last other name went at this moment.
  if (tagged.error().code() == ErrorCode::kNotFound) co_return false;
  co_return fail(std::move(tagged).error().in("name the image " + step.tag));
}

Task<Result<std::string>> ImageStore::ensure_image(ImageRequest request, ImageProgress progress) {
  auto inputs = co_await read_inputs();
  if (!inputs) co_return fail(std::move(inputs).error());
  auto made = plan(request, *inputs);
  if (!made) co_return fail(std::move(made).error());
  const std::string tag = made->image().tag;
  auto present = co_await exists(made->image());
  if (!present) co_return fail(std::move(present).error());
  if (*present) co_return tag;

  CROFT_CO_TRY(co_await check_free_space());
  for (const ImageStep& step : made->steps) {
    std::string title = fmt::format("step {}/{}, {}", step.number, made->steps.size(), step.title);
    auto done = co_await make_step(step, std::move(title), inputs->recipes, progress);
    if (!done) co_return fail(std::move(done).error().in("image " + made->image().title));
  }
  co_return tag;
}

Task<Status> ImageStore::check_free_space() {
  std::vector<fs::path> paths{options_.cache};
  CROFT_CO_TRY(make_directories(options_.cache));
  auto info = co_await engine_.info(kShort);
  if (!info) co_return fail(std::move(info).error().in("ask the engine where it keeps images"));
  // An engine on another machine has its folder there; then its own errors have to do.
  if (!info->root_dir.empty()) paths.push_back(info->root_dir);
  for (const fs::path& path : paths) {
    CROFT_CO_TRY(croft::check_free_space(path, options_.min_free_bytes));
  }
  co_return Status();
}

Task<Status> ImageStore::make_step(const ImageStep& step, std::string title,
                                   const RecipeSet& recipes, const ImageProgress& progress) {
  auto present = co_await exists(step);
  if (!present) co_return fail(std::move(present).error());
  if (*present) co_return Status();
  auto lock = co_await ImageLock::take(options_.cache / "locks", step.hash, [&] {
    progress(fmt::format("{}: waiting, another process is making it", title));
  });
  if (!lock) co_return fail(std::move(lock).error());
  present = co_await exists(step);
  if (!present) co_return fail(std::move(present).error());
  if (*present) co_return Status();
  co_return co_await make_locked(step, title, recipes, progress);
}

Task<Status> ImageStore::make_locked(const ImageStep& step, const std::string& title,
                                     const RecipeSet& recipes, const ImageProgress& progress) {
  if (!host_) {
    auto read = co_await run_blocking(pool_, [this] { return read_host_settings(options_.host); });
    // Another step may have read them meanwhile, and its thread works with them by now.
    if (!host_) host_ = std::move(read);
  }
  const SystemClock clock;
  const Millis started = clock.steady();
  progress(title + ": making it");
  Status done;
  if (step.kind == ImageStep::Kind::kBase) {
    done = co_await import_base(step, progress);
  } else {
    const bool final_layer = step.kind == ImageStep::Kind::kFinal;
    auto files = final_layer ? final_context(step) : recipe_context(step, recipes);
    if (!files) co_return fail(std::move(files).error());
    done = co_await build_layer(step, std::move(*files), step.args, progress);
    if (!final_layer) co_await remove_stages(step.tag);
  }
  if (done)
    progress(fmt::format("{}: done in {:.1f} s", title,
                         static_cast<double>((clock.steady() - started).count()) / 1000));
  co_return done;
}

engine::Labels ImageStore::labels_of(const ImageStep& step) const {
  engine::Labels labels = step.config.labels;
  labels["croft.install"] = options_.install_id;
  labels["croft.role"] = "image";
  labels[std::string(kHashLabel)] = step.hash;
  labels["croft.image.recipe"] = step.kind == ImageStep::Kind::kRecipe ? step.recipe : step.title;
  return labels;
}

Task<Status> ImageStore::import_base(const ImageStep& step, const ImageProgress& progress) {
  const TemporaryFile tar(options_.cache / ("base-" + step.hash) / "rootfs.tar");
  CROFT_CO_TRY(make_directories(tar.path().parent_path(), 0700));
  // mmdebstrap's lines come on a pool thread; they are handed over to this one.
  const auto executor = co_await boost::asio::this_coro::executor;
  const std::function<void(std::string_view)> line = [executor, progress](std::string_view text) {
    boost::asio::post(executor, [progress, copy = std::string(text)] { progress(copy); });
  };
  const HostSettings& host = *host_;
  auto made =
      co_await run_blocking_stoppable(pool_, [&host, &step, &tar, &line](std::stop_token stop) {
        return make_base_tar(host, step.suite, tar.path(), line, std::move(stop));
      });
  if (!made) co_return fail(std::move(made).error());
  auto source = open_file_source(pool_, tar.path());
  if (!source) co_return fail(std::move(source).error());
  engine::ImageConfig config;
  config.labels = labels_of(step);
  config.command = {"/bin/bash"};
  config.env = {{"PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"},
                {"LANG", "C.UTF-8"}};
  auto id = co_await engine_.import_image(step.tag, **source, config, kStepLimit);
  if (!id) co_return fail(std::move(id).error().in("import the base"));
  co_return Status();
}

Result<ContextFiles> ImageStore::recipe_context(const ImageStep& step,
                                                const RecipeSet& recipes) const {
  ContextFiles files = recipes.find(step.recipe)->files;
  for (const auto& [path, file] : recipes.helpers()) files[path] = file;
  files[".croft/env"].content = shell_exports(host_->env);
  files[".croft/ca.crt"].content = host_->ca_certificates;
  std::string conf = host_->apt_transport + host_->apt_validity;
  if (!host_->ca_certificates.empty()) conf += "Acquire::https::CAInfo \"/tmp/.croft/ca.crt\";\n";
  files[".croft/apt.conf"].content = std::move(conf);
  return files;
}

// The last layer: croft's own programs, and how containers of the image run.
Result<ContextFiles> ImageStore::final_context(const ImageStep& step) const {
  ContextFiles files;
  std::string dockerfile = "FROM " + step.parent_tag + "\n";
  for (const std::string& name : step.binaries) {
    auto content = read_file(options_.binaries / name, 512u << 20);
    if (!content) {
      return fail(ErrorCode::kNotFound,
                  fmt::format("the program {} is missing in {}; build it first", name,
                              options_.binaries.string()));
    }
    files["rootfs/" + program_path(name)] = {.content = std::move(*content), .executable = true};
    if (name == "croft-init") files["rootfs/usr/local/bin/zsc"].link_to = "/croft/init";
  }
  if (!files.empty()) dockerfile += "COPY rootfs/ /\n";
  for (const auto& [name, value] : step.config.env)
    dockerfile += fmt::format("ENV {}={}\n", name, docker_quoted(value));
  dockerfile += fmt::format("WORKDIR {}\nENTRYPOINT {}\nCMD []\n", step.config.workdir,
                            json_array(step.config.entrypoint));
  files["Dockerfile"].content = std::move(dockerfile);
  return files;
}

Task<Status> ImageStore::build_layer(const ImageStep& step, ContextFiles files,
                                     std::map<std::string, std::string> args,
                                     const ImageProgress& progress) {
  auto tar = make_tar(files);
  if (!tar) co_return fail(std::move(tar).error());
  StringSource context(std::move(*tar));
  engine::ImageBuild build;
  build.tag = step.tag;
  build.args = std::move(args);
  build.args["CROFT_TAG"] = step.tag;
  build.labels = labels_of(step);
  // The host's network: its resolver and its way to the registries, whatever the engine's bridge
  // has.
  build.network_mode = "host";
  build.cpu_shares = kBuildCpuShares;
  std::string output;
  const engine::ProgressLine line = [&](std::string_view text) {
    output.append(text).append("\n");
    if (output.size() > 1u << 20) output.erase(0, output.size() / 2);
    progress(text);
  };
  auto id = co_await engine_.build_image(build, context, line, kStepLimit);
  if (id) co_return Status();
  const ErrorCode code = id.error().code();
  if (code == ErrorCode::kCancelled || code == ErrorCode::kTimeout ||
      code == ErrorCode::kUnavailable)
    co_return fail(std::move(id).error().in(step.title));
  co_return fail(build_trouble(step.title, id.error().message(), output));
}

// The images of a Dockerfile's earlier stages have no name and are of no use afterwards.
Task<void> ImageStore::remove_stages(std::string tag) {
  engine::ImageFilter filter;
  filter.labels = {{std::string(kStageLabel), tag}};
  auto images = co_await engine_.list_images(filter, kShort);
  if (!images) co_return;
  for (const engine::ImageInfo& image : *images) {
    if (!image.tags.empty()) continue;
    auto removed = co_await engine_.remove_image(image.id, false, kShort);
    if (!removed)
      log_debug("a build stage stays", {{"image", image.id}, {"error", removed.error().message()}});
  }
}

Task<Result<std::vector<ImageState>>> ImageStore::list_images() {
  auto inputs = co_await read_inputs();
  if (!inputs) co_return fail(std::move(inputs).error());
  engine::ImageFilter filter;
  filter.labels = {{"croft.role", "image"}};
  auto present = co_await engine_.list_images(filter, kShort);
  if (!present) co_return fail(std::move(present).error().in("list the images"));
  std::vector<ImageState> states;
  for (const auto& type : catalog_.types()) {
    for (const catalog::TypeVersion& version : type->versions) {
      for (const ImageKind kind : {ImageKind::kRun, ImageKind::kBuild}) {
        if ((kind == ImageKind::kRun ? type->run_recipe : type->build_recipe).empty()) continue;
        const std::string name = type->name + "@" + version.version;
        auto made = plan({kind, {name}}, *inputs);
        if (!made) co_return fail(std::move(made).error());
        ImageState state{name, kind, made->image().tag, made->image().hash};
        for (const engine::ImageInfo& image : *present) {
          const auto same = [&state](const std::string& tag) {
            return content_tag(tag) == content_tag(state.tag);
          };
          if (std::ranges::none_of(image.tags, same)) continue;
          state.built = true;
          state.size_bytes = image.size_bytes;
        }
        states.push_back(std::move(state));
      }
    }
  }
  co_return states;
}

}  // namespace croft::build
