// The releases of croft that lie in an installation: a folder each, with bin/ and share/.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "base/result.h"
#include "base/time.h"

namespace croft::supervise {

struct Release {
  std::string name;                // of its folder in CROFT_HOME/releases; empty: the given one
  std::filesystem::path programs;  // croftd, croft-node, croft-core, croft-init, croft-keep, croft
  std::filesystem::path data;      // catalog/, images/, api/
};

class Releases {
 public:
  // `given`: what runs as long as nothing was ever upgraded.
  Releases(std::filesystem::path home, Release given);

  // kFailed: the record cannot be read. kNotFound: the folder of the release is gone.
  Result<Release> current() const;
  // What ran before the current one; nullopt: there was no upgrade yet.
  Result<std::optional<Release>> previous() const;
  // kNotFound: there is no such folder.
  Result<Release> find(const std::string& name) const;

  // Copies `folder` (bin/ and share/) in, under a name made of `now`; on disk when this returns.
  // kInvalid: a program or a part of the data is missing in it.
  Result<Release> add(const std::filesystem::path& folder, Timestamp now) const;
  // What the next start runs; what ran before stays as it is noted.
  Status set_current(const std::string& name) const;
  // Both at once: after a crash both or neither are changed.
  Status set(const std::string& current, const std::string& previous) const;
  // Removes all but the current and the previous one, and what an interrupted add() left.
  void prune() const;

  // Where the state is kept that was there before the release ran for the first time.
  std::filesystem::path snapshot(const std::string& name) const;

 private:
  std::filesystem::path folder_of(const std::string& name) const;

  std::filesystem::path folder_;
  Release given_;
};

}  // namespace croft::supervise
