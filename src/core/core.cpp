#include "core/core.h"

#include <fmt/format.h>
#include <unistd.h>

#include <boost/asio/post.hpp>

#include "base/log.h"
#include "plan/rotation.h"

namespace croft {
namespace {

constexpr Millis kPeriod{1000};    // looks again even if nothing was notified
constexpr Millis kWaitPeriod{50};  // while it waits to take part
constexpr Millis kCoalesce{5};     // changes that come together become one transaction
constexpr Millis kSettle{2000};    // see Core::settle_until_
constexpr Millis kCountPeriod{20'000};
constexpr Millis kAnnouncePause{200};  // at most five repeated announcements a second
constexpr int kTakeoverAnnouncements = 3;

// What interfaces_ and held_ depend on.
std::string address_key(const CoreDesired& d) {
  return fmt::format("{} {} {} {} {} {} {} {} {} {}", d.segment4, d.segment6, d.gateway4,
                     d.gateway6, d.uplink4, d.uplink6, d.uplink_address4, d.uplink_address6,
                     d.uplink_node4, d.uplink_node6);
}

std::vector<std::string> addresses_of(const CoreInstance& instance) {
  std::vector<std::string> out;
  for (const std::string* text : {&instance.address6, &instance.address4}) {
    if (!text->empty()) out.push_back(*text);
  }
  return out;
}

}  // namespace

Core::Core(Runtime& runtime, CoreNetwork& network, Random& random, Clock& clock,
           CoreOptions options)
    : network_(network),
      clock_(clock),
      options_(std::move(options)),
      group_(runtime),
      changed_(runtime),
      file_(runtime, changed_, options_.state_dir),
      health_(runtime, changed_, options_.health_port),
      dns_(runtime, random),
      once_(runtime, pool_, options_.state_dir / "once.json"),
      observed_(runtime),
      guard_(runtime,
             [this](const IpAddress& address, const std::string& mac) { on_claim(address, mac); }),
      pair_(runtime, network, pool_, clock, changed_,
            {.slot = options_.slot,
             .run_dir = options_.run_dir,
             .dns_port = options_.dns_port,
             .exchange_time = options_.exchange_time}),
      kept_(options_.shelf) {}

void Core::request_stop() {
  stopping_ = true;
  changed_.notify();
}

Task<Status> Core::run() {
  const auto socket = options_.state_dir / fmt::format("core-{}.sock", options_.hostname);
  const Status started = observed_.start(socket.string());
  if (started) {
    group_.spawn("desired file", file_.run());
    group_.spawn("alive", say_alive());
    const auto present = co_await run_blocking(pool_, [this] { return network_.has_ruleset(); });
    if (present && *present) settle_until_ = clock_.steady() + kSettle;
  }
  while (started && !stopping_) {
    co_await look();
    co_await changed_.wait_for(applied_ && pair_.waiting() ? kWaitPeriod : kPeriod);
    co_await sleep_for(kCoalesce);
  }
  file_.stop();
  guard_.close();
  co_await pair_.stop();
  co_await observed_.stop();
  co_await dns_.stop();
  co_await once_.stop();
  co_await health_.stop();
  group_.cancel();
  co_await group_.join();
  co_return started;
}

Task<void> Core::say_alive() {
  while (options_.alive >= 0) {
    [[maybe_unused]] const ssize_t written = ::write(options_.alive, "", 1);
    co_await sleep_for(kPeriod);
  }
}

Task<void> Core::look() {
  read_desired();
  if (desired_) {
    watch_instances();
    const Status done = co_await converge();
    co_await count();
    const std::string before = std::exchange(error_, done ? file_error_ : done.error().message());
    if (!done && error_ != before) {
      log_error("cannot apply the desired state", {{"error", done.error().describe()}});
    }
  } else {
    error_ = file_error_;
  }
  publish();
}

void Core::read_desired() {
  auto read = file_.poll();
  if (!read) {
    // An unreadable file changes nothing; it is reported until a good one comes.
    if (file_error_ != read.error().message()) {
      log_warning("desired state", {{"error", read.error().describe()}});
    }
    file_error_ = read.error().message();
    return;
  }
  if (!*read) return;
  file_error_.clear();
  const bool moved = desired_ && address_key(*desired_) != address_key(**read);
  if (moved) interfaces_.reset();
  desired_ = std::move(**read);
  dirty_ = true;
}

void Core::watch_instances() {
  if (!dirty_) return;
  std::vector<HealthTarget> targets;
  std::map<std::string, std::string> peers;
  for (const CoreService& service : desired_->services) {
    for (const CoreInstance& instance : service.instances) {
      std::vector<std::string> addresses = addresses_of(instance);
      for (const std::string& text : addresses) {
        const auto address = IpAddress::parse(text);
        if (address) peers[address->str()] = service.id.str();  // as the kernel writes it
      }
      targets.push_back({instance.id, std::move(addresses)});
    }
  }
  health_.set_targets(targets);
  once_.set_peers(std::move(peers));
  std::vector<Resolver> resolvers;
  for (const std::string& address : desired_->resolvers) {
    resolvers.push_back({address, options_.resolver_port});
  }
  dns_.set_resolvers(std::move(resolvers));
}

void Core::decide() {
  std::map<std::string, Choice> choice;
  std::map<std::string, std::string> leaders;
  for (const CoreService& service : desired_->services) {
    std::vector<RotationCandidate> candidates;
    for (const CoreInstance& instance : service.instances) {
      const auto placed = placed_.find(instance.id);
      candidates.push_back({.id = instance.id,
                            .duty = instance.duty,
                            .state = health_.health(instance.id).state,
                            .in_rotation = placed != placed_.end() && placed->second.in_rotation});
    }
    const std::vector<bool> in_rotation = choose_rotation(candidates);
    for (std::size_t i = 0; i < candidates.size(); ++i) {
      choice[candidates[i].id] = {in_rotation[i], health_.health(candidates[i].id).ended};
    }
    const std::string leader = choose_leader(candidates, leaders_[service.id.str()]);
    for (const RotationCandidate& c : candidates) {
      health_.set_leader(c.id, active_ && c.id == leader);
    }
    leaders[service.id.str()] = leader;
  }
  leaders_ = std::move(leaders);
  if (choice == choice_) return;
  choice_ = std::move(choice);
  dirty_ = true;
}

Core::Choice Core::chosen(const CoreService& service, std::size_t instance) const {
  const auto it = choice_.find(service.instances[instance].id);
  return it == choice_.end() ? Choice{} : it->second;
}

bool Core::still_settling() const {
  return !applied_ && settle_until_ && clock_.steady() < *settle_until_ && !heard_of_all();
}

bool Core::heard_of_all() const {
  for (const CoreService& service : desired_->services) {
    for (const CoreInstance& instance : service.instances) {
      if (instance.duty == InstanceDuty::kServe && !health_.health(instance.id).tried) return false;
    }
  }
  return true;
}

// A standby that does not know yet who is ready would serve nobody.
CoreRole Core::role() const {
  if (active_) return CoreRole::kActive;
  return error_.empty() && heard_of_all() && applied_ ? pair_.role() : CoreRole::kFault;
}

Task<Status> Core::converge() {
  if (!interfaces_) {
    auto found =
        co_await run_blocking(pool_, [this] { return network_.find_interfaces(*desired_); });
    if (!found) co_return fail(std::move(found).error());
    interfaces_ = std::move(*found);
    dirty_ = true;
  }
  // No wait between the decision and the question whether it is ripe: an answer that comes in
  // between would make a decision without it look ripe.
  decide();
  // Rules come before addresses: nothing is forwarded that they would not have let pass.
  Status ruled;
  if (!still_settling()) ruled = co_await apply();
  if (listening_for_ != address_key(*desired_)) {
    CROFT_CO_TRY(listen_on_addresses());
    listening_for_ = address_key(*desired_);
  }
  const Status paired = co_await pair_.converge(*desired_, *interfaces_, applied_.has_value());
  if (active_ && (!pair_.active() || address_key(held_) != address_key(*desired_))) {
    become_standby();
  }
  if (!active_ && pair_.active()) become_active();
  if (!ruled) co_return ruled;
  if (!applied_) {
    // Settling: the edge waits for the first decision, which does not concern the instances.
    dns_.set_zone(DnsZone(*desired_, [](const CoreService&, std::size_t) { return false; }));
    dns_.begin(DnsSide::kInside);
    co_return Status();
  }
  dns_.begin(DnsSide::kInside);
  dns_.begin(DnsSide::kUplink);
  applied_generation_ = desired_->generation;
  if (!paired) co_return paired;
  co_return co_await run_blocking(pool_, [this] { return network_.check_settings(); });
}

Task<Status> Core::apply() {
  if (!dirty_ && applied_) co_return Status();
  const InRotation in_rotation = [this](const CoreService& s, std::size_t i) {
    return chosen(s, i).in_rotation;
  };
  const HasEnded has_ended = [this](const CoreService& s, std::size_t i) {
    return chosen(s, i).ended;
  };
  auto model = make_ruleset(*desired_, *interfaces_, in_rotation, has_ended);
  if (!model) co_return fail(std::move(model).error());
  std::string script = applied_ ? render_change(*applied_, *model) : render_full(*model);
  if (!script.empty()) {
    const Millis began = clock_.steady();
    const Status done = co_await run_blocking(
        pool_, [this, script = std::move(script)] { return network_.apply_ruleset(script); });
    ++rule_changes_;
    rule_changes_took_ += clock_.steady() - began;
    if (!done) {
      // Whatever the kernel holds now, the next try replaces all of it.
      applied_.reset();
      settle_until_.reset();
      co_return done;
    }
  }
  if (!applied_) log_info("rules replaced", {{"open_ports", model->services6.size()}});
  applied_ = std::move(*model);
  dirty_ = false;
  dns_.set_zone(DnsZone(*desired_, in_rotation));
  commit();
  co_return Status();
}

void Core::commit() {
  std::map<std::string, Placed> now;
  for (const CoreService& service : desired_->services) {
    for (std::size_t i = 0; i < service.instances.size(); ++i) {
      now[service.instances[i].id] = {chosen(service, i).in_rotation,
                                      addresses_of(service.instances[i])};
    }
  }
  std::vector<std::string> gone;
  for (const auto& [id, placed] : placed_) {
    if (!now.contains(id))
      gone.insert(gone.end(), placed.addresses.begin(), placed.addresses.end());
  }
  placed_ = std::move(now);
  if (gone.empty()) return;
  boost::asio::post(pool_.executor(), [this, gone = std::move(gone)] {
    const Status done = network_.forget_connections(gone);
    if (!done) log_warning("cannot forget connections", {{"error", done.error().describe()}});
  });
}

Status Core::listen_on_addresses() {
  dns_.close();
  once_.close();
  kept_.clear();
  const CoreDesired& d = *desired_;
  for (const std::string& gateway : {d.gateway4, d.gateway6}) {
    auto dns = dns_.listen(gateway, options_.dns_port, DnsSide::kInside, kept_);
    if (!dns) return fail(std::move(dns).error());
    CROFT_TRY(once_.listen(gateway, options_.once_port, kept_));
  }
  for (const std::string& address : {d.uplink_address4, d.uplink_address6}) {
    auto dns = dns_.listen(address, options_.dns_port, DnsSide::kUplink, kept_);
    if (!dns) return fail(std::move(dns).error());
  }
  std::vector<int> sockets = dns_.descriptors();
  const std::vector<int> once = once_.descriptors();
  sockets.insert(sockets.end(), once.begin(), once.end());
  const Status kept = kept_.keep(sockets);
  if (!kept) log_warning("a restart will be noticed", {{"error", kept.error().describe()}});
  return {};
}

// The addresses are here: keepalived has put them, and the kernel uses them already.
void Core::become_active() {
  active_ = true;
  held_ = *desired_;
  once_.set_active(true);
  std::vector<IpAddress> ours;
  for (const std::string& text : {held_.gateway4, held_.gateway6}) {
    if (const auto address = IpAddress::parse(text)) ours.push_back(*address);
  }
  guard_.close();
  const Status guarded = guard_.open(interfaces_->segment, std::move(ours));
  if (guarded) {
    group_.spawn("address guard", guard_.run());
  } else {
    log_warning("addresses are not guarded", {{"error", guarded.error().describe()}});
  }
  group_.spawn("announce", announce(kTakeoverAnnouncements));
  decide();  // the leaders are to be told
  log_info("active", {{"project", held_.project_name}, {"gateway", held_.gateway4}});
}

void Core::become_standby() {
  active_ = false;
  once_.set_active(false);
  guard_.close();
  decide();
  log_info("standby", {{"project", held_.project_name}});
}

Task<void> Core::announce(int times) {
  for (int i = 0; i < times && active_; ++i) {
    if (i > 0) co_await sleep_for(kAnnouncePause);
    const Status done = co_await run_blocking(
        pool_, [this, d = held_, at = *interfaces_] { return network_.announce(d, at); });
    if (!done) log_warning("cannot announce", {{"error", done.error().describe()}});
  }
}

// For people to see who knocks where nobody may, and how much there is to do. Counters that cannot
// be read are not worth an error, unless the rules are gone with them: those are made again.
Task<void> Core::count() {
  if (!applied_ || clock_.steady() < next_count_) co_return;
  next_count_ = clock_.steady() + kCountPeriod;
  const auto counts = co_await run_blocking(pool_, [this] { return network_.counts(); });
  if (counts) {
    counts_ = *counts;
    co_return;
  }
  const auto present = co_await run_blocking(pool_, [this] { return network_.has_ruleset(); });
  if (!present || *present) co_return;
  log_warning("somebody has removed the rules; they are made again");
  applied_.reset();
  changed_.notify();
}

void Core::on_claim(const IpAddress& address, const std::string& mac) {
  if (!active_ || clock_.steady() < next_announcement_) return;
  next_announcement_ = clock_.steady() + kAnnouncePause;
  log_warning("another machine claims an address of the core; announcing it again",
              {{"address", address.str()}, {"mac", mac}});
  group_.spawn("announce", announce(2));  // again after the pause: more claims may come in it
}

}  // namespace croft
