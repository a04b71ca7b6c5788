// Runs one build: source in, bundle out (zerops-30loops.md A8.2, A8.3).
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "build/build_container.h"
#include "build/bundle.h"
#include "engine/engine.h"
#include "spec/app_model.h"
#include "task/pool.h"

namespace croft::build {

struct BuildJob {
  std::string build_id;          // of the version: names the container, so that a restart finds it
  std::string cache_scope;       // of the service: caches are never shared beyond it
  engine::Labels labels;         // croft.project, croft.service; the rest is added
  std::string image;             // build image, which the engine has
  std::filesystem::path source;  // as receive_upload keeps it
  spec::Build config;
  std::map<std::string, std::string> env;  // resolved
  BuildLimits limits;
  std::string network_mode;  // when `networks` is empty
  std::vector<engine::NetworkAttachment> networks;
  engine::Dns dns;
  HostAccess host;
  // An existing folder of this build alone: bundle.tar.zst, prepare.tar.zst, temporary files.
  std::filesystem::path work;
};

struct BuildResult {
  Bundle bundle;
  std::optional<Bundle> run_prepare;  // addToRunPrepare files
  bool prepared_from_cache = false;
};

class BuildRunner {
 public:
  // `cache` holds the saved `cache:` paths, one file per scope. The references outlive it.
  BuildRunner(engine::Engine& engine, Pool& pool, std::string install_id,
              std::filesystem::path cache);

  // Does the whole build; its container is gone when this returns. Safe to be called again after a
  // crash: what is left of the same build_id is removed first. Errors: kDeployFailed, kTimeout,
  // kTooLarge with trace.failure set for a command; kDeployFailed with a field for a missing path
  // of deployFiles; kCancelled.
  Task<Result<BuildResult>> run(const BuildJob& job, BuildTrace& trace);

  // Ends a build that runs, at once; run() then fails with kCancelled. Does nothing for others.
  Task<void> cancel(std::string build_id);

  // Removes containers of builds that nobody runs: for the start of croftd.
  Task<Status> remove_leftovers();

  // Forgets everything cached for the scope (activation of an older version, A8.3).
  Task<Status> drop_cache(std::string cache_scope);

 private:
  struct Running;
  Task<Status> build_in(Running& running, BuildResult& result);
  Task<Result<std::string>> choose_image(Running& running, BuildResult& result);
  Task<Status> prepare(Running& running);
  Task<Status> place_files(Running& running);
  Task<Status> restore_cache(Running& running);
  Task<Status> run_commands(Running& running);
  Task<Result<Bundle>> collect(Running& running, const std::vector<std::string>& paths,
                               std::string key, std::filesystem::path file);
  Task<Status> add_path(Running& running, BundleMaker& maker, const spec::DeployEntry& entry);
  Task<void> save_caches(Running& running);
  Task<Status> save_paths(Running& running, std::vector<std::string> patterns);
  Task<Status> commit_layer(Running& running, std::string tag, int depth);
  Task<void> prune_layers(const BuildJob& job, const std::string& keep);
  std::filesystem::path cache_file(const BuildJob& job, const std::string& key) const;
  std::string container_name(const std::string& build_id) const;

  engine::Engine& engine_;
  Pool& pool_;
  std::string install_id_;
  std::filesystem::path cache_;
  std::map<std::string, BuildContainer*> running_;
  std::map<std::string, bool> cancel_wanted_;  // builds that run but have no container yet
};

// What the prepared layer depends on: base image, os, prepare commands, cache setting (A8.3).
std::string layer_key(const BuildJob& job);

// Which of `paths` (below the source folder, sorted) `cache:` patterns name; none that lies below
// another one. A pattern may begin with "./" or "/" and end with a slash.
std::vector<std::string> match_cache_paths(const std::vector<std::string>& patterns,
                                           const std::vector<std::string>& paths);

}  // namespace croft::build
