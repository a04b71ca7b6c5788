#include "spec/import_config.h"

#include <fmt/format.h>

#include <algorithm>

#include "spec/app_document.h"
#include "spec/import_sections.h"
#include "spec/keys.h"
#include "spec/preprocessor.h"
#include "spec/utf8.h"

namespace croft::spec {
namespace {

// The preprocessor changes lines: complaints are moved to where the user wrote the text.
void relocate(std::vector<FieldError>& complaints, const std::vector<int>& lines) {
  for (FieldError& complaint : complaints) {
    const auto index = static_cast<std::size_t>(complaint.line) - 1;
    if (complaint.line > 0 && index < lines.size()) complaint.line = lines[index];
  }
}

Error located(std::string_view file, ErrorCode code, Position at, const std::string& message) {
  return Error(code, fmt::format("{}:{}:{}: {}", file, at.line, at.column, message))
      .with_field(
          {.message = message, .file = std::string(file), .line = at.line, .column = at.column});
}

Error relocated(const Error& error, std::string_view file, const std::vector<int>& lines) {
  std::vector<FieldError> fields = error.fields();
  relocate(fields, lines);
  const FieldError& first = fields.at(0);
  std::string message = fmt::format("{}:{}:{}: {}", file, first.line, first.column, first.message);
  if (fields.size() > 1) message += fmt::format(" (and {} more)", fields.size() - 1);
  return Error(error.code(), std::move(message)).with_fields(std::move(fields));
}

void check_hostnames(const std::vector<ImportService>& services, const Field& list,
                     Complaints& out) {
  std::map<std::string, std::size_t> seen;
  for (std::size_t i = 0; i < services.size(); ++i) {
    const ImportService& service = services[i];
    if (service.hostname.empty()) continue;
    const auto [first, fresh] = seen.emplace(service.hostname, i);
    if (fresh) continue;
    const ImportService& other = services[first->second];
    out.error(service.hostname_at, list.pointer + pointer_step(i) + "/hostname",
              fmt::format("the hostname '{}' is already used at {}:{}", service.hostname,
                          other.hostname_at.line, other.hostname_at.column));
    out.error(other.hostname_at, list.pointer + pointer_step(first->second) + "/hostname",
              fmt::format("the hostname '{}' is used again at {}:{}", service.hostname,
                          service.hostname_at.line, service.hostname_at.column));
  }
}

// What a service mounts must be a storage of the same file; added services may use existing ones.
void check_mounts(const ImportFile& file, const Field& list, Complaints& out) {
  if (!file.project) return;
  for (std::size_t i = 0; i < file.services.size(); ++i) {
    for (std::size_t k = 0; k < file.services[i].mount.size(); ++k) {
      const std::string& name = file.services[i].mount[k];
      const bool known = std::ranges::any_of(
          file.services, [&](const ImportService& s) { return s.hostname == name; });
      const MapEntry* entry = list->items[i]->find("mount");
      if (known || entry == nullptr || k >= entry->value->items.size()) continue;
      out.error(entry->value->items[k]->at, fmt::format("{}/{}/mount/{}", list.pointer, i, k),
                fmt::format("there is no service '{}' to mount", name));
    }
  }
}

void read_services(const Field& root, ImportFile& file, const ImportOptions& options,
                   Complaints& out) {
  const MapEntry* entry = root->find("services");
  if (entry == nullptr || entry->value->is_null()) {
    if (entry != nullptr || !file.project) {
      out.error(entry != nullptr ? entry->at : root.at(), root.pointer,
                "expected 'services:' with at least one service");
    }
    return;
  }
  const Field list = root.entry(*entry);
  for (const Field& item : read_items(list, out)) {
    file.services.push_back(read_service(item, options.resolver, out));
  }
  check_hostnames(file.services, list, out);
  check_mounts(file, list, out);
}

ImportFile read_import(const Field& root, const ImportOptions& options, Complaints& out) {
  ImportFile file;
  if (root->kind != NodeKind::kMapping) {
    out.error(root.at(), "",
              fmt::format("expected a mapping with project and services, found {}",
                          root->is_null() ? "an empty file" : root->describe()));
    return file;
  }
  std::vector<std::string_view> known(keys::kImport.begin(), keys::kImport.end());
  for (const MapEntry& entry : root->entries) {
    if (is_anchor_key(entry.key)) known.push_back(entry.key);
  }
  const MapReader map(root, "an import file", known, out);
  if (const auto project = map.get("project")) {
    file.project = read_project(*project, out);
    if (options.kind == ImportKind::kServices) {
      out.error(project->key_at, project->pointer,
                "services are added to an existing project here: remove 'project', or import the "
                "file as a project");
    }
  } else if (options.kind == ImportKind::kProject) {
    out.error(root.at(), "", "a project import needs 'project:' with a name");
  }
  read_services(root, file, options, out);
  if (root->find("zerops") != nullptr || root->find("croft") != nullptr) {
    file.app_config = read_app_config(root, out, options.resolver);
  }
  return file;
}

Result<Preprocessed> run_preprocessor(std::string_view file, std::string_view text,
                                      const ImportOptions& options) {
  if (options.random == nullptr || options.clock == nullptr) {
    return fail(located(file, ErrorCode::kUnsupported, {1, 1},
                        "the file switches the preprocessor on, which is not available here"));
  }
  auto done = preprocess(
      text, {.random = *options.random, .clock = *options.clock, .throwaway = options.throwaway});
  if (done) return std::move(*done);
  const PreprocessMeta& meta = done.error().meta;
  std::string message = done.error().message;
  if (meta.item_type == "function") message = fmt::format("{}: {}", meta.item, message);
  return fail(located(file, ErrorCode::kInvalid, meta.position, message));
}

}  // namespace

Result<ParsedImport> parse_import(std::string_view file, std::string_view text,
                                  const ImportOptions& options) {
  if (text.size() > kMaxImportBytes) {
    return fail(located(
        file, ErrorCode::kTooLarge, {1, 1},
        fmt::format("{} bytes; an import file has at most {}", text.size(), kMaxImportBytes)));
  }
  Complaints out(file);
  const bool on = is_preprocessor_on(text);
  std::vector<int> lines;
  std::string processed;
  if (on) {
    auto done = run_preprocessor(file, text, options);
    if (!done) return fail(std::move(done).error());
    processed = std::move(done->text);
    lines = std::move(done->lines);
    text = processed;
  } else if (const int line = misplaced_preprocessor_switch(text); line != 0) {
    out.warning({line, 1}, "",
                "the preprocessor's switch has an effect on the first line only: it is off");
  } else if (has_preprocessor_calls(text)) {
    const Position at = position_of(text, text.find("<@"));
    out.warning(at, "",
                "this looks like a call of the preprocessor, which is off: write "
                "#yamlPreprocessor=on on the first line");
  }
  auto document = parse_yaml(file, text);
  if (!document) return fail(relocated(document.error(), file, lines));
  ParsedImport result;
  result.file = read_import({document->get(), "", (*document)->at}, options, out);
  result.file.preprocessed = on;
  if (!out.ok()) return fail(relocated(out.to_error(), file, lines));
  result.warnings = out.warnings();
  relocate(result.warnings, lines);
  return result;
}

}  // namespace croft::spec
