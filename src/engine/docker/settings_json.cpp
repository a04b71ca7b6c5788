#include "engine/docker/settings_json.h"

#include <boost/json.hpp>

namespace croft::engine {

namespace json = boost::json;

json::array mounts_to_json(const std::vector<Mount>& mounts) {
  json::array array;
  for (const Mount& mount : mounts) {
    json::object object{{"Target", mount.target}, {"ReadOnly", mount.read_only}};
    switch (mount.kind) {
      case Mount::Kind::kVolume:
        object["Type"] = "volume";
        object["Source"] = mount.source;
        break;
      case Mount::Kind::kBind:
        object["Type"] = "bind";
        object["Source"] = mount.source;
        if (mount.shared_propagation) object["BindOptions"] = {{"Propagation", "rslave"}};
        break;
      case Mount::Kind::kTmpfs:
        object["Type"] = "tmpfs";
        object["TmpfsOptions"] = {{"SizeBytes", mount.tmpfs_bytes}, {"Mode", mount.tmpfs_mode}};
        break;
    }
    array.push_back(std::move(object));
  }
  return array;
}

std::vector<Mount> mounts_from_json(JsonView view) {
  std::vector<Mount> mounts;
  for (const JsonView item : view.items()) {
    Mount mount;
    const std::string type = item["Type"].text();
    mount.kind = type == "bind"    ? Mount::Kind::kBind
                 : type == "tmpfs" ? Mount::Kind::kTmpfs
                                   : Mount::Kind::kVolume;
    mount.source = item["Source"].text();
    mount.target = item["Target"].text();
    mount.read_only = item["ReadOnly"].flag();
    mount.tmpfs_bytes = item["TmpfsOptions"]["SizeBytes"].integer();
    mount.tmpfs_mode = static_cast<std::uint32_t>(item["TmpfsOptions"]["Mode"].count());
    mount.shared_propagation = item["BindOptions"]["Propagation"].text() == "rslave";
    mounts.push_back(std::move(mount));
  }
  return mounts;
}

json::array ulimits_to_json(const std::vector<Ulimit>& ulimits) {
  json::array array;
  for (const Ulimit& ulimit : ulimits) {
    array.push_back({{"Name", ulimit.name}, {"Soft", ulimit.soft}, {"Hard", ulimit.hard}});
  }
  return array;
}

std::vector<Ulimit> ulimits_from_json(JsonView view) {
  std::vector<Ulimit> ulimits;
  for (const JsonView item : view.items()) {
    ulimits.push_back({item["Name"].text(), item["Soft"].integer(), item["Hard"].integer()});
  }
  return ulimits;
}

}  // namespace croft::engine
