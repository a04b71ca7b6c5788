// What the fake engine remembers. Plain data; FakeCluster keeps it consistent.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "engine/container.h"
#include "engine/fake/behaviour.h"
#include "engine/fake/tar.h"
#include "engine/image.h"
#include "engine/network_spec.h"
#include "engine/streams.h"

namespace croft::engine {

struct FakeImage {
  std::string id;
  ImageConfig config;
  TarFiles files;
  std::int64_t size_bytes = 0;
  Timestamp created;
};

struct FakeContainer {
  // As everybody outside sees it.
  ContainerInfo shown() const {
    ContainerInfo seen = info;
    if (paused && info.state == ContainerInfo::State::kRunning) {
      seen.state = ContainerInfo::State::kPaused;
    }
    return seen;
  }

  ContainerInfo info;  // never kPaused
  bool paused = false;
  ContainerSpec spec;
  ContainerSettings settings;  // with what the image adds
  FakeProcess process;         // of the current or last run
  std::uint64_t run = 0;       // counts starts, so that an action for an earlier run does nothing
  bool stop_requested = false;
  std::string task_id;  // empty: a container of its own
  std::vector<LogFrame> log;
  TarFiles files;  // by absolute path
};

struct FakeNetwork {
  NetworkInfo info;
  std::map<std::string, std::uint64_t>
      next_host;  // by range: where the search for a free one begins
};

struct FakeNode {
  NodeInfo info;
  bool reachable = true;  // its engine answers
  std::map<std::string, FakeImage> images;
  std::map<std::string, std::string> tags;  // "name:tag" -> image id
  std::map<std::string, FakeContainer> containers;
  std::map<std::string, VolumeInfo> volumes;
  std::map<std::string, FakeNetwork> networks;  // of this node only; config-only ones among them
  // Where addresses of a swarm network are searched from, by network id and range.
  std::map<std::string, std::uint64_t> next_host;
};

struct FakeTask {
  TaskInfo info;
  ServiceSpec spec;            // of the service when the task was made
  std::uint64_t sequence = 0;  // in the order in which tasks were made
  bool held = false;           // after a restart: waits in kReady until its delay has passed
};

struct FakeService {
  ServiceInfo info;
  ServiceSpec previous;                                      // for a rollback
  std::map<std::uint64_t, std::vector<Timestamp>> restarts;  // by slot, of this template
  bool update_paused = false;
  bool rolling_back = false;
  bool removed = false;  // its tasks are still stopping
};

struct FakeFile {
  FileInfo info;
  std::string value;
};

struct FakeEvent {
  std::string node;  // id; empty: every manager tells it
  Event event;
};

}  // namespace croft::engine
