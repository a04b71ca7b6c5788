// The bundle: the archive of built files that one version runs.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "build/archive_writer.h"
#include "spec/deploy_files.h"
#include "spec/ignore.h"

namespace croft::build {

struct Bundle {
  std::filesystem::path file;  // tar.zst
  std::string hash;            // SHA-256 of the content: see ArchiveWriter::content_hash
  std::uint64_t bytes = 0;     // of the archive
  std::uint64_t files = 0;
};

inline constexpr std::uint64_t kMaxBundleBytes = 4ull << 30;
// Of what comes out of a build container.
inline constexpr ArchiveLimits kTreeLimits{.compressed_bytes = 20ull << 30,
                                           .unpacked_bytes = 20ull << 30,
                                           .entries = 2'000'000,
                                           .ratio = 100'000};

// Collects entries of a finished build tree under the paths that deployFiles gives them. Blocks.
class BundleMaker {
 public:
  // `ignore`: .deployignore, matched against the stored path.
  static Result<std::unique_ptr<BundleMaker>> create(const std::filesystem::path& file,
                                                     spec::IgnoreList ignore);

  // All that `entries` has of `entry`. A path in `entries` is `prefix` plus what lies below
  // entry.path: the engine's archive of /build/source/dist begins every path with "dist".
  Status add(const spec::DeployEntry& entry, EntrySource& entries, std::string_view prefix);

  Result<Bundle> finish();

 private:
  BundleMaker(std::unique_ptr<ArchiveFile> file, std::filesystem::path path,
              spec::IgnoreList ignore);
  Status store(ArchiveEntry entry, EntrySource& content);
  Status add_parents(const std::string& path);

  std::unique_ptr<ArchiveFile> file_;
  std::filesystem::path path_;
  spec::IgnoreList ignore_;
  // What is in already; two entries of deployFiles may name the same file.
  std::map<std::string, ArchiveEntry::Type> stored_;
};

// Parses every entry of deployFiles (or addToRunPrepare: `key` is its name in messages). kInvalid
// with one field per entry that is wrong.
Result<std::vector<spec::DeployEntry>> parse_deploy_files(const std::vector<std::string>& files,
                                                          std::string_view key);

// The error for an entry whose path does not exist; its field is /build/KEY/INDEX.
Error missing_deploy_file(const std::vector<spec::DeployEntry>& entries, std::size_t index,
                          std::string_view key);

// A bundle of a folder on this machine, for a deployment without a build. `deploy_files` empty:
// all.
Result<Bundle> bundle_from_folder(const std::filesystem::path& folder,
                                  const std::vector<spec::DeployEntry>& deploy_files,
                                  const std::filesystem::path& file);

}  // namespace croft::build
