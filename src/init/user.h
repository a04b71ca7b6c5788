// The account that commands run as, read from the image's own files: a static program cannot use
// the C library's lookups (they load modules).
#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace croft::init {

struct User {
  std::string name;
  uid_t uid = 0;
  gid_t gid = 0;
  std::vector<gid_t> groups;  // all of them, `gid` included
  std::string home = "/";
};

// From the texts of passwd(5) and group(5), by name or by uid. kNotFound when there is no user of
// that name; a uid that nobody has is a user without a name, with a group of the same number. Lines
// that do not have the form are skipped.
Result<User> find_user(std::string_view name, std::string_view passwd, std::string_view group);

// From /etc/passwd and /etc/group. "root" works without either.
Result<User> load_user(std::string_view name);

// Becomes the user for good: groups, gid, uid. Async-signal-safe. Returns errno, 0 when done; does
// nothing when we already run as this user without privileges to change it.
int become_user(const User& user);

}  // namespace croft::init
