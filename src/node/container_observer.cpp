#include "node/container_observer.h"

#include <archive.h>
#include <archive_entry.h>

#include <algorithm>
#include <memory>

#include "base/log.h"
#include "engine/labels.h"

namespace croft::node {
namespace {

constexpr Millis kEngineLimit{10'000};
constexpr std::size_t kMaxReportBytes = 256u << 10;

template <class IdType>
IdType id_label(const engine::Labels& labels, const std::string& key) {
  return IdType::parse(engine::label(labels, key)).value_or(IdType{});
}

bool is_running(engine::ContainerInfo::State state) {
  using State = engine::ContainerInfo::State;
  return state == State::kRunning || state == State::kPaused;
}

bool has_ended(engine::ContainerInfo::State state) {
  using State = engine::ContainerInfo::State;
  return state == State::kExited || state == State::kDead;
}

// The content of the first regular file of a tar held in memory.
std::optional<std::string> first_file(const std::string& tar) {
  const std::unique_ptr<archive, decltype(&archive_read_free)> reader(archive_read_new(),
                                                                      &archive_read_free);
  archive_read_support_format_tar(reader.get());
  if (archive_read_open_memory(reader.get(), tar.data(), tar.size()) != ARCHIVE_OK) return {};
  archive_entry* entry = nullptr;
  if (archive_read_next_header(reader.get(), &entry) != ARCHIVE_OK) return {};
  const auto size = static_cast<std::size_t>(std::max<la_int64_t>(0, archive_entry_size(entry)));
  if (size > kMaxReportBytes) return {};
  std::string content(size, '\0');
  const la_ssize_t got = archive_read_data(reader.get(), content.data(), content.size());
  if (got < 0) return {};
  content.resize(static_cast<std::size_t>(got));
  return content;
}

}  // namespace

ContainerObserver::ContainerObserver(engine::ContainerEngine& engine, std::string install_id)
    : engine_(engine), install_id_(std::move(install_id)) {}

Task<Result<std::vector<ObservedContainer>>> ContainerObserver::observe() {
  const engine::Filter filter{.labels = {{"croft.install", install_id_}}};
  auto listed = co_await engine_.list_containers(filter, true, kEngineLimit);
  if (!listed) co_return fail(std::move(listed).error());

  std::map<std::string, ObservedContainer> now;
  for (const engine::ContainerInfo& info : *listed) {
    const auto it = known_.find(info.id);
    const bool settled = it != known_.end() && (it->second.finished_at.has_value() ||
                                                (it->second.running && is_running(info.state)));
    if (settled) {
      now.insert(*it);
      continue;
    }
    auto seen = co_await look(info);
    if (seen) {
      now.insert_or_assign(info.id, std::move(*seen));
    } else if (seen.error().code() != ErrorCode::kNotFound) {
      co_return fail(std::move(seen).error());  // kNotFound: it went while we looked
    }
  }
  known_ = std::move(now);
  std::vector<ObservedContainer> all;
  all.reserve(known_.size());
  for (const auto& [id, container] : known_) all.push_back(container);
  co_return all;
}

Task<Result<ObservedContainer>> ContainerObserver::look(const engine::ContainerInfo& listed) {
  auto inspected = co_await engine_.inspect_container(listed.id, kEngineLimit);
  if (!inspected) co_return fail(std::move(inspected).error());
  const engine::ContainerInfo& info = *inspected;
  ObservedContainer seen;
  seen.id = info.id;
  seen.task_id = engine::label(info.labels, "com.docker.swarm.task.id");
  seen.role = engine::label(info.labels, "croft.role");
  seen.project_id = id_label<ProjectId>(info.labels, "croft.project");
  seen.service_id = id_label<ServiceId>(info.labels, "croft.service");
  seen.set_id = id_label<InstanceSetId>(info.labels, "croft.set");
  seen.hostname = info.id.substr(0, 12);
  seen.running = is_running(info.state);
  seen.started_at = info.started;
  for (const engine::TaskAddresses& address : info.addresses) {
    if (!seen.address6.empty() && address.network_name.ends_with("-uplink")) continue;
    seen.address4 = address.ipv4;
    seen.address6 = address.ipv6;
  }
  if (has_ended(info.state)) {
    seen.exit_code = info.exit_code;
    seen.oom_killed = info.oom_killed;
    seen.exit_report = co_await read_exit_report(info.id);
    seen.finished_at = info.finished ? info.finished : info.created;
  }
  co_return seen;
}

Task<std::optional<ExitReport>> ContainerObserver::read_exit_report(std::string id) {
  auto source = co_await engine_.get_archive(id, kExitReportPath, kEngineLimit);
  if (!source) co_return std::nullopt;  // a container that croft-init never ran in has none
  std::string tar;
  for (;;) {
    auto piece = co_await (*source)->next();
    if (!piece) co_return std::nullopt;
    if (!*piece) break;
    tar += **piece;
    if (tar.size() > 2 * kMaxReportBytes) co_return std::nullopt;
  }
  const auto content = first_file(tar);
  if (!content) co_return std::nullopt;
  auto report = from_json_text<ExitReport>(*content);
  if (!report) {
    log_warning("a container left an unreadable exit report",
                {{"container", id}, {"error", report.error().message()}});
    co_return std::nullopt;
  }
  co_return std::move(*report);
}

}  // namespace croft::node
