// api/openapi.json is a contract between people who write server and clients: this keeps it whole.
#include <gtest/gtest.h>

#include <set>

#include "base/error_mapping.h"
#include "base/file.h"
#include "model/core_state.h"
#include "model/event.h"
#include "model/process.h"
#include "model/service.h"
#include "model/user.h"
#include "model/variable.h"
#include "model/version.h"

namespace croft {
namespace {

namespace json = boost::json;

const json::object& document() {
  static const json::value parsed = [] {
    auto text = read_file(CROFT_SOURCE_DIR "/api/openapi.json");
    return text ? json::parse(*text) : json::value();
  }();
  return parsed.as_object();
}

const json::object& schema(std::string_view name) {
  return document().at("components").at("schemas").at(name).as_object();
}

std::string text_of(const json::value& value) {
  return std::string(std::string_view(value.as_string()));
}

// Calls `visit` with every object in `value`, outermost first, and its pointer.
void each_object(const json::value& value, const std::string& at,
                 const std::function<void(const json::object&, const std::string&)>& visit) {
  if (const auto* object = value.if_object()) {
    visit(*object, at);
    for (const auto& [key, item] : *object) each_object(item, at + "/" + std::string(key), visit);
  } else if (const auto* array = value.if_array()) {
    for (std::size_t i = 0; i < array->size(); ++i) {
      each_object((*array)[i], at + "/" + std::to_string(i), visit);
    }
  }
}

const json::object& resolve(const json::object& object) {
  const auto* ref = object.if_contains("$ref");
  if (ref == nullptr) return object;
  boost::system::error_code error;
  static const json::value root(document());
  const auto* target = root.find_pointer(text_of(*ref).substr(1), error);
  EXPECT_NE(target, nullptr) << text_of(*ref);
  return target->as_object();
}

// Calls `visit` with the path, the method and the operation.
void each_operation(
    const std::function<void(const std::string&, const std::string&, const json::object&)>& visit) {
  for (const auto& [path, item] : document().at("paths").as_object()) {
    for (const auto& [method, operation] : item.as_object()) {
      visit(std::string(path), std::string(method), operation.as_object());
    }
  }
}

TEST(OpenApi, EveryReferenceResolves) {
  const json::value root(document());
  int references = 0;
  each_object(root, "", [&](const json::object& object, const std::string& at) {
    const auto* ref = object.if_contains("$ref");
    if (ref == nullptr) return;
    ++references;
    const std::string target = text_of(*ref);
    boost::system::error_code error;
    ASSERT_TRUE(target.starts_with("#/")) << at;
    EXPECT_NE(root.find_pointer(target.substr(1), error), nullptr) << at << " -> " << target;
  });
  EXPECT_GT(references, 100);
}

TEST(OpenApi, EverySchemaIsUsedAndRequiresOnlyWhatItHas) {
  const json::value root(document());
  std::set<std::string> used;
  each_object(root, "", [&](const json::object& object, const std::string& at) {
    if (const auto* ref = object.if_contains("$ref")) used.insert(text_of(*ref));
    const auto* required = object.if_contains("required");
    if (required == nullptr || !required->is_array()) return;
    for (const json::value& name : required->get_array()) {
      EXPECT_TRUE(object.at("properties").as_object().contains(name.as_string())) << at;
    }
  });
  for (const auto& [name, value] : document().at("components").at("schemas").as_object()) {
    if (name == "ExecControl") continue;  // of the WebSocket, which OpenAPI cannot describe
    EXPECT_TRUE(used.contains("#/components/schemas/" + std::string(name))) << name;
  }
}

std::set<std::string> parameters_in_template(const std::string& path) {
  std::set<std::string> names;
  for (std::size_t open = path.find('{'); open != std::string::npos;
       open = path.find('{', open + 1)) {
    names.insert(path.substr(open + 1, path.find('}', open) - open - 1));
  }
  return names;
}

TEST(OpenApi, OperationsDeclareTheirPathParameters) {
  std::set<std::string> ids;
  each_operation(
      [&](const std::string& path, const std::string& method, const json::object& operation) {
        EXPECT_TRUE(ids.insert(text_of(operation.at("operationId"))).second) << method << path;
        std::set<std::string> declared;
        if (const auto* parameters = operation.if_contains("parameters")) {
          for (const json::value& parameter : parameters->as_array()) {
            const json::object& p = resolve(parameter.as_object());
            if (p.at("in").as_string() == "path") declared.insert(text_of(p.at("name")));
          }
        }
        EXPECT_EQ(declared, parameters_in_template(path)) << method << " " << path;
      });
  EXPECT_GT(ids.size(), 50U);
}

TEST(OpenApi, EveryErrorIsAProblem) {
  each_operation([](const std::string& path, const std::string& method,
                    const json::object& operation) {
    int errors = 0;
    for (const auto& [status, value] : operation.at("responses").as_object()) {
      const json::object& response = resolve(value.as_object());
      if (status[0] != '4' && status[0] != '5') continue;
      ++errors;
      EXPECT_EQ(
          response.at("content").at("application/problem+json").at("schema").at("$ref").as_string(),
          "#/components/schemas/Problem")
          << method << " " << path;
    }
    EXPECT_GE(errors, 3) << method << " " << path;
    const bool open = operation.contains("security");
    EXPECT_EQ(operation.at("responses").as_object().contains("403"), !open) << path;
  });
}

template <class E>
std::set<std::string> words() {
  std::set<std::string> all;
  boost::mp11::mp_for_each<boost::describe::describe_enumerators<E>>(
      [&](auto d) { all.insert(enum_wire_name(d.name)); });
  return all;
}

std::set<std::string> words(std::string_view schema_name) {
  std::set<std::string> all;
  for (const json::value& word : schema(schema_name).at("enum").as_array()) {
    all.insert(text_of(word));
  }
  return all;
}

TEST(OpenApi, EnumsAreThoseOfTheModel) {
  EXPECT_EQ(words("ProjectStatus"), words<ProjectStatus>());
  EXPECT_EQ(words("EnvIsolation"), words<EnvIsolation>());
  EXPECT_EQ(words("ServiceCategory"), words<ServiceCategory>());
  EXPECT_EQ(words("ServiceStatus"), words<ServiceStatus>());
  EXPECT_EQ(words("PortProtocol"), words<PortProtocol>());
  EXPECT_EQ(words("InstanceState"), words<InstanceState>());
  EXPECT_EQ(words("InstanceDuty"), words<InstanceDuty>());
  EXPECT_EQ(words("ProcessStatus"), words<ProcessStatus>());
  EXPECT_EQ(words("StepStatus"), words<StepStatus>());
  EXPECT_EQ(words("VersionStatus"), words<VersionStatus>());
  EXPECT_EQ(words("VersionSource"), words<VersionSource>());
  EXPECT_EQ(words("VariableKind"), words<VariableKind>());
  EXPECT_EQ(words("UserRole"), words<UserRole>());
  EXPECT_EQ(words("TokenKind"), words<TokenKind>());
  EXPECT_EQ(words("TokenScope"), words<TokenScope>());
}

TEST(OpenApi, ErrorCodesAreThoseOfTheProgram) {
  std::set<std::string> codes;
  for (int i = 0; i <= static_cast<int>(ErrorCode::kInternal); ++i) {
    codes.insert(std::string(to_string(static_cast<ErrorCode>(i))));
  }
  EXPECT_EQ(words("ErrorCode"), codes);
}

// `internal`: members that the API does not show.
template <class T>
void expect_members(std::string_view schema_name, const std::set<std::string>& internal = {}) {
  const json::object& properties = schema(schema_name).at("properties").as_object();
  boost::mp11::mp_for_each<boost::describe::describe_members<T, boost::describe::mod_public>>(
      [&](auto d) {
        EXPECT_NE(properties.contains(d.name), internal.contains(d.name))
            << schema_name << "." << d.name;
      });
}

TEST(OpenApi, ObjectsHaveTheMembersOfTheModel) {
  expect_members<Project>("Project");
  expect_members<Service>("Service");
  expect_members<Port>("Port");
  expect_members<User>("User");
  expect_members<Token>("Token");
  expect_members<Version>("Version",
                          {"config", "config_yaml", "bundle_hash", "bundle_path", "image"});
  expect_members<Process>("Process", {"step_state", "params", "project_name", "service_name"});
  expect_members<ProcessStep>("ProcessStep");
  expect_members<ProcessError>("ProcessError");
  expect_members<Variable>("Variable", {"id", "project_id", "service_id", "generation"});
  expect_members<Event>("Event");
}

}  // namespace
}  // namespace croft
