#include "base/id.h"
#include "fuzz.h"
#include "model/project.h"
#include "model/service.h"
#include "model/user.h"
#include "model/variable.h"
#include "spec/type_ref.h"

using namespace croft;

namespace {

bool only(std::string_view text, std::string_view others) {
  return std::ranges::all_of(text, [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           others.find(c) != std::string_view::npos;
  });
}

}  // namespace

// Names that go into engine objects, DNS, file names and environments.
FUZZ_TARGET(names) {
  for (const bool valid : {valid_hostname(input), valid_project_name(input), is_valid_id(input)}) {
    check(!valid || (!input.empty() && input.size() <= 63 && only(input, "-")),
          "a valid name is a DNS label");
  }
  check(!valid_user_name(input) || (!input.empty() && only(input, "-_.@+")), "user name");
  const bool key = check_variable_key(input).has_value();
  check(!key || (!input.empty() && only(input, "_-.")), "a valid key fits into an environment");
  if (check_variable_value("KEY", input)) {
    check(input.find('\0') == std::string_view::npos, "a value fits into an environment");
  }
  const auto type = spec::parse_type_ref(input);
  if (!type) return;
  check(only(type->text(), "/:@.+-_"), "a type is made of harmless characters");
  check(spec::parse_type_ref(type->text()) == type, "a type that is written reads back the same");
}
