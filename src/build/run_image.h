// From a run image to what the containers of a version run (zerops-30loops.md A8.4, A8.5).
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "build/build_container.h"
#include "build/bundle.h"
#include "engine/engine.h"
#include "task/pool.h"

namespace croft::build {

struct PrepareJob {
  std::string build_id;               // of the version
  std::string cache_scope;            // of the service
  engine::Labels labels;              // croft.project, croft.service
  std::string image;                  // run image, which the engine has
  std::vector<std::string> commands;  // run.prepareCommands
  std::optional<Bundle> files;        // addToRunPrepare, into /home/zerops
  std::map<std::string, std::string> env;
  BuildLimits limits;
  std::string network_mode;
  std::vector<engine::NetworkAttachment> networks;
  engine::Dns dns;
  HostAccess host;
};

struct AppImageJob {
  std::string version_id;
  engine::Labels labels;
  std::string image;  // run image, prepared or not
  std::filesystem::path bundle;
};

class RunImages {
 public:
  // The references outlive it.
  RunImages(engine::Engine& engine, Pool& pool, std::string install_id);

  // The image after the prepare commands: the one made before when image, commands and files are
  // the same; `image` itself when there are no commands. Errors as BuildRunner::run.
  Task<Result<std::string>> prepare(const PrepareJob& job, BuildTrace& trace);
  // Ends a prepare() of that build at once.
  Task<void> cancel(std::string build_id);

  // The image of a version: its bundle in /var/www, owned by zerops, croft-init as entrypoint.
  // Returns its tag; safe to be called again.
  Task<Result<std::string>> assemble(const AppImageJob& job);

  // The tag assemble() gives.
  std::string app_tag(const std::string& version_id) const;

 private:
  Task<Status> run_prepare(BuildContainer& container, const PrepareJob& job, BuildTrace& trace);
  Task<Result<std::string>> put_bundle(const AppImageJob& job, std::string container);

  engine::Engine& engine_;
  Pool& pool_;
  std::string install_id_;
  std::map<std::string, BuildContainer*> running_;
};

}  // namespace croft::build
