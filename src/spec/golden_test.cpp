// Every sample file is parsed and compared with what it parsed to before (tests/data/spec). With
// CROFT_UPDATE_GOLDEN=1 in the environment the expectations are written instead.
#include <gtest/gtest.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cstdlib>
#include <filesystem>

#include "base/file.h"
#include "spec/import_config.h"
#include "spec/model_json.h"
#include "spec/validate.h"

namespace croft::spec {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

const fs::path kData = fs::path(CROFT_SOURCE_DIR) / "tests/data/spec";

std::vector<std::string> sample_names() {
  std::vector<std::string> names;
  for (const auto& entry : fs::recursive_directory_iterator(kData / "samples")) {
    const std::string extension = entry.path().extension().string();
    if (entry.is_regular_file() && extension != ".md") {
      names.push_back(fs::relative(entry.path(), kData / "samples").generic_string());
    }
  }
  std::ranges::sort(names);
  return names;
}

fs::path golden_path(std::string name) {
  std::string file;
  for (const char c : name) file += c == '/' ? "__" : std::string(1, c);
  return kData / "golden" / (file + ".json");
}

// Two spaces, keys in the order of the models, so that differences are readable.
void print(const json::value& value, std::string& out, std::size_t level) {
  const std::string inner(level * 2 + 2, ' ');
  const auto each = [&](auto begin, auto end, char open, char close, auto write) {
    out += open;
    for (auto it = begin; it != end; ++it) {
      out += (it == begin ? "\n" : ",\n") + inner;
      write(*it);
    }
    out += begin == end ? "" : "\n" + std::string(level * 2, ' ');
    out += close;
  };
  if (const auto* array = value.if_array()) {
    each(array->begin(), array->end(), '[', ']',
         [&](const json::value& item) { print(item, out, level + 1); });
  } else if (const auto* object = value.if_object()) {
    each(object->begin(), object->end(), '{', '}', [&](const auto& entry) {
      out += json::serialize(entry.key()) + ": ";
      print(entry.value(), out, level + 1);
    });
  } else {
    out += json::serialize(value);
  }
}

json::value model_of(const std::string& name, const std::string& text, const std::string& kind) {
  SeededRandom random(1);
  const ManualClock clock;
  if (kind == "import" || kind == "zerops.yml+services") {
    const auto parsed = parse_import(name, text, {.random = &random, .clock = &clock});
    return parsed ? to_json(parsed->file) : json::value(nullptr);
  }
  const auto parsed = parse_app_config(name, text);
  return parsed ? to_json(parsed->config) : json::value(nullptr);
}

class Golden : public testing::TestWithParam<std::string> {};

TEST_P(Golden, ParsesAsBefore) {
  const std::string& name = GetParam();
  const std::string text = read_file(kData / "samples" / name).value();
  SeededRandom random(1);
  const ManualClock clock;
  const ValidationReport report = validate_file(name, text, {.random = random, .clock = clock});
  for (const FieldError& e : report.errors) {
    EXPECT_GT(e.line, 0) << e.message;
    EXPECT_GT(e.column, 0) << e.message;
  }
  std::string actual;
  print(json::object{{"report", to_json(report)}, {"model", model_of(name, text, report.kind)}},
        actual, 0);
  actual += '\n';
  if (std::getenv("CROFT_UPDATE_GOLDEN") != nullptr) {
    ASSERT_TRUE(write_file_atomically(golden_path(name), actual).has_value());
  }
  const auto expected = read_file(golden_path(name));
  ASSERT_TRUE(expected.has_value()) << "no golden file: run with CROFT_UPDATE_GOLDEN=1";
  EXPECT_EQ(actual, *expected);
}

INSTANTIATE_TEST_SUITE_P(Samples, Golden, testing::ValuesIn(sample_names()), [](const auto& info) {
  std::string name;
  for (const char c : info.param) name += std::isalnum(static_cast<unsigned char>(c)) ? c : '_';
  return name;
});

// Refused are only the kinds that have no reader yet.
TEST(Samples, AreAllReadOrRefusedForTheirKind) {
  SeededRandom random(1);
  const ManualClock clock;
  for (const std::string& name : sample_names()) {
    const std::string text = read_file(kData / "samples" / name).value();
    const ValidationReport report = validate_file(name, text, {.random = random, .clock = clock});
    const bool later = report.kind == "thirty.ini" || report.kind == "docker-compose";
    EXPECT_EQ(report.ok, !later) << name << ": "
                                 << (report.errors.empty() ? "" : report.errors[0].message);
    EXPECT_NE(report.kind, "unknown") << name;
  }
}

// Exporting what was imported and importing that again changes nothing.
TEST(Samples, SurviveExport) {
  for (const std::string& name : sample_names()) {
    if (name.find("import") == std::string::npos) continue;
    SeededRandom random(1);
    const ManualClock clock;
    const std::string text = read_file(kData / "samples" / name).value();
    const auto first = parse_import(name, text, {.random = &random, .clock = &clock});
    ASSERT_TRUE(first.has_value()) << name;
    const std::string written = write_import(first->file);
    const auto second = parse_import(name, written, {});
    ASSERT_TRUE(second.has_value()) << name << ": " << second.error().message() << "\n" << written;
    EXPECT_EQ(write_import(second->file), written) << name;
  }
}

}  // namespace
}  // namespace croft::spec
