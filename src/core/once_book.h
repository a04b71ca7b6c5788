// Who runs a command that must run once per service, who waits, and what came of it
// (docs/architecture.md, "exec-once"). Pure: the server does the talking and the writing.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/json_codec.h"
#include "base/result.h"

namespace croft {

// One line of a client.
struct OnceRequest {
  std::string key;
  bool retry = false;  // a failed run does not count: the next one tries again
};
BOOST_DESCRIBE_STRUCT(OnceRequest, (), (key, retry))

struct OnceRecord {
  std::string service;
  std::string key;
  int result = 0;  // exit code
};
BOOST_DESCRIBE_STRUCT(OnceRecord, (), (service, key, result))

// The file once.json, oldest record first.
struct OnceRecords {
  std::vector<OnceRecord> records;
};
BOOST_DESCRIBE_STRUCT(OnceRecords, (), (records))

inline constexpr std::size_t kMaxOnceKeyBytes = 1024;
inline constexpr std::size_t kMaxOnceRecordsPerService = 1000;  // then the oldest is forgotten

class OnceBook {
 public:
  using Client = std::uint64_t;  // a connection
  enum class Do : std::uint8_t { kRun, kWait, kResult };
  struct Order {
    Client client = 0;
    Do what = Do::kWait;
    int result = 0;  // for kResult
  };

  explicit OnceBook(OnceRecords records) : records_(std::move(records)) {}

  // A client that asked; the answer is for itself.
  Order ask(Client client, const std::string& service, const OnceRequest& request);
  // The runner's command ended. The orders may be given out only after records() is on disk.
  std::vector<Order> finish(Client client, int exit_code);
  // The connection is gone: whoever waited may run now.
  std::vector<Order> leave(Client client);

  const OnceRecords& records() const { return records_; }

 private:
  struct Place {
    std::string service;
    std::string key;
    auto operator<=>(const Place&) const = default;
  };
  struct Running {
    Client runner = 0;
    bool runner_retries = false;
    std::vector<std::pair<Client, bool>> waiting;  // with their retry flag, in order of arrival
  };

  OnceRecord* find(const Place& place);
  void record(const Place& place, int exit_code);
  // Makes the first waiting client the runner; ends the run when nobody waits.
  std::vector<Order> pass_on(const Place& place);

  OnceRecords records_;
  std::map<Place, Running> running_;
  std::map<Client, Place> places_;  // of runners and waiting clients
};

}  // namespace croft
