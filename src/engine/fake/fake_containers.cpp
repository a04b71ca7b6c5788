#include "engine/fake/fake_call.h"
#include "engine/fake/fake_engine.h"
#include "engine/filter.h"

namespace croft::engine {
namespace {

constexpr std::size_t kMaxArchiveBytes = 256u << 20;

// "/tmp" and "x/y" -> "/tmp/x/y"
std::string joined(std::string folder, const std::string& path) {
  if (!folder.ends_with('/')) folder += '/';
  return folder + path;
}

// Whether `path` is a folder of the container: one that an entry names or lies in, or one that
// every root file system has.
bool is_folder(const TarFiles& files, const std::string& path) {
  if (path == "/" || path == "/tmp") return true;
  const std::string prefix = joined(path, "");
  const auto at = files.lower_bound(prefix);
  return at != files.end() && at->first.starts_with(prefix);
}

}  // namespace

Result<FakeContainer*> FakeEngine::container(const std::string& id, const std::string& what) {
  for (auto& [key, one] : here().containers) {
    if (key == id || one.info.name == id) return &one;
  }
  return fail(ErrorCode::kNotFound, fmt::format("{} {}: no such container", what, id));
}

Answer<std::string> FakeEngine::create_container(const ContainerSpec& spec, Millis limit) {
  return fake_call(cluster_, {client_, node_id_, "create_container", spec.name}, limit,
                   [this, spec] { return cluster_.create_container(here(), spec, ""); });
}

Answer<void> FakeEngine::start_container(std::string id, Millis limit) {
  const auto prepare = [this, id]() -> Result<Millis> {
    const auto found = container(id, "start container");
    if (!found) return fail(Error(found.error()));
    if ((*found)->info.state == ContainerInfo::State::kRunning) return Millis(0);
    cluster_.prepare_run(**found);
    return (*found)->process.start_delay;
  };
  const FakeCall call{client_, node_id_, "start_container", id};
  const auto delay = co_await fake_call(cluster_, call, limit, prepare);
  if (!delay) co_return fail(Error(delay.error()));
  if (*delay > Millis(0)) co_await cluster_.schedule.sleep(*delay);
  const auto found = container(id, "start container");
  if (!found) co_return fail(Error(found.error()));
  co_return cluster_.start_container(here(), **found);
}

Answer<void> FakeEngine::stop_container(std::string id, Millis grace, Millis limit) {
  const auto stop = [this, id, grace]() -> Result<void> {
    const auto found = container(id, "stop container");
    if (!found) return fail(Error(found.error()));
    cluster_.stop_container(here(), **found, grace);
    return {};
  };
  const FakeCall call{client_, node_id_, "stop_container", id};
  const Millis until = cluster_.schedule.instant() + limit;
  CROFT_CO_TRY(co_await fake_call(cluster_, call, limit, stop));
  cluster_.schedule.after(limit, [] {});
  while (cluster_.schedule.instant() < until) {
    const auto found = container(id, "stop container");
    const bool runs = found && (*found)->info.state == ContainerInfo::State::kRunning;
    if (!runs) co_return Result<void>();
    co_await cluster_.schedule.wait_for_change();
  }
  co_return fail(ErrorCode::kTimeout, fmt::format("stop container {}: it still runs", id));
}

Answer<void> FakeEngine::kill_container(std::string id, int signal, Millis limit) {
  return fake_call(cluster_, {client_, node_id_, "kill_container", id}, limit,
                   [this, id, signal]() -> Result<void> {
                     const auto found = container(id, "send a signal to container");
                     if (!found) return fail(Error(found.error()));
                     if ((*found)->info.state != ContainerInfo::State::kRunning) {
                       return fail(
                           ErrorCode::kConflict,
                           fmt::format("send a signal to container {}: it is not running", id));
                     }
                     cluster_.signal_container(here(), **found, signal);
                     return {};
                   });
}

// To everybody else a paused container is a running one that does nothing.
Answer<void> FakeEngine::set_paused(std::string id, bool paused, Millis limit) {
  const char* what = paused ? "pause_container" : "unpause_container";
  return fake_call(cluster_, {client_, node_id_, what, id}, limit,
                   [this, id, paused]() -> Result<void> {
                     const auto found = container(id, "pause container");
                     if (!found) return fail(Error(found.error()));
                     if ((*found)->info.state != ContainerInfo::State::kRunning) {
                       return fail(ErrorCode::kConflict,
                                   fmt::format("pause container {}: it is not running", id));
                     }
                     (*found)->paused = paused;
                     return {};
                   });
}

Answer<int> FakeEngine::wait_container(std::string id, Millis limit) {
  const auto begin = [this, id]() -> Result<void> {
    const auto found = container(id, "wait for container");
    if (!found) return fail(Error(found.error()));
    return {};
  };
  const FakeCall call{client_, node_id_, "wait_container", id};
  const Millis until = cluster_.schedule.instant() + limit;
  CROFT_CO_TRY(co_await fake_call(cluster_, call, limit, begin));
  cluster_.schedule.after(limit, [] {});
  while (true) {
    const auto found = container(id, "wait for container");
    if (!found) co_return fail(Error(found.error()));
    const ContainerInfo& info = (*found)->info;
    if (info.state != ContainerInfo::State::kRunning) co_return info.exit_code.value_or(0);
    if (cluster_.schedule.instant() >= until) {
      co_return fail(ErrorCode::kTimeout, fmt::format("wait for container {}: it still runs", id));
    }
    co_await cluster_.schedule.wait_for_change();
  }
}

Answer<void> FakeEngine::remove_container(std::string id, bool force, Millis limit) {
  return fake_call(cluster_, {client_, node_id_, "remove_container", id}, limit,
                   [this, id, force]() -> Result<void> {
                     const auto found = container(id, "remove container");
                     if (!found) return fail(Error(found.error()));
                     if ((*found)->info.state == ContainerInfo::State::kRunning && !force) {
                       return fail(ErrorCode::kConflict,
                                   fmt::format("remove container {}: it is running", id));
                     }
                     cluster_.remove_container(here(), (*found)->info.id);
                     return {};
                   });
}

Answer<ContainerInfo> FakeEngine::inspect_container(std::string id, Millis limit) {
  return fake_call(cluster_, {client_, node_id_, "inspect_container", id}, limit,
                   [this, id]() -> Result<ContainerInfo> {
                     const auto found = container(id, "look at container");
                     if (!found) return fail(Error(found.error()));
                     return (*found)->shown();
                   });
}

Answer<std::vector<ContainerInfo>> FakeEngine::list_containers(const Filter& filter, bool all,
                                                               Millis limit) {
  return fake_call(cluster_, {client_, node_id_, "list_containers", ""}, limit,
                   [this, &filter, all]() -> Result<std::vector<ContainerInfo>> {
                     std::vector<ContainerInfo> found;
                     for (const auto& [id, one] : here().containers) {
                       const bool runs = one.info.state == ContainerInfo::State::kRunning;
                       const bool fits = has_labels(filter.labels, one.info.labels) &&
                                         matches(filter, id, one.info.name);
                       if ((all || runs) && fits) found.push_back(one.shown());
                     }
                     return found;
                   });
}

Answer<void> FakeEngine::update_container(std::string id, const ContainerUpdate& update,
                                          Millis limit) {
  return fake_call(cluster_, {client_, node_id_, "update_container", id}, limit,
                   [this, id, update]() -> Result<void> {
                     const auto found = container(id, "change the limits of container");
                     if (!found) return fail(Error(found.error()));
                     Resources& resources = (*found)->settings.resources;
                     if (update.nano_cpus) resources.nano_cpus = *update.nano_cpus;
                     if (update.memory_bytes) resources.memory_bytes = *update.memory_bytes;
                     if (update.pids) resources.pids = *update.pids;
                     if (update.cpu_shares) {
                       resources.cpu_shares = *update.cpu_shares;
                       (*found)->info.cpu_shares = *update.cpu_shares;
                     }
                     cluster_.emit_container(node_id_, **found, Event::Action::kUpdate);
                     return {};
                   });
}

Answer<ContainerStats> FakeEngine::container_stats(std::string id, Millis limit) {
  return fake_call(cluster_, {client_, node_id_, "container_stats", id}, limit,
                   [this, id]() -> Result<ContainerStats> {
                     const auto found = container(id, "read statistics of container");
                     if (!found) return fail(Error(found.error()));
                     const ContainerInfo& info = (*found)->info;
                     ContainerStats stats;
                     stats.read = cluster_.schedule.now();
                     const std::int64_t limit_bytes = (*found)->settings.resources.memory_bytes;
                     stats.memory_limit_bytes = static_cast<std::uint64_t>(
                         limit_bytes > 0 ? limit_bytes : here().info.memory_bytes);
                     if (info.state != ContainerInfo::State::kRunning || !info.started)
                       return stats;
                     // A process that idles: one per cent of a core, 8 MiB.
                     const Millis up = cluster_.schedule.now() - *info.started;
                     stats.cpu_ns = static_cast<std::uint64_t>(up.count()) * 10'000;
                     stats.system_cpu_ns = static_cast<std::uint64_t>(up.count()) * 1'000'000;
                     stats.memory_bytes = 8u << 20;
                     stats.pids = 1;
                     return stats;
                   });
}

Answer<void> FakeEngine::put_archive(std::string id, std::string path, ByteSource& tar,
                                     Millis limit) {
  auto bytes = co_await read_all(tar, kMaxArchiveBytes);
  if (!bytes) co_return fail(std::move(bytes).error());
  const auto unpack = [this, &id, &path, &bytes]() -> Result<void> {
    const std::string what = fmt::format("unpack files at {} in container", path);
    const auto found = container(id, what);
    if (!found) return fail(Error(found.error()));
    const auto entries = read_tar(*bytes);
    if (!entries) return fail(Error(entries.error()).in(what));
    TarFiles& files = (*found)->files;
    if (!is_folder(files, path)) {
      return fail(ErrorCode::kNotFound, fmt::format("{} {}: no such folder", what, id));
    }
    for (const auto& [name, entry] : *entries) files[joined(path, name)] = entry;
    return {};
  };
  const FakeCall call{client_, node_id_, "put_archive", id};
  co_return co_await fake_call(cluster_, call, limit, unpack);
}

Answer<std::unique_ptr<ByteSource>> FakeEngine::get_archive(std::string id, std::string path,
                                                            Millis limit) {
  return fake_call(cluster_, {client_, node_id_, "get_archive", id}, limit,
                   [this, id, path]() -> Result<std::unique_ptr<ByteSource>> {
                     const std::string what = fmt::format("read {} of container", path);
                     const auto found = container(id, what);
                     if (!found) return fail(Error(found.error()));
                     TarFiles packed;
                     const std::string parent = path.substr(0, path.rfind('/') + 1);
                     const std::string prefix = joined(path, "");
                     for (const auto& [name, entry] : (*found)->files) {
                       if (name == path || name.starts_with(prefix))
                         packed[name.substr(parent.size())] = entry;
                     }
                     if (packed.empty()) {
                       return fail(ErrorCode::kNotFound,
                                   fmt::format("{} {}: no such file", what, id));
                     }
                     return std::make_unique<StringSource>(write_tar(packed));
                   });
}

}  // namespace croft::engine
