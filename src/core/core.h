// The loop of croft-core: desired state and health in, rules, DNS and reports out.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/random.h"
#include "base/time.h"
#include "core/address_guard.h"
#include "core/desired_file.h"
#include "core/dns_server.h"
#include "core/health_monitor.h"
#include "core/observed_server.h"
#include "core/once_server.h"
#include "core/pair_keeper.h"
#include "model/core_state.h"
#include "network/core_network.h"
#include "task/pool.h"

namespace croft {

struct CoreOptions {
  std::filesystem::path state_dir = kCoreStateDir;
  std::string hostname;  // of the container; names the socket
  std::string slot = kCoreSlots[0];
  std::string revision;  // reported as it is
  std::filesystem::path run_dir = "/run/croft";
  Millis exchange_time{1000};  // as in PairOptions
  std::uint16_t health_port = kHealthPort;
  std::uint16_t once_port = kOncePort;
  std::uint16_t dns_port = 53;
  std::uint16_t resolver_port = 53;
  SocketShelf shelf;  // of the supervisor
  // Of the supervisor, to write a byte to every second: it replaces a croft-core that is silent.
  int alive = -1;
};

class Core {
 public:
  // All outlive the core.
  Core(Runtime& runtime, CoreNetwork& network, Random& random, Clock& clock, CoreOptions options);
  Core(const Core&) = delete;

  // Until request_stop(). Rules and addresses stay in the kernel. Fails when the report socket
  // cannot be opened.
  Task<Status> run();
  void request_stop();

 private:
  // What an instance was given at the last change of rules.
  struct Placed {
    bool in_rotation = false;
    std::vector<std::string> addresses;
  };

  Task<void> look();
  Task<void> say_alive();
  void read_desired();
  Task<Status> converge();
  void become_active();
  void become_standby();
  Task<void> announce(int times);
  Task<void> count();
  Task<Status> apply();
  Status listen_on_addresses();
  void watch_instances();
  void decide();
  void commit();
  void publish();
  void on_claim(const IpAddress& address, const std::string& mac);
  bool still_settling() const;
  bool heard_of_all() const;
  CoreRole role() const;
  // What was decided of an instance; all false when nothing was.
  struct Choice {
    bool in_rotation = false;
    bool ended = false;
    bool operator==(const Choice&) const = default;
  };
  Choice chosen(const CoreService& service, std::size_t instance) const;

  CoreNetwork& network_;
  Clock& clock_;
  CoreOptions options_;
  Pool pool_{1};  // one: network changes and durable writes keep their order
  Group group_;
  Signal changed_;
  DesiredFile file_;
  HealthMonitor health_;
  DnsServer dns_;
  OnceServer once_;
  ObservedServer observed_;
  AddressGuard guard_;

  bool stopping_ = false;
  std::optional<CoreDesired> desired_;
  std::optional<CoreInterfaces> interfaces_;
  PairKeeper pair_;
  bool active_ = false;
  CoreDesired held_;           // while active: with the addresses that are held
  std::string listening_for_;  // the addresses that it listens on
  std::optional<RulesetModel> applied_;
  std::int64_t applied_generation_ = 0;
  bool dirty_ = true;                     // desired state or rotation differ from the applied
  std::map<std::string, Placed> placed_;  // instance id → as applied
  KeptSockets kept_;
  std::map<std::string, Choice> choice_;        // instance id → as decided now
  std::map<std::string, std::string> leaders_;  // service id → instance id
  std::string file_error_;
  std::string error_;
  // Rules of an earlier run stay until the instances had this long to answer.
  std::optional<Millis> settle_until_;
  Millis next_announcement_{0};
  Millis next_count_{0};
  CoreCounts counts_;
  std::int64_t rule_changes_ = 0;
  Millis rule_changes_took_{0};
};

}  // namespace croft
