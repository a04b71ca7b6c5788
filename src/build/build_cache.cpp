// What one build leaves for the next: layers of the container and saved paths.
#include <fmt/format.h>

#include <algorithm>

#include "base/file.h"
#include "base/log.h"
#include "build/archive_writer.h"
#include "build/build_running.h"
#include "build/image_hash.h"
#include "spec/path_match.h"

namespace croft::build {
namespace {

std::string clean_pattern(std::string_view pattern) {
  while (pattern.starts_with("./") || pattern.starts_with('/')) {
    pattern.remove_prefix(pattern.front() == '/' ? 1 : 2);
  }
  while (pattern.ends_with('/')) pattern.remove_suffix(1);
  return std::string(pattern);
}

// Paths below the source folder from what `find -print0` printed.
std::vector<std::string> found_paths(std::string_view text) {
  const std::string prefix = std::string(kSource) + "/";
  std::vector<std::string> parts;
  while (!text.empty()) {
    const auto end = std::min(text.find('\0'), text.size());
    if (text.starts_with(prefix)) {
      parts.emplace_back(text.substr(prefix.size(), end - prefix.size()));
    }
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return parts;
}

}  // namespace

std::string layer_key(const BuildJob& job) {
  ContentHash hash;
  hash.add("layer-1").add(job.image).add(job.config.os);
  for (const std::string& command : job.config.prepare_commands) hash.add(command);
  if (const auto* patterns = std::get_if<std::vector<std::string>>(&job.config.cache)) {
    for (const std::string& pattern : *patterns) hash.add("pattern " + pattern);
  } else {
    hash.add(std::get<bool>(job.config.cache) ? "all" : "none");
  }
  return hash.finish();
}

std::vector<std::string> match_cache_paths(const std::vector<std::string>& patterns,
                                           const std::vector<std::string>& paths) {
  std::vector<std::string> clean;
  for (const std::string& pattern : patterns) clean.push_back(clean_pattern(pattern));
  std::vector<std::string> sorted = paths;
  std::sort(sorted.begin(), sorted.end());
  std::vector<std::string> found;
  for (const std::string& path : sorted) {
    const bool inside = std::any_of(found.begin(), found.end(), [&](const std::string& above) {
      return path.starts_with(above + "/");
    });
    const bool named = std::any_of(clean.begin(), clean.end(), [&](const std::string& pattern) {
      return spec::path_match(pattern, path);
    });
    if (named && !inside) found.push_back(path);
  }
  return found;
}

std::filesystem::path BuildRunner::cache_file(const BuildJob& job, const std::string& key) const {
  return cache_ / fmt::format("{}-{}.tar.zst", job.cache_scope, key);
}

Task<Status> BuildRunner::restore_cache(Running& running) {
  const std::filesystem::path file = cache_file(running.job, running.key);
  std::error_code error;
  if (!std::filesystem::exists(file, error)) co_return Status();
  auto entries = co_await run_blocking(
      pool_, [&file] { return open_archive(file, ArchiveOrigin::kContainer, kTreeLimits); });
  if (!entries) co_return fail(std::move(entries).error());
  const auto tar = archive_stream(pool_, std::move(*entries),
                                  {.compress = false, .uid = kServiceUid, .gid = kServiceUid});
  running.trace.say("cache", "restoring cached paths");
  co_return co_await engine_.put_archive(running.container->id(), kSource, *tar, kTransfer);
}

// The build has succeeded: what goes wrong here costs the next one time, and nothing else.
Task<void> BuildRunner::save_caches(Running& running) {
  const auto* patterns = std::get_if<std::vector<std::string>>(&running.job.config.cache);
  if (patterns != nullptr && !patterns->empty()) {
    const Status saved = co_await save_paths(running, *patterns);
    if (!saved) {
      running.trace.say("cache", "not saved: " + saved.error().message());
    }
  }
  const bool keep_source = patterns == nullptr && std::get<bool>(running.job.config.cache);
  if (!keep_source) {
    auto emptied = co_await running.container->query(
        {"find", kSource, "-mindepth", "1", "-maxdepth", "1", "-exec", "rm", "-rf", "{}", "+"},
        "root");
    if (!emptied) {
      log_warning("the layer of a build was not kept", {{"error", emptied.error().describe()}});
      co_return;
    }
  }
  const std::string tag = fmt::format("croft-{}-buildcache:{}-{}-built", install_id_,
                                      running.job.cache_scope, running.key);
  const Status kept = co_await commit_layer(running, tag, running.depth + 1);
  if (!kept) {
    log_warning("the layer of a build was not kept", {{"error", kept.error().describe()}});
  }
}

Task<Status> BuildRunner::save_paths(Running& running, std::vector<std::string> patterns) {
  std::size_t depth = 1;
  for (const std::string& pattern : patterns) {
    const std::string clean = clean_pattern(pattern);
    depth = std::max<std::size_t>(
        depth, 1 + static_cast<std::size_t>(std::count(clean.begin(), clean.end(), '/')));
  }
  auto listed = co_await running.container->query(
      {"find", kSource, "-mindepth", "1", "-maxdepth", std::to_string(depth), "-print0"}, "root");
  if (!listed) co_return fail(std::move(listed).error());
  const auto paths = match_cache_paths(patterns, found_paths(*listed));
  CROFT_CO_TRY(make_directories(cache_, 0700));
  const std::filesystem::path file = cache_file(running.job, running.key);
  auto maker = BundleMaker::create(file, {});
  if (!maker) co_return fail(std::move(maker).error());
  for (const std::string& path : paths) {
    CROFT_CO_TRY(co_await add_path(running, **maker, {.text = path, .path = path, .strip = ""}));
  }
  auto saved = co_await run_blocking(pool_, [&maker] { return (*maker)->finish(); });
  if (!saved) co_return fail(std::move(saved).error());
  running.trace.say("cache",
                    fmt::format("saved {} paths, {} MiB", paths.size(), saved->bytes >> 20));
  co_return Status();
}

Task<Status> BuildRunner::commit_layer(Running& running, std::string tag, int depth) {
  CROFT_CO_TRY(co_await running.container->remove_host_settings());
  engine::ImageConfig config;
  config.labels = {{"croft.install", install_id_},
                   {"croft.role", "build"},
                   {kScopeLabel, running.job.cache_scope},
                   {kDepthLabel, std::to_string(depth)}};
  auto committed =
      co_await engine_.commit_container(running.container->id(), tag, config, kTransfer);
  if (!committed) co_return fail(std::move(committed).error());
  co_return co_await running.container->put_host_settings();
}

// Layers and saved paths of this scope under another key serve nobody any more.
Task<void> BuildRunner::prune_layers(const BuildJob& job, const std::string& keep) {
  const std::string wanted = fmt::format(":{}-{}-", job.cache_scope, keep);
  // An image that another one stands on is refused until that one is gone: as long as some go.
  for (bool some_went = true; some_went;) {
    some_went = false;
    auto images = co_await engine_.list_images(
        {.labels = {{"croft.install", install_id_}, {kScopeLabel, job.cache_scope}}}, kCall);
    if (!images) break;
    for (const engine::ImageInfo& image : *images) {
      const bool used = std::any_of(image.tags.begin(), image.tags.end(), [&](const auto& tag) {
        return tag.find(wanted) != std::string::npos;
      });
      if (!used && co_await engine_.remove_image(image.id, false, kCall)) some_went = true;
    }
  }
  std::error_code error;
  const std::string prefix = job.cache_scope + "-";
  const std::string kept = keep.empty() ? "" : cache_file(job, keep).filename().string();
  for (const auto& file : std::filesystem::directory_iterator(cache_, error)) {
    const std::string name = file.path().filename().string();
    if (name.starts_with(prefix) && name != kept) std::filesystem::remove(file.path(), error);
  }
}

Task<Status> BuildRunner::drop_cache(std::string cache_scope) {
  const BuildJob job{.cache_scope = cache_scope};
  co_await prune_layers(job, "");
  co_return Status();
}

}  // namespace croft::build
