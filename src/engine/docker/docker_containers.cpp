// Containers of their own; logs and exec are in docker_streams.cpp.
#include <fmt/format.h>

#include <boost/json.hpp>

#include "engine/docker/container_json.h"
#include "engine/docker/docker_engine.h"
#include "engine/docker/filters.h"

namespace croft::engine {

namespace json = boost::json;

namespace {

std::string container_path(const std::string& id, std::string_view action) {
  return fmt::format("/containers/{}{}", percent_encode(id), action);
}

}  // namespace

Answer<std::string> DockerEngine::create_container(const ContainerSpec& spec, Millis limit) {
  ApiCall call("POST", "/containers/create", fmt::format("create container {}", spec.name));
  if (!spec.name.empty()) call.query.add("name", spec.name);
  call.body = json::serialize(container_create_to_json(spec));
  const auto answer = co_await api_.send(call, Deadline(limit));
  if (!answer) co_return fail(Error(answer.error()));
  co_return JsonView(*answer)["Id"].text();
}

Answer<void> DockerEngine::start_container(std::string id, Millis limit) {
  const ApiCall call("POST", container_path(id, "/start"), fmt::format("start container {}", id));
  const auto answer = co_await api_.send(call, Deadline(limit));
  if (!answer) co_return fail(Error(answer.error()));
  co_return Result<void>();
}

Answer<void> DockerEngine::stop_container(std::string id, Millis grace, Millis limit) {
  ApiCall call("POST", container_path(id, "/stop"), fmt::format("stop container {}", id));
  call.query.add("t", std::to_string((grace.count() + 999) / 1000));
  const auto answer = co_await api_.send(call, Deadline(limit));
  if (!answer) co_return fail(Error(answer.error()));
  co_return Result<void>();
}

Answer<void> DockerEngine::kill_container(std::string id, int signal, Millis limit) {
  ApiCall call("POST", container_path(id, "/kill"),
               fmt::format("send signal {} to container {}", signal, id));
  call.query.add("signal", std::to_string(signal));
  const auto answer = co_await api_.send(call, Deadline(limit));
  if (!answer) co_return fail(Error(answer.error()));
  co_return Result<void>();
}

// The engine refuses to pause what is paused; asked again after a lost answer that is no failure.
Answer<void> DockerEngine::set_paused(std::string id, bool paused, Millis limit) {
  const Deadline deadline(limit);
  const ApiCall call("POST", container_path(id, paused ? "/pause" : "/unpause"),
                     fmt::format("{} container {}", paused ? "pause" : "unpause", id));
  const auto answer = co_await api_.send(call, deadline);
  if (answer) co_return Result<void>();
  const Error refused = answer.error();
  auto info = co_await inspect_container(id, deadline.remaining());
  if (!info) co_return fail(Error(info.error()));
  using State = ContainerInfo::State;
  if (info->state == (paused ? State::kPaused : State::kRunning)) co_return Result<void>();
  if (info->state == State::kPaused || info->state == State::kRunning)
    co_return fail(Error(refused));
  co_return fail(ErrorCode::kConflict, refused.message());
}

Answer<int> DockerEngine::wait_container(std::string id, Millis limit) {
  ApiCall call("POST", container_path(id, "/wait"), fmt::format("wait for container {}", id));
  call.query.add("condition", "not-running");
  const auto answer = co_await api_.send(call, Deadline(limit));
  if (!answer) co_return fail(Error(answer.error()));
  const JsonView view(*answer);
  const std::string problem = view["Error"]["Message"].text();
  if (!problem.empty()) co_return fail(engine_error(problem, call.what));
  co_return static_cast<int>(view["StatusCode"].integer());
}

Answer<void> DockerEngine::remove_container(std::string id, bool force, Millis limit) {
  ApiCall call("DELETE", container_path(id, ""), fmt::format("remove container {}", id));
  call.query.add("v", "true").add("force", force ? "true" : "false");
  const auto answer = co_await api_.send(call, Deadline(limit));
  if (!answer) co_return fail(Error(answer.error()));
  co_return Result<void>();
}

Answer<ContainerInfo> DockerEngine::inspect_container(std::string id, Millis limit) {
  const ApiCall call("GET", container_path(id, "/json"), fmt::format("look at container {}", id));
  const auto answer = co_await api_.send(call, Deadline(limit));
  if (!answer) co_return fail(Error(answer.error()));
  co_return container_from_inspect(*answer);
}

Answer<std::vector<ContainerInfo>> DockerEngine::list_containers(const Filter& filter, bool all,
                                                                 Millis limit) {
  ApiCall call("GET", "/containers/json", "list containers");
  call.query = filters_of(filter, true);
  if (all) call.query.add("all", "true");
  const auto answer = co_await api_.send(call, Deadline(limit));
  if (!answer) co_return fail(Error(answer.error()));
  std::vector<ContainerInfo> containers;
  for (const JsonView item : JsonView(*answer).items()) {
    ContainerInfo container = container_from_list(item);
    if (matches(filter, container.id, container.name)) containers.push_back(std::move(container));
  }
  co_return containers;
}

Answer<void> DockerEngine::update_container(std::string id, const ContainerUpdate& update,
                                            Millis limit) {
  ApiCall call("POST", container_path(id, "/update"),
               fmt::format("change the limits of container {}", id));
  call.body = json::serialize(container_update_to_json(update));
  const auto answer = co_await api_.send(call, Deadline(limit));
  if (!answer) co_return fail(Error(answer.error()));
  co_return Result<void>();
}

Answer<ContainerStats> DockerEngine::container_stats(std::string id, Millis limit) {
  ApiCall call("GET", container_path(id, "/stats"),
               fmt::format("read statistics of container {}", id));
  call.query.add("stream", "false").add("one-shot", "true");
  const auto answer = co_await api_.send(call, Deadline(limit));
  if (!answer) co_return fail(Error(answer.error()));
  co_return stats_from_json(*answer);
}

Answer<void> DockerEngine::put_archive(std::string id, std::string path, ByteSource& tar,
                                       Millis limit) {
  ApiCall call("PUT", container_path(id, "/archive"),
               fmt::format("unpack files at {} in container {}", path, id));
  call.query.add("path", path);
  call.upload = &tar;
  const auto answer = co_await api_.send(call, Deadline(limit));
  if (!answer) co_return fail(Error(answer.error()));
  co_return Result<void>();
}

Answer<std::unique_ptr<ByteSource>> DockerEngine::get_archive(std::string id, std::string path,
                                                              Millis limit) {
  ApiCall call("GET", container_path(id, "/archive"),
               fmt::format("read {} of container {}", path, id));
  call.query.add("path", path);
  call.idle_limit = Millis(60'000);
  auto stream = co_await api_.open(call, Deadline(limit));
  if (!stream) co_return fail(std::move(stream).error());
  co_return std::move(*stream);
}

}  // namespace croft::engine
