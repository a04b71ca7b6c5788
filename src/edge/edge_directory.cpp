#include "edge/edge_directory.h"

#include <fmt/format.h>

#include <cerrno>

#include "base/file.h"
#include "base/json_codec.h"
#include "base/log.h"

namespace croft {

Status prepare_edge_directory(const std::filesystem::path& directory) {
  for (const char* name : {kEdgeDataName, kEdgeConfigName, kEdgeRoutesName}) {
    CROFT_TRY(make_directories(directory / name, 0700));
  }
  // Where Caddy keeps it below XDG_CONFIG_HOME.
  const std::filesystem::path saved = directory / kEdgeConfigName / "caddy" / "autosave.json";
  const auto text = read_file(saved);
  if (!text && text.error().code() == ErrorCode::kNotFound) return {};
  if (text && parse_json(*text)) return {};
  log_warning("the edge's saved configuration is damaged and goes; it is rendered anew",
              {{"file", saved.string()}});
  std::error_code error;
  std::filesystem::remove(saved, error);
  if (error) return fail(errno_error("edge: remove its damaged configuration", error.value()));
  return {};
}

}  // namespace croft
