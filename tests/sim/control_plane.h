// One life of croftd: the production control plane over the simulated world, from its start to its
// death. The next life is built anew upon the same store and world.
#pragma once

#include <memory>
#include <optional>

#include "app/app_context.h"
#include "app/auth/actor.h"
#include "artifacts.h"
#include "daemon/address_setup.h"
#include "daemon/agent_hub.h"
#include "daemon/node_publisher.h"
#include "daemon/settings.h"
#include "node/outgoing_report.h"
#include "pipe.h"
#include "reconcile/edge_reconciler.h"
#include "reconcile/leftover_reconciler.h"
#include "reconcile/network_reconciler.h"
#include "reconcile/service_reconciler.h"

namespace croft::sim {

class ControlPlane final : private AgentLogs, private Failpoints {
 public:
  explicit ControlPlane(SimWorld& world);
  ~ControlPlane();

  // Until it dies; all of its tasks have ended then.
  Task<void> live();
  void die(const std::string& why);
  bool alive() const { return alive_; }
  bool ready() const { return alive_ && app_ != nullptr; }

  // Where its tasks let others run, and where they stop for good once it is dead.
  Task<void> pause();
  // A call that changes the engine: false when it dies before. It may also die right after.
  bool may_call();

  // The agent connects. Null while it does not listen.
  std::shared_ptr<MemoryExchange> request(std::string method, std::string path,
                                          const node::OutgoingReport* agent, std::string body);
  // Runs what a user asked for, in this life.
  void serve(Task<void> call) { group_.spawn("api", std::move(call)); }
  AppContext& app() { return *app_; }
  // Error of the last run of any reconciler; empty: none.
  std::string trouble() const;

 private:
  struct Parts;
  Task<void> start();
  Task<Result<Node>> set_up(const Installation& installation);
  Task<void> connect(Installation installation, AddressPlan plan, Node node);
  Task<void> handle(std::shared_ptr<MemoryExchange> exchange);
  Task<void> make_images();
  Task<void> watch_engine();
  void wake_all();
  void committed();
  bool strikes(Fault::Kind kind, int& count);

  Task<Status> append(std::string, std::string) override { co_return Status(); }
  Task<Result<std::string>> cursors(std::string) override { co_return std::string("[]"); }
  void pass(const Process& process, const std::string& step, Moment moment) override;

  SimWorld& world_;
  bool alive_ = true;
  Signal died_;
  Millis born_;
  int failpoints_passed_ = 0;
  int commits_ = 0;
  int calls_before_ = 0;
  int calls_after_ = 0;
  std::set<ProcessId> stepping_;
  SeededRandom random_;
  std::unique_ptr<Store> store_;
  std::unique_ptr<Parts> parts_;
  std::unique_ptr<AppContext> app_;
  Group group_;
};

}  // namespace croft::sim
