// Catalog::load: the folder of files.
#include <fmt/format.h>

#include <algorithm>

#include "base/file.h"
#include "catalog/catalog.h"
#include "catalog/type_file.h"

namespace croft::catalog {

Result<Catalog> Catalog::load(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> files;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error))
    if (entry.path().extension() == ".yml") files.push_back(entry.path());
  if (error) return fail(errno_error("read the catalog " + folder.string(), error.value()));
  if (files.empty()) {
    return fail(ErrorCode::kNotFound,
                fmt::format("the catalog {} has no .yml file", folder.string()));
  }
  std::ranges::sort(files);
  std::vector<ServiceType> types;
  std::vector<FieldError> complaints;
  for (const auto& file : files) {
    auto text = read_file(file, 1u << 20);
    if (!text) return fail(std::move(text).error());
    auto type = parse_type_file(file.filename().string(), *text);
    if (type && type->name != file.stem().string()) {
      complaints.push_back({.pointer = "/name",
                            .message = "the file must be called like the type",
                            .file = file.filename().string()});
    }
    if (type) {
      types.push_back(std::move(*type));
      continue;
    }
    const auto& fields = type.error().fields();
    complaints.insert(complaints.end(), fields.begin(), fields.end());
    if (fields.empty()) return fail(std::move(type).error());
  }
  if (!complaints.empty()) {
    const FieldError& first = complaints.front();
    std::string message = fmt::format("the catalog is not valid: {}:{}:{}: {}", first.file,
                                      first.line, first.column, first.message);
    return fail(Error(ErrorCode::kInvalid, std::move(message)).with_fields(std::move(complaints)));
  }
  return from(std::move(types));
}

}  // namespace croft::catalog
