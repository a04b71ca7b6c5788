// What a file of catalog/ says: one service type with its versions. Plain values.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "model/init_config.h"
#include "model/service.h"

namespace croft::catalog {

enum class ImageKind : unsigned char { kRun, kBuild };
std::string_view to_string(ImageKind kind);  // "run", "build"

// The suite of types that go with every suite, when nothing else decides.
inline constexpr std::string_view kAnySuite = "any";
inline constexpr std::string_view kDefaultSuite = "trixie";

struct TypeVersion {
  std::string version;                      // canonical: "22", "1.27", "8.4"
  std::vector<std::string> aliases;         // such as "latest"
  std::string suite;                        // Debian suite, or kAnySuite
  std::map<std::string, std::string> args;  // of the image recipe
  bool deprecated = false;                  // its makers maintain it no longer
  std::string note;
};

// A generated variable of the service, as the type's own containers and `<host>_<name>` see it.
// Exactly one of `value` and `generate` is set.
struct VariableTemplate {
  std::string name;
  std::string value;  // with references ${other} to variables of the same service
  int generate = 0;   // length of a password of [0-9A-Za-z]
  bool secret = false;
};

struct TypePort {
  Port port;
  std::string scheme;  // "http", "postgresql", "redis"; empty: plain
};

struct DataVolume {
  std::string name;  // unique in the type
  std::string path;  // absolute, in the container
};

// A backup writes to standard output, a restore reads standard input; run in the container as the
// type's user. Empty argv: the type has none.
struct DataCommand {
  std::vector<std::string> argv;
  std::string file;  // name of the file in a backup
};

// A name of foreign files that this type is used for, with a warning.
struct StandIn {
  std::string name;
  std::string note;                             // what is different
  std::map<std::string, std::string> versions;  // theirs to ours; "latest" for all others
};

struct ServiceType {
  std::string name;
  std::string title;
  ServiceCategory category = ServiceCategory::kRuntime;
  std::string description;
  std::vector<std::string> aliases;
  std::vector<StandIn> stands_in_for;
  std::vector<std::string> nearest_for;  // names it is suggested for

  std::string run_recipe;    // folder in images/; empty: cannot run
  std::string build_recipe;  // empty: no build base
  std::string user = "zerops";
  std::string workdir = "/var/www";
  std::map<std::string, std::string> env;
  std::vector<std::string> binaries;    // of croft, added to the image under /croft
  std::vector<std::string> entrypoint;  // empty: croft-init
  std::vector<std::string> start;       // argv of the process; empty: the configuration says it
  bool start_required = false;
  std::optional<std::string> document_root;  // serves a folder: its default below workdir

  std::vector<TypePort> ports;
  std::vector<VariableTemplate> variables;
  std::optional<ReadinessConfig> readiness;
  std::optional<HealthConfig> health;
  std::vector<DataVolume> volumes;
  std::string stop_signal = "SIGTERM";
  Millis stop_grace{30'000};
  std::int64_t memory_bytes = 512ll << 20;  // default limit of one container
  double cpus = 1;
  std::string ha_with;  // what will bring more than one node; empty: not a question for this type
  DataCommand backup;
  DataCommand restore;

  std::vector<TypeVersion> versions;  // newest first, at least one
  bool routing = true;                // the server of document_root follows run.routing
};

}  // namespace croft::catalog
