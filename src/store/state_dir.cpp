#include "store/state_dir.h"

#include <fmt/format.h>

#include "base/file.h"
#include "store/sqlite/sqlite_database.h"

namespace croft {

Result<std::unique_ptr<Store>> open_state_dir(const std::filesystem::path& directory, Clock& clock,
                                              Random& random, StoreOptions options) {
  CROFT_TRY(make_directories(directory, 0700));
  const auto database = directory / "croft.db";
  const auto key_file = directory / "master.key";
  auto keys = MasterKeys::load(key_file);
  if (!keys) {
    if (keys.error().code() != ErrorCode::kNotFound) return fail(std::move(keys).error());
    if (std::filesystem::exists(database)) {
      return fail(ErrorCode::kFailed,
                  fmt::format("{} is missing, and {} cannot be read without it; restore it from a "
                              "backup",
                              key_file.string(), database.string()));
    }
    keys = MasterKeys::generate(random);
    CROFT_TRY(keys->save_new(key_file));
  }
  return Store::open(sqlite_file(database), std::move(*keys), clock, random, options);
}

}  // namespace croft
