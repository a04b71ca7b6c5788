#include "plan/site_rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

namespace croft {
namespace {

Status check_text(std::string_view what, std::string_view text) {
  const bool control = std::any_of(text.begin(), text.end(),
                                   [](char c) { return static_cast<unsigned char>(c) < 0x20; });
  if (!control && text.find('\0') == std::string_view::npos) return {};
  return fail(ErrorCode::kInvalid,
              fmt::format("run.routing: {} may not hold line ends or control characters", what));
}

// Paths stand in regular expressions and locations: plain URL characters only.
Status check_path(std::string_view path) {
  constexpr std::string_view kPunctuation = "/-_.~%+@:,=*";
  const bool plain = std::all_of(path.begin(), path.end(), [&](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 ||
           kPunctuation.find(c) != std::string_view::npos;
  });
  if (plain && path.starts_with('/')) return {};
  return fail(ErrorCode::kInvalid,
              fmt::format("run.routing: '{}' is not a path such as /old or /old/*", path));
}

// A quoted nginx string: what would end it is escaped, and `$` stays for variables.
std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out.push_back('\\');
    out.push_back(c);
  }
  return out + "\"";
}

bool absolute(std::string_view target) {
  return target.starts_with("http://") || target.starts_with("https://");
}

// Longest match wins in nginx; "/old/*" or "/old/" matches below, "/old" exactly.
std::string location_of(std::string_view from) {
  if (from.ends_with("/*")) from.remove_suffix(1);
  const bool prefix = from.ends_with('/');
  return fmt::format("location {} {}", prefix ? "^~" : "=", quoted(from));
}

// Whether a request for `target` comes to the location of `from` again.
bool leads_back(std::string_view from, std::string_view target) {
  target = target.substr(0, target.find_first_of("?#"));
  if (from.ends_with("/*")) from.remove_suffix(1);
  return from.ends_with('/') ? target.starts_with(from) : target == from;
}

// nginx looks for the location anew after a rewrite, and again when "/" becomes "/index.html". So
// the rule marks the request and lets it pass when it comes back. One that leads back to itself
// stands behind regular expressions: "/*" to "/index.php" shall run that file, not send its text.
std::string rewrite_rule(const spec::Redirect& redirect, std::size_t index) {
  const std::string mark = fmt::format("$croft_rewritten_{}", index);
  std::string location = location_of(redirect.from);
  constexpr std::string_view kPrefix = "location ^~ ";
  if (location.starts_with(kPrefix) && leads_back(redirect.from, redirect.to)) {
    location.replace(0, kPrefix.size(), "location ");
  }
  return fmt::format(
      "{} {{ uninitialized_variable_warn off; if ({} = \"\") {{ set {} 1; rewrite ^ {} last; }} "
      "}}\n",
      location, mark, mark, quoted(redirect.to));
}

std::string redirect_rule(const spec::Redirect& redirect) {
  std::string from = redirect.from;
  if (from.ends_with("/*")) from.pop_back();
  std::string body;
  std::string to = quoted(redirect.to);
  to.pop_back();  // the closing quote: what follows is part of the same string
  if (redirect.preserve_path) {
    body = fmt::format("if ($uri ~ \"^{}(.*)$\") {{ set $croft_rest $1; }} ", from);
    to += "$croft_rest";
  }
  if (redirect.preserve_query) to += "$is_args$args";
  body += fmt::format("return {} {}\";", *redirect.status, to);
  return fmt::format("{} {{ {} }}\n", location_of(redirect.from), body);
}

}  // namespace

Result<std::string> nginx_rules(const spec::Routing& routing) {
  std::string rules;
  if (!routing.cors.empty()) {
    CROFT_TRY(check_text("cors", routing.cors));
    rules +=
        fmt::format("add_header Access-Control-Allow-Origin {} always;\n", quoted(routing.cors));
    rules +=
        "add_header Access-Control-Allow-Methods \"GET, POST, PUT, PATCH, DELETE, OPTIONS\" "
        "always;\n";
    rules += "add_header Access-Control-Allow-Headers \"*\" always;\n";
  }
  for (const spec::HeaderRule& rule : routing.headers) {
    CROFT_TRY(check_path(rule.for_path));
    std::string lines;
    for (const auto& [name, value] : rule.values) {
      CROFT_TRY(check_text("a header name", name));
      CROFT_TRY(check_text(name, value));
      lines += fmt::format("  add_header {} {} always;\n", quoted(name), quoted(value));
    }
    if (rule.for_path == "/*" || rule.for_path == "/") {
      rules += lines;
    } else {
      rules +=
          fmt::format("{} {{\n{}  try_files $uri $uri.html $uri/index.html /index.html =404;\n}}\n",
                      location_of(rule.for_path), lines);
    }
  }
  for (std::size_t i = 0; i < routing.redirects.size(); ++i) {
    const spec::Redirect& redirect = routing.redirects[i];
    CROFT_TRY(check_path(redirect.from));
    CROFT_TRY(check_text("redirects.to", redirect.to));
    if (absolute(redirect.to) && !redirect.status) {
      return fail(ErrorCode::kInvalid,
                  fmt::format("run.routing.redirects: {} leads to another host and needs a status",
                              redirect.from));
    }
    rules += redirect.status ? redirect_rule(redirect) : rewrite_rule(redirect, i);
  }
  return rules;
}

}  // namespace croft
