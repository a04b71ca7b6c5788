// Reading and writing import files.
#pragma once

#include <string>
#include <string_view>

#include "base/random.h"
#include "base/result.h"
#include "base/time.h"
#include "spec/import_model.h"

namespace croft::spec {

enum class ImportKind : unsigned char {
  kAny,
  kProject,   // `project` is required (projectImportProjectMissing)
  kServices,  // `project` is an error (projectImportProjectIncluded)
};

struct ImportOptions {
  ImportKind kind = ImportKind::kAny;
  TypeResolver resolver;
  // For the preprocessor; both or none. Without them a file that switches it on is kUnsupported.
  Random* random = nullptr;
  const Clock* clock = nullptr;
  bool throwaway = false;  // see PreprocessOptions
};

struct ParsedImport {
  ImportFile file;
  Warnings warnings;
};

inline constexpr std::size_t kMaxImportBytes = 100 * 1024;
inline constexpr std::size_t kMaxDescription = 255;
inline constexpr int kMaxContainersPerService = 10;

// Runs the preprocessor when the first line switches it on, then parses. Fails with kInvalid
// (kTooLarge over 100 kB), each complaint located in the text as given, also after the preprocessor
// changed its lines.
Result<ParsedImport> parse_import(std::string_view file, std::string_view text,
                                  const ImportOptions& options);

// The file that parse_import reads back as the same value; writing that again gives the same bytes.
// Secrets are in it. What has its default is left out, env keys are sorted.
std::string write_import(const ImportFile& file);

}  // namespace croft::spec
