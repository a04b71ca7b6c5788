#include "spec/validate.h"

#include <fmt/format.h>

#include <boost/json.hpp>

#include "spec/file_kind.h"
#include "spec/import_config.h"
#include "spec/preprocessor.h"

namespace croft::spec {
namespace {

namespace json = boost::json;

void refuse(ValidationReport& report, Position at, std::string message) {
  report.errors.push_back(
      {.message = std::move(message), .file = report.file, .line = at.line, .column = at.column});
}

void add_error(ValidationReport& report, const Error& error) {
  if (error.fields().empty()) {
    refuse(report, {1, 1}, error.message());
  } else {
    report.errors = error.fields();
  }
}

void add_setups(ValidationReport& report, const AppConfig& config) {
  for (const Setup& setup : config.setups) report.setups.push_back(setup.name);
}

void validate_app(ValidationReport& report, std::string_view content,
                  const ValidateOptions& options) {
  report.has_setups = true;
  auto parsed = parse_app_config(report.file, content, options.resolver);
  if (!parsed) return add_error(report, parsed.error());
  add_setups(report, parsed->config);
  report.warnings = std::move(parsed->warnings);
}

void validate_import(ValidationReport& report, std::string_view content,
                     const ValidateOptions& options) {
  report.has_services = true;
  auto parsed = parse_import(report.file, content,
                             {.resolver = options.resolver,
                              .random = &options.random,
                              .clock = &options.clock,
                              .throwaway = true});
  if (!parsed) return add_error(report, parsed.error());
  for (const ImportService& service : parsed->file.services) {
    report.services.push_back({service.hostname, service.type.text, service.priority});
  }
  if (parsed->file.app_config) add_setups(report, *parsed->file.app_config);
  report.warnings = std::move(parsed->warnings);
}

void validate_vector(ValidationReport& report, std::string_view content, Position at,
                     const ValidateOptions& options) {
  report.has_services = true;
  report.warnings.push_back({.message =
                                 "hostnames are computed, but the preprocessor is off: only its "
                                 "functions were checked; switch it on with "
                                 "#yamlPreprocessor=on on the first line",
                             .file = report.file,
                             .line = at.line,
                             .column = at.column});
  const auto done =
      preprocess(content, {.random = options.random, .clock = options.clock, .throwaway = true});
  if (!done) refuse(report, done.error().meta.position, done.error().message);
}

json::array complaints_json(const std::vector<FieldError>& complaints) {
  json::array result;
  for (const FieldError& e : complaints) {
    result.push_back({{"file", e.file},
                      {"line", e.line},
                      {"column", e.column},
                      {"pointer", e.pointer},
                      {"message", e.message}});
  }
  return result;
}

}  // namespace

ValidationReport validate_file(std::string_view file, std::string_view content,
                               const ValidateOptions& options) {
  const DetectedKind detected = detect_kind(file, content);
  ValidationReport report;
  report.file = file;
  report.kind = to_string(detected.kind);
  switch (detected.kind) {
    case FileKind::kCroft:
    case FileKind::kZerops:
    case FileKind::kZeropsOld:
      validate_app(report, content, options);
      break;
    case FileKind::kZeropsServices:
      report.has_setups = true;
      [[fallthrough]];
    case FileKind::kImport:
      validate_import(report, content, options);
      break;
    case FileKind::kPreprocessorVector:
      validate_vector(report, content, detected.at, options);
      break;
    case FileKind::kThirtyIni:
      refuse(report, detected.at,
             "thirty.ini is not supported yet: its importer comes later; `croft init` writes a "
             "croft.yml");
      break;
    case FileKind::kCompose:
      refuse(report, detected.at,
             "docker-compose files are not supported yet: their importer comes later; write an "
             "import file with 'services:' as a list");
      break;
    case FileKind::kUnknown:
      refuse(report, detected.at,
             "neither croft.yml (croft: or zerops: with setups) nor an import file (project: and "
             "services:)");
      break;
  }
  report.ok = report.errors.empty();
  return report;
}

json::value to_json(const ValidationReport& report) {
  json::object result{{"file", report.file}, {"kind", report.kind}, {"ok", report.ok}};
  if (report.has_setups) result["setups"] = json::value_from(report.setups);
  if (report.has_services) {
    json::array services;
    for (const ValidatedService& service : report.services) {
      services.push_back(
          {{"hostname", service.hostname}, {"type", service.type}, {"priority", service.priority}});
    }
    result["services"] = std::move(services);
  }
  result["errors"] = complaints_json(report.errors);
  result["warnings"] = complaints_json(report.warnings);
  return result;
}

}  // namespace croft::spec
