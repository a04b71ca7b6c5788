// The life of containers in the fake.
#include <fmt/format.h>

#include "engine/fake/cluster.h"

namespace croft::engine {
namespace {

constexpr int kKilledCode = 137;  // 128 + SIGKILL

// What a container of `image` runs with: the image's configuration under the container's.
ContainerSettings merged(const ContainerSettings& own, const ImageConfig& image) {
  ContainerSettings settings = own;
  if (own.command.empty()) {
    settings.command = image.entrypoint;
    if (own.args.empty()) settings.args = image.command;
  }
  settings.env.insert(image.env.begin(), image.env.end());
  settings.labels.insert(image.labels.begin(), image.labels.end());
  if (own.workdir.empty()) settings.workdir = image.workdir;
  if (own.user.empty()) settings.user = image.user;
  if (own.stop_signal.empty()) settings.stop_signal = image.stop_signal;
  return settings;
}

std::vector<LogFrame> frames_of(const Output& output) {
  std::vector<LogFrame> frames;
  std::string text = output.data;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    const bool complete = end != std::string::npos;
    frames.push_back({output.source, 0, text.substr(0, end), complete});
    text.erase(0, complete ? end + 1 : text.size());
  }
  return frames;
}

}  // namespace

FakeImage* FakeCluster::find_image(FakeNode& at, const std::string& reference) {
  const auto by_id = at.images.find(reference);
  if (by_id != at.images.end()) return &by_id->second;
  const bool has_tag = reference.find(':', reference.rfind('/') + 1) != std::string::npos;
  const auto tag = at.tags.find(has_tag ? reference : reference + ":latest");
  return tag == at.tags.end() ? nullptr : &at.images.at(tag->second);
}

Result<std::string> FakeCluster::create_container(FakeNode& at, const ContainerSpec& spec,
                                                  const std::string& task_id) {
  const std::string what = fmt::format("create container {}", spec.name);
  const FakeImage* image = find_image(at, spec.settings.image);
  if (image == nullptr) {
    return fail(ErrorCode::kNotFound,
                fmt::format("{}: no such image: {}", what, spec.settings.image));
  }
  for (const auto& [id, other] : at.containers) {
    if (!spec.name.empty() && other.info.name == spec.name) {
      return fail(ErrorCode::kConflict, fmt::format("{}: the name is in use by {}", what, id));
    }
  }
  for (const NetworkAttachment& attachment : spec.networks) {
    const FakeNetwork* network = find_network(at, attachment.network);
    if (network == nullptr) {
      return fail(ErrorCode::kNotFound,
                  fmt::format("{}: network {} not found", what, attachment.network));
    }
    const NetworkSpec& joined = network->info.spec;
    if (task_id.empty() && joined.swarm_scope && !joined.attachable) {
      return fail(ErrorCode::kConflict,
                  fmt::format("{}: network {} is not attachable", what, joined.name));
    }
  }
  FakeContainer container;
  container.info.id = hex_id();
  container.info.name = spec.name.empty() ? "unnamed_" + container.info.id.substr(0, 8) : spec.name;
  container.info.image = spec.settings.image;
  container.info.image_id = image->id;
  container.info.created = schedule.now();
  container.info.tty = spec.settings.tty;
  container.info.written = "/layers/" + container.info.id;
  container.spec = spec;
  container.settings = merged(spec.settings, image->config);
  container.info.labels = container.settings.labels;
  container.files = image->files;
  container.task_id = task_id;
  for (const Mount& mount : spec.settings.mounts) {
    if (mount.kind != Mount::Kind::kVolume) continue;
    container.info.volumes.push_back("/volumes/" + mount.source);
    if (at.volumes.contains(mount.source)) continue;
    at.volumes[mount.source] = {{mount.source, {}}, "/volumes/" + mount.source, schedule.now()};
  }
  const std::string id = container.info.id;
  emit_container(at.info.id, container, Event::Action::kCreate);
  at.containers.emplace(id, std::move(container));
  return id;
}

void FakeCluster::prepare_run(FakeContainer& container) {
  container.process = behaviour.process ? behaviour.process(container.settings) : FakeProcess();
}

Status FakeCluster::start_container(FakeNode& at, FakeContainer& container) {
  ContainerInfo& info = container.info;
  if (info.state == ContainerInfo::State::kRunning) return {};
  const std::string what = fmt::format("start container {}", info.name);
  if (!container.process.start_error.empty()) {
    info.error = container.process.start_error;
    return fail(ErrorCode::kInvalid, fmt::format("{}: {}", what, info.error));
  }
  std::vector<TaskAddresses> addresses;
  for (const NetworkAttachment& attachment : container.spec.networks) {
    FakeNetwork* network = find_network(at, attachment.network);
    if (network == nullptr) {
      return fail(ErrorCode::kNotFound,
                  fmt::format("{}: network {} not found", what, attachment.network));
    }
    auto given = allocate(at, *network);
    if (!given) return fail(std::move(given).error().in(what));
    addresses.push_back(std::move(*given));
  }
  info.addresses = std::move(addresses);
  info.state = ContainerInfo::State::kRunning;
  info.started = schedule.now();
  info.pid = static_cast<std::int64_t>(next_version());
  info.exit_code.reset();
  info.finished.reset();
  info.oom_killed = false;
  container.stop_requested = false;
  container.paused = false;
  const std::uint64_t run = ++container.run;
  emit_container(at.info.id, container, Event::Action::kStart);
  const std::string node_id = at.info.id;
  const std::string id = info.id;
  const auto if_same_run = [this, node_id, id,
                            run](const std::function<void(FakeContainer&)>& act) {
    const auto found = nodes.at(node_id).containers.find(id);
    if (found == nodes.at(node_id).containers.end() || found->second.run != run) return;
    if (found->second.info.state == ContainerInfo::State::kRunning) act(found->second);
  };
  for (const Output& output : container.process.output) {
    for (const LogFrame& frame : frames_of(output)) {
      schedule.after(timings.log_line, [this, if_same_run, frame] {
        if_same_run([&](FakeContainer& mine) {
          mine.log.push_back({frame.source, schedule.next_ns(), frame.text, frame.complete});
        });
      });
    }
  }
  if (container.process.exits_after) {
    schedule.after(*container.process.exits_after, [this, if_same_run, node_id] {
      if_same_run([&](FakeContainer& mine) {
        const bool oom = mine.process.out_of_memory;
        finish_container(nodes.at(node_id), mine, oom ? kKilledCode : mine.process.exit_code, oom);
      });
    });
  }
  return {};
}

void FakeCluster::finish_container(FakeNode& at, FakeContainer& container, int exit_code,
                                   bool oom) {
  ContainerInfo& info = container.info;
  if (info.state != ContainerInfo::State::kRunning) return;
  info.state = ContainerInfo::State::kExited;
  info.exit_code = exit_code;
  info.oom_killed = oom;
  info.pid = 0;
  info.health.clear();
  info.finished = schedule.now();
  info.addresses.clear();
  if (oom) emit_container(at.info.id, container, Event::Action::kOom);
  emit_container(at.info.id, container, Event::Action::kDie,
                 {{"exitCode", std::to_string(exit_code)}});
  if (!container.task_id.empty()) {
    task_container_ended(container);
  } else if (container.spec.restart_always && !container.stop_requested) {
    schedule.after(Millis(100), [this, node_id = at.info.id, id = info.id] {
      FakeContainer* again = find_container(id);
      if (again == nullptr || again->stop_requested) return;
      prepare_run(*again);
      start_container(nodes.at(node_id), *again);
    });
  }
}

void FakeCluster::signal_container(FakeNode& at, FakeContainer& container, int signal) {
  emit_container(at.info.id, container, Event::Action::kKill, {{"signal", std::to_string(signal)}});
  const bool ends = signal == 9 || (signal == 15 && !container.process.ignores_stop);
  if (!ends) return;
  const Millis delay = signal == 9 ? Millis(0) : container.process.stop_delay;
  const int code = signal == 9 ? kKilledCode : container.process.stop_exit_code;
  schedule.after(delay,
                 [this, node_id = at.info.id, id = container.info.id, run = container.run, code] {
                   FakeContainer* mine = find_container(id);
                   if (mine != nullptr && mine->run == run) {
                     finish_container(nodes.at(node_id), *mine, code, false);
                   }
                 });
}

void FakeCluster::stop_container(FakeNode& at, FakeContainer& container, Millis grace) {
  if (container.info.state != ContainerInfo::State::kRunning || container.stop_requested) return;
  container.stop_requested = true;
  signal_container(at, container, 15);
  schedule.after(grace, [this, node_id = at.info.id, id = container.info.id, run = container.run] {
    FakeContainer* mine = find_container(id);
    if (mine == nullptr || mine->run != run) return;
    if (mine->info.state != ContainerInfo::State::kRunning) return;
    signal_container(nodes.at(node_id), *mine, 9);
  });
}

void FakeCluster::remove_container(FakeNode& at, const std::string& id) {
  const auto found = at.containers.find(id);
  if (found == at.containers.end()) return;
  FakeContainer& container = found->second;
  if (container.info.state == ContainerInfo::State::kRunning) {
    container.stop_requested = true;
    emit_container(at.info.id, container, Event::Action::kKill, {{"signal", "9"}});
    finish_container(at, container, kKilledCode, false);
  }
  // Ending it may have removed it with its task.
  const auto still = at.containers.find(id);
  if (still == at.containers.end()) return;
  emit_container(at.info.id, still->second, Event::Action::kRemove);
  at.containers.erase(still);
  schedule.changed();
}

}  // namespace croft::engine
