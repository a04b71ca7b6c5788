// Backup and restore of an installation's state directory: the database and the key file that opens
// its secrets, in one sealed file (sealed_file.h). Not in it, and found again where they are: logs
// (logs.db), bundles, images, and the data of services, which live in their volumes.
#pragma once

#include "base/json_codec.h"
#include "store/sealed_file.h"

namespace croft {

// Setting: number of the newest desired state that a node was told. Restoring leaps ahead of it.
inline constexpr const char* kSettingNodeGeneration = "node_generation";

struct BackupPart {
  std::string name;  // "croft.db", "master.key"
  std::uint64_t bytes = 0;
};
BOOST_DESCRIBE_STRUCT(BackupPart, (), (name, bytes))

struct BackupManifest {
  Timestamp created_at;
  std::string install_id;
  int schema = 0;
  std::map<std::string, std::int64_t> rows;  // by table
  std::vector<BackupPart> parts;
};
BOOST_DESCRIBE_STRUCT(BackupManifest, (), (created_at, install_id, schema, rows, parts))

// Writes `file`, which must not exist, from the state directory of a running or stopped croftd:
// one consistent state, while writers go on. Then opens what it wrote like a restore would and
// checks it; only then does `file` appear. kNotFound: no installation there. Blocks.
Result<BackupManifest> write_backup(const std::filesystem::path& state,
                                    const std::filesystem::path& file, const Secret& passphrase,
                                    const SealCost& cost, Timestamp now);

struct RestoreReport {
  BackupManifest manifest;
  std::string replaced;    // install id of what was there; empty: nothing
  std::string kept_under;  // where the files that were there are now; empty: none were
};
BOOST_DESCRIBE_STRUCT(RestoreReport, (), (manifest, replaced, kept_under))

// Puts a backup into the state directory; croftd must not run on it. Everything is opened, checked,
// migrated and counted before anything that is there is touched. `replace`: an installation that is
// there is moved aside; otherwise kConflict. Interrupted at any point: run it again. Blocks.
Result<RestoreReport> restore_backup(const std::filesystem::path& file,
                                     const std::filesystem::path& state, const Secret& passphrase,
                                     bool replace, Clock& clock, Random& random);

// A copy of the database alone, beside the installation that it is of: for going back after an
// upgrade. `into` is made; what an interrupted call left there is replaced. Checked like a backup.
Status take_snapshot(const std::filesystem::path& state, const std::filesystem::path& into);

// Puts it back; croftd must not run. The database that is there is moved aside, not deleted. What
// this program's schema lacks is migrated. kNotFound: there is no snapshot. Blocks.
Status restore_snapshot(const std::filesystem::path& from, const std::filesystem::path& state,
                        Clock& clock, Random& random);

}  // namespace croft
