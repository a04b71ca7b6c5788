#include <sstream>

#include "fuzz.h"
#include "init/env_replace.h"
#include "init/once_client.h"
#include "init/zsc.h"

using namespace croft;

namespace {

std::vector<std::string> words_of(std::string_view line) {
  std::istringstream in{std::string(line)};
  std::vector<std::string> words;
  for (std::string word; in >> word;) words.push_back(word);
  return words;
}

// The delimiters in the first line, then a file.
void replace_in_file(fuzz::Choices choices) {
  auto delimiters = words_of(choices.line());
  delimiters.resize(std::min<std::size_t>(delimiters.size(), 8));
  const std::string_view text = choices.rest();
  check(init::replace_variables(text, delimiters, {}) == text, "nothing known, nothing replaced");
  const std::map<std::string, std::string> env{{"A", "12345678"}, {"KEY", ""}, {"a_1", "%%A%%"}};
  check(init::replace_variables(text, delimiters, env).size() <= text.size() * 8,
        "what is put in is not looked at again");
  if (delimiters.empty()) return;
  delimiters.resize(1);
  std::map<std::string, std::string> same;
  for (const auto& [key, value] : env) same[key] = delimiters[0] + key + delimiters[0];
  check(init::replace_variables(text, delimiters, same) == text, "only placeholders are replaced");
}

void read_host(std::string_view text) {
  const auto host = init::parse_once_host(text);
  if (!host) return fuzz::expect_told(host.error());
  check(host->port != 0, "a port to connect to");
  const auto again = init::parse_once_host("[" + host->address + "]:" + std::to_string(host->port));
  check(again && again->address == host->address && again->port == host->port,
        "a host that is written reads back the same");
}

void read_answer(std::string_view line) {
  const auto answer = init::parse_once_answer(line);
  if (!answer) return fuzz::expect_told(answer.error());
  check(answer->result >= 0 && answer->result <= 255, "an exit code");
}

void read_command_line(std::string_view line) {
  const auto read = init::parse_exec_once(words_of(line));
  if (!read) return fuzz::expect_told(read.error());
  check(!read->key.empty() && !init::command_argv(read->command).empty(),
        "what is run once has a key and a command");
}

}  // namespace

// What croft-init reads in a container, besides JSON and HTTP. First byte: files of envReplace,
// CROFT_ONCE_HOSTS, the core's answer to zsc execOnce, its command line.
FUZZ_TARGET(init_texts) {
  fuzz::Choices choices(input);
  switch (choices.below(4)) {
    case 0:
      return replace_in_file(choices);
    case 1:
      return read_host(choices.rest());
    case 2:
      return read_answer(choices.rest());
    default:
      return read_command_line(choices.rest());
  }
}
