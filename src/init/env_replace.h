// envReplace of zerops.yml: `<delimiter>KEY<delimiter>` in the listed files becomes the value.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "model/init_config.h"

namespace croft::init {

// One pass; a key that is not in `env` stays as it is, what was put in is not looked at again. At
// one place the longest delimiter that matches wins.
std::string replace_variables(std::string_view text, const std::vector<std::string>& delimiters,
                              const std::map<std::string, std::string>& env);

// Rewrites the targets of all `rules`: regular files, or the direct files of a directory; a
// relative path is below `workdir`. Owner and mode stay. kNotFound names a target that is missing.
Status apply_env_replace(const std::vector<EnvReplace>& rules, const std::string& workdir,
                         const std::map<std::string, std::string>& env);

}  // namespace croft::init
