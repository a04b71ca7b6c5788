#include "cli/completion.h"

#include <fmt/format.h>

#include <algorithm>

namespace croft::cli {
namespace {

// clang-format off
constexpr std::string_view kBash = R"SH(# croft: completion for bash.
# In ~/.bashrc:  eval "$(croft completion bash)"
_croft() {
  local IFS=$'\n' words=("${COMP_WORDS[@]:1:COMP_CWORD}")
  COMPREPLY=($(croft __complete -- "${words[@]}" 2>/dev/null))
  if [ "${#COMPREPLY[@]}" -eq 1 ] && [ "${COMPREPLY[0]}" = __files ]; then
    COMPREPLY=($(compgen -f -- "${COMP_WORDS[COMP_CWORD]}"))
  fi
}
complete -F _croft croft
)SH";

constexpr std::string_view kZsh = R"SH(#compdef croft
# croft: completion for zsh. In ~/.zshrc:  eval "$(croft completion zsh)"
_croft() {
  local -a found
  found=("${(@f)$(croft __complete -- "${(@)words[2,CURRENT]}" 2>/dev/null)}")
  if [[ "${found[1]}" == __files ]]; then
    _files
  else
    compadd -- ${found:#}
  fi
}
compdef _croft croft
)SH";

constexpr std::string_view kFish = R"SH(# croft: completion for fish.
# In config.fish:  croft completion fish | source
function __croft_complete
  set -l words (commandline -opc) (commandline -ct)
  set -l found (croft __complete -- $words[2..-1] 2>/dev/null)
  if test "$found" = __files
    __fish_complete_path (commandline -ct)
  else
    printf '%s\n' $found
  end
end
complete -c croft -f -a '(__croft_complete)'
)SH";
// clang-format on

// "__files": the shell completes file names itself.
constexpr std::string_view kFiles = "__files";

std::vector<std::string> service_names(Session& session, const std::string& word) {
  const auto slash = word.find('/');
  std::vector<std::string> names;
  if (slash != std::string::npos) {
    const std::string project = word.substr(0, slash);
    for (const std::string& host : session.service_hostnames(project)) {
      names.push_back(project + "/" + host);
    }
    return names;
  }
  if (auto project = session.project()) names = session.service_hostnames(*project);
  return names;
}

std::vector<std::string> project_names(Session& session) {
  std::vector<std::string> names;
  auto api = session.api();
  if (!api) return names;
  auto items = (*api)->list("/projects");
  if (!items) return names;
  for (const auto& item : *items) {
    if (auto project = decode<ApiProject>(item)) names.push_back(project->name);
  }
  return names;
}

std::vector<std::string> candidates(Session& session, Completes what, const std::string& word) {
  switch (what) {
    case Completes::kService:
      return service_names(session, word);
    case Completes::kProject:
      return project_names(session);
    case Completes::kContext: {
      std::vector<std::string> names;
      if (auto file = load_contexts(session.io())) {
        for (const StoredContext& context : file->contexts) names.push_back(context.name);
      }
      return names;
    }
    case Completes::kFile:
      return {std::string(kFiles)};
    case Completes::kShell:
      return {"bash", "zsh", "fish"};
    case Completes::kNothing:
      break;
  }
  return {};
}

// The words that can follow the command words typed so far.
std::vector<std::string> next_words(const std::string& topic) {
  std::vector<std::string> words;
  const std::string prefix = topic.empty() ? "" : topic + " ";
  for (const Command* command : all_commands()) {
    if (command->summary.empty() || !command->name.starts_with(prefix)) continue;
    const std::string_view rest = command->name.substr(prefix.size());
    std::string word(rest.substr(0, rest.find(' ')));
    if (!word.empty() && std::ranges::find(words, word) == words.end()) words.push_back(word);
  }
  return words;
}

const OptionSpec* find_option(const Command* command, std::string_view word) {
  const auto matches = [&](const OptionSpec& option) {
    return word == fmt::format("--{}", option.name) ||
           (option.letter != 0 && word == fmt::format("-{}", option.letter));
  };
  if (command != nullptr) {
    for (const OptionSpec& option : command->options) {
      if (matches(option)) return &option;
    }
  }
  for (const OptionSpec& option : global_options()) {
    if (matches(option)) return &option;
  }
  return nullptr;
}

std::vector<std::string> option_names(const Command& command) {
  std::vector<std::string> names;
  for (const OptionSpec& option : command.options)
    names.push_back(fmt::format("--{}", option.name));
  for (const OptionSpec& option : global_options()) {
    names.push_back(fmt::format("--{}", option.name));
  }
  return names;
}

// Where the cursor is: behind which command, at which positional word, in which option's value.
struct Place {
  std::string topic;
  const Command* command = nullptr;
  std::size_t position = 0;
  const OptionSpec* option = nullptr;
};

Place place_of(const std::vector<std::string>& before) {
  Place place;
  bool in_topic = true;
  for (const std::string& word : before) {
    if (place.option != nullptr) {
      place.option = nullptr;
      continue;
    }
    if (word.size() > 1 && word.starts_with('-')) {
      const OptionSpec* option = find_option(find_command(place.topic), word);
      if (option != nullptr && !option->value.empty()) place.option = option;
      continue;
    }
    const auto next = in_topic ? next_words(place.topic) : std::vector<std::string>();
    if (std::ranges::find(next, word) != next.end()) {
      place.topic += (place.topic.empty() ? "" : " ") + word;
    } else {
      in_topic = false;
      ++place.position;
    }
  }
  place.command = find_command(place.topic);
  return place;
}

}  // namespace

std::string completion_script(std::string_view shell) {
  if (shell == "bash") return std::string(kBash);
  if (shell == "zsh") return std::string(kZsh);
  if (shell == "fish") return std::string(kFish);
  return {};
}

std::vector<std::string> complete(Session& session, const std::vector<std::string>& words) {
  const std::string word = words.empty() ? "" : words.back();
  const Place place = place_of({words.begin(), words.empty() ? words.end() : words.end() - 1});
  std::vector<std::string> all;
  if (place.option != nullptr) {
    all = candidates(session, place.option->completes, word);
  } else if (word.starts_with('-')) {
    if (place.command != nullptr) all = option_names(*place.command);
  } else {
    if (place.position == 0) all = next_words(place.topic);
    if (place.command != nullptr && !place.command->args.empty()) {
      const auto args = place.command->args;
      const bool over = place.position >= args.size();
      if (!over || args.back().repeated) {
        const ArgSpec& arg = over ? args.back() : args[place.position];
        const auto more = candidates(session, arg.completes, word);
        all.insert(all.end(), more.begin(), more.end());
      }
    }
  }
  if (all.size() == 1 && all.front() == kFiles) return all;
  std::erase_if(all, [&](const std::string& each) { return !each.starts_with(word); });
  return all;
}

}  // namespace croft::cli
