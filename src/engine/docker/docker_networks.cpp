// Networks, volumes, secrets and configs.
#include <fmt/format.h>
#include <sodium.h>

#include <boost/json.hpp>

#include "engine/docker/container_json.h"
#include "engine/docker/docker_engine.h"
#include "engine/docker/filters.h"

namespace croft::engine {

namespace json = boost::json;

namespace {

std::string base64(const std::string& data) {
  std::string text(sodium_base64_ENCODED_LEN(data.size(), sodium_base64_VARIANT_ORIGINAL), '\0');
  sodium_bin2base64(text.data(), text.size(), reinterpret_cast<const unsigned char*>(data.data()),
                    data.size(), sodium_base64_VARIANT_ORIGINAL);
  text.pop_back();  // its terminating zero
  return text;
}

}  // namespace

Answer<std::string> DockerEngine::create_network(const NetworkSpec& spec, Millis limit) {
  CROFT_CO_TRY(validate(spec));
  ApiCall call("POST", "/networks/create", fmt::format("create network {}", spec.name));
  call.body = json::serialize(network_to_json(spec));
  const auto answer = co_await api_.send(call, Deadline(limit));
  if (!answer) co_return fail(Error(answer.error()));
  co_return JsonView(*answer)["Id"].text();
}

Answer<NetworkInfo> DockerEngine::inspect_network(std::string id, Millis limit) {
  const Deadline deadline(limit);
  const ApiCall call("GET", "/networks/" + percent_encode(id),
                     fmt::format("look at network {}", id));
  const auto answer = co_await api_.send(call, deadline);
  if (!answer) co_return fail(Error(answer.error()));
  NetworkInfo network = network_from_json(*answer);
  if (network.spec.config_from.empty()) co_return network;
  const ApiCall look("GET", "/networks/" + percent_encode(network.spec.config_from), call.what);
  const auto config = co_await api_.send(look, deadline);
  if (config) network.spec.labels = network_from_json(*config).spec.labels;
  co_return network;
}

Answer<std::vector<NetworkInfo>> DockerEngine::list_networks(const Filter& filter, Millis limit) {
  // Labels are compared here: the engine does not know those that come from config-only networks.
  const ApiCall call("GET", "/networks", "list networks");
  const auto answer = co_await api_.send(call, Deadline(limit));
  if (!answer) co_return fail(Error(answer.error()));
  std::vector<NetworkInfo> all;
  std::map<std::string, Labels> config_labels;
  for (const JsonView item : JsonView(*answer).items()) {
    all.push_back(network_from_json(item));
    const NetworkSpec& spec = all.back().spec;
    if (spec.config_only) config_labels[spec.name] = spec.labels;
  }
  std::vector<NetworkInfo> networks;
  for (NetworkInfo& network : all) {
    const auto config = config_labels.find(network.spec.config_from);
    if (config != config_labels.end()) network.spec.labels = config->second;
    if (!has_labels(filter.labels, network.spec.labels)) continue;
    if (matches(filter, network.id, network.spec.name)) networks.push_back(std::move(network));
  }
  co_return networks;
}

Answer<void> DockerEngine::remove_network(std::string id, Millis limit) {
  const ApiCall call("DELETE", "/networks/" + percent_encode(id),
                     fmt::format("remove network {}", id));
  const auto answer = co_await api_.send(call, Deadline(limit));
  if (!answer) co_return fail(Error(answer.error()));
  co_return Result<void>();
}

Answer<VolumeInfo> DockerEngine::create_volume(const VolumeSpec& spec, Millis limit) {
  ApiCall call("POST", "/volumes/create", fmt::format("create volume {}", spec.name));
  call.body = json::serialize(
      json::object{{"Name", spec.name}, {"Driver", "local"}, {"Labels", to_json(spec.labels)}});
  const auto answer = co_await api_.send(call, Deadline(limit));
  if (!answer) co_return fail(Error(answer.error()));
  co_return volume_from_json(*answer);
}

Answer<VolumeInfo> DockerEngine::inspect_volume(std::string name, Millis limit) {
  const ApiCall call("GET", "/volumes/" + percent_encode(name),
                     fmt::format("look at volume {}", name));
  const auto answer = co_await api_.send(call, Deadline(limit));
  if (!answer) co_return fail(Error(answer.error()));
  co_return volume_from_json(*answer);
}

Answer<std::vector<VolumeInfo>> DockerEngine::list_volumes(const Filter& filter, Millis limit) {
  ApiCall call("GET", "/volumes", "list volumes");
  call.query = filters_of(filter, false);
  const auto answer = co_await api_.send(call, Deadline(limit));
  if (!answer) co_return fail(Error(answer.error()));
  std::vector<VolumeInfo> volumes;
  for (const JsonView item : JsonView(*answer)["Volumes"].items()) {
    VolumeInfo volume = volume_from_json(item);
    if (matches(filter, volume.spec.name, volume.spec.name)) volumes.push_back(std::move(volume));
  }
  co_return volumes;
}

Answer<void> DockerEngine::remove_volume(std::string name, Millis limit) {
  const ApiCall call("DELETE", "/volumes/" + percent_encode(name),
                     fmt::format("remove volume {}", name));
  const auto answer = co_await api_.send(call, Deadline(limit));
  if (!answer) co_return fail(Error(answer.error()));
  co_return Result<void>();
}

Answer<std::string> DockerEngine::create_file(std::string kind, std::string name,
                                              const Labels& labels, const std::string& value,
                                              Millis limit) {
  ApiCall call("POST", fmt::format("/{}s/create", kind), fmt::format("create {} {}", kind, name));
  call.body = json::serialize(
      json::object{{"Name", name}, {"Labels", to_json(labels)}, {"Data", base64(value)}});
  const auto answer = co_await api_.send(call, Deadline(limit));
  if (!answer) co_return fail(Error(answer.error()));
  co_return JsonView(*answer)["ID"].text();
}

Answer<std::vector<FileInfo>> DockerEngine::list_files(std::string kind, const Filter& filter,
                                                       Millis limit) {
  ApiCall call("GET", fmt::format("/{}s", kind), fmt::format("list {}s", kind));
  call.query = filters_of(filter, true);
  const auto answer = co_await api_.send(call, Deadline(limit));
  if (!answer) co_return fail(Error(answer.error()));
  std::vector<FileInfo> files;
  for (const JsonView item : JsonView(*answer).items()) {
    FileInfo file = file_from_json(item);
    if (matches(filter, file.id, file.name)) files.push_back(std::move(file));
  }
  co_return files;
}

Answer<std::string> DockerEngine::create_secret(std::string name, const Labels& labels,
                                                const Secret& value, Millis limit) {
  return create_file("secret", std::move(name), labels, value.reveal(), limit);
}

Answer<std::vector<FileInfo>> DockerEngine::list_secrets(const Filter& filter, Millis limit) {
  return list_files("secret", filter, limit);
}

Answer<void> DockerEngine::remove_secret(std::string id, Millis limit) {
  const ApiCall call("DELETE", "/secrets/" + percent_encode(id),
                     fmt::format("remove secret {}", id));
  const auto answer = co_await api_.send(call, Deadline(limit));
  if (!answer) co_return fail(Error(answer.error()));
  co_return Result<void>();
}

Answer<std::string> DockerEngine::create_config(std::string name, const Labels& labels,
                                                const std::string& value, Millis limit) {
  return create_file("config", std::move(name), labels, value, limit);
}

Answer<std::vector<FileInfo>> DockerEngine::list_configs(const Filter& filter, Millis limit) {
  return list_files("config", filter, limit);
}

Answer<void> DockerEngine::remove_config(std::string id, Millis limit) {
  const ApiCall call("DELETE", "/configs/" + percent_encode(id),
                     fmt::format("remove config {}", id));
  const auto answer = co_await api_.send(call, Deadline(limit));
  if (!answer) co_return fail(Error(answer.error()));
  co_return Result<void>();
}

}  // namespace croft::engine
