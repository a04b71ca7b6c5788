// Keys that files of other platforms have and that are read, checked and kept, but change nothing
// on croft: whoever writes one is told so, with the reason and what to do instead.
#pragma once

#include <span>
#include <string_view>

#include "spec/reader.h"

namespace croft::spec {

struct IdleKey {
  std::string_view section;  // project, service or run
  std::string_view key;
  std::string_view why;  // and what to do instead
  // The value that says what happens anyway: no warning. Besides that, false and an empty list or
  // text never ask for anything.
  std::string_view harmless = {};
};

// All of them; docs/configuration.md lists the same ones.
std::span<const IdleKey> idle_keys();

// One located warning for each key of `section` that `map` has.
void warn_of_idle_keys(const MapReader& map, std::string_view section);

}  // namespace croft::spec
