#include "plan/site_rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <vector>

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
std::string in_quotes(std::string_view text) {
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

// nginx refuses two locations of one path, whatever stands before it: all that rules say of a path
// goes into one.
struct Location {
  std::string path;           // ends with '/': everything below, otherwise that path alone
  bool behind_regex = false;  // of prefixes
  std::string headers;        // directives, one per line
  const spec::Redirect* redirect = nullptr;
  std::string action;  // directives of the redirect
};

// "/old/*" is "/old/".
std::string_view path_of(std::string_view from) {
  if (from.ends_with("/*")) from.remove_suffix(1);
  return from;
}

class Locations {
 public:
  Location& at(std::string_view from) {
    const std::string_view path = path_of(from);
    for (Location& known : all_) {
      if (known.path == path) return known;
    }
    return all_.emplace_back(Location{.path = std::string(path)});
  }
  // Longest match wins in nginx, so their order says nothing.
  std::string text() const;

 private:
  std::vector<Location> all_;
};

std::string Locations::text() const {
  std::string text;
  for (const Location& one : all_) {
    const bool prefix = one.path.ends_with('/');
    const bool headers_only = one.redirect == nullptr;
    // Files that a regular expression has run or hidden, such as .php, are never served as text.
    const bool may_be_run = prefix || one.path.find(".php") != std::string::npos;
    const bool behind_regex = one.behind_regex || (headers_only && may_be_run);
    const std::string_view kind = behind_regex ? "" : prefix ? "^~ " : "= ";
    text += fmt::format("location {}{} {{\n{}", kind, in_quotes(one.path), one.headers);
    if (!one.action.empty()) text += fmt::format("  {}\n", one.action);
    // Beside a redirect headers go with its answer, and a rewrite comes back here as a file.
    if (!one.headers.empty() && (headers_only || !one.redirect->status)) {
      text += "  try_files $uri $uri.html $uri/index.html /index.html =404;\n";
    }
    text += "}\n";
  }
  return text;
}

// Whether a request for `target` comes to the location of `from` again.
bool leads_back(std::string_view from, std::string_view target) {
  target = target.substr(0, target.find_first_of("?#"));
  from = path_of(from);
  return from.ends_with('/') ? target.starts_with(from) : target == from;
}

// nginx looks for the location anew after a rewrite, and again when "/" becomes "/index.html". So
// the rule marks the request and lets it pass when it comes back.
std::string rewrite_action(const spec::Redirect& redirect, std::size_t index) {
  const std::string mark = fmt::format("$croft_rewritten_{}", index);
  return fmt::format(
      "uninitialized_variable_warn off; if ({} = \"\") {{ set {} 1; rewrite ^ {} last; }}", mark,
      mark, in_quotes(redirect.to));
}

std::string redirect_action(const spec::Redirect& redirect) {
  std::string from = redirect.from;
  if (from.ends_with("/*")) from.pop_back();
  std::string body;
  std::string to = in_quotes(redirect.to);
  to.pop_back();  // the closing quote: what follows is part of the same string
  if (redirect.preserve_path) {
    body = fmt::format("if ($uri ~ \"^{}(.*)$\") {{ set $croft_rest $1; }} ", from);
    to += "$croft_rest";
  }
  if (redirect.preserve_query) to += "$is_args$args";
  return fmt::format("{}return {} {}\";", body, *redirect.status, to);
}

Status add_redirect(Locations& locations, const spec::Redirect& redirect, std::size_t index) {
  CROFT_TRY(check_path(redirect.from));
  CROFT_TRY(check_text("redirects.to", redirect.to));
  if (absolute(redirect.to) && !redirect.status) {
    return fail(ErrorCode::kInvalid,
                fmt::format("run.routing.redirects: {} leads to another host and needs a status",
                            redirect.from));
  }
  Location& location = locations.at(redirect.from);
  if (location.redirect != nullptr) {
    return fail(ErrorCode::kInvalid,
                fmt::format("run.routing.redirects: {} and {} are the same path; keep one",
                            location.redirect->from, redirect.from));
  }
  location.redirect = &redirect;
  location.action = redirect.status ? redirect_action(redirect) : rewrite_action(redirect, index);
  // "/*" to "/index.php" shall run that file, not send its text: a rule that leads back to itself
  // stands behind regular expressions.
  location.behind_regex = !redirect.status && leads_back(redirect.from, redirect.to);
  return {};
}

}  // namespace

Result<std::string> nginx_rules(const spec::Routing& routing) {
  std::string rules;
  Locations locations;
  if (!routing.cors.empty()) {
    CROFT_TRY(check_text("cors", routing.cors));
    rules +=
        fmt::format("add_header Access-Control-Allow-Origin {} always;\n", in_quotes(routing.cors));
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
      lines += fmt::format("  add_header {} {} always;\n", in_quotes(name), in_quotes(value));
    }
    if (rule.for_path == "/*" || rule.for_path == "/") {
      rules += lines;
    } else {
      locations.at(rule.for_path).headers += lines;
    }
  }
  for (std::size_t i = 0; i < routing.redirects.size(); ++i) {
    CROFT_TRY(add_redirect(locations, routing.redirects[i], i));
  }
  return rules + locations.text();
}

}  // namespace croft
