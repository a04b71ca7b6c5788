#include "node/agent.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/file.h"
#include "base/log.h"
#include "plan/host_ruleset.h"

namespace croft::node {
namespace {

constexpr Millis kScanPeriod{1000};
constexpr Millis kCheckPeriod{30'000};
constexpr Millis kRetryPause{2000};
constexpr const char* kDesiredFile = "desired.json";
constexpr const char* kSettingsFile = "host_settings.json";

std::vector<std::string> resolvers_of(const NodeDesired& desired) {
  std::vector<std::string> all;
  for (const CoreDesired& core : desired.cores) {
    all.insert(all.end(), core.resolvers.begin(), core.resolvers.end());
  }
  std::sort(all.begin(), all.end());
  all.erase(std::unique(all.begin(), all.end()), all.end());
  return all;
}

// Everything that converge_host() looks at.
std::string host_part_of(const NodeDesired& desired) {
  return to_json_text(desired.uplink) + to_json_text(desired.edge) +
         to_json_text(desired.segments) + to_json_text(resolvers_of(desired));
}

}  // namespace

Agent::Agent(Runtime& runtime, HostNetwork& network, engine::Engine& engine, LayerMeter& meter,
             Clock& clock, AgentOptions options)
    : network_(network),
      clock_(clock),
      options_(std::move(options)),
      changed_(runtime),
      files_(options_.cores),
      routes_(options_.routes),
      relay_(runtime, files_, changed_),
      containers_(runtime, engine, options_.install_id, changed_),
      layers_(
          runtime, engine, meter, clock,
          [this] { return containers_.containers().value_or(std::vector<ObservedContainer>()); },
          changed_),
      http_(runtime, options_.access_log),
      link_(runtime, options_.control, options_.node_id,
            fmt::format("{}-{}", clock.now().ms, clock.steady().count()),
            [this](NodeDesired desired) { take_desired(std::move(desired)); }) {}

void Agent::request_stop() {
  stopping_ = true;
  changed_.notify();
}

// After a reboot the machine is made ready before the control plane is.
void Agent::read_kept_state() {
  const auto text = read_file(options_.directory / kDesiredFile);
  if (!text) return;
  auto kept = from_json_text<NodeDesired>(*text);
  if (!kept) {
    log_warning("the kept desired state cannot be read", {{"error", kept.error().describe()}});
    return;
  }
  desired_ = std::move(*kept);
  dirty_ = true;
}

void Agent::take_desired(NodeDesired desired) {
  desired_ = std::move(desired);
  dirty_ = true;
  changed_.notify();
}

Task<void> Agent::run() {
  read_kept_state();
  containers_.start();
  layers_.start();
  http_.start();
  link_.start(desired_ ? desired_->generation : 0);
  while (!stopping_) {
    co_await look();
    co_await changed_.wait_for(kScanPeriod);
  }
  co_await link_.stop();
  co_await layers_.stop();
  co_await http_.stop();
  co_await containers_.stop();
  co_await relay_.stop();
}

Task<void> Agent::look() {
  const bool check = clock_.steady() >= next_check_;
  if (desired_ && (dirty_ || check)) {
    dirty_ = false;
    const NodeDesired desired = *desired_;  // a newer one may come while this is applied
    // Most changes are news for cores, and urgent: a deployment waits for them.
    std::string host_part = host_part_of(desired);
    const bool host_too = check || host_part != host_part_;
    Status edge;  // by itself: trouble with the network is not the edge's
    Status done = co_await run_blocking(pool_, [this, &desired, &edge, host_too] {
      edge = converge_edge(desired, host_too);
      const Status host = host_too ? converge_host(desired) : Status();
      return host ? converge_cores(desired) : host;
    });
    if (edge && desired.edge_routes) edge_generation_ = desired.generation;
    if (done) done = std::move(edge);
    if (host_too || !done) next_check_ = clock_.steady() + (done ? kCheckPeriod : kRetryPause);
    host_part_ = done ? std::move(host_part) : "";
    const std::string before = std::exchange(error_, done ? "" : done.error().message());
    if (done) applied_generation_ = desired.generation;
    if (!done && error_ != before) {
      log_error("cannot apply the desired state", {{"error", done.error().describe()}});
    }
  }
  if (desired_ && desired_->edge_routes) http_.set_routes(*desired_->edge_routes);
  if (desired_) layers_.set_limits({desired_->container_disk_bytes, desired_->volume_bytes});
  relay_.scan();
  publish();
}

Status Agent::keep_settings() {
  auto before = network_.settings_in_the_way();
  if (!before) return fail(std::move(before).error());
  if (before->empty()) return {};
  // The first value seen is the machine's own; a later one may be ours.
  const auto file = options_.directory / kSettingsFile;
  if (const auto text = read_file(file)) {
    if (auto kept = from_json_text<KernelSettings>(*text)) {
      for (auto& [name, value] : *kept) (*before)[name] = value;
    }
  }
  CROFT_TRY(write_file_atomically(file, to_json_text(*before), 0600));
  return network_.enable_forwarding();
}

Status Agent::converge_host(const NodeDesired& desired) {
  CROFT_TRY(make_directories(options_.directory, 0700));
  CROFT_TRY(keep_settings());
  auto state = network_.observe(options_.install_id);
  if (!state) return fail(std::move(state).error());
  auto plan = plan_host(desired, *state, options_.install_id);
  if (!plan) return fail(std::move(plan).error());

  // The rules come before the interfaces that they are about.
  auto ruleset = render_host_ruleset({.install_id = options_.install_id,
                                      .uplink = desired.uplink,
                                      .resolvers = resolvers_of(desired),
                                      .edge = desired.edge,
                                      .default_interfaces = state->default_interfaces});
  if (!ruleset) return fail(std::move(ruleset).error());
  auto present = network_.has_ruleset(options_.install_id);
  if (!present) return fail(std::move(present).error());
  if (!*present || *ruleset != ruleset_) {
    CROFT_TRY(network_.apply_ruleset(*ruleset));
    ruleset_ = std::move(*ruleset);
  }
  if (!plan->empty()) {
    CROFT_TRY(network_.apply(*plan));
    state = network_.observe(options_.install_id);
    if (!state) return fail(std::move(state).error());
  }
  segments_ = matching_segments(desired, *state);
  return network_.open_docker_firewall(options_.install_id, desired.uplink.child_device);
}

Status Agent::converge_cores(const NodeDesired& desired) {
  CROFT_TRY(files_.move_from(options_.directory / "cores"));
  CROFT_TRY(files_.apply(desired.cores));
  return write_file_atomically(options_.directory / kDesiredFile, to_json_text(desired), 0600);
}

Status Agent::converge_edge(const NodeDesired& desired, bool look) {
  if (!desired.edge_routes) return {};
  return routes_.apply(*desired.edge_routes, look);
}

void Agent::publish() {
  NodeObserved observed{.generation = applied_generation_,
                        .edge_generation = edge_generation_,
                        .error = error_,
                        .segments = segments_,
                        .cores = relay_.reports(),
                        .http = http_.figures()};
  if (containers_.containers()) {
    observed.containers_known = true;
    observed.containers = *containers_.containers();
    layers_.mark(observed.containers);
  }
  link_.report(observed);
}

Status purge(HostNetwork& network, const AgentOptions& options) {
  const std::string& install_id = options.install_id;
  CROFT_TRY(network.close_docker_firewall(install_id, device_prefix(install_id) + "u"));
  auto state = network.observe(install_id);
  if (!state) return fail(std::move(state).error());
  CROFT_TRY(network.apply(plan_purge(*state)));
  CROFT_TRY(network.remove_ruleset(install_id));
  if (const auto text = read_file(options.directory / kSettingsFile)) {
    auto before = from_json_text<KernelSettings>(*text);
    if (before) CROFT_TRY(network.restore_settings(*before));
  }
  for (const std::filesystem::path& directory :
       {options.directory, options.cores, options.routes}) {
    std::error_code error;
    std::filesystem::remove_all(directory, error);
    if (!error) continue;
    return fail(errno_error(fmt::format("remove {}", directory.string()), error.value()));
  }
  return {};
}

}  // namespace croft::node
