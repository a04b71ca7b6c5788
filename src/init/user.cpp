#include "init/user.h"

#include <fmt/format.h>
#include <grp.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <optional>

#include "base/file.h"

namespace croft::init {
namespace {

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (;;) {
    const auto end = text.find(separator);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

std::optional<unsigned> parse_number(std::string_view text) {
  unsigned value = 0;
  const char* end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, value);
  if (text.empty() || parsed.ec != std::errc() || parsed.ptr != end) return std::nullopt;
  return value;
}

void add_group(User& user, gid_t gid) {
  if (std::find(user.groups.begin(), user.groups.end(), gid) == user.groups.end()) {
    user.groups.push_back(gid);
  }
}

}  // namespace

Result<User> find_user(std::string_view name, std::string_view passwd, std::string_view group) {
  std::optional<User> found;
  const auto wanted_uid = parse_number(name);
  for (const std::string_view line : split(passwd, '\n')) {
    const auto fields = split(line, ':');
    if (fields.size() != 7) continue;
    const auto uid = parse_number(fields[2]);
    const auto gid = parse_number(fields[3]);
    if (!uid || !gid || (wanted_uid ? uid != wanted_uid : fields[0] != name)) continue;
    found = User{std::string(fields[0]), *uid, *gid, {*gid}, std::string(fields[5])};
    break;
  }
  if (!found && wanted_uid) {
    return User{std::string(name), *wanted_uid, *wanted_uid, {*wanted_uid}, "/"};
  }
  if (!found) {
    return fail(ErrorCode::kNotFound,
                fmt::format("user '{}' is not in /etc/passwd of this image", name));
  }
  for (const std::string_view line : split(group, '\n')) {
    const auto fields = split(line, ':');
    const auto gid = fields.size() == 4 ? parse_number(fields[2]) : std::nullopt;
    if (!gid) continue;
    const auto members = split(fields[3], ',');
    if (std::find(members.begin(), members.end(), found->name) != members.end())
      add_group(*found, *gid);
  }
  if (found->home.empty()) found->home = "/";
  return std::move(*found);
}

Result<User> load_user(std::string_view name) {
  const auto passwd = read_file("/etc/passwd");
  const auto group = read_file("/etc/group");
  auto user = find_user(name, passwd ? *passwd : "", group ? *group : "");
  if (!user && name == "root") return User{"root", 0, 0, {0}, "/root"};
  return user;
}

int become_user(const User& user) {
  if (::geteuid() != 0 && ::geteuid() == user.uid) return 0;
  if (::setgroups(user.groups.size(), user.groups.data()) != 0) return errno;
  if (::setresgid(user.gid, user.gid, user.gid) != 0) return errno;
  if (::setresuid(user.uid, user.uid, user.uid) != 0) return errno;
  return 0;
}

}  // namespace croft::init
