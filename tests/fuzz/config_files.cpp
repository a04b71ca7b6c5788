#include "fuzz.h"
#include "spec/app_config.h"
#include "spec/import_config.h"
#include "spec/validate.h"

using namespace croft;

namespace {

void check_places(const std::vector<FieldError>& complaints, std::string_view name) {
  for (const FieldError& complaint : complaints) {
    check(complaint.line > 0 && complaint.column > 0, "a complaint has line and column");
    check(complaint.file == name, "a complaint names the file");
    check(!complaint.message.empty(), "a complaint says what is wrong");
  }
}

void import_and_export(std::string_view name, std::string_view text) {
  const auto parsed = spec::parse_import(name, text, {});
  if (!parsed) return fuzz::expect_told(parsed.error());
  const std::string written = spec::write_import(parsed->file);
  const auto again = spec::parse_import(name, written, {});
  if (!again) {
    // Only the size may be in the way: quoting makes text longer.
    return check(written.size() > spec::kMaxImportBytes || parsed->file.services.empty(),
                 "an export can be imported");
  }
  check(spec::write_import(again->file) == written, "an export of an export is the same");
}

}  // namespace

// The first byte chooses the name, which decides how strict the reader is.
FUZZ_TARGET(config_files) {
  fuzz::Choices choices(input);
  constexpr std::string_view kNames[] = {"croft.yml", "zerops.yml", "import.yml", "x"};
  const std::string_view name = kNames[choices.below(4)];
  const std::string_view text = choices.rest();
  // Keys and hashes cost milliseconds each even when they are cheap.
  for (const std::string_view slow : {"Key", "bcrypt", "argon"}) {
    if (text.find(slow) != std::string_view::npos) return;
  }
  SeededRandom random(1);
  const ManualClock clock;
  const auto report = spec::validate_file(name, text, {.random = random, .clock = clock});
  check(report.ok == report.errors.empty(), "ok means no errors");
  check_places(report.errors, name);
  check_places(report.warnings, name);

  const auto config = spec::parse_app_config(name, text);
  if (!config) check_places(config.error().fields(), name);
  import_and_export(name, text);
}
