#include <string_view>

#include "base/check.h"
#include "spec/import_config.h"
#include "spec/validate.h"

// The first byte chooses the name.
extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  using namespace croft;
  if (size == 0) return 0;
  constexpr std::string_view kNames[] = {"croft.yml", "zerops.yml", "import.yml", "x"};
  const std::string_view name = kNames[data[0] % 4];
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  SeededRandom random(1);
  const ManualClock clock;
  const auto report = spec::validate_file(name, text, {.random = random, .clock = clock});
  check(report.ok == report.errors.empty(), "ok means no errors");
  for (const FieldError& e : report.errors) check(e.line > 0, "every error has a line");

  const auto parsed = spec::parse_import(name, text, {});
  if (!parsed) return 0;
  const std::string written = spec::write_import(parsed->file);
  const auto again = spec::parse_import(name, written, {});
  if (!again) {
    // Only the size may be in the way: quoting makes text longer.
    check(written.size() > spec::kMaxImportBytes || parsed->file.services.empty(),
          "an export can be imported");
    return 0;
  }
  check(spec::write_import(again->file) == written, "an export of an export is the same");
  return 0;
}
