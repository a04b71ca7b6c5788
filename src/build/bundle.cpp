#include "build/bundle.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include "base/file.h"

namespace croft::build {
namespace {

std::string below(std::string_view folder, std::string_view rest) {
  if (folder.empty()) return std::string(rest);
  return rest.empty() ? std::string(folder) : fmt::format("{}/{}", folder, rest);
}

// What of `path` lies below `prefix`: "" for the prefix itself; nullopt when it is elsewhere.
std::optional<std::string_view> without_prefix(std::string_view path, std::string_view prefix) {
  if (prefix.empty()) return path;
  if (path == prefix) return std::string_view();
  if (!path.starts_with(prefix) || path[prefix.size()] != '/') return std::nullopt;
  return path.substr(prefix.size() + 1);
}

// One file or link of a folder as a source of one entry, or a whole folder below it.
Result<std::unique_ptr<EntrySource>> open_entry(const std::filesystem::path& folder,
                                                const std::string& path) {
  const auto slash = path.rfind('/');
  const std::string parent = slash == std::string::npos ? "" : path.substr(0, slash);
  const std::string name = path.substr(slash == std::string::npos ? 0 : slash + 1);
  if (path.empty()) return open_tree(folder, nullptr);
  return open_tree(folder / parent, [name](std::string_view found, bool) {
    return found == name || found.starts_with(name + "/");
  });
}

}  // namespace

Result<std::vector<spec::DeployEntry>> parse_deploy_files(const std::vector<std::string>& files,
                                                          std::string_view key) {
  std::vector<spec::DeployEntry> entries;
  std::vector<FieldError> wrong;
  for (std::size_t i = 0; i < files.size(); ++i) {
    auto entry = spec::parse_deploy_entry(files[i]);
    if (entry) {
      entries.push_back(std::move(*entry));
    } else {
      wrong.push_back({fmt::format("/build/{}/{}", key, i), entry.error().message()});
    }
  }
  if (wrong.empty()) return entries;
  const std::string message = fmt::format("build.{}: {}", key, wrong.front().message);
  return fail(Error(ErrorCode::kInvalid, message).with_fields(std::move(wrong)));
}

Error missing_deploy_file(const std::vector<spec::DeployEntry>& entries, std::size_t index,
                          std::string_view key) {
  const std::string message = fmt::format(
      "build.{}: '{}' does not exist after the build; check the name, and that a build "
      "command makes it",
      key, entries[index].text);
  return Error(ErrorCode::kDeployFailed, message)
      .with_field({fmt::format("/build/{}/{}", key, index), message});
}

BundleMaker::BundleMaker(std::unique_ptr<ArchiveFile> file, std::filesystem::path path,
                         spec::IgnoreList ignore)
    : file_(std::move(file)), path_(std::move(path)), ignore_(std::move(ignore)) {}

Result<std::unique_ptr<BundleMaker>> BundleMaker::create(const std::filesystem::path& file,
                                                         spec::IgnoreList ignore) {
  auto archive =
      ArchiveFile::create(file, {.uid = kServiceUid, .gid = kServiceUid}, kMaxBundleBytes);
  if (!archive) return fail(std::move(archive).error());
  return std::unique_ptr<BundleMaker>(
      new BundleMaker(std::move(*archive), file, std::move(ignore)));
}

Status BundleMaker::add(const spec::DeployEntry& entry, EntrySource& entries,
                        std::string_view prefix) {
  const auto stored_name = [&](std::string_view path) -> std::string {
    const auto rest = without_prefix(path, prefix);
    return rest ? spec::stored_path(entry, below(entry.path, *rest)) : std::string();
  };
  for (;;) {
    auto found = entries.next();
    if (!found) return fail(std::move(found).error());
    if (!*found) return {};
    ArchiveEntry item = std::move(**found);
    item.path = stored_name(item.path);
    if (item.path.empty()) continue;
    if (item.type == ArchiveEntry::Type::kHardlink) {
      item.link = stored_name(item.link);
      if (!stored_.contains(item.link)) {
        return fail(ErrorCode::kDeployFailed,
                    fmt::format("{} is a hard link to a file that deployFiles leaves out; copy the "
                                "file instead, or deploy both",
                                item.path));
      }
    }
    CROFT_TRY(store(std::move(item), entries));
  }
}

Status BundleMaker::store(ArchiveEntry entry, EntrySource& content) {
  const bool is_directory = entry.type == ArchiveEntry::Type::kDirectory;
  if (stored_.contains(entry.path) || ignore_.ignores(entry.path, is_directory)) return {};
  CROFT_TRY(add_parents(entry.path));
  stored_.emplace(entry.path, entry.type);
  return file_->add(entry, content);
}

Status BundleMaker::add_parents(const std::string& path) {
  for (const std::string& parent : spec::parent_directories(path)) {
    if (!stored_.emplace(parent, ArchiveEntry::Type::kDirectory).second) continue;
    CROFT_TRY(file_->writer().begin(
        {.path = parent, .type = ArchiveEntry::Type::kDirectory, .mode = 0755}));
  }
  return {};
}

Result<Bundle> BundleMaker::finish() {
  CROFT_TRY(file_->finish());
  struct stat info{};
  if (::stat(path_.c_str(), &info) != 0) {
    return fail(errno_error(fmt::format("read {}", path_.string()), errno));
  }
  return Bundle{path_, file_->writer().content_hash(), static_cast<std::uint64_t>(info.st_size),
                stored_.size()};
}

Result<Bundle> bundle_from_folder(const std::filesystem::path& folder,
                                  const std::vector<spec::DeployEntry>& deploy_files,
                                  const std::filesystem::path& file) {
  auto ignore_text = read_file(folder / ".deployignore", 1u << 20);
  auto maker =
      BundleMaker::create(file, spec::IgnoreList(ignore_text ? *ignore_text : std::string()));
  if (!maker) return fail(std::move(maker).error());
  std::vector<spec::DeployEntry> wanted = deploy_files;
  if (wanted.empty()) wanted.push_back({.text = "./", .path = "", .strip = ""});
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    struct stat info{};
    if (::lstat((folder / wanted[i].path).c_str(), &info) != 0) {
      return fail(missing_deploy_file(wanted, i, "deployFiles"));
    }
    auto entries = open_entry(folder, wanted[i].path);
    if (!entries) return fail(std::move(entries).error());
    const std::string& path = wanted[i].path;
    const auto slash = path.rfind('/');
    CROFT_TRY((*maker)->add(wanted[i], **entries,
                            slash == std::string::npos ? path : path.substr(slash + 1)));
  }
  return (*maker)->finish();
}

}  // namespace croft::build
