#include "engine/fake/fake_call.h"
#include "engine/fake/fake_engine.h"
#include "engine/filter.h"

namespace croft::engine {

NetworkInfo FakeEngine::network_info(const FakeNetwork& network) {
  NetworkInfo info = network.info;
  const NetworkSpec* effective = cluster_.effective_spec(here(), network);
  if (effective != nullptr) info.spec.labels = effective->labels;
  for (const auto& [id, one] : here().containers) {
    for (const TaskAddresses& addresses : one.info.addresses) {
      if (addresses.network_id != info.id) continue;
      info.endpoints.push_back({id, addresses.ipv4, addresses.ipv6});
    }
  }
  return info;
}

// The same range twice is as much as the fake tells apart from ranges that merely overlap.
Status FakeEngine::check_overlap(const NetworkSpec& spec) {
  if (spec.config_only) return {};
  for (const auto& [id, other] : here().networks) {
    if (other.info.spec.config_only) continue;
    for (const AddressRange& range : spec.ranges) {
      for (const AddressRange& taken : other.info.spec.ranges) {
        if (range.subnet != taken.subnet) continue;
        return fail(ErrorCode::kConflict,
                    fmt::format("create network {}: Pool overlaps with network {}", spec.name,
                                other.info.spec.name));
      }
    }
  }
  return {};
}

Answer<std::string> FakeEngine::create_network(const NetworkSpec& spec, Millis limit) {
  return fake_call(cluster_, {client_, node_id_, "create_network", spec.name}, limit,
                   [this, spec]() -> Result<std::string> {
                     CROFT_TRY(validate(spec));
                     if (cluster_.find_network(here(), spec.name) != nullptr) {
                       return fail(ErrorCode::kConflict,
                                   fmt::format("create network {}: it exists", spec.name));
                     }
                     CROFT_TRY(check_overlap(spec));
                     FakeNetwork network;
                     network.info.id = spec.swarm_scope ? cluster_.swarm_id() : cluster_.hex_id();
                     network.info.spec = spec;
                     if (!spec.config_from.empty()) network.info.spec.labels.clear();
                     network.info.created = cluster_.schedule.now();
                     const std::string id = network.info.id;
                     auto& networks = spec.swarm_scope ? cluster_.swarm_networks : here().networks;
                     networks.emplace(id, std::move(network));
                     Event event;
                     event.kind = Event::Kind::kNetwork;
                     event.action = Event::Action::kCreate;
                     event.raw_action = "create";
                     event.id = id;
                     event.name = spec.name;
                     cluster_.emit(spec.swarm_scope ? "" : node_id_, std::move(event));
                     return id;
                   });
}

Answer<NetworkInfo> FakeEngine::inspect_network(std::string id, Millis limit) {
  return fake_call(cluster_, {client_, node_id_, "inspect_network", id}, limit,
                   [this, id]() -> Result<NetworkInfo> {
                     const FakeNetwork* network = cluster_.find_network(here(), id);
                     if (network != nullptr) return network_info(*network);
                     return fail(ErrorCode::kNotFound,
                                 fmt::format("look at network {}: not found", id));
                   });
}

Answer<std::vector<NetworkInfo>> FakeEngine::list_networks(const Filter& filter, Millis limit) {
  return fake_call(cluster_, {client_, node_id_, "list_networks", ""}, limit,
                   [this, &filter]() -> Result<std::vector<NetworkInfo>> {
                     std::vector<NetworkInfo> found;
                     for (const auto* networks : {&here().networks, &cluster_.swarm_networks}) {
                       for (const auto& [id, network] : *networks) {
                         NetworkInfo info = network_info(network);
                         info.endpoints.clear();
                         const bool fits = has_labels(filter.labels, info.spec.labels) &&
                                           matches(filter, id, info.spec.name);
                         if (fits) found.push_back(std::move(info));
                       }
                     }
                     return found;
                   });
}

Answer<void> FakeEngine::remove_network(std::string id, Millis limit) {
  return fake_call(
      cluster_, {client_, node_id_, "remove_network", id}, limit, [this, id]() -> Result<void> {
        const std::string what = fmt::format("remove network {}", id);
        const FakeNetwork* network = cluster_.find_network(here(), id);
        if (network == nullptr) return fail(ErrorCode::kNotFound, what + ": not found");
        const std::string network_id = network->info.id;
        bool in_use = cluster_.network_in_use(network_id);
        for (const auto& [other_id, other] : cluster_.swarm_networks) {
          in_use = in_use || (network->info.spec.config_only &&
                              other.info.spec.config_from == network->info.spec.name);
        }
        if (in_use) return fail(ErrorCode::kConflict, what + ": something is attached to it");
        Event event;
        event.kind = Event::Kind::kNetwork;
        event.action = Event::Action::kRemove;
        event.raw_action = "destroy";
        event.id = network_id;
        event.name = network->info.spec.name;
        cluster_.emit(network->info.spec.swarm_scope ? "" : node_id_, std::move(event));
        here().networks.erase(network_id);
        cluster_.swarm_networks.erase(network_id);
        return {};
      });
}

Answer<VolumeInfo> FakeEngine::create_volume(const VolumeSpec& spec, Millis limit) {
  return fake_call(cluster_, {client_, node_id_, "create_volume", spec.name}, limit,
                   [this, spec]() -> Result<VolumeInfo> {
                     const VolumeInfo made{spec, "/volumes/" + spec.name, cluster_.schedule.now()};
                     return here().volumes.emplace(spec.name, made).first->second;
                   });
}

Answer<VolumeInfo> FakeEngine::inspect_volume(std::string name, Millis limit) {
  return fake_call(cluster_, {client_, node_id_, "inspect_volume", name}, limit,
                   [this, name]() -> Result<VolumeInfo> {
                     const auto found = here().volumes.find(name);
                     if (found != here().volumes.end()) return found->second;
                     return fail(ErrorCode::kNotFound,
                                 fmt::format("look at volume {}: not found", name));
                   });
}

Answer<std::vector<VolumeInfo>> FakeEngine::list_volumes(const Filter& filter, Millis limit) {
  return fake_call(cluster_, {client_, node_id_, "list_volumes", ""}, limit,
                   [this, &filter]() -> Result<std::vector<VolumeInfo>> {
                     std::vector<VolumeInfo> found;
                     for (const auto& [name, volume] : here().volumes) {
                       const bool fits = has_labels(filter.labels, volume.spec.labels) &&
                                         matches(filter, name, name);
                       if (fits) found.push_back(volume);
                     }
                     return found;
                   });
}

Answer<void> FakeEngine::remove_volume(std::string name, Millis limit) {
  return fake_call(cluster_, {client_, node_id_, "remove_volume", name}, limit,
                   [this, name]() -> Result<void> {
                     const std::string what = fmt::format("remove volume {}", name);
                     if (!here().volumes.contains(name))
                       return fail(ErrorCode::kNotFound, what + ": not found");
                     for (const auto& [id, one] : here().containers) {
                       for (const Mount& mount : one.spec.settings.mounts) {
                         if (mount.kind != Mount::Kind::kVolume || mount.source != name) continue;
                         return fail(ErrorCode::kConflict,
                                     fmt::format("{}: is in use by container {}", what, id));
                       }
                     }
                     here().volumes.erase(name);
                     return {};
                   });
}

}  // namespace croft::engine
