// The published JSON schemas and the parser must know the same keys.
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <set>

#include "base/file.h"
#include "spec/app_config.h"
#include "spec/import_config.h"
#include "spec/keys.h"

namespace croft::spec {
namespace {

namespace json = boost::json;
using Names = std::set<std::string>;

json::object schema(const std::string& name) {
  const auto text = read_file(std::string(CROFT_SOURCE_DIR) + "/schema/" + name);
  EXPECT_TRUE(text.has_value()) << name;
  return json::parse(text.value_or("{}")).as_object();
}

Names names(Keys keys) {
  return {keys.begin(), keys.end()};
}

Names property_names(const json::object& section) {
  Names result;
  for (const auto& property : section.at("properties").as_object()) result.insert(property.key());
  return result;
}

void expect_sections(const json::object& root, const std::map<std::string, Keys>& sections) {
  const json::object& definitions = root.at("$defs").as_object();
  for (const auto& [name, keys] : sections) {
    ASSERT_TRUE(definitions.contains(name)) << name;
    const json::object& section = definitions.at(name).as_object();
    EXPECT_EQ(property_names(section), names(keys)) << name;
    EXPECT_EQ(section.at("additionalProperties"), json::value(false)) << name;
  }
  // Every closed object of the schema is one of the sections.
  for (const auto& definition : definitions) {
    if (definition.value().as_object().contains("properties")) {
      EXPECT_TRUE(sections.contains(std::string(definition.key()))) << definition.key();
    }
  }
}

TEST(Schema, OfCroftKnowsTheParsersKeys) {
  const json::object root = schema("croft.schema.json");
  EXPECT_EQ(root.at("$schema"), "https://json-schema.org/draft/2020-12/schema");
  EXPECT_EQ(property_names(root), (Names{"croft", "zerops"}));
  expect_sections(root, {{"setup", keys::kSetup},
                         {"build", keys::kBuild},
                         {"deploy", keys::kDeploy},
                         {"run", keys::kRun},
                         {"readinessCheck", keys::kReadinessCheck},
                         {"healthCheck", keys::kHealthCheck},
                         {"httpGet", keys::kHttpGet},
                         {"exec", keys::kExec},
                         {"startCommand", keys::kStartCommand},
                         {"port", keys::kPort},
                         {"envReplace", keys::kEnvReplace},
                         {"cronJob", keys::kCronJob},
                         {"routing", keys::kRouting},
                         {"redirect", keys::kRedirect},
                         {"headerRule", keys::kHeaderRule},
                         {"volume", keys::kVolume}});
}

TEST(Schema, OfImportsKnowsTheParsersKeys) {
  const json::object root = schema("import.schema.json");
  EXPECT_EQ(property_names(root), names(keys::kImport));
  expect_sections(root, {{"project", keys::kProject},
                         {"service", keys::kService},
                         {"verticalAutoscaling", keys::kVerticalAutoscaling}});
}

void collect_references(const json::value& value, Names& references) {
  if (const auto* array = value.if_array()) {
    for (const json::value& item : *array) collect_references(item, references);
  } else if (const auto* object = value.if_object()) {
    for (const auto& entry : *object) {
      if (entry.key() == "$ref") references.insert(std::string(entry.value().as_string()));
      collect_references(entry.value(), references);
    }
  }
}

TEST(Schema, ReferencesLeadSomewhere) {
  for (const std::string file : {"croft.schema.json", "import.schema.json"}) {
    Names references;
    collect_references(schema(file), references);
    EXPECT_FALSE(references.empty());
    for (const std::string& reference : references) {
      const auto hash = reference.find('#');
      const json::object target = schema(hash == 0 ? file : reference.substr(0, hash));
      const std::string pointer = reference.substr(hash + 1);
      boost::system::error_code ec;
      EXPECT_NE(json::value(target).find_pointer(pointer, ec), nullptr) << reference;
    }
  }
}

// What the schema calls required is required by the parser too.
TEST(Schema, RequiredKeysAreRequired) {
  for (const auto& [text, key] : std::map<std::string, std::string>{
           {"croft: [{}]", "setup"},
           {"croft: [{setup: a, run: {ports: [{}]}}]", "port"},
           {"croft: [{setup: a, run: {crontab: [{timing: '* * * * *'}]}}]", "command"},
           {"croft: [{setup: a, run: {routing: {headers: [{for: /}]}}}]", "values"},
           {"croft: [{setup: a, run: {volume: {}}}]", "hostname"},
           {"croft: [{setup: a, run: {startCommands: [{}]}}]", "command"}}) {
    const auto result = parse_app_config("croft.yml", text);
    ASSERT_FALSE(result.has_value()) << text;
    EXPECT_NE(result.error().message().find(key), std::string::npos) << result.error().message();
  }
}

}  // namespace
}  // namespace croft::spec
