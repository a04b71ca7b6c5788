// Sources of apt: parsing, and derivation for other suites.
#include <fmt/format.h>

#include <algorithm>
#include <sstream>

#include "build/image_host.h"

namespace croft::build {
namespace {

std::vector<std::string> words_of(const std::string& line) {
  std::istringstream in(line);
  std::vector<std::string> words;
  for (std::string word; in >> word;) words.push_back(word);
  return words;
}

std::string join(const std::vector<std::string>& words, std::size_t from) {
  std::string text;
  for (std::size_t i = from; i < words.size(); ++i) text += (text.empty() ? "" : " ") + words[i];
  return text;
}

struct Stanza {
  std::map<std::string, std::string> fields;
  std::string last;  // field that a continuation line belongs to
};

void finish_stanza(Stanza& stanza, std::vector<AptSource>& out) {
  auto& fields = stanza.fields;
  const auto types = words_of(fields["Types"]);
  const bool wanted = std::ranges::find(types, "deb") != types.end() && fields["Enabled"] != "no";
  for (const std::string& uri : words_of(fields["URIs"]))
    for (const std::string& suite : words_of(fields["Suites"]))
      if (wanted) out.push_back({uri, suite, join(words_of(fields["Components"]), 0)});
  stanza = {};
}

}  // namespace

std::vector<AptSource> parse_apt_lines(std::string_view text) {
  std::vector<AptSource> sources;
  std::istringstream in{std::string(text)};
  for (std::string line; std::getline(in, line);) {
    line = line.substr(0, line.find('#'));
    // deb [options] uri suite components: the options are one group in brackets.
    if (const auto open = line.find('['); open != std::string::npos)
      if (const auto close = line.find(']', open); close != std::string::npos)
        line.erase(open, close - open + 1);
    const auto words = words_of(line);
    if (words.size() < 4 || words[0] != "deb") continue;
    sources.push_back({words[1], words[2], join(words, 3)});
  }
  return sources;
}

std::vector<AptSource> parse_apt_stanzas(std::string_view text) {
  std::vector<AptSource> sources;
  Stanza stanza;
  std::istringstream in{std::string(text)};
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with('#')) continue;
    if (line.find_first_not_of(" \t\r") == std::string::npos) {
      finish_stanza(stanza, sources);
      continue;
    }
    if (line.front() == ' ' || line.front() == '\t') {
      stanza.fields[stanza.last] += line;
      continue;
    }
    const auto colon = line.find(':');
    if (colon == std::string::npos) continue;
    stanza.last = line.substr(0, colon);
    stanza.fields[stanza.last] = join(words_of(line.substr(colon + 1)), 0);
  }
  finish_stanza(stanza, sources);
  return sources;
}

std::vector<AptSource> apt_sources_for(const std::vector<AptSource>& host,
                                       std::string_view codename, std::string_view suite) {
  std::vector<AptSource> result;
  if (codename.empty()) return result;
  for (const AptSource& source : host) {
    if (!source.suite.starts_with(codename)) continue;
    const std::string suffix = source.suite.substr(codename.size());
    if (!suffix.empty() && suffix != "-updates" && suffix != "-security") continue;
    if (!suffix.empty() && suite == "sid") continue;  // sid has neither
    const auto components = words_of(source.components);
    if (std::ranges::find(components, "main") == components.end()) continue;
    AptSource derived{source.uri, std::string(suite) + suffix, "main"};
    if (std::ranges::find(result, derived) == result.end()) result.push_back(std::move(derived));
  }
  return result;
}

}  // namespace croft::build
