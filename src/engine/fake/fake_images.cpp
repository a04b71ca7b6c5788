#include <algorithm>

#include "engine/fake/fake_build.h"
#include "engine/fake/fake_call.h"
#include "engine/fake/fake_engine.h"
#include "engine/filter.h"

namespace croft::engine {
namespace {

constexpr std::size_t kMaxArchiveBytes = 256u << 20;

std::string with_tag(const std::string& reference) {
  const std::size_t slash = reference.rfind('/') + 1;  // 0 when there is none
  return reference.find(':', slash) == std::string::npos ? reference + ":latest" : reference;
}

// '*' stands for anything but a slash.
bool matches_pattern(std::string_view pattern, std::string_view text) {
  if (pattern.empty()) return text.empty();
  if (pattern[0] != '*') {
    return !text.empty() && text[0] == pattern[0] &&
           matches_pattern(pattern.substr(1), text.substr(1));
  }
  for (std::size_t taken = 0; taken <= text.size(); ++taken) {
    if (matches_pattern(pattern.substr(1), text.substr(taken))) return true;
    if (taken < text.size() && text[taken] == '/') return false;
  }
  return false;
}

bool matches_reference(const std::string& pattern, const Strings& tags) {
  return pattern.empty() || std::any_of(tags.begin(), tags.end(), [&](const std::string& tag) {
           return matches_pattern(pattern, tag) ||
                  matches_pattern(pattern, tag.substr(0, tag.rfind(':')));
         });
}

ImageInfo info_of(const FakeNode& at, const FakeImage& image) {
  ImageInfo info;
  info.id = image.id;
  for (const auto& [tag, id] : at.tags) {
    if (id == image.id) info.tags.push_back(tag);
  }
  info.labels = image.config.labels;
  info.size_bytes = image.size_bytes;
  info.created = image.created;
  info.config = image.config;
  return info;
}

TarFiles rooted(const TarFiles& entries) {
  TarFiles files;
  for (const auto& [path, entry] : entries) files["/" + path] = entry;
  return files;
}

Error no_image(const std::string& what) {
  return {ErrorCode::kNotFound, what + ": no such image"};
}

}  // namespace

std::string FakeEngine::keep_image(FakeImage image, const std::string& tag) {
  image.id = "sha256:" + cluster_.hex_id();
  image.created = cluster_.schedule.now();
  for (const auto& [path, entry] : image.files) {
    image.size_bytes += static_cast<std::int64_t>(entry.content.size());
  }
  const std::string id = image.id;
  here().images.emplace(id, std::move(image));
  here().tags[with_tag(tag)] = id;
  return id;
}

Answer<std::vector<ImageInfo>> FakeEngine::list_images(const ImageFilter& filter, Millis limit) {
  return fake_call(cluster_, {client_, node_id_, "list_images", filter.reference}, limit,
                   [this, &filter]() -> Result<std::vector<ImageInfo>> {
                     std::vector<ImageInfo> found;
                     for (const auto& [id, image] : here().images) {
                       ImageInfo info = info_of(here(), image);
                       info.config = {};
                       const bool fits = has_labels(filter.labels, info.labels) &&
                                         matches_reference(filter.reference, info.tags);
                       if (fits) found.push_back(std::move(info));
                     }
                     return found;
                   });
}

Answer<ImageInfo> FakeEngine::inspect_image(std::string reference, Millis limit) {
  return fake_call(cluster_, {client_, node_id_, "inspect_image", reference}, limit,
                   [this, reference]() -> Result<ImageInfo> {
                     const FakeImage* image = cluster_.find_image(here(), reference);
                     if (image == nullptr) return fail(no_image("look at image " + reference));
                     return info_of(here(), *image);
                   });
}

Answer<std::string> FakeEngine::import_image(std::string tag, ByteSource& tar,
                                             const ImageConfig& config, Millis limit) {
  // What the real engine cannot take either.
  const auto has_line_end = [](const auto& entry) {
    return entry.second.find_first_of("\r\n") != std::string::npos;
  };
  if (!config.stop_signal.empty()) {
    co_return fail(ErrorCode::kUnsupported, "an import cannot set a stop signal");
  }
  if (std::any_of(config.env.begin(), config.env.end(), has_line_end) ||
      std::any_of(config.labels.begin(), config.labels.end(), has_line_end)) {
    co_return fail(ErrorCode::kInvalid, "a value with a line end cannot be set while importing");
  }
  auto bytes = co_await read_all(tar, kMaxArchiveBytes);
  if (!bytes) co_return fail(std::move(bytes).error());
  const auto import = [this, &tag, &bytes, &config]() -> Result<std::string> {
    const auto entries = read_tar(*bytes);
    if (!entries) return fail(Error(entries.error()).in("import image " + tag));
    FakeImage image;
    image.config = config;
    image.files = rooted(*entries);
    return keep_image(std::move(image), tag);
  };
  const FakeCall call{client_, node_id_, "import_image", tag};
  co_return co_await fake_call(cluster_, call, limit, import);
}

Answer<std::string> FakeEngine::build_image(const ImageBuild& build, ByteSource& context,
                                            const ProgressLine& progress, Millis limit) {
  auto bytes = co_await read_all(context, kMaxArchiveBytes);
  if (!bytes) co_return fail(std::move(bytes).error());
  const auto run = [this, &build, &bytes, &progress]() -> Result<std::string> {
    const std::string what = "build image " + build.tag;
    const auto files = read_tar(*bytes);
    if (!files) return fail(Error(files.error()).in(what));
    const auto base = [this](const std::string& reference) {
      return cluster_.find_image(here(), reference);
    };
    auto image = fake_build(build, *files, base, progress);
    if (!image) return fail(std::move(image).error().in(what));
    return keep_image(std::move(*image), build.tag);
  };
  const FakeCall call{client_, node_id_, "build_image", build.tag};
  co_return co_await fake_call(cluster_, call, limit, run);
}

Answer<std::string> FakeEngine::commit_container(std::string id, std::string tag,
                                                 const ImageConfig& config, Millis limit) {
  return fake_call(cluster_, {client_, node_id_, "commit_container", id}, limit,
                   [this, id, tag, &config]() -> Result<std::string> {
                     const auto found = container(id, "make an image of container");
                     if (!found) return fail(Error(found.error()));
                     const ContainerSettings& from = (*found)->settings;
                     FakeImage image;
                     image.files = (*found)->files;
                     ImageConfig& made = image.config;
                     made = config;
                     if (made.entrypoint.empty()) made.entrypoint = from.command;
                     if (made.command.empty()) made.command = from.args;
                     if (made.workdir.empty()) made.workdir = from.workdir;
                     if (made.user.empty()) made.user = from.user;
                     if (made.stop_signal.empty()) made.stop_signal = from.stop_signal;
                     made.env.insert(from.env.begin(), from.env.end());
                     made.labels.insert(from.labels.begin(), from.labels.end());
                     return keep_image(std::move(image), tag);
                   });
}

Answer<void> FakeEngine::tag_image(std::string reference, std::string tag, Millis limit) {
  return fake_call(cluster_, {client_, node_id_, "tag_image", reference}, limit,
                   [this, reference, tag]() -> Result<void> {
                     const FakeImage* image = cluster_.find_image(here(), reference);
                     if (image == nullptr) return fail(no_image("tag image " + reference));
                     here().tags[with_tag(tag)] = image->id;
                     return {};
                   });
}

Answer<void> FakeEngine::remove_image(std::string reference, bool force, Millis limit) {
  return fake_call(cluster_, {client_, node_id_, "remove_image", reference}, limit,
                   [this, reference, force]() -> Result<void> {
                     const std::string what = "remove image " + reference;
                     const FakeImage* image = cluster_.find_image(here(), reference);
                     if (image == nullptr) return fail(no_image(what));
                     const std::string id = image->id;
                     const bool by_id = reference == id;
                     const std::size_t tags = info_of(here(), *image).tags.size();
                     const auto& all = here().containers;
                     const bool in_use = std::any_of(
                         all.begin(), all.end(),
                         [&id](const auto& entry) { return entry.second.info.image_id == id; });
                     const bool last = by_id || tags <= 1;
                     if (last && in_use && !force) {
                       return fail(ErrorCode::kConflict, what + ": a container uses it");
                     }
                     if (by_id && tags > 1 && !force) {
                       return fail(ErrorCode::kConflict, what + ": it has several tags");
                     }
                     std::erase_if(here().tags, [&](const auto& entry) {
                       return by_id ? entry.second == id : entry.first == with_tag(reference);
                     });
                     if (last && !in_use) here().images.erase(id);
                     return {};
                   });
}

Answer<std::unique_ptr<ByteSource>> FakeEngine::save_image(std::string reference, Millis limit) {
  return fake_call(cluster_, {client_, node_id_, "save_image", reference}, limit,
                   [this, reference]() -> Result<std::unique_ptr<ByteSource>> {
                     const FakeImage* image = cluster_.find_image(here(), reference);
                     if (image == nullptr) return fail(no_image("save image " + reference));
                     const std::string text =
                         fmt::format("fake image {} {}", image->id, with_tag(reference));
                     cluster_.saved_images[text] = {*image, with_tag(reference)};
                     return std::make_unique<StringSource>(text);
                   });
}

Answer<void> FakeEngine::load_image(ByteSource& tar, Millis limit) {
  auto bytes = co_await read_all(tar, kMaxArchiveBytes);
  if (!bytes) co_return fail(std::move(bytes).error());
  const auto load = [this, &bytes]() -> Result<void> {
    const auto saved = cluster_.saved_images.find(*bytes);
    if (saved == cluster_.saved_images.end()) {
      return fail(ErrorCode::kInvalid, "load images: not an archive of images");
    }
    const auto& [image, tag] = saved->second;
    here().images.emplace(image.id, image);
    here().tags[tag] = image.id;
    return {};
  };
  const FakeCall call{client_, node_id_, "load_image", ""};
  co_return co_await fake_call(cluster_, call, limit, load);
}

}  // namespace croft::engine
