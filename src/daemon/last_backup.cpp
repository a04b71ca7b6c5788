#include "daemon/last_backup.h"

#include "base/file.h"

namespace croft {
namespace {

constexpr const char* kFile = "last_backup";

}  // namespace

Status note_backup(const std::filesystem::path& state, Timestamp at) {
  return write_file_atomically(state / kFile, format_rfc3339(at) + "\n", 0600);
}

std::optional<Timestamp> last_backup(const std::filesystem::path& state) {
  auto text = read_file(state / kFile, 64);
  if (!text) return std::nullopt;
  while (text->ends_with('\n')) text->pop_back();
  return parse_rfc3339(*text);
}

}  // namespace croft
