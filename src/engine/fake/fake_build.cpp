#include "engine/fake/fake_build.h"

#include <fmt/format.h>

namespace croft::engine {
namespace {

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::size_t begin = 0;
  while (begin < text.size()) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    const std::string line = text.substr(begin, end - begin);
    if (!line.empty() && line[0] != '#') lines.push_back(line);
    begin = end + 1;
  }
  return lines;
}

std::string expand(std::string text, const std::map<std::string, std::string>& args) {
  for (const auto& [name, value] : args) {
    const std::string variable = "$" + name;
    const std::size_t at = text.find(variable);
    if (at != std::string::npos) text.replace(at, variable.size(), value);
  }
  return text;
}

class Builder {
 public:
  Builder(const ImageBuild& build, const std::function<const FakeImage*(const std::string&)>& base)
      : build_(build), base_(base) {}

  Status run(const std::string& line) {
    const std::size_t space = line.find(' ');
    const std::string word = line.substr(0, space);
    const std::string rest =
        space == std::string::npos ? "" : expand(line.substr(space + 1), args_);
    if (word == "FROM") return from(rest);
    if (word == "ARG") {
      const auto given = build_.args.find(rest);
      if (given != build_.args.end()) args_[rest] = given->second;
      return {};
    }
    ImageConfig& config = image.config;
    if (word == "ENV" || word == "LABEL") {
      const std::size_t equals = rest.find('=');
      if (equals == std::string::npos) return fail(ErrorCode::kFailed, line + ": no value");
      (word == "ENV" ? config.env : config.labels)[rest.substr(0, equals)] =
          rest.substr(equals + 1);
      return {};
    }
    if (word == "CMD") config.command = {"/bin/sh", "-c", rest};
    if (word == "ENTRYPOINT") config.entrypoint = {"/bin/sh", "-c", rest};
    if (word == "WORKDIR") config.workdir = rest;
    if (word == "USER") config.user = rest;
    static constexpr std::string_view kKnown[] = {"CMD",  "ENTRYPOINT", "WORKDIR",
                                                  "USER", "RUN",        "COPY"};
    if (std::find(std::begin(kKnown), std::end(kKnown), word) != std::end(kKnown)) return {};
    return fail(ErrorCode::kFailed, "dockerfile parse error: unknown instruction: " + word);
  }

  FakeImage image;

 private:
  Status from(const std::string& reference) {
    const FakeImage* base = base_(reference);
    if (base == nullptr) {
      return fail(ErrorCode::kFailed, fmt::format("pull access denied for {}", reference));
    }
    image.config = base->config;
    image.files = base->files;
    return {};
  }

  const ImageBuild& build_;
  const std::function<const FakeImage*(const std::string&)>& base_;
  std::map<std::string, std::string> args_;
};

}  // namespace

Result<FakeImage> fake_build(const ImageBuild& build, const TarFiles& context,
                             const std::function<const FakeImage*(const std::string&)>& base,
                             const ProgressLine& progress) {
  const auto file = context.find(build.dockerfile);
  if (file == context.end()) {
    return fail(ErrorCode::kFailed, fmt::format("cannot locate {}", build.dockerfile));
  }
  const std::vector<std::string> lines = lines_of(file->second.content);
  Builder builder(build, base);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (progress) progress(fmt::format("Step {}/{} : {}", i + 1, lines.size(), lines[i]));
    CROFT_TRY(builder.run(lines[i]));
  }
  for (const auto& [key, value] : build.labels) builder.image.config.labels[key] = value;
  return std::move(builder.image);
}

}  // namespace croft::engine
