#include "base/json_codec.h"
#include "engine/docker/container_json.h"
#include "engine/docker/service_json.h"
#include "engine/docker/settings_json.h"
#include "fuzz.h"

using namespace croft;

// What the engine answers, as every object that it may be.
FUZZ_TARGET(engine_json) {
  const auto json = parse_json(input);
  if (!json) return fuzz::expect_told(json.error());
  const engine::JsonView view(*json);
  engine::container_from_list(view);
  engine::container_from_inspect(view);
  engine::stats_from_json(view);
  engine::image_from_list(view);
  engine::image_from_inspect(view);
  engine::network_from_json(view);
  engine::volume_from_json(view);
  engine::file_from_json(view);
  engine::event_from_json(view);
  engine::task_from_json(view);
  engine::node_from_json(view);
  engine::service_info_from_json(view);
  engine::swarm_settings_from_json(view);
  engine::ulimits_from_json(view);
  // Once read, a service is what the engine would give back for it.
  const engine::ServiceSpec spec = engine::service_from_json(view);
  const auto written = boost::json::value(engine::service_to_json(spec));
  const engine::ServiceSpec again = engine::service_from_json(written);
  check(engine::service_from_json(boost::json::value(engine::service_to_json(again))) == again,
        "a service reads back the same");
}
