// Shell patterns on paths: Go's filepath.Match (`cache:`), and one step of a .gitignore pattern.
#pragma once

#include <string_view>

namespace croft::spec {

// Whether the whole of `path` matches: `*` and `?` do not match a slash, [a-z] and [^a-z] are sets
// of characters, a backslash takes the next character as it is. A malformed pattern matches
// nothing. Time is at most proportional to the product of both lengths.
bool path_match(std::string_view pattern, std::string_view path);

// False for an unclosed or empty set, a range without an end, and a backslash at the end.
bool is_path_pattern(std::string_view pattern);

// As path_match, on text without slashes and with .gitignore's sets: [!a] is [^a], a ] may come
// first,
// [[:digit:]] and the like are known, a set that is not closed is ordinary text.
bool match_step(std::string_view pattern, std::string_view step);

}  // namespace croft::spec
