// The catalog: every service type croft offers, and what a type string means.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "catalog/types.h"
#include "spec/type_ref.h"

namespace croft::catalog {

struct FindOptions {
  spec::TypeRole role = spec::TypeRole::kService;
  // Take the nearest version, another technology that does the same, or one node instead of
  // several, each with a warning, where they would be refused.
  bool nearest = false;
  bool internal = false;  // core, edge: not for users
};

// What a type string means. Valid while the catalog lives.
struct Resolved {
  const ServiceType* type = nullptr;
  const TypeVersion* version = nullptr;
  std::vector<std::string> warnings;  // for the user: what is not as the file says

  std::string canonical() const { return type->name + "@" + version->version; }
};

class Catalog {
 public:
  // Reads every *.yml of the folder. kInvalid with all located complaints, kNotFound without files.
  static Result<Catalog> load(const std::filesystem::path& folder);
  // From types that are at hand already; names and aliases must be unique (kInvalid).
  static Result<Catalog> from(std::vector<ServiceType> types);

  // kInvalid: the string has no such form, or there is no such type or version; the message names
  // the nearest. kUnsupported: known, but not for this role, or not in this variant yet.
  Result<Resolved> find(std::string_view text, const FindOptions& options) const;
  Result<Resolved> find(const spec::TypeRef& ref, const FindOptions& options) const;

  // Sorted by name.
  const std::vector<std::unique_ptr<const ServiceType>>& types() const { return types_; }

  // For the parsers of spec/. The catalog must outlive it.
  spec::TypeResolver resolver() const;

 private:
  Catalog() = default;
  const ServiceType* by_name(std::string_view name) const;
  Result<const ServiceType*> find_type(const spec::TypeRef& ref, const FindOptions& options,
                                       std::string& version,
                                       std::vector<std::string>& warnings) const;
  std::string nearest_name(std::string_view name) const;

  std::vector<std::unique_ptr<const ServiceType>> types_;
};

}  // namespace croft::catalog
