#include <fmt/format.h>

#include <boost/json.hpp>

#include "base/utf8.h"
#include "engine/docker/container_json.h"
#include "engine/docker/docker_engine.h"
#include "engine/docker/filters.h"

namespace croft::engine {

namespace json = boost::json;

namespace {

constexpr Millis kDownloadIdle{120'000};  // the engine packs an image before the first byte comes

std::string image_path(const std::string& reference, std::string_view action) {
  return fmt::format("/images/{}{}", percent_encode(reference), action);
}

struct Tag {
  std::string name;
  std::string tag;
};

// "host:5000/name:tag": the colon of a port is before the last slash.
Tag split_tag(const std::string& reference) {
  const std::size_t colon = reference.rfind(':');
  const std::size_t slash = reference.rfind('/');
  const bool has_tag = colon != std::string::npos && (slash == std::string::npos || colon > slash);
  if (!has_tag) return {reference, "latest"};
  return {reference.substr(0, colon), reference.substr(colon + 1)};
}

// Reads a progress stream: one JSON object per line. `on_message` gets each; its error ends the
// reading.
Task<Status> read_messages(ByteSource& stream, std::string what,
                           const std::function<Status(JsonView)>& on_message) {
  constexpr std::size_t kMaxLineBytes = 1u << 20;
  std::string line;
  bool more = true;
  while (more) {
    auto piece = co_await stream.next();
    if (!piece) co_return fail(std::move(piece).error().in(what));
    more = piece->has_value();
    line += more ? **piece : "\n";
    if (line.size() > kMaxLineBytes) {
      co_return fail(ErrorCode::kTooLarge, fmt::format("{}: a line of progress is too long", what));
    }
    for (std::size_t end = line.find('\n'); end != std::string::npos; end = line.find('\n')) {
      boost::system::error_code error;
      const json::value message = json::parse(line.substr(0, end), error);
      line.erase(0, end + 1);
      if (error) continue;  // an empty line between two messages
      const std::string problem = JsonView(message)["error"].text();
      if (!problem.empty()) co_return fail(engine_error(problem, what));
      CROFT_CO_TRY(on_message(message));
    }
  }
  co_return Status();
}

// Cuts the text of "stream" messages into lines.
class LineCutter {
 public:
  explicit LineCutter(const ProgressLine& progress) : progress_(progress) {}
  void add(std::string text) {
    rest_ += text;
    for (std::size_t end = rest_.find('\n'); end != std::string::npos; end = rest_.find('\n')) {
      emit(rest_.substr(0, end));
      rest_.erase(0, end + 1);
    }
  }
  void finish() {
    if (!rest_.empty()) emit(std::exchange(rest_, {}));
  }

 private:
  void emit(std::string_view line) {
    if (progress_) progress_(shown_line(line));
  }
  const ProgressLine& progress_;
  std::string rest_;
};

Query build_query(const ImageBuild& build) {
  Query query;
  query.add("t", build.tag).add("dockerfile", build.dockerfile).add("rm", "true");
  query.add("forcerm", "true").add("version", "1");
  if (!build.args.empty()) query.add("buildargs", json::serialize(to_json(build.args)));
  if (!build.labels.empty()) query.add("labels", json::serialize(to_json(build.labels)));
  if (!build.network_mode.empty()) query.add("networkmode", build.network_mode);
  for (const std::string& host : build.extra_hosts) query.add("extrahosts", host);
  if (build.memory_bytes > 0) {
    query.add("memory", std::to_string(build.memory_bytes));
    query.add("memswap", std::to_string(build.memory_bytes));
  }
  if (build.nano_cpus > 0) {
    constexpr std::int64_t kPeriod = 100'000;  // microseconds
    query.add("cpuperiod", std::to_string(kPeriod));
    query.add("cpuquota", std::to_string(build.nano_cpus * kPeriod / 1'000'000'000));
  }
  if (build.cpu_shares > 0) query.add("cpushares", std::to_string(build.cpu_shares));
  if (build.no_cache) query.add("nocache", "true");
  return query;
}

}  // namespace

Answer<std::vector<ImageInfo>> DockerEngine::list_images(const ImageFilter& filter, Millis limit) {
  json::object filters;
  if (!filter.labels.empty()) filters["label"] = labels_filter(filter.labels);
  if (!filter.reference.empty()) filters["reference"] = json::array{filter.reference};
  ApiCall call("GET", "/images/json", "list images");
  if (!filters.empty()) call.query.add("filters", json::serialize(filters));
  const auto answer = co_await api_.send(call, Deadline(limit));
  if (!answer) co_return fail(Error(answer.error()));
  std::vector<ImageInfo> images;
  for (const JsonView item : JsonView(*answer).items()) images.push_back(image_from_list(item));
  co_return images;
}

Answer<ImageInfo> DockerEngine::inspect_image(std::string reference, Millis limit) {
  const ApiCall call("GET", image_path(reference, "/json"),
                     fmt::format("look at image {}", reference));
  const auto answer = co_await api_.send(call, Deadline(limit));
  if (!answer) co_return fail(Error(answer.error()));
  co_return image_from_inspect(*answer);
}

Answer<std::string> DockerEngine::import_image(std::string tag, ByteSource& tar,
                                               const ImageConfig& config, Millis limit) {
  const Deadline deadline(limit);
  const auto changes = image_config_to_instructions(config);
  if (!changes) co_return fail(Error(changes.error()));
  const Tag target = split_tag(tag);
  ApiCall call("POST", "/images/create", fmt::format("import image {}", tag));
  call.query.add("fromSrc", "-").add("repo", target.name).add("tag", target.tag);
  for (const std::string& change : *changes) call.query.add("changes", change);
  call.upload = &tar;
  call.limit_body = true;
  auto stream = co_await api_.open(call, deadline);
  if (!stream) co_return fail(std::move(stream).error());
  std::string id;
  CROFT_CO_TRY(co_await read_messages(**stream, call.what, [&id](JsonView message) -> Status {
    const std::string status = message["status"].text();
    if (status.starts_with("sha256:")) id = status;
    return {};
  }));
  if (id.empty()) {
    co_return fail(ErrorCode::kFailed, fmt::format("{}: the engine named no image", call.what));
  }
  co_return id;
}

Answer<std::string> DockerEngine::build_image(const ImageBuild& build, ByteSource& context,
                                              const ProgressLine& progress, Millis limit) {
  const Deadline deadline(limit);
  ApiCall call("POST", "/build", fmt::format("build image {}", build.tag));
  call.query = build_query(build);
  call.upload = &context;
  call.limit_body = true;
  auto stream = co_await api_.open(call, deadline);
  if (!stream) co_return fail(std::move(stream).error());
  std::string id;
  LineCutter lines(progress);
  const Status done = co_await read_messages(**stream, call.what, [&](JsonView message) -> Status {
    lines.add(message["stream"].text());
    if (message["aux"]["ID"].present()) id = message["aux"]["ID"].text();
    return {};
  });
  lines.finish();
  if (!done) co_return fail(Error(done.error()));
  if (id.empty()) {
    co_return fail(ErrorCode::kFailed, fmt::format("{}: the engine named no image", call.what));
  }
  co_return id;
}

Answer<std::string> DockerEngine::commit_container(std::string id, std::string tag,
                                                   const ImageConfig& config, Millis limit) {
  const Tag target = split_tag(tag);
  ApiCall call("POST", "/commit", fmt::format("make container {} image {}", id, tag));
  call.query.add("container", id).add("repo", target.name).add("tag", target.tag);
  call.body = json::serialize(image_config_to_json(config));
  const auto answer = co_await api_.send(call, Deadline(limit));
  if (!answer) co_return fail(Error(answer.error()));
  co_return JsonView(*answer)["Id"].text();
}

Answer<void> DockerEngine::tag_image(std::string reference, std::string tag, Millis limit) {
  const Tag target = split_tag(tag);
  ApiCall call("POST", image_path(reference, "/tag"),
               fmt::format("tag image {} as {}", reference, tag));
  call.query.add("repo", target.name).add("tag", target.tag);
  const auto answer = co_await api_.send(call, Deadline(limit));
  if (!answer) co_return fail(Error(answer.error()));
  co_return Result<void>();
}

Answer<void> DockerEngine::remove_image(std::string reference, bool force, Millis limit) {
  ApiCall call("DELETE", image_path(reference, ""), fmt::format("remove image {}", reference));
  if (force) call.query.add("force", "true");
  const auto answer = co_await api_.send(call, Deadline(limit));
  if (!answer) co_return fail(Error(answer.error()));
  co_return Result<void>();
}

Answer<std::unique_ptr<ByteSource>> DockerEngine::save_image(std::string reference, Millis limit) {
  ApiCall call("GET", image_path(reference, "/get"), fmt::format("save image {}", reference));
  call.idle_limit = kDownloadIdle;
  auto stream = co_await api_.open(call, Deadline(limit));
  if (!stream) co_return fail(std::move(stream).error());
  co_return std::move(*stream);
}

Answer<void> DockerEngine::load_image(ByteSource& tar, Millis limit) {
  ApiCall call("POST", "/images/load", "load images");
  call.query.add("quiet", "true");
  call.upload = &tar;
  call.limit_body = true;
  auto stream = co_await api_.open(call, Deadline(limit));
  if (!stream) co_return fail(std::move(stream).error());
  CROFT_CO_TRY(co_await read_messages(**stream, call.what, [](JsonView) -> Status { return {}; }));
  co_return Result<void>();
}

}  // namespace croft::engine
