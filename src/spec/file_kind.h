// Which of the files that croft knows a text is.
#pragma once

#include <string_view>

#include "spec/yaml.h"

namespace croft::spec {

enum class FileKind : unsigned char {
  kCroft,               // croft.yml
  kZerops,              // zerops.yml of today
  kZeropsOld,           // of 2021 to 2023
  kZeropsServices,      // a zerops.yml that lists services too
  kImport,              // project and services
  kPreprocessorVector,  // an import file that only makes sense after the preprocessor, which is off
  kThirtyIni,
  kCompose,
  kUnknown,
};

// "croft.yml", "zerops.yml", "zerops.yml(old)", "zerops.yml+services", "import",
// "preprocessor-vector", "thirty.ini", "docker-compose", "unknown".
std::string_view to_string(FileKind kind);

struct DetectedKind {
  FileKind kind = FileKind::kUnknown;
  Position at{1, 1};  // of the line that says so
};

// By the keys at the left margin and the name; the text need not be valid.
DetectedKind detect_kind(std::string_view file, std::string_view text);

}  // namespace croft::spec
