#include "build/pack_folder.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <vector>

#include "base/file.h"
#include "build/archive_writer.h"
#include "spec/ignore.h"

namespace croft::build {
namespace {

constexpr std::size_t kMaxIgnoreFile = 1u << 20;
constexpr std::size_t kFoldersNamed = 3;

// An ignore file that is missing is empty; one that cannot be read is an error.
Result<std::string> read_ignore_file(const std::filesystem::path& path) {
  auto text = read_file(path, kMaxIgnoreFile);
  if (!text && text.error().code() == ErrorCode::kNotFound) return std::string();
  return text;
}

// Asked in the order of the walk: a folder before what is below it. So the .gitignore of a folder
// is read when the folder is entered.
class SourceFilter {
 public:
  SourceFilter(std::filesystem::path root, spec::IgnoreList rules)
      : root_(std::move(root)), rules_(std::move(rules)) {}

  bool operator()(std::string_view path, bool is_directory) {
    const std::string_view name = path.substr(path.rfind('/') + 1);
    if (name == ".git" || rules_.ignores(path, is_directory)) return false;
    if (is_directory) {
      const auto text = read_ignore_file(root_ / path / ".gitignore");
      if (text && !text->empty()) rules_.add(*text, path);
    }
    return true;
  }

 private:
  std::filesystem::path root_;
  spec::IgnoreList rules_;
};

Error too_large(std::string what, const std::map<std::string, std::uint64_t>& folders) {
  std::vector<std::pair<std::uint64_t, std::string>> largest;
  for (const auto& [name, bytes] : folders) largest.emplace_back(bytes, name);
  std::sort(largest.rbegin(), largest.rend());
  std::string names;
  for (std::size_t i = 0; i < std::min(largest.size(), kFoldersNamed); ++i) {
    names +=
        fmt::format("{}{} ({} MiB)", i == 0 ? "" : ", ", largest[i].second, largest[i].first >> 20);
  }
  return Error(ErrorCode::kTooLarge,
               fmt::format("{}; largest: {}. Leave out what the build makes by itself: list it in "
                           ".gitignore",
                           std::move(what), names));
}

// Links that leave the folder are found before a byte is sent.
class CheckedTree final : public EntrySource {
 public:
  explicit CheckedTree(std::unique_ptr<EntrySource> tree) : tree_(std::move(tree)) {}
  Result<std::optional<ArchiveEntry>> next() override {
    auto entry = tree_->next();
    if (!entry || !*entry || (*entry)->type != ArchiveEntry::Type::kSymlink) return entry;
    if (link_stays_inside((*entry)->path, (*entry)->link)) return entry;
    return fail(
        ErrorCode::kInvalid,
        fmt::format("{} is a link to {}, outside the folder; make it relative or list it in "
                    ".gitignore",
                    (*entry)->path, (*entry)->link));
  }
  Result<std::string_view> read() override { return tree_->read(); }

 private:
  std::unique_ptr<EntrySource> tree_;
};

}  // namespace

Result<EntryFilter> source_filter(const std::filesystem::path& folder) {
  auto text = read_ignore_file(folder / ".gitignore");
  if (!text) return fail(std::move(text).error());
  return EntryFilter(SourceFilter(folder, spec::IgnoreList(*text)));
}

Result<FolderSize> measure_folder(const std::filesystem::path& folder,
                                  const ArchiveLimits& limits) {
  auto filter = source_filter(folder);
  if (!filter) return fail(std::move(filter).error());
  auto tree = open_tree(folder, std::move(*filter));
  if (!tree) return fail(std::move(tree).error());
  CheckedTree checked(std::move(*tree));
  FolderSize size;
  std::map<std::string, std::uint64_t> folders;  // by first step of the path
  // Counted to the end, so that the largest folders are known; but not for ever.
  const std::uint64_t enough = limits.entries * 10;
  std::uint64_t entries = 0;
  for (;;) {
    auto entry = checked.next();
    if (!entry) return fail(std::move(entry).error());
    if (!*entry || entries > enough) break;
    ++entries;
    if ((*entry)->type != ArchiveEntry::Type::kDirectory) ++size.files;
    size.bytes += (*entry)->size_bytes;
    const auto slash = (*entry)->path.find('/');
    if (slash != std::string::npos)
      folders[(*entry)->path.substr(0, slash)] += (*entry)->size_bytes;
  }
  if (entries > limits.entries) {
    return fail(too_large(fmt::format("the folder has {} files and folders, the limit is {}",
                                      entries, limits.entries),
                          folders));
  }
  if (size.bytes > limits.unpacked_bytes) {
    return fail(too_large(fmt::format("the folder holds {} MiB, the limit is {} MiB",
                                      size.bytes >> 20, limits.unpacked_bytes >> 20),
                          folders));
  }
  return size;
}

Result<PackedFolder> pack_folder(Pool& pool, const std::filesystem::path& folder,
                                 const ArchiveLimits& limits) {
  std::error_code error;
  if (!std::filesystem::is_directory(folder, error)) {
    return fail(ErrorCode::kNotFound, fmt::format("there is no folder {}", folder.string()));
  }
  auto size = measure_folder(folder, limits);
  if (!size) return fail(std::move(size).error());
  auto filter = source_filter(folder);
  if (!filter) return fail(std::move(filter).error());
  auto tree = open_tree(folder, std::move(*filter));
  if (!tree) return fail(std::move(tree).error());
  return PackedFolder{*size, archive_stream(pool, std::make_unique<CheckedTree>(std::move(*tree)),
                                            WriterOptions{.compress = true})};
}

}  // namespace croft::build
