// Writing YAML: block style, two spaces, every text quoted exactly when it has to be.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "spec/yaml.h"

namespace croft::spec {

// Builds a document top down. Keys come out in the order of the calls; what is empty is left out
// unless the call says otherwise.
class YamlWriter {
 public:
  // `key: text`. Multi-line text becomes a block scalar where that keeps it exactly.
  void text(std::string_view key, std::string_view value);
  // Numbers and booleans, as they are.
  void plain(std::string_view key, std::string_view value);
  void integer(std::string_view key, const std::optional<int>& value);
  void number(std::string_view key, const std::optional<double>& value);
  void boolean(std::string_view key, const std::optional<bool>& value);
  void texts(std::string_view key, const std::vector<std::string>& values);
  void node(std::string_view key, const Node& value);

  // `key:` and everything up to end() one level deeper.
  void begin(std::string_view key);
  // "- " in front of the next line, and everything up to end() one level deeper.
  void begin_item();
  void end();

  const std::string& str() const { return out_; }

 private:
  void start_line(std::string_view key);
  void scalar(std::string_view value);
  void node_value(const Node& value);

  std::string out_;
  std::size_t level_ = 0;
  bool item_ = false;
};

// `value` in a form that reads back as the same text on one line: plain, or in double quotes.
std::string yaml_quoted(std::string_view value);

}  // namespace croft::spec
