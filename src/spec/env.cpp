#include "spec/env.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/check.h"
#include "spec/suggest.h"

namespace croft::spec {
namespace {

constexpr std::string_view kRuntimePrefix = "RUNTIME_";
// References inside of references: deeper is nobody's intention.
constexpr int kMaxNesting = 16;
constexpr std::size_t kMaxSuggestions = 10;
constexpr std::size_t kMaxName = 512;   // longer than a hostname and a key together
constexpr std::size_t kMaxDepth = 200;  // chain of references to references

// Whose variables a name is looked up in.
struct Scope {
  const ServiceVariables* service = nullptr;  // null in tests of one map
  const EnvVariables* build = nullptr;        // set: the build's variables instead of the service's
  bool operator==(const Scope&) const = default;
};

// A variable of a scope, while it is being resolved.
struct Visit {
  Scope scope;
  std::string key;
  bool operator==(const Visit&) const = default;
};

const std::string* find(const EnvVariables& variables, const std::string& key) {
  const auto found = variables.find(key);
  return found == variables.end() ? nullptr : &found->second;
}

const std::string* find_own(const ServiceVariables& service, const std::string& key) {
  for (const EnvVariables* level : {&service.system, &service.yaml, &service.user}) {
    if (const std::string* value = find(*level, key)) return value;
  }
  return nullptr;
}

bool is_name(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  });
}

std::string stringified(std::string_view value) {
  std::string result;
  for (const char c : value) {
    switch (c) {
      case '"':
        result += "\\\"";
        break;
      case '\\':
        result += "\\\\";
        break;
      case '\n':
        result += "\\n";
        break;
      case '\r':
        result += "\\r";
        break;
      case '\t':
        result += "\\t";
        break;
      case '\b':
        result += "\\b";
        break;
      case '\f':
        result += "\\f";
        break;
      default:
        if (static_cast<unsigned char>(c) < 0x20) {
          result += fmt::format("\\u{:04x}", static_cast<unsigned char>(c));
        } else {
          result += c;
        }
    }
  }
  return result;
}

// The length of "${…}" at the front of `text`, braces inside counted; 0 when it is never closed.
std::size_t braced_length(std::string_view text) {
  int open = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text.substr(i).starts_with("${")) ++open;
    if (text[i] == '}' && --open == 0) return i + 1;
  }
  return 0;
}

class Resolver {
 public:
  Resolver(const ProjectVariables& input, const EnvLimits& limits)
      : input_(input), limits_(limits) {}

  // The resolved value of one variable; warnings are about `key`.
  std::string resolve(const Scope& scope, const std::string& key, const std::string& value) {
    key_ = key;
    references_ = 0;
    path_ = {{scope, key}};
    return expanded(scope, value, 0);
  }

  std::vector<EnvWarning> take_warnings() { return std::move(warnings_); }

 private:
  struct Target {
    Scope scope;
    std::string key;
    const std::string* value = nullptr;
  };

  std::string expanded(const Scope& scope, std::string_view text, int nesting);
  std::size_t bare_name(const Scope& scope, std::string_view text) const;
  std::string expanded_reference(const Scope& scope, std::string_view inner, int nesting);
  std::vector<std::string> names_for(const Scope& scope) const;
  std::string value_of(const Scope& scope, std::string_view name, const std::string& literal);
  Target look_up(const Scope& scope, const std::string& name) const;
  std::string leave(const std::string& literal, std::string_view why);

  const ProjectVariables& input_;
  const EnvLimits& limits_;
  std::string key_;
  std::size_t references_ = 0;
  std::vector<Visit> path_;
  std::vector<EnvWarning> warnings_;
};

std::string Resolver::leave(const std::string& literal, std::string_view why) {
  EnvWarning warning{key_, literal.substr(0, 200), std::string(why)};
  if (std::ranges::find(warnings_, warning) == warnings_.end()) {
    warnings_.push_back(std::move(warning));
  }
  return literal;
}

Resolver::Target Resolver::look_up(const Scope& scope, const std::string& name) const {
  if (name.size() > kMaxName) return {};
  if (scope.build != nullptr) {
    if (const std::string* value = find(*scope.build, name)) return {scope, name, value};
    if (name.starts_with(kRuntimePrefix) && scope.service != nullptr) {
      Target target = look_up({scope.service, nullptr}, name.substr(kRuntimePrefix.size()));
      if (target.value != nullptr) return target;
    }
  } else if (scope.service != nullptr) {
    if (const std::string* value = find_own(*scope.service, name)) return {scope, name, value};
  }
  if (const std::string* value = find(input_.project, name)) return {scope, name, value};
  for (auto at = name.rfind('_'); at != std::string::npos && at > 0; at = name.rfind('_', at - 1)) {
    for (const ServiceVariables& service : input_.services) {
      if (service.hostname != std::string_view(name).substr(0, at)) continue;
      const std::string key = name.substr(at + 1);
      if (const std::string* value = find_own(service, key)) {
        return {{&service, nullptr}, key, value};
      }
    }
  }
  return {};
}

// Every name that could have been written instead of one that there is not.
std::vector<std::string> Resolver::names_for(const Scope& scope) const {
  std::vector<std::string> names;
  const auto add = [&](const EnvVariables& from, const std::string& prefix) {
    for (const auto& [key, value] : from) names.push_back(prefix + key);
  };
  if (scope.build != nullptr) add(*scope.build, "");
  add(input_.project, "");
  for (const ServiceVariables& service : input_.services) {
    const std::string prefix = &service == scope.service ? "" : service.hostname + "_";
    for (const EnvVariables* level : {&service.system, &service.yaml, &service.user}) {
      add(*level, prefix);
    }
  }
  return names;
}

std::string Resolver::value_of(const Scope& scope, std::string_view name,
                               const std::string& literal) {
  const Target target = look_up(scope, std::string(name));
  if (target.value == nullptr) {
    // Looking for the nearest costs; a file with many mistakes gets it for the first ones.
    const bool suggest = warnings_.size() < kMaxSuggestions;
    const std::string near = suggest ? nearest(name, names_for(scope)) : std::string();
    return leave(literal,
                 near.empty()
                     ? "no such variable: it stays as it is written"
                     : fmt::format("no such variable, did you mean ${{{}}}? It stays as it "
                                   "is written",
                                   near));
  }
  const Visit visit{target.scope, target.key};
  if (std::ranges::find(path_, visit) != path_.end()) {
    return leave(literal, path_.back() == visit
                              ? "a variable cannot refer to itself: it stays as it is written"
                              : "a cycle of references: it stays as it is written");
  }
  if (++references_ > limits_.max_references || path_.size() >= kMaxDepth) {
    return leave(literal, fmt::format("more than {} references: it stays as it is written",
                                      limits_.max_references));
  }
  path_.push_back(visit);
  std::string value = expanded(target.scope, *target.value, 0);
  path_.pop_back();
  return value;
}

// `inner` stands between ${ and }.
std::string Resolver::expanded_reference(const Scope& scope, std::string_view inner, int nesting) {
  const std::string literal = fmt::format("${{{}}}", inner);
  std::string name(inner);
  if (inner.find("${") != std::string_view::npos) {
    if (nesting >= kMaxNesting) return leave(literal, "nested too deeply");
    name = expanded(scope, inner, nesting + 1);
  }
  std::string_view modifier;
  std::string_view bare = name;
  if (const auto bar = bare.find('|'); bar != std::string_view::npos) {
    modifier = bare.substr(bar + 1);
    bare = bare.substr(0, bar);
  }
  // Other text in braces, such as a shell's ${A:-b}, is none of ours.
  if (!is_name(bare)) return literal;
  if (!modifier.empty() && modifier != "stringify") {
    return leave(literal, "the only modifier is 'stringify'");
  }
  const std::size_t before = warnings_.size();
  std::string value = value_of(scope, bare, literal);
  const bool left = warnings_.size() > before && value == literal;
  return modifier.empty() || left ? value : stringified(value);
}

// The length of a name at the front of `text`; 0 when there is none.
std::size_t Resolver::bare_name(const Scope& scope, std::string_view text) const {
  std::size_t length = 0;
  while (length < text.size() && is_name(text.substr(length, 1))) ++length;
  if (length == 0 || (text[0] >= '0' && text[0] <= '9')) return 0;
  const Target target = look_up(scope, std::string(text.substr(0, length)));
  if (target.value == nullptr) return 0;
  const bool generated = target.scope.service != nullptr && target.scope.build == nullptr &&
                         find(target.scope.service->system, target.key) == target.value;
  const bool elsewhere = target.scope.service != scope.service;
  return generated || elsewhere ? length : 0;
}

// Splits off the text up to the first reference, and what stands in it.
std::string Resolver::expanded(const Scope& scope, std::string_view text, int nesting) {
  std::string result;
  while (true) {
    const auto begin = text.find('$');
    result += text.substr(0, begin);
    if (begin == std::string_view::npos) return result;
    text.remove_prefix(begin);
    std::string value;
    std::size_t length = 0;  // of the reference with its signs
    if (text.starts_with("${")) {
      length = braced_length(text);
      if (length == 0) return result += text;
      value = expanded_reference(scope, text.substr(2, length - 3), nesting);
    } else if (const std::size_t name = bare_name(scope, text.substr(1)); name > 0) {
      length = name + 1;
      value = value_of(scope, text.substr(1, name), std::string(text.substr(0, length)));
    } else {
      length = 1;
      value = "$";
    }
    if (result.size() + value.size() > limits_.max_value_bytes) {
      leave(std::string(text.substr(0, length)),
            fmt::format("the value would grow beyond {} bytes", limits_.max_value_bytes));
      // Nothing after it is expanded: each step would copy that much again.
      return result += text;
    }
    result += value;
    text.remove_prefix(length);
  }
}

const ServiceVariables* find_service(const ProjectVariables& input, std::string_view hostname) {
  const auto found = std::ranges::find(input.services, hostname, &ServiceVariables::hostname);
  return found == input.services.end() ? nullptr : &*found;
}

// Adds what is not there yet, weaker levels after stronger ones, up to the total limit.
class Environment {
 public:
  Environment(Resolver& resolver, const EnvLimits& limits) : resolver_(resolver), limits_(limits) {}

  void add(const Scope& scope, const EnvVariables& level, std::string_view prefix = {}) {
    for (const auto& [key, value] : level) {
      const std::string name = fmt::format("{}{}", prefix, key);
      if (env_.variables.contains(name)) continue;
      std::string resolved =
          total_ > limits_.max_total_bytes ? value : resolver_.resolve(scope, key, value);
      total_ += resolved.size();
      if (total_ > limits_.max_total_bytes && resolved != value) {
        total_ += value.size() - resolved.size();
        resolved = value;
        env_.warnings.push_back({name, "",
                                 fmt::format("the environment would grow beyond {} bytes: "
                                             "the value stays as it is written",
                                             limits_.max_total_bytes)});
      }
      env_.variables.emplace(name, std::move(resolved));
    }
  }

  ResolvedEnv finish() {
    std::vector<EnvWarning> warnings = resolver_.take_warnings();
    env_.warnings.insert(env_.warnings.begin(), warnings.begin(), warnings.end());
    return std::move(env_);
  }

 private:
  Resolver& resolver_;
  const EnvLimits& limits_;
  ResolvedEnv env_;
  std::size_t total_ = 0;
};

}  // namespace

ResolvedEnv resolve_env(const ProjectVariables& input, std::string_view hostname,
                        const EnvLimits& limits) {
  const ServiceVariables* service = find_service(input, hostname);
  if (service == nullptr) return {};
  Resolver resolver(input, limits);
  Environment environment(resolver, limits);
  const Scope own{service, nullptr};
  environment.add(own, service->system);
  environment.add(own, service->yaml);
  environment.add(own, service->user);
  environment.add(own, input.project);
  for (const ServiceVariables& sibling : input.services) {
    if (&sibling == service) continue;
    if (sibling.isolation.value_or(input.isolation) != Isolation::kNone) continue;
    const std::string prefix = sibling.hostname + "_";
    const Scope theirs{&sibling, nullptr};
    environment.add(theirs, sibling.system, prefix);
    environment.add(theirs, sibling.yaml, prefix);
    environment.add(theirs, sibling.user, prefix);
  }
  return environment.finish();
}

ResolvedEnv resolve_build_env(const ProjectVariables& input, std::string_view hostname,
                              const EnvVariables& build_variables, const EnvLimits& limits) {
  Resolver resolver(input, limits);
  Environment environment(resolver, limits);
  const Scope build{find_service(input, hostname), &build_variables};
  environment.add(build, build_variables);
  environment.add(build, input.project);
  return environment.finish();
}

std::vector<EnvWarning> find_reference_cycles(const EnvVariables& variables) {
  const ProjectVariables input{.services = {{.hostname = "-", .yaml = variables}}};
  // Cycles show in small values too, and files may hold thousands of such maps.
  constexpr EnvLimits kSmall{
      .max_value_bytes = 4096, .max_total_bytes = 65536, .max_references = 50};
  ResolvedEnv resolved = resolve_env(input, "-", kSmall);
  std::erase_if(resolved.warnings, [](const EnvWarning& warning) {
    return warning.message.find("itself") == std::string::npos &&
           warning.message.find("cycle") == std::string::npos;
  });
  return std::move(resolved.warnings);
}

}  // namespace croft::spec
