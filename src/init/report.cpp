#include "init/report.h"

#include "base/file.h"
#include "base/utf8.h"

namespace croft::init {

Status write_report(const std::filesystem::path& path, ExitReport report) {
  report.command = to_valid_utf8(report.command);
  report.reason = to_valid_utf8(report.reason);
  for (std::string& line : report.last_lines) line = to_valid_utf8(line);
  const std::filesystem::path directory = path.parent_path();
  std::error_code error;
  if (!directory.empty() && !std::filesystem::exists(directory, error)) {
    CROFT_TRY(make_directories(directory));
  }
  return write_file_atomically(path, to_json_text(report) + "\n");
}

}  // namespace croft::init
