// The .env format of `dotEnvSecrets`.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace croft::spec {

struct DotenvEntry {
  std::string key;
  std::string value;
  int line = 0;  // 1-based
};

// KEY=value lines; blank lines and # comments are skipped, `export ` is accepted, a # after a space
// ends an unquoted value. 'single' quotes keep everything, "double" ones know \n \r \t \" \\ \$ and
// may span lines. kInvalid names the first line that is none of this. Keys are not checked here.
Result<std::vector<DotenvEntry>> parse_dotenv(std::string_view text);

}  // namespace croft::spec
