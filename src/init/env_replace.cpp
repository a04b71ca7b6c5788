#include "init/env_replace.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <system_error>

#include "base/file.h"

namespace croft::init {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxFileBytes = 16u << 20;

bool key_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

struct Match {
  std::size_t length = 0;  // of the whole placeholder; 0: none here
  const std::string* value = nullptr;
};

// `max_key`: the longest key there is; bounds the work on a file full of delimiters.
Match match_at(std::string_view text, std::string_view delimiter, std::size_t max_key,
               const std::map<std::string, std::string>& env) {
  if (delimiter.empty() || !text.starts_with(delimiter)) return {};
  const std::string_view rest = text.substr(delimiter.size(), max_key + delimiter.size());
  const auto key_end = std::find_if_not(rest.begin(), rest.end(), key_character);
  // A delimiter may itself consist of key characters ("__KEY__"): look for it, not for their end.
  const auto length = static_cast<std::size_t>(key_end - rest.begin());
  for (std::size_t end = rest.find(delimiter, 1); end <= length;
       end = rest.find(delimiter, end + 1)) {
    const auto found = env.find(std::string(rest.substr(0, end)));
    if (found != env.end()) return {end + 2 * delimiter.size(), &found->second};
  }
  return {};
}

Status rewrite(const fs::path& path, const std::vector<std::string>& delimiters,
               const std::map<std::string, std::string>& env) {
  struct stat info{};
  if (::stat(path.c_str(), &info) != 0) {
    return fail(errno_error(fmt::format("envReplace: open {}", path.string()), errno));
  }
  const auto content = read_file(path, kMaxFileBytes);
  if (!content) return fail(Error(content.error()).in("envReplace"));
  const std::string replaced = replace_variables(*content, delimiters, env);
  if (replaced == *content) return {};
  // A link stays a link: what it points to is replaced.
  std::error_code error;
  const fs::path real = fs::canonical(path, error);
  const fs::path& target = error ? path : real;
  if (Status written = write_file_atomically(target, replaced, info.st_mode & 07777); !written) {
    return fail(std::move(written).error().in("envReplace"));
  }
  if (::geteuid() == 0 && ::chown(target.c_str(), info.st_uid, info.st_gid) != 0) {
    return fail(
        errno_error(fmt::format("envReplace: change the owner of {}", path.string()), errno));
  }
  return {};
}

Status apply_to_target(const fs::path& path, const std::vector<std::string>& delimiters,
                       const std::map<std::string, std::string>& env) {
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (status.type() == fs::file_type::regular) return rewrite(path, delimiters, env);
  if (status.type() != fs::file_type::directory) {
    return fail(ErrorCode::kNotFound,
                fmt::format("envReplace: target {} is not a file or directory of the deployed "
                            "files; correct run.envReplace or deployFiles",
                            path.string()));
  }
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(path, error)) {
    std::error_code ignored;
    if (entry.is_regular_file(ignored)) files.push_back(entry.path());
  }
  if (error) {
    return fail(errno_error(fmt::format("envReplace: list {}", path.string()), error.value()));
  }
  std::sort(files.begin(), files.end());
  for (const fs::path& file : files) CROFT_TRY(rewrite(file, delimiters, env));
  return {};
}

}  // namespace

std::string replace_variables(std::string_view text, const std::vector<std::string>& delimiters,
                              const std::map<std::string, std::string>& env) {
  std::vector<std::string> ordered = delimiters;
  std::sort(ordered.begin(), ordered.end(),
            [](const auto& a, const auto& b) { return a.size() > b.size(); });
  std::string starts;
  for (const std::string& delimiter : ordered) starts += delimiter.substr(0, 1);
  std::size_t max_key = 0;
  for (const auto& [key, value] : env) max_key = std::max(max_key, key.size());
  std::string out;
  while (!text.empty()) {
    const std::size_t start = std::min(text.find_first_of(starts), text.size());
    out.append(text.substr(0, start));
    text.remove_prefix(start);
    if (text.empty()) break;
    Match match;
    for (const std::string& delimiter : ordered) {
      if (match.length == 0) match = match_at(text, delimiter, max_key, env);
    }
    if (match.length == 0) {
      out.push_back(text.front());
      text.remove_prefix(1);
    } else {
      out.append(*match.value);
      text.remove_prefix(match.length);
    }
  }
  return out;
}

Status apply_env_replace(const std::vector<EnvReplace>& rules, const std::string& workdir,
                         const std::map<std::string, std::string>& env) {
  for (const EnvReplace& rule : rules) {
    for (const std::string& target : rule.targets) {
      CROFT_TRY(apply_to_target(fs::path(workdir) / target, rule.delimiters, env));
    }
  }
  return {};
}

}  // namespace croft::init
