#include "cli/source_pack.h"

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <vector>

#include "base/fd.h"
#include "base/file.h"
#include "spec/ignore.h"

namespace croft::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxFiles = 200'000;
constexpr std::size_t kPiece = 256 * 1024;

struct Entry {
  std::string path;  // relative to the folder
  struct stat info = {};
  std::string link_target;
};

// Whether a link at `path` stays inside the folder.
bool stays_inside(const std::string& path, const std::string& target) {
  if (target.starts_with('/')) return false;
  const fs::path end = (fs::path(path).parent_path() / target).lexically_normal();
  return end.begin() == end.end() || *end.begin() != "..";
}

class FolderScan {
 public:
  FolderScan(const fs::path& folder, std::uint64_t max_bytes)
      : folder_(folder), max_bytes_(max_bytes) {}

  Status run() {
    auto own = read_file(folder_ / ".deployignore", 1u << 20);
    if (own) {
      ignore_.add(*own);
    } else if (own.error().code() != ErrorCode::kNotFound) {
      return fail(std::move(own).error());
    }
    use_gitignore_ = !own.has_value();
    return scan("");
  }

  std::vector<Entry> entries;
  std::uint64_t files = 0;
  std::uint64_t bytes = 0;

 private:
  Status scan(const std::string& directory) {
    if (use_gitignore_) {
      if (auto text = read_file(folder_ / directory / ".gitignore", 1u << 20)) {
        ignore_.add(*text, directory);
      }
    }
    std::error_code error;
    std::vector<std::string> names;
    for (fs::directory_iterator it(folder_ / directory, error), end; !error && it != end;
         it.increment(error)) {
      names.push_back(it->path().filename().string());
    }
    if (error)
      return fail(errno_error(fmt::format("read folder {}", shown(directory)), error.value()));
    // In order, so that the same folder gives the same archive.
    std::ranges::sort(names);
    for (const std::string& name : names) {
      CROFT_TRY(take(directory.empty() ? name : directory + "/" + name));
    }
    return {};
  }

  Status take(const std::string& path) {
    Entry entry{.path = path};
    if (::lstat((folder_ / path).c_str(), &entry.info) != 0) {
      return fail(errno_error(fmt::format("look at {}", path), errno));
    }
    const bool directory = S_ISDIR(entry.info.st_mode);
    if (path == ".git" || ignore_.ignores(path, directory)) return {};
    if (S_ISLNK(entry.info.st_mode)) CROFT_TRY(read_link(entry));
    // Sockets, pipes and devices mean nothing elsewhere.
    if (!directory && !S_ISREG(entry.info.st_mode) && !S_ISLNK(entry.info.st_mode)) return {};
    if (!directory) ++files;
    if (S_ISREG(entry.info.st_mode)) bytes += static_cast<std::uint64_t>(entry.info.st_size);
    CROFT_TRY(check_caps());
    entries.push_back(std::move(entry));
    return directory ? scan(path) : Status();
  }

  Status read_link(Entry& entry) {
    std::error_code error;
    entry.link_target = fs::read_symlink(folder_ / entry.path, error).string();
    if (error) return fail(errno_error(fmt::format("read link {}", entry.path), error.value()));
    if (stays_inside(entry.path, entry.link_target)) return {};
    return fail(ErrorCode::kInvalid,
                fmt::format("{}: this link leads out of the folder (to {}); put the file itself "
                            "there, or leave it out in .deployignore",
                            entry.path, entry.link_target));
  }

  Status check_caps() const {
    if (bytes > max_bytes_) {
      return fail(ErrorCode::kTooLarge,
                  fmt::format("the folder has more than {} MiB of files; leave out what the build "
                              "makes, in .deployignore",
                              max_bytes_ >> 20));
    }
    if (files > kMaxFiles) {
      return fail(ErrorCode::kTooLarge,
                  fmt::format("the folder has more than {} files; leave out what the build makes "
                              "(node_modules, vendor…), in .deployignore",
                              kMaxFiles));
    }
    return {};
  }

  static std::string shown(const std::string& directory) {
    return directory.empty() ? "." : directory;
  }

  fs::path folder_;
  std::uint64_t max_bytes_;
  spec::IgnoreList ignore_;
  bool use_gitignore_ = false;
};

// Writes entry by entry, as far as pieces are asked for.
class PackStream final : public ByteSource {
 public:
  PackStream(fs::path folder, std::vector<Entry> entries)
      : folder_(std::move(folder)), entries_(std::move(entries)), archive_(archive_write_new()) {}
  PackStream(const PackStream&) = delete;
  ~PackStream() override { archive_write_free(archive_); }

  Task<Result<std::optional<std::string>>> next() override {
    while (pending_.size() < kPiece && !done_) {
      Status step = advance();
      if (!step) co_return fail(std::move(step).error());
    }
    if (pending_.empty()) co_return std::nullopt;
    co_return std::exchange(pending_, {});
  }

 private:
  Status advance() {
    if (!opened_) return open();
    if (file_) return copy_piece();
    if (next_ < entries_.size()) return begin_entry(entries_[next_++]);
    done_ = true;
    if (archive_write_close(archive_) != ARCHIVE_OK) return archive_failure("finish the archive");
    return {};
  }

  Status open() {
    opened_ = true;
    const auto write = [](archive*, void* self, const void* data, std::size_t size) {
      static_cast<PackStream*>(self)->pending_.append(static_cast<const char*>(data), size);
      return static_cast<la_ssize_t>(size);
    };
    archive_write_set_format_pax_restricted(archive_);
    if (archive_write_add_filter_zstd(archive_) != ARCHIVE_OK) {
      return archive_failure("compress with zstd");
    }
    // No padding of the last block: this is a stream, not a tape.
    archive_write_set_bytes_in_last_block(archive_, 1);
    if (archive_write_open(archive_, this, nullptr, write, nullptr) != ARCHIVE_OK) {
      return archive_failure("begin the archive");
    }
    return {};
  }

  Status begin_entry(const Entry& entry) {
    path_ = entry.path;
    const std::unique_ptr<archive_entry, decltype(&archive_entry_free)> head(archive_entry_new(),
                                                                             archive_entry_free);
    archive_entry_copy_pathname(head.get(), entry.path.c_str());
    archive_entry_set_mode(head.get(), entry.info.st_mode);
    archive_entry_set_mtime(head.get(), entry.info.st_mtime, 0);
    left_ = S_ISREG(entry.info.st_mode) ? entry.info.st_size : 0;
    archive_entry_set_size(head.get(), left_);
    if (S_ISLNK(entry.info.st_mode)) {
      archive_entry_copy_symlink(head.get(), entry.link_target.c_str());
    }
    if (S_ISREG(entry.info.st_mode) && left_ > 0) {
      file_ = Fd(::open((folder_ / entry.path).c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
      if (!file_) return fail(errno_error(fmt::format("read {}", entry.path), errno));
    }
    if (archive_write_header(archive_, head.get()) < ARCHIVE_WARN) {
      return archive_failure("add " + entry.path);
    }
    return {};
  }

  Status copy_piece() {
    std::string buffer(kPiece, '\0');
    const auto wanted = static_cast<std::size_t>(std::min<std::int64_t>(left_, kPiece));
    const ssize_t n = ::read(file_.get(), buffer.data(), wanted);
    if (n < 0 && errno == EINTR) return {};
    if (n < 0) return fail(errno_error(fmt::format("read {}", path_), errno));
    if (n == 0) {
      return fail(ErrorCode::kFailed,
                  fmt::format("{}: became shorter while it was read; deploy again when nothing "
                              "writes to it",
                              path_));
    }
    if (archive_write_data(archive_, buffer.data(), static_cast<std::size_t>(n)) < n) {
      return archive_failure("add " + path_);
    }
    left_ -= n;
    if (left_ == 0) file_.reset();
    return {};
  }

  Status archive_failure(const std::string& what) const {
    const char* reason = archive_error_string(archive_);
    return fail(ErrorCode::kFailed,
                fmt::format("{}: {}", what, reason == nullptr ? "no reason given" : reason));
  }

  fs::path folder_;
  std::vector<Entry> entries_;
  archive* archive_;
  std::string pending_;
  std::string path_;  // of the entry under way
  std::size_t next_ = 0;
  Fd file_;
  std::int64_t left_ = 0;
  bool opened_ = false;
  bool done_ = false;
};

}  // namespace

Result<SourcePack> pack_source(const fs::path& folder, std::uint64_t max_bytes) {
  FolderScan scan(folder, max_bytes);
  CROFT_TRY(scan.run());
  SourcePack pack;
  pack.files = scan.files;
  pack.bytes = scan.bytes;
  pack.stream = std::make_unique<PackStream>(folder, std::move(scan.entries));
  return pack;
}

}  // namespace croft::cli
