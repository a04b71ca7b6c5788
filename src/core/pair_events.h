// What the kernel tells of the pair: addresses that come and go, and advertisements of the partner.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "task/signal.h"
#include "task/task.h"

namespace croft {

// Notifies whenever an address comes to, or leaves, an interface of this namespace.
class AddressEvents {
 public:
  // `changed` outlives it.
  AddressEvents(Runtime& runtime, Signal& changed);
  AddressEvents(const AddressEvents&) = delete;
  ~AddressEvents();

  Status open();
  // Reads until close().
  Task<void> run();
  void close();

 private:
  struct State;
  std::shared_ptr<State> state_;
};

// Counts what the partner advertises as the holder of the addresses (VRRP, RFC 5798). Its
// farewell, priority 0, does not count.
class PartnerWatch {
 public:
  PartnerWatch(Runtime& runtime, Signal& changed);
  PartnerWatch(const PartnerWatch&) = delete;
  ~PartnerWatch();

  // Listens for `partner`, an IPv4 address. kForbidden without NET_RAW.
  Status open(const std::string& partner);
  bool is_open() const;
  // Reads until close().
  Task<void> run();
  void close();
  // Since open().
  int heard() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace croft
