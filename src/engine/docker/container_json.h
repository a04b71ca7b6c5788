// Containers, exec, images, networks, volumes and events in the form of the Docker API. Pure.
#pragma once

#include <boost/json/value.hpp>

#include "engine/container.h"
#include "engine/docker/json_view.h"
#include "engine/image.h"
#include "engine/network_spec.h"
#include "engine/streams.h"

namespace croft::engine {

boost::json::object container_create_to_json(const ContainerSpec& spec);
boost::json::object container_update_to_json(const ContainerUpdate& update);
// From the list, and from inspect, which says more.
ContainerInfo container_from_list(JsonView view);
ContainerInfo container_from_inspect(JsonView view);
ContainerStats stats_from_json(JsonView view);
boost::json::object exec_to_json(const ExecSpec& spec);

ImageInfo image_from_list(JsonView view);
ImageInfo image_from_inspect(JsonView view);
boost::json::object image_config_to_json(const ImageConfig& config);
// The same as Dockerfile instructions, for an import. kInvalid for a value with a line end, which
// the engine's instruction parser cannot take.
Result<Strings> image_config_to_instructions(const ImageConfig& config);

boost::json::object network_to_json(const NetworkSpec& spec);
NetworkInfo network_from_json(JsonView view);
VolumeInfo volume_from_json(JsonView view);
FileInfo file_from_json(JsonView view);
Event event_from_json(JsonView view);

}  // namespace croft::engine
