#include "catalog/catalog.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "catalog/version_match.h"
#include "spec/suggest.h"

namespace croft::catalog {
namespace {

using spec::TypeRef;
using spec::TypeRole;

bool contains(const std::vector<std::string>& list, std::string_view text) {
  return std::ranges::find(list, text) != list.end();
}

const StandIn* stand_in_of(const ServiceType& type, std::string_view name) {
  for (const StandIn& stand_in : type.stands_in_for)
    if (stand_in.name == name) return &stand_in;
  return nullptr;
}

// Their version in ours: as listed, or the release it belongs to (3.20.1 of 3.20), or "latest".
std::string translate_version(const StandIn& stand_in, std::string_view theirs) {
  for (std::string key(theirs); !key.empty();) {
    if (const auto found = stand_in.versions.find(key); found != stand_in.versions.end())
      return found->second;
    const auto dot = key.rfind('.');
    key = dot == std::string::npos ? std::string() : key.substr(0, dot);
  }
  const auto latest = stand_in.versions.find("latest");
  return latest == stand_in.versions.end() ? "" : latest->second;
}

std::string list_versions(const ServiceType& type) {
  std::string text;
  for (const TypeVersion& version : type.versions) {
    if (!text.empty()) text += ", ";
    text += version.version;
  }
  return text;
}

Status check_role(const ServiceType& type, const TypeRef& ref, TypeRole role) {
  if (role == TypeRole::kBuildBase && type.build_recipe.empty()) {
    return fail(ErrorCode::kUnsupported,
                fmt::format("{} is no build base; name the technology that the build needs, or "
                            "leave the base out",
                            ref.text()));
  }
  if (role != TypeRole::kBuildBase && type.run_recipe.empty()) {
    return fail(ErrorCode::kUnsupported,
                fmt::format("{} is a build base only: {}", ref.text(), type.description));
  }
  if (role == TypeRole::kRunBase && is_managed(type.category)) {
    return fail(ErrorCode::kUnsupported,
                fmt::format("{} is a managed service, not a base to run code on; add it as a "
                            "service of the project",
                            ref.text()));
  }
  return {};
}

Status check_variant(const ServiceType& type, const TypeRef& ref, bool nearest,
                     std::vector<std::string>& warnings) {
  if (ref.variant.empty() || ref.variant == "single") return {};
  if (ref.variant != "ha") {
    return fail(ErrorCode::kInvalid,
                fmt::format("{}: there is no variant '{}'; leave it out", ref.text(), ref.variant));
  }
  if (!is_managed(type.category)) {
    warnings.push_back(fmt::format("{}: the variant has no meaning for {}; set minContainers",
                                   ref.text(), type.name));
    return {};
  }
  const std::string reason =
      fmt::format("{}: {} runs on one node now; several come with {}", ref.text(), type.name,
                  type.ha_with.empty() ? "a later part" : type.ha_with);
  if (!nearest) return fail(ErrorCode::kUnsupported, reason + "; use " + type.name + ":single");
  warnings.push_back(reason);
  return {};
}

Result<const TypeVersion*> choose_version(const ServiceType& type, const TypeRef& ref,
                                          std::string version, bool nearest,
                                          std::vector<std::string>& warnings) {
  // php-nginx@8.4+1.28: the second number is that of the web server.
  if (const auto plus = version.find('+'); plus != std::string::npos) {
    warnings.push_back(
        fmt::format("{}: the version of the web server ({}) is that of the Debian "
                    "release in use",
                    ref.text(), version.substr(plus + 1)));
    version.resize(plus);
  }
  if (const TypeVersion* match = match_version(type.versions, version)) {
    if (match->deprecated) {
      warnings.push_back(
          fmt::format("{}@{} is not maintained by its makers any more", type.name, match->version));
    }
    return match;
  }
  const TypeVersion* near = nearest_version(type.versions, version);
  if (!nearest) {
    return fail(
        ErrorCode::kInvalid,
        fmt::format("{}: the catalog has no version {} of {}; the nearest is {}@{} (there "
                    "are {})",
                    ref.text(), version, type.name, type.name, near->version, list_versions(type)));
  }
  warnings.push_back(
      fmt::format("{}: no such version; {}@{} is taken", ref.text(), type.name, near->version));
  return near;
}

}  // namespace

std::string_view to_string(ImageKind kind) {
  return kind == ImageKind::kRun ? "run" : "build";
}

Result<Catalog> Catalog::from(std::vector<ServiceType> types) {
  std::set<std::string> names;
  for (const ServiceType& type : types) {
    std::vector<std::string> all{type.name};
    all.insert(all.end(), type.aliases.begin(), type.aliases.end());
    for (const StandIn& stand_in : type.stands_in_for) all.push_back(stand_in.name);
    for (const std::string& name : all) {
      if (names.insert(name).second) continue;
      return fail(ErrorCode::kInvalid, fmt::format("catalog: the name {} is there twice", name));
    }
  }
  Catalog catalog;
  std::ranges::sort(types, {}, &ServiceType::name);
  for (ServiceType& type : types)
    catalog.types_.push_back(std::make_unique<const ServiceType>(std::move(type)));
  return catalog;
}

const ServiceType* Catalog::by_name(std::string_view name) const {
  for (const auto& type : types_)
    if (type->name == name || contains(type->aliases, name)) return type.get();
  return nullptr;
}

std::string Catalog::nearest_name(std::string_view name) const {
  std::vector<std::string> names;
  for (const auto& type : types_) {
    if (type->category == ServiceCategory::kInternal) continue;
    if (contains(type->nearest_for, name)) return type->name;
    names.push_back(type->name);
    names.insert(names.end(), type->aliases.begin(), type->aliases.end());
  }
  return spec::nearest(name, names);
}

Result<const ServiceType*> Catalog::find_type(const TypeRef& ref, const FindOptions& options,
                                              std::string& version,
                                              std::vector<std::string>& warnings) const {
  if (const ServiceType* type = by_name(ref.name);
      type && (options.internal || type->category != ServiceCategory::kInternal))
    return type;
  for (const auto& type : types_) {
    const StandIn* stand_in = stand_in_of(*type, ref.name);
    if (!stand_in) continue;
    version = translate_version(*stand_in, ref.version);
    warnings.push_back(fmt::format("{}: {}{}{} stands in for it ({})", ref.text(), type->name,
                                   version.empty() ? "" : "@", version, stand_in->note));
    return type.get();
  }
  for (const auto& type : types_) {
    if (!options.nearest || !contains(type->nearest_for, ref.name)) continue;
    version.clear();
    warnings.push_back(
        fmt::format("{}: the catalog has no {}; {} is taken", ref.text(), ref.name, type->name));
    return type.get();
  }
  const std::string nearest = nearest_name(ref.name);
  return fail(
      ErrorCode::kInvalid,
      fmt::format("{}: the catalog has no type {}{}{}; `croft service types` lists what there is",
                  ref.text(), ref.name, nearest.empty() ? "" : "; the nearest is ", nearest));
}

Result<Resolved> Catalog::find(std::string_view text, const FindOptions& options) const {
  const auto ref = spec::parse_type_ref(text);
  if (!ref) {
    return fail(
        ErrorCode::kInvalid,
        fmt::format("'{}' is not a service type; the form is NAME@VERSION, such as nodejs@22",
                    text.substr(0, 100)));
  }
  return find(*ref, options);
}

Result<Resolved> Catalog::find(const TypeRef& ref, const FindOptions& options) const {
  Resolved result;
  std::string version = ref.version;
  auto type = find_type(ref, options, version, result.warnings);
  if (!type) return fail(std::move(type).error());
  result.type = *type;
  if (!ref.os.empty() && ref.os != "debian") {
    const StandIn* system = nullptr;
    for (const auto& other : types_)
      if (!system) system = stand_in_of(*other, ref.os);
    if (!system) {
      return fail(ErrorCode::kInvalid,
                  fmt::format("{}: there is no operating system '{}'; leave it "
                              "out",
                              ref.text(), ref.os));
    }
    result.warnings.push_back(fmt::format("{}: {}", ref.text(), system->note));
  }
  CROFT_TRY(check_role(**type, ref, options.role));
  CROFT_TRY(check_variant(**type, ref, options.nearest, result.warnings));
  auto chosen = choose_version(**type, ref, version, options.nearest, result.warnings);
  if (!chosen) return fail(std::move(chosen).error());
  result.version = *chosen;
  return result;
}

spec::TypeResolver Catalog::resolver() const {
  return [this](const TypeRef& ref, TypeRole role) {
    using Verdict = spec::TypeAnswer::Verdict;
    spec::TypeAnswer answer;
    if (find(ref, {.role = role})) return answer;
    FindOptions options{.role = role, .nearest = true};
    std::string version;
    std::vector<std::string> warnings;
    const bool known = find_type(ref, {.role = role}, version, warnings).has_value();
    answer.verdict = known ? Verdict::kUnknownVersion : Verdict::kUnknownType;
    if (const auto near = find(ref, options)) answer.nearest = near->canonical();
    if (answer.nearest.empty()) answer.nearest = nearest_name(ref.name);
    return answer;
  };
}

}  // namespace croft::catalog
