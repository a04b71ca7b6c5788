#include "supervise/release.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

#include "base/fd.h"
#include "base/file.h"
#include "base/json_codec.h"
#include "base/log.h"

namespace croft::supervise {
namespace {

namespace fs = std::filesystem;

constexpr const char* kRecord = "record.json";
constexpr const char* kPart = ".part";
constexpr const char* kPrograms[] = {"croftd",     "croft-node", "croft-core",
                                     "croft-init", "croft-keep", "croft"};
constexpr const char* kData[] = {"catalog", "images", "api"};

struct Record {
  std::string current;
  std::optional<std::string> previous;
};
BOOST_DESCRIBE_STRUCT(Record, (), (current, previous))

Result<Record> read_record(const fs::path& folder) {
  const auto text = read_file(folder / kRecord);
  if (!text && text.error().code() == ErrorCode::kNotFound) return Record{};
  if (!text) return fail(text.error());
  return from_json_text<Record>(*text);
}

Status check_complete(const fs::path& folder) {
  for (const char* name : kPrograms) {
    const fs::path program = folder / "bin" / name;
    if (::access(program.c_str(), X_OK) == 0) continue;
    return fail(ErrorCode::kInvalid,
                fmt::format("{} is not a release of croft: there is no program {}", folder.string(),
                            program.string()));
  }
  for (const char* name : kData) {
    if (fs::is_directory(folder / "share" / name)) continue;
    return fail(ErrorCode::kInvalid,
                fmt::format("{} is not a release of croft: there is no folder share/{}",
                            folder.string(), name));
  }
  return {};
}

Status sync_files_of(const fs::path& folder) {
  const Fd fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (fd && ::syncfs(fd.get()) == 0) return {};
  return fail(errno_error(fmt::format("write {} to the disk", folder.string()), errno));
}

}  // namespace

Releases::Releases(fs::path home, Release given)
    : folder_(std::move(home) / "releases"), given_(std::move(given)) {}

fs::path Releases::folder_of(const std::string& name) const {
  return folder_ / name;
}

fs::path Releases::snapshot(const std::string& name) const {
  return folder_of(name) / "before";
}

Result<Release> Releases::find(const std::string& name) const {
  if (name.empty()) return given_;
  const fs::path folder = folder_of(name);
  if (!fs::is_directory(folder)) {
    return fail(ErrorCode::kNotFound, fmt::format("the release {} is gone", folder.string()));
  }
  return Release{.name = name, .programs = folder / "bin", .data = folder / "share"};
}

Result<Release> Releases::current() const {
  const auto record = read_record(folder_);
  if (!record) return fail(record.error());
  return find(record->current);
}

Result<std::optional<Release>> Releases::previous() const {
  const auto record = read_record(folder_);
  if (!record) return fail(record.error());
  if (!record->previous) return std::optional<Release>();
  auto found = find(*record->previous);
  if (!found) return fail(std::move(found).error());
  return std::optional<Release>(std::move(*found));
}

Result<Release> Releases::add(const fs::path& folder, Timestamp now) const {
  CROFT_TRY(check_complete(folder));
  CROFT_TRY(make_directories(folder_, 0700));
  std::string name = format_rfc3339(now);
  std::replace(name.begin(), name.end(), ':', '-');
  const fs::path part = folder_of(name + kPart);
  std::error_code error;
  for (const char* each : {"bin", "share"}) {
    if (error) break;
    fs::create_directories(part / each, error);
    if (!error) {
      fs::copy(folder / each, part / each,
               fs::copy_options::recursive | fs::copy_options::overwrite_existing, error);
    }
  }
  if (error) {
    return fail(
        errno_error(fmt::format("copy {} to {}", folder.string(), part.string()), error.value()));
  }
  CROFT_TRY(sync_files_of(part));
  fs::rename(part, folder_of(name), error);
  if (error) return fail(errno_error(fmt::format("rename {}", part.string()), error.value()));
  return find(name);
}

Status Releases::set_current(const std::string& name) const {
  auto record = read_record(folder_);
  if (!record) return fail(std::move(record).error());
  record->current = name;
  CROFT_TRY(make_directories(folder_, 0700));
  return write_file_atomically(folder_ / kRecord, to_json_text(*record), 0600);
}

Status Releases::set(const std::string& current, const std::string& previous) const {
  CROFT_TRY(make_directories(folder_, 0700));
  return write_file_atomically(
      folder_ / kRecord, to_json_text(Record{.current = current, .previous = previous}), 0600);
}

void Releases::prune() const {
  const auto record = read_record(folder_);
  if (!record) return;
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder_, error)) {
    const std::string name = entry.path().filename();
    if (!entry.is_directory() || name == record->current || name == record->previous) continue;
    fs::remove_all(entry.path(), error);
    if (error) log_warning("a release stays", {{"name", name}, {"error", error.message()}});
  }
}

}  // namespace croft::supervise
