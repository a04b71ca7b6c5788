// The sections of one setup (build, deploy, run) from nodes to the model.
#pragma once

#include "spec/app_config.h"
#include "spec/reader.h"

namespace croft::spec {

struct SetupContext {
  Complaints& out;
  const TypeResolver& resolver;
  bool old_names = false;    // the form of 2021-23: prepare, build, init, deploy…
  bool is_template = false;  // only extended by others: may be incomplete
  bool croft_file = false;   // croft.yml: nothing is harmless
};

Setup parse_setup(const Field& field, const SetupContext& context);

// `envVariables`: keys of the env grammar, each once regardless of case, none reserved; values
// text, numbers or booleans as written. A null value is left out, with a warning.
EnvVariables read_env_variables(const Field& field, Complaints& out);
Places env_places(const Field& field);

// A type string; complains about its form, warns when the resolver does not know it. `os`: what a
// bare version is a version of.
std::optional<TypeUse> read_type(const Field& field, std::string_view os, TypeRole role,
                                 const TypeResolver& resolver, Complaints& out);

// `ports`: 10 to 65435, each port and protocol once. `http_default`: what a port without
// `httpSupport` is.
std::vector<Port> read_ports(const Field& field, bool http_default, Complaints& out);

// `startCommands`: each with a command, names each once.
std::vector<StartCommand> read_start_commands(const Field& field, Complaints& out);

// `deployFiles` and `addToRunPrepare`: one path or a list, each checked against deploy_files.h.
std::vector<std::string> read_deploy_files(const Field& field, Complaints& out);

}  // namespace croft::spec
